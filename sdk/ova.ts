import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";
import type { ImageArgs } from "./image.js";
import type { Network } from "./network.js";
import type { In } from "./types.js";
import type { VirtualMachineArgs } from "./virtual-machine.js";
import type { VmInterface } from "./vm-interface.js";

/** What {@link ova} is told besides the file. */
export interface OvaOptions {
  /**
   * Which network a network of the appliance is to be, by the appliance's name of it: a network, all that an interface is to be, or `false` to leave its
   * cards out. Each that has a card must be there.
   */
  networks?: Record<string, In<Network | string> | VmInterface | false>;
  /** Bus of all disks. Default: as the appliance's controllers are, with `"sata"` for the kinds of SCSI that QEMU has not, and NVMe. */
  bus?: "virtio" | "scsi" | "sata" | "usb" | "ide";
  /** What the disks become. Default `"qcow2"`. */
  format?: "qcow2" | "raw";
  /** SHA-256 sum of the file. */
  sha256?: string;
  /** SHA-512 sum of the file. */
  sha512?: string;
}

/** A disk of an appliance. */
export interface OvaDisk {
  /** `"disk-1"`, `"disk-2"`, ... in the order of the appliance's controllers and of their places on them. */
  name: string;
  bus: "virtio" | "scsi" | "sata" | "usb" | "ide";
  /** Size that a guest sees, as the appliance says. */
  sizeBytes?: number;
  /** Inputs of its {@link Image}: `new kvm.Image(name, { ...image, hosts, pool })`; undefined of a disk that begins blank. */
  image?: Pick<ImageArgs, "source" | "member" | "format" | "sha256" | "sha512">;
}

/** An appliance. */
export interface Ova {
  /** Inputs of a VM like it: `new kvm.VirtualMachine(name, { ...machine, host, disks })`. */
  machine: Pick<VirtualMachineArgs, "cpus" | "memory" | "firmware" | "machine" | "os" | "interfaces">;
  /** The name that it has in the file. */
  name: string | undefined;
  disks: OvaDisk[];
}

/**
 * Reads an appliance, an OVA as VMware's, VirtualBox's and other programs export it: what its disks and its VM are declared with. It is a file of the
 * machine that runs Pulumi, or an http(s) address: of that only the description is read here, by a few requests for parts of it (where the server gives
 * none, the .ovf must be the first in it, as the standard says); the hosts download it themselves, once for each disk. Nothing is deployed by this; what is not wanted can be left out or replaced.
 *
 * CPUs, memory, firmware, network cards (of kinds that QEMU has; others become e1000) and the disks' controllers are taken over: IDE as IDE on a machine
 * `"pc"`, SATA and virtio as they are, other SCSI and NVMe as SATA, see `bus`. MAC addresses, CD-ROM and floppy drives, sound and USB aren't. Of several
 * configurations in the file the default one counts. A guest that only has drivers for its own hypervisor's devices doesn't boot: nothing in its disks
 * is changed.
 *
 * Errors, each with the file's path: no such file, a server that doesn't answer within a minute, no OVA, a file missing in it, a sum in its manifest
 * that differs (SHA-1, SHA-256 and SHA-512; all of the file is read for that; of an address it isn't: give `sha256`), a controller that isn't known, several machines in one file, a network that isn't mapped (all are named).
 *
 * @example
 * ```ts
 * const appliance = kvm.ova("appliance.ova", { networks: { "VM Network": lan } });
 * const vm = new kvm.VirtualMachine("appliance", {
 *   ...appliance.machine,
 *   host: alpha,
 *   disks: appliance.disks.map(({ name, bus, image, sizeBytes }) =>
 *     image === undefined
 *       ? { size: sizeBytes, pool: images, bus }
 *       : { image: new kvm.Image(`appliance-${name}`, { ...image, host: alpha, pool: images }), pool: images, bus },
 *   ),
 * });
 * ```
 */
export function ova(source: string, options: OvaOptions = {}): Ova {
  const { networks = {}, bus, format = "qcow2", sha256, sha512 } = options;
  const contents = contentsOf(source);
  const disks = contents.disks.map(
    (disk, i): OvaDisk => ({
      name: `disk-${i + 1}`,
      bus: bus ?? disk.bus,
      ...(disk.sizeBytes === undefined ? {} : { sizeBytes: disk.sizeBytes }),
      ...(disk.file === undefined
        ? {}
        : {
            image: {
              ...{ source: contents.path, member: disk.file, format },
              ...(sha256 === undefined ? {} : { sha256 }),
              ...(sha512 === undefined ? {} : { sha512 }),
            },
          }),
    }),
  );
  const missing = [...new Set(contents.cards.map(({ network }) => network))].filter(
    (network) => !Object.hasOwn(networks, network),
  );
  if (missing.length > 0)
    throw new pulumi.RunError(
      `${contents.path} has network cards in ${missing.map((name) => JSON.stringify(name)).join(", ")}: say which network each is to be, as networks: { ${JSON.stringify(missing[0])}: lan }, or false to leave its cards out`,
    );
  const { cpus, memoryBytes, firmware, os } = contents;
  return {
    name: contents.name,
    disks,
    machine: {
      ...{ cpus, memory: memoryBytes, firmware },
      ...(os === undefined ? {} : { os }),
      ...(disks.some((disk) => disk.bus === "ide") ? { machine: "pc" } : {}),
      interfaces: contents.cards.flatMap(({ network, model }): VmInterface[] => {
        const target = networks[network];
        if (target === false || target === undefined) return [];
        return [isInterface(target) ? { model, ...target } : { network: target, model }];
      }),
    },
  };
}

const PROVIDER = "pulumi-kvm/provider";

/** Whatever is wrong with it is wrong with the file: where in this package that was seen helps nobody. */
function contentsOf(source: string) {
  // Only a program that calls `ova` loads what reads files.
  const { readOva } = createRequire(import.meta.url)(PROVIDER) as typeof import("../provider/index.js");
  try {
    return readOva(source);
  } catch (error) {
    throw new pulumi.RunError((error as Error).message);
  }
}

const WAYS = ["network", "bridge", "direct"];

/** Rather than a network, or an output of one: those have none of these as plain properties of their own. */
function isInterface(target: In<Network | string> | VmInterface): target is VmInterface {
  return (
    typeof target === "object" &&
    Object.getPrototypeOf(target) === Object.prototype &&
    WAYS.some((way) => Object.hasOwn(target, way))
  );
}
