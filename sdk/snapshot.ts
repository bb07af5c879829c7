import type * as pulumi from "@pulumi/pulumi";
import type { Host } from "./host.js";
import { nameOfMachine, onHostOf } from "./host-ref.js";
import { hasType, KvmResource, typeOf } from "./resource.js";
import type { HostRef, In, InEach, Timeouts } from "./types.js";
import type { VirtualMachine } from "./virtual-machine.js";

/** A VM without a {@link VirtualMachine} resource of its own. */
export interface VirtualMachineRef {
  host: Host | HostRef;
  /** libvirt's name of the domain. */
  name: string;
}

/** The state of a VM's disks, and of its memory, at one time. */
export interface SnapshotArgs {
  /** The VM, as a resource or by host and name. While it has snapshots it can't move to another host, nor be renamed. */
  vm: In<VirtualMachine | InEach<VirtualMachineRef>>;
  /**
   * - `"internal"` (default): kept in the disks' own images, which must be qcow2, with the memory of a guest that runs. The guest stands
   *   still while that is written: seconds for a gigabyte. With UEFI firmware it takes libvirt 10.10 and
   *   firmware that keeps its variables in a qcow2 file (Fedora's edk2-ovmf; Debian's ovmf doesn't).
   * - `"external"`: from the snapshot on the guest writes to new files beside its disks; it doesn't stand still. Deleting merges them.
   *
   * libvirt can't delete one type while there are snapshots of the other. Changing it takes the snapshot anew.
   */
  type?: In<"internal" | "external">;
  /**
   * Of an external snapshot: keep the memory of the running guest too, in a file beside its first disk. Default `false`. An internal one has it
   * whenever the guest runs. Changing it takes the snapshot anew.
   */
  memory?: In<boolean>;
  /** Of an external snapshot: the disks that it is of, by target (`["vda"]`). Default: all that the guest can write to. Changing it takes the snapshot anew. */
  disks?: In<In<string>[]>;
  /** Of an external snapshot without memory: have the guest agent write out and freeze file systems meanwhile. Default `false`: disks are as after a power cut. */
  quiesce?: In<boolean>;
  /** A text beside it. A line of our own stands below it on the host. */
  description?: In<string>;
  /**
   * Change it, say from `1` to `2`, and the guest goes back to the snapshot: what it wrote since is lost, and the preview's `effects` say so. With an
   * internal snapshot memory and definition go back as well (a next deployment sets what is declared otherwise by now), and so with an external
   * one that has the memory (libvirt 9.9); with another the guest is stopped, gets its disks back and boots. The value that it is created with does nothing.
   */
  revert?: In<string | number>;
  /** libvirt's name of the snapshot. Default: the resource's name. At most 60 bytes. Changing it takes the snapshot anew. */
  name?: In<string>;
  /** Leave the snapshot when this resource is deleted. Default `false`: it is deleted, and what was written since is merged into the disks. */
  retainOnDelete?: In<boolean>;
  /** Take over a snapshot of this name that exists already. Default `false`: it is refused, by name. */
  adopt?: In<boolean>;
  timeouts?: In<Timeouts>;
}

/**
 * A snapshot of a VM. It is no backup: it is on the same storage as the disks, and goes with them.
 *
 * What an update does to the guest: `revert` takes it back, nothing else is noticed. Deleting merges while the guest runs. While there are
 * snapshots the VM's disks can't move to another pool or be taken out, and with external ones they can't grow.
 *
 * @example
 * ```ts
 * const before = new kvm.Snapshot("before-upgrade", { vm: web, type: "external", revert: 1 });
 * ```
 */
export class Snapshot extends KvmResource {
  /** @internal */
  static readonly __pulumiType = typeOf("Snapshot");
  /** Whether a value is a `Snapshot`, also one of another copy of this package; policy packs ask so too. */
  static override isInstance(value: unknown): value is Snapshot {
    return hasType(value, Snapshot.__pulumiType);
  }

  /** libvirt's name of the snapshot. */
  declare readonly name: pulumi.Output<string>;
  /** Name of the host that has the VM. */
  declare readonly host: pulumi.Output<string>;
  /** libvirt's UUID of the VM. */
  declare readonly uuid: pulumi.Output<string>;
  /** What the VM did: `"running"`, `"paused"`, `"shutoff"`, or `"disk-snapshot"` when it ran and its memory wasn't taken. */
  declare readonly state: pulumi.Output<string>;
  /** When it was taken, in ISO 8601. */
  declare readonly createdAt: pulumi.Output<string>;
  /** The snapshot on top of which it was taken. */
  declare readonly parent: pulumi.Output<string | undefined>;
  /** The files that the guest writes to since an external snapshot, by the disk's target. */
  declare readonly overlays: pulumi.Output<Record<string, string>>;
  /** The file with the memory of an external snapshot. */
  declare readonly memoryFile: pulumi.Output<string | undefined>;

  constructor(name: string, args: SnapshotArgs, opts?: pulumi.CustomResourceOptions) {
    const { vm, ...rest } = args;
    super(
      "Snapshot",
      name,
      {
        ...rest,
        ...onHostOf(vm),
        vm: nameOfMachine(vm),
        name: args.name ?? name,
      },
      ["uuid", "state", "createdAt", "parent", "overlays", "memoryFile"],
      opts,
    );
  }
}
