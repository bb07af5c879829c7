import * as pulumi from "@pulumi/pulumi";
import { sourceOf } from "./file-source.js";
import type { Host } from "./host.js";
import { onHost, partOf } from "./host-ref.js";
import type { Image } from "./image.js";
import type { DiskLookup } from "./lookup.js";
import { hasType, isKvmResource, KvmResource, typeOf } from "./resource.js";
import type { StoragePool } from "./storage-pool.js";
import type { HostRef, In, Size, Timeouts } from "./types.js";

/** A disk image in a storage pool. */
export interface DiskArgs {
  /**
   * The host that has the disk. Changed together with the `host` of the VM that uses it, the disk moves with the VM's migration. A disk
   * that no VM uses is copied there through this machine, holes left out, and compared with what was sent; a layer over a backing becomes a
   * whole image. On storage that both hosts share nothing is copied.
   */
  host: In<Host | HostRef>;
  /**
   * The pool, as a resource or by libvirt's name. Changing it moves the disk, with its content: while a VM runs with it QEMU copies it and
   * goes over to the copy, which the guest doesn't notice. A layer stays a layer over the same backing. Refused while several VMs use the
   * disk, while snapshots of its VM exist, and while other disks are layers over it.
   */
  pool: In<StoragePool | string>;
  /** Size that the guest sees. Growing is applied in place; shrinking is refused. At most 8 EiB. */
  size: In<Size>;
  /** `"qcow2"` (default, grows as it is written to) or `"raw"`. Changing it replaces the disk. */
  format?: In<"qcow2" | "raw">;
  /**
   * What this disk is a copy-on-write layer over: a Disk, an Image, the name of a volume in the same pool, or an absolute path on the host.
   * The backing disk must not be written to any more. Changing it replaces the disk. qcow2 only.
   */
  backing?: In<Disk | Image | string>;
  /**
   * What the disk begins with: a file of the machine that runs Pulumi, as a path or a `FileAsset`, qcow2 or raw as `format` says; it is sent to the
   * host over SSH, holes left out, and grown to `size`. A file whose content has changed replaces the disk, with all that was written to
   * it, which is refused while a VM uses it; taking `source` away changes nothing. Not with `backing` or `adopt`. What has a URL is fetched by
   * an {@link Image}.
   */
  source?: In<string | pulumi.asset.FileAsset>;
  /** libvirt's name of the volume. Default: the resource's name. Changing it replaces the disk. */
  name?: In<string>;
  /** How the disk moves to another pool. */
  move?: In<{
    /** Most that copying under a running guest takes of the storage, in MiB a second. Default: no limit. */
    bandwidthMibPerSecond?: In<number>;
  }>;
  /** Leave the volume on the host when this resource is deleted. Default `false`. */
  retainOnDelete?: In<boolean>;
  /** Take over a volume of this name that exists already. Default `false`: it is refused, by name. */
  adopt?: In<boolean>;
  timeouts?: In<Timeouts>;
}

/**
 * A disk image with a life of its own: it outlives the VMs that use it.
 *
 * What an update does to a guest that uses it: growing is live (the guest sees the new size at once on virtio), and so is moving to another
 * pool; everything that would lose data is a replacement and is refused while a VM uses the disk, also one of another of the stack's hosts that shares the storage. A move that fails leaves the disk where
 * it was; one that was cut off is finished or undone by the next deployment.
 *
 * @example
 * ```ts
 * const data = new kvm.Disk("data", { host: alpha, pool: images, size: "20GiB" });
 * ```
 */
export class Disk extends KvmResource {
  /** @internal */
  static readonly __pulumiType = typeOf("Disk");
  /** Whether a value is a `Disk`, also one of another copy of this package; policy packs ask so too. */
  static override isInstance(value: unknown): value is Disk {
    return hasType(value, Disk.__pulumiType);
  }

  /** libvirt's name of the volume. */
  declare readonly name: pulumi.Output<string>;
  /** Name of the host that has the disk. */
  declare readonly host: pulumi.Output<string>;
  /** libvirt's name of the pool. */
  declare readonly pool: pulumi.Output<string>;
  /** `"qcow2"` or `"raw"`. */
  declare readonly format: pulumi.Output<string>;
  /** Path of the image on the host. */
  declare readonly path: pulumi.Output<string>;
  /** libvirt's key of the volume: for folders the path. */
  declare readonly key: pulumi.Output<string>;
  /** Size that the guest sees. */
  declare readonly sizeBytes: pulumi.Output<number>;
  /** Space taken on the host as of the last deployment or refresh. Its changing is no drift. */
  declare readonly allocationBytes: pulumi.Output<number>;

  /**
   * Reads a volume that isn't managed here, in previews as well. Nothing on the host changes, now or when the stack is destroyed. A VM can
   * have it among its `disks`, and others can be layers over it as `backing`.
   *
   * Errors: there is no such pool or volume on the host (with the names of those that there are), the pool is stopped, the host is
   * unreachable.
   *
   * @example
   * ```ts
   * const base = kvm.Disk.get("base", { host: alpha, pool: "default", name: "debian-13.qcow2" });
   * const data = new kvm.Disk("data", { host: alpha, pool: "default", size: "20GiB", backing: base });
   * ```
   */
  static get(name: string, args: DiskLookup, opts?: pulumi.CustomResourceOptions): Disk {
    return new Disk(name, args as DiskArgs, { ...opts, id: args.name ?? name });
  }

  constructor(name: string, args: DiskArgs, opts?: pulumi.CustomResourceOptions) {
    const { host, pool, backing, source, ...rest } = args;
    super(
      "Disk",
      name,
      {
        ...rest,
        ...onHost(host),
        pool: poolName(pool),
        backing: backing === undefined ? undefined : backingOf(backing),
        source: source === undefined ? undefined : sourceOf(source),
        name: args.name ?? name,
      },
      ["path", "key", "sizeBytes", "allocationBytes", "format"],
      opts,
    );
  }
}

export function poolName(pool: In<StoragePool | string>): pulumi.Output<string> {
  return partOf(pool, (p) =>
    isKvmResource(p, "StoragePool") ? (p as StoragePool).name : pulumi.output(p as string),
  );
}

/** A backing disk or image is passed on as pool and volume, which the provider can look up; a path or name is passed as it is. */
export function backingOf(backing: In<Disk | Image | string>): pulumi.Output<unknown> {
  return partOf(backing, (b) => {
    if (isKvmResource(b, "Image")) {
      const image = b as Image;
      return pulumi.all([image.pool, image.volume]).apply(([pool, volume]) => ({ pool, volume }));
    }
    if (!isKvmResource(b, "Disk")) return pulumi.output(b);
    const disk = b as Disk;
    return pulumi.all([disk.pool, disk.name]).apply(([pool, volume]) => ({ pool, volume }));
  });
}
