import * as pulumi from "@pulumi/pulumi";
import { backingOf, type Disk, poolName } from "./disk.js";
import { sourceOf } from "./file-source.js";
import { partOf } from "./host-ref.js";
import type { Image } from "./image.js";
import { isKvmResource } from "./resource.js";
import type { StoragePool } from "./storage-pool.js";
import type { In, Size } from "./types.js";

/** Amounts a second: bytes as sizes (`"100MiB"`), requests as numbers. Those for reads and writes can't be beside the one for both. */
export interface DiskRates {
  bytesPerSecond?: In<Size>;
  readBytesPerSecond?: In<Size>;
  writeBytesPerSecond?: In<Size>;
  iops?: In<number>;
  readIops?: In<number>;
  writeIops?: In<number>;
}

/** What there may be for a while. */
export interface DiskBurst extends DiskRates {
  /** How long. Default 1. */
  seconds?: In<number>;
}

/** What a guest may do to a disk. Live, down and up. */
export interface DiskLimits extends DiskRates {
  /** More than that for a while: each rate needs the same one beside it as a limit. */
  burst?: In<DiskBurst>;
  /** A request larger than this counts as several. Needs a limit of requests. */
  iopsSize?: In<Size>;
}

/**
 * A disk of a VM: a {@link Disk} resource (`disk`), or one that the VM owns and that lives and goes with it: from an image (`image`), with
 * a file's content (`source`), or empty (`size` and `pool`).
 */
export interface VmDisk {
  /**
   * A Disk resource on the VM's host; on storage that hosts share, VMs of the others have it by `Disk.get`. Two VMs of which one writes to it are warned of, and QEMU starts one of them, unless both are
   * `shareable`.
   */
  disk?: In<Disk>;
  /**
   * Size of an owned disk. Growing is applied in place; shrinking is refused. It may be left out with `image` or `source` (then it is that one's, which is
   * also the least) and with `adopt` (as it is).
   */
  size?: In<Size>;
  /**
   * Pool of an owned disk. Changing it moves the disk with its content, while the guest runs too: QEMU copies it and goes over to the copy.
   * Refused while the VM has snapshots. Default: the image's.
   */
  pool?: In<StoragePool | string>;
  /** `"qcow2"` (default) or `"raw"`, of an owned disk. Of a disk that is there it can't be changed. */
  format?: In<"qcow2" | "raw">;
  /** Copy-on-write layer over this disk, image, volume name or absolute path, of an owned disk. It only counts when the disk is made; see `onImageChange`. */
  backing?: In<Disk | Image | string>;
  /**
   * What an owned disk begins with: a copy-on-write layer over the image, or with format `"raw"` a copy. The VM's host must be among the image's. It
   * only counts when the disk is made; see `onImageChange`.
   */
  image?: In<Image>;
  /**
   * A file of this machine that an owned disk begins with, qcow2 or raw as `format` says: its path, absolute or from the program's folder, or a
   * `pulumi.asset.FileAsset`. It only counts when the disk is made: the guest's data stands on it then, and another file, or another content, is no
   * change. A {@link Disk} with `source` is made anew for a changed file. Not with `image` or `backing`.
   */
  source?: In<string | pulumi.asset.FileAsset>;
  /**
   * When another image or backing, or another content of it, is declared for a disk that is there. `"refuse"` (default): an error, for the guest's data stands on
   * what it began with. `"keep"`: the disk stays as it is, the image counts for new disks. Another `name` makes a new disk instead and deletes the old.
   */
  onImageChange?: In<"refuse" | "keep">;
  /**
   * What tells an owned disk from the VM's others when the list changes: its volume is `<VM>-<name>`. Default: its place in the list,
   * counted from 0. Give names when disks may be taken out of the middle: without them the last one's volume goes, which is refused where the others show
   * that it wasn't meant, and warned of where it may have been another.
   */
  name?: In<string>;
  /**
   * libvirt's name of an owned disk's volume, in full: for one that is taken over (`adopt`) under the name that it has, and for that of a
   * {@link Disk} that is taken out of the program, on which `retainOnDelete: true` is deployed before.
   */
  volume?: In<string>;
  /**
   * Default `"virtio"`. A disk on `"virtio"`, `"scsi"` (on virtio-scsi) or `"usb"` is plugged in and out live, one on `"sata"` or `"ide"`
   * (machine `"pc"` only) at the next boot. Another bus: next boot.
   */
  bus?: In<"virtio" | "scsi" | "sata" | "usb" | "ide">;
  /** Serial number that the guest sees, at most 20 characters on virtio. Next boot. */
  serial?: In<string>;
  /** World Wide Name that the guest sees: 16 hexadecimal digits, on `"scsi"`, `"sata"` and `"ide"`. Next boot. */
  wwn?: In<string>;
  /** QEMU's cache mode. Default: QEMU's, `"writeback"`. Live migration of a shared disk wants `"none"`. Next boot. */
  cache?: In<"none" | "writeback" | "writethrough" | "directsync" | "unsafe">;
  /** How QEMU reads and writes. Default: QEMU's, `"threads"`. `"native"` needs cache `"none"` or `"directsync"`. Next boot. */
  io?: In<"native" | "threads" | "io_uring">;
  /** `"unmap"` gives blocks that the guest discards back to the host. Default: QEMU's, `"ignore"`. Next boot. */
  discard?: In<"unmap" | "ignore">;
  /** What becomes of zeroes that the guest writes. `"unmap"` needs the same `discard`. Default: `"off"`. Next boot. */
  detectZeroes?: In<"off" | "on" | "unmap">;
  /** Queues between guest and host, 1 to 256, on virtio. Default: as many as CPUs. Next boot. */
  queues?: In<number>;
  /** Default: none. Live. */
  limits?: In<DiskLimits>;
  /** The guest can't write to it, and a migration doesn't copy it. Default `false`. Not on `"sata"` and `"ide"`. Next boot. */
  readonly?: In<boolean>;
  /**
   * Other guests may write to it as well: for clusters. QEMU starts no guest unless everybody else who has a disk open that it writes to
   * has this set, also those who only read. Needs format `"raw"`. Default `false`. Next boot.
   */
  shareable?: In<boolean>;
  /** Place in the order in which the guest's firmware tries devices, from 1; each is one device's. Default: as libvirt has it. Next boot. */
  bootOrder?: In<number>;
  /**
   * The volume of an owned disk stays when the disk is taken out of the list or the VM is deleted; it is nobody's from then on, and
   * `adopt: true` takes it over. A VM that is replaced in one deployment (`pulumi up --replace`) finds it again, with its data; its other
   * owned disks are deleted with it. Default `false`. No guest notices.
   */
  retainOnDelete?: In<boolean>;
}

/** A CD-ROM drive of a VM. Media come and go live; drives at the next boot, but for ones on `"scsi"` and `"usb"`, which go live. */
export interface VmCdrom {
  /**
   * The medium: an Image, a Disk, a volume of a pool, or an absolute path on the host. Absent: the drive is empty. Live: the medium is exchanged, or taken
   * out. The guest is asked for it first. One that has locked the drive, as Linux does while the medium is mounted, keeps it: the deployment fails,
   * and says so. But where udev runs in the guest, its rule for the eject button (`60-cdrom_id.rules`) lets go of a mounted medium too.
   */
  source?: In<Image | Disk | { pool: In<StoragePool | string>; volume: In<string> } | string>;
  /** Default `"sata"`, on machine `"pc"` `"ide"`. Next boot. */
  bus?: In<"sata" | "scsi" | "usb" | "ide">;
  /** As of a disk. Next boot. */
  bootOrder?: In<number>;
  /** What tells the drive from the VM's others when the list changes. Default: its place in the list, counted from 0. */
  name?: In<string>;
  /** Take the medium out although the guest has locked the drive: it loses one that is mounted, and the preview says so. Default `false`. */
  force?: In<boolean>;
}

export function unwrapDisk(disk: VmDisk, host: pulumi.Output<string>): unknown {
  return {
    ...disk,
    disk: disk.disk === undefined ? undefined : partOf(disk.disk, diskRef),
    image: disk.image === undefined ? undefined : partOf(disk.image, (i) => imageRef(i, host)),
    source: disk.source === undefined ? undefined : sourceOf(disk.source),
    pool: disk.pool === undefined ? poolOfImage(disk.image) : poolName(disk.pool),
    backing: disk.backing === undefined ? undefined : backingOf(disk.backing),
  };
}

function diskRef(disk: unknown): unknown {
  if (!isKvmResource(disk, "Disk")) return disk;
  const { host, pool, name, format } = disk as Disk;
  return { host, pool, name, format };
}

/** Which other hosts have the image is only told when it matters: one more is no change of the VM. */
function imageRef(image: unknown, host: pulumi.Output<string>): unknown {
  if (!isKvmResource(image, "Image")) return image;
  const { name, pool, volume, sizeBytes } = image as Image;
  const { hosts } = image as unknown as { hosts: pulumi.Output<Record<string, unknown>> };
  const elsewhere = pulumi
    .all([hosts, host])
    .apply(([there, here]) => (Object.hasOwn(there, here) ? undefined : Object.keys(there).join(", ")));
  return { name, pool, volume, sizeBytes, elsewhere };
}

function poolOfImage(image: In<Image> | undefined): pulumi.Output<unknown> | undefined {
  if (image === undefined) return undefined;
  return partOf(image, (i) => (isKvmResource(i, "Image") ? (i as Image).pool : pulumi.output(undefined)));
}

export function unwrapCdrom(drive: VmCdrom): unknown {
  return {
    ...drive,
    source: drive.source === undefined ? undefined : partOf(drive.source, mediumOf),
  };
}

/** What isn't an object is handed on as it is: the provider's validation names it. */
export function unwrapOs(os: unknown): unknown {
  if (typeof os !== "object" || os === null || !("virtioDrivers" in os)) return os;
  const drivers = os.virtioDrivers as In<unknown> | undefined;
  return { ...os, virtioDrivers: drivers === undefined ? undefined : partOf(drivers, mediumOf) };
}

function mediumOf(source: unknown): pulumi.Input<unknown> {
  if (isKvmResource(source, "Disk") || isKvmResource(source, "Image"))
    return backingOf(source as Disk | Image);
  if (typeof source !== "object" || source === null || !("pool" in source)) return pulumi.output(source);
  return pulumi.output({ ...source, pool: poolName(source.pool as In<StoragePool | string>) });
}
