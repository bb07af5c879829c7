import type { Element } from "@xmldom/xmldom";
import { readLimits, sketchLimits } from "./disk-limits.js";
import { type DiskBus, type DiskSource, type DomainDisk, diskBuses } from "./domain-model.js";
import { attributeOf, childElement, childText, type Sketch, sketch } from "./element.js";
import { XmlError } from "./error.js";
import { parseCount, requireText } from "./value.js";

/** Reads a `<disk>`; undefined for what the model leaves out: floppies, LUNs and buses of other machines. */
export function parseDisk(disk: Element): DomainDisk | undefined {
  const device = attributeOf(disk, "device") ?? "disk";
  if (device !== "disk" && device !== "cdrom") return undefined;
  const targetElement = childElement(disk, "target");
  const target = requireText(attributeOf(targetElement, "dev"), "the disk's <target dev>");
  const bus = diskBus(attributeOf(targetElement, "bus") ?? busOfTarget(target));
  if (bus === undefined) return undefined;
  const driver = childElement(disk, "driver");
  const parsed: DomainDisk = {
    target,
    bus,
    device,
    format: attributeOf(driver, "type") ?? "raw",
    readonly: device === "cdrom" || childElement(disk, "readonly") !== undefined,
    shareable: childElement(disk, "shareable") !== undefined,
  };
  const optional = {
    source: parseDiskSource(disk),
    cache: attributeOf(driver, "cache"),
    io: attributeOf(driver, "io"),
    discard: attributeOf(driver, "discard"),
    detectZeroes: attributeOf(driver, "detect_zeroes"),
    queues: parseCount(attributeOf(driver, "queues")),
    iothread: parseCount(attributeOf(driver, "iothread")),
    limits: readLimits(disk),
    serial: childText(disk, "serial"),
    wwn: childText(disk, "wwn"),
    bootOrder: parseCount(attributeOf(childElement(disk, "boot"), "order")),
    alias: userAlias(disk),
  };
  return Object.assign(
    parsed,
    Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  );
}

/** The whole `<disk>` for a disk that isn't there yet. */
export function sketchDisk(disk: DomainDisk): Sketch {
  const source = disk.source === undefined ? undefined : sketchDiskSource(disk.source);
  return sketch("disk", { type: diskType(disk.source), device: disk.device }, [
    sketch("driver", {
      name: "qemu",
      type: disk.format,
      cache: disk.cache,
      io: disk.io,
      discard: disk.discard,
      detect_zeroes: disk.detectZeroes,
      queues: disk.queues?.toString(),
      iothread: disk.iothread?.toString(),
    }),
    source,
    sketch("target", { dev: disk.target, bus: disk.bus }),
    disk.limits === undefined ? undefined : sketchLimits(disk.limits),
    disk.readonly ? sketch("readonly") : undefined,
    disk.shareable ? sketch("shareable") : undefined,
    disk.serial === undefined ? undefined : sketch("serial", {}, disk.serial),
    disk.wwn === undefined ? undefined : sketch("wwn", {}, disk.wwn),
    disk.bootOrder === undefined ? undefined : sketch("boot", { order: String(disk.bootOrder) }),
    disk.alias === undefined ? undefined : sketch("alias", { name: disk.alias }),
  ]);
}

const USER_ALIAS_PREFIX = "ua-";

/** The name that somebody chose for a device; libvirt writes its own into live documents. */
export function userAlias(device: Element): string | undefined {
  const name = attributeOf(childElement(device, "alias"), "name");
  return name?.startsWith(USER_ALIAS_PREFIX) ? name : undefined;
}

/** Without an address the letters of its name place a disk: 7 go to a controller. */
const DISKS_ON_SCSI_CONTROLLER = 7;

/** The SCSI controllers that disks without an address will be on. */
export function scsiControllersOf(disks: readonly DomainDisk[]): number[] {
  const most = Math.max(
    -1,
    ...disks
      .filter(({ bus }) => bus === "scsi")
      .map(({ target }) => Math.floor(placeOfTarget(target) / DISKS_ON_SCSI_CONTROLLER)),
  );
  return Array.from({ length: most + 1 }, (_, index) => index);
}

/** libvirt's own choice, a controller of 1998, is what no guest of today has a driver for. */
export function sketchScsiController(index: number): Sketch {
  return sketch("controller", { type: "scsi", index: String(index), model: "virtio-scsi" });
}

/** 0 for sda, 25 for sdz, 26 for sdaa. */
function placeOfTarget(target: string): number {
  const letters = /^[a-z]d([a-z]{1,3})$/.exec(target)?.[1] ?? "a";
  return [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 96, 0) - 1;
}

/** The `type` of a `<disk>`; an empty drive's is "file". */
export function diskType(source: DiskSource | undefined): string {
  if (source === undefined || "file" in source) return "file";
  if ("block" in source) return "block";
  return "pool" in source ? "volume" : source.other;
}

/**
 * The `<source>` of a disk.
 * @throws XmlError "notModelled" for a source of which the model knows the type alone.
 */
export function sketchDiskSource(source: DiskSource): Sketch {
  if ("file" in source) return sketch("source", { file: source.file });
  if ("block" in source) return sketch("source", { dev: source.block });
  if ("pool" in source) return sketch("source", { pool: source.pool, volume: source.volume });
  throw new XmlError("notModelled", `a disk of type ${source.other} can be kept but not made`);
}

/** What any `<disk>` has behind it, also one that the model leaves out. */
export function parseDiskSource(disk: Element): DiskSource | undefined {
  const type = attributeOf(disk, "type") ?? "file";
  const source = childElement(disk, "source");
  switch (type) {
    case "file": {
      const file = attributeOf(source, "file");
      return file === undefined ? undefined : { file };
    }
    case "block": {
      const block = attributeOf(source, "dev");
      return block === undefined ? undefined : { block };
    }
    case "volume": {
      const pool = attributeOf(source, "pool");
      const volume = attributeOf(source, "volume");
      return pool === undefined || volume === undefined ? undefined : { pool, volume };
    }
    default:
      return { other: type };
  }
}

function diskBus(bus: string): DiskBus | undefined {
  return diskBuses.find((known) => known === bus);
}

// https://libvirt.org/formatdomain.html#hard-drives-floppy-disks-cdroms: without a bus it follows from the name.
function busOfTarget(target: string): string {
  switch (target.slice(0, 2)) {
    case "vd":
      return "virtio";
    case "sd":
      return "scsi";
    case "hd":
      return "ide";
    default:
      return "other";
  }
}
