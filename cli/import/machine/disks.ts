import { type DomainDisk, type DomainModel, hasPcieRootPorts } from "../../../provider/libvirt/xml/index.js";
import { keyOfDrive } from "../../../provider/resources/virtual-machine/desired-cdroms.js";
import { mediumInputOfSource } from "../../../provider/resources/virtual-machine/seed/boot-media.js";
import { sizeText } from "../amounts.js";
import { type Bag, filled } from "../bag.js";

export interface VolumeKey {
  pool: string;
  volume: string;
}

/** A volume as disks of VMs name it, or why it can't be a disk of the program. */
export type FoundVolume =
  | { kind: "volume"; sizeBytes: number; format: string /** Several VMs have it. */; isShared: boolean }
  | { kind: "unusable"; why: string };

/** What is known of a host's storage. */
export interface Storage {
  host: string;
  find(key: VolumeKey): FoundVolume;
  /** Where a volume is, whether or not it is there. */
  pathOf(key: VolumeKey): string | undefined;
}

/** Disks and drives as inputs, and what of them isn't one that inputs describe. */
export function diskInputs(
  model: DomainModel,
  storage: Storage,
): { disks: Bag[]; cdroms: Bag[]; notes: string[] } {
  const notes: string[] = [];
  const disks: Bag[] = [];
  for (const disk of model.disks.filter(({ device }) => device === "disk")) {
    const { source, target } = disk;
    if (source === undefined || !("pool" in source)) {
      notes.push(`disk ${target} (${placeOf(source)})`);
      continue;
    }
    const found = storage.find(source);
    if (found.kind === "unusable") notes.push(`disk ${target} (${placeOf(source)}: ${found.why})`);
    else disks.push(diskOf(disk, source, found, storage));
  }
  return { disks, cdroms: drivesOf(model, storage, notes), notes };
}

function placeOf(source: DomainDisk["source"]): string {
  if (source === undefined) return "without a source";
  if ("file" in source) return `${source.file}, in no pool`;
  if ("block" in source) return `${source.block}, a device of the host`;
  return "pool" in source ? `${source.volume} in pool ${source.pool}` : `of type ${source.other}`;
}

function diskOf(
  disk: DomainDisk,
  { pool, volume }: VolumeKey,
  found: FoundVolume & { kind: "volume" },
  { host }: Storage,
): Bag {
  const format = found.format === "qcow2" ? undefined : found.format;
  const which = found.isShared
    ? { disk: { host, pool, name: volume, format: found.format } }
    : { size: sizeText(found.sizeBytes), pool, volume, ...filled({ format }) };
  const { bus, serial, wwn, cache, io, discard, detectZeroes, queues, limits, bootOrder } = disk;
  return {
    ...which,
    ...filled({
      bus: bus === "virtio" ? undefined : bus,
      serial,
      wwn,
      cache: cache === "default" ? undefined : cache,
      io,
      discard,
      detectZeroes,
      queues,
      limits: limitsOf(limits),
      readonly: disk.readonly || undefined,
      shareable: disk.shareable || undefined,
      bootOrder,
    }),
  };
}

function limitsOf(limits: DomainDisk["limits"]): Bag | undefined {
  if (limits === undefined) return undefined;
  const { steady, burst, burstSeconds, iopsSizeBytes } = limits;
  const seconds = Object.values(burstSeconds ?? {})[0];
  return filled({
    ...amountsOf(steady),
    burst: burst && filled({ ...amountsOf(burst), seconds }),
    iopsSize: iopsSizeBytes,
  });
}

/** Rates are what QEMU counts: numbers of bytes, unless they are round. */
function amountsOf(amounts: NonNullable<DomainDisk["limits"]>["steady"]): Bag {
  return Object.fromEntries(
    Object.entries(amounts).map(([kind, amount]) => [kind, /bytes/i.test(kind) ? sizeText(amount) : amount]),
  );
}

/**
 * Drives are told apart by their order, so one that can't be declared ends the list; empty ones at its end say nothing. Those that a program
 * had once have its names, and others beside them aren't told apart at all.
 */
function drivesOf({ disks, machine }: DomainModel, storage: Storage, notes: string[]): Bag[] {
  const usual = hasPcieRootPorts(machine) ? "sata" : "ide";
  const drives = disks
    .filter(({ device }) => device === "cdrom")
    .sort((a, b) => a.target.length - b.target.length || (a.target < b.target ? -1 : 1));
  const seeds = drives.filter(({ source }) => mediumInputOfSource(source) !== undefined);
  const others = drives.filter((drive) => !seeds.includes(drive));
  const named = others.filter((drive) => keyOfDrive(drive) !== undefined);
  const candidates = named.length > 0 ? named : others;
  const until = candidates.findIndex(({ source }) => source !== undefined && !isMedium(source));
  const described = until < 0 || named.length > 0 ? candidates : candidates.slice(0, until);
  for (const { target, source } of drives.filter((drive) => !described.includes(drive)))
    notes.push(`drive ${target} (${placeOf(source)})`);
  const entries = described.map((drive, i): Bag => {
    const { source, bus, bootOrder } = drive;
    const key = keyOfDrive(drive);
    return {
      ...filled({
        name: key === String(i) ? undefined : key,
        source: mediumOf(source, storage),
        bus: bus === usual ? undefined : bus,
        bootOrder,
      }),
    };
  });
  const last = entries.findLastIndex((entry) => Object.keys(entry).length > 0);
  return entries.slice(0, last + 1);
}

function isMedium(source: NonNullable<DomainDisk["source"]>): boolean {
  return "file" in source || "pool" in source;
}

function mediumOf(source: DomainDisk["source"], storage: Storage): Bag | string | undefined {
  if (source === undefined) return undefined;
  if ("file" in source) return source.file;
  if (!("pool" in source)) return undefined;
  const isThere = storage.find(source).kind === "volume";
  const { pool, volume } = source;
  return isThere ? { pool, volume } : (storage.pathOf(source) ?? { pool, volume });
}
