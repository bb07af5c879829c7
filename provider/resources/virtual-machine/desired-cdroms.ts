import { type DiskSource, type DomainDisk, hasPcieRootPorts } from "../../libvirt/xml/index.js";
import type { CdromInputs } from "./cdrom-schema.js";
import { freeTarget, prefixOf } from "./disk-targets.js";
import { orKept } from "./features/set-or-keep.js";
import type { Inputs } from "./schema.js";
import { mediumInputOfSource } from "./seed/boot-media.js";

const ALIAS_PREFIX = "ua-cdrom-";

/** A declared drive, and what it should be. */
export interface DesiredDrive {
  entry: CdromInputs;
  /** What the device is to be called. */
  alias: string;
  disk: DomainDisk;
}

/**
 * Drives are told apart by their names, since their media change: a drive has its name as the device's. Those of a domain that was taken over
 * have none before it is changed for the first time, and are told apart by their order until then.
 *
 * @param drives - The drives that are there.
 * @param taken - Names of disks that are in use.
 */
export function desiredCdroms(
  inputs: Pick<Inputs, "cdroms" | "machine">,
  previous: Pick<Inputs, "cdroms"> | undefined,
  drives: readonly DomainDisk[],
  place: { machine: string; taken: Set<string> },
): { declared: DesiredDrive[]; strangers: DomainDisk[] } {
  const entries = inputs.cdroms ?? [];
  const known = driveOfEntries(previous?.cdroms ?? entries, drives);
  const before = new Map((previous?.cdroms ?? []).map((entry, i) => [keyOf(entry, i), entry]));
  const claimed = new Set<DomainDisk>();
  const declared = entries.map((entry, i) => {
    const key = keyOf(entry, i);
    const there = known.get(key) ?? drives.find(({ alias }) => alias === ALIAS_PREFIX + key);
    if (there !== undefined) claimed.add(there);
    const alias = aliasOf(entry, i);
    return { entry, alias, disk: driveOf(entry, before.get(key), there, alias, place) };
  });
  const gone = new Set(previous?.cdroms === undefined ? [] : known.values());
  const strangers = drives.filter(
    (drive) => !claimed.has(drive) && !gone.has(drive) && drive.alias?.startsWith(ALIAS_PREFIX) !== true,
  );
  return { declared, strangers };
}

/** By what a drive was declared: its name, or its place in the list. Undefined for one that never was. */
export function keyOfDrive({ alias }: DomainDisk): string | undefined {
  return alias?.startsWith(ALIAS_PREFIX) ? alias.slice(ALIAS_PREFIX.length) : undefined;
}

/** What the device of a declared drive is called. */
export function aliasOf(entry: CdromInputs, index: number): string {
  return ALIAS_PREFIX + keyOf(entry, index);
}

function keyOf(entry: CdromInputs, index: number): string {
  return entry.name ?? String(index);
}

/** Which drive each of some entries is. */
function driveOfEntries(
  entries: readonly CdromInputs[],
  drives: readonly DomainDisk[],
): Map<string, DomainDisk> {
  const keys = entries.map(keyOf);
  const found = new Map<string, DomainDisk>();
  for (const key of keys) {
    const named = drives.find(({ alias }) => alias === ALIAS_PREFIX + key);
    if (named !== undefined) found.set(key, named);
  }
  if (drives.some(({ alias }) => alias?.startsWith(ALIAS_PREFIX))) return found;
  // Seeds are told by their media.
  const unnamed = drives
    .filter(({ alias, source }) => alias === undefined && mediumInputOfSource(source) === undefined)
    .sort((a, b) => a.target.length - b.target.length || (a.target < b.target ? -1 : 1));
  for (const key of keys) {
    if (found.has(key)) continue;
    const next = unnamed.shift();
    if (next !== undefined) found.set(key, next);
  }
  return found;
}

function driveOf(
  entry: CdromInputs,
  entryBefore: CdromInputs | undefined,
  there: DomainDisk | undefined,
  alias: string,
  { machine, taken }: { machine: string; taken: Set<string> },
): DomainDisk {
  const bus = orKept(entry.bus, entryBefore?.bus, there?.bus) ?? (hasPcieRootPorts(machine) ? "sata" : "ide");
  const keepsPlace = there !== undefined && prefixOf(there.bus) === prefixOf(bus);
  const target = keepsPlace ? there.target : freeTarget(prefixOf(bus), taken);
  taken.add(target);
  const { source: _, bootOrder: __, ...rest } = there ?? { alias };
  const bootOrder = orKept(entry.bootOrder, entryBefore?.bootOrder, there?.bootOrder);
  const source = sourceOf(entry);
  return {
    ...rest,
    target,
    bus,
    device: "cdrom",
    ...(source === undefined ? {} : { source }),
    // What an empty drive says is no format.
    format: "raw",
    readonly: true,
    shareable: false,
    ...(bootOrder === undefined ? {} : { bootOrder }),
  };
}

function sourceOf({ source }: CdromInputs): DiskSource | undefined {
  return typeof source === "string" ? { file: source } : source;
}
