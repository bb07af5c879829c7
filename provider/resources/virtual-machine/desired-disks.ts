import type { DiskSource, DomainDisk, DomainModel } from "../../libvirt/xml/index.js";
import { type DesiredDrive, desiredCdroms } from "./desired-cdroms.js";
import { limitsOf } from "./disk-limits.js";
import { freeTarget, prefixOf } from "./disk-targets.js";
import { orKept } from "./features/set-or-keep.js";
import { type DiskInputs, type Inputs, volumeOf } from "./schema.js";

/** What says which places there are, and which of them are taken. */
type Placed = Pick<DomainModel, "disks" | "otherTargets" | "machine">;

/** Disks are told apart by their volumes; a disk that stays keeps its target, so that the guest sees it at its place. Then come the drives. */
export function desiredDisks(inputs: Inputs, previous: Inputs | undefined, existing: Placed): DomainDisk[] {
  const { disks, drives } = placed(inputs, previous, existing);
  return [...disks, ...drives.declared.map(({ disk }) => disk), ...drives.strangers];
}

/** The declared drives of a domain. */
export function declaredDrives(
  inputs: Inputs,
  previous: Inputs | undefined,
  existing: Placed,
): DesiredDrive[] {
  return placed(inputs, previous, existing).drives.declared;
}

/** The drives whose media are taken even from a guest that has locked them. */
export function forcedDrives(
  inputs: Inputs,
  previous: Inputs | undefined,
  model: Placed,
): ReadonlySet<string> {
  const drives = declaredDrives(inputs, previous, model);
  return new Set(drives.flatMap(({ entry, disk }) => (entry.force === true ? [disk.target] : [])));
}

/** Disks choose their targets before drives do. */
function placed(
  inputs: Inputs,
  previous: Inputs | undefined,
  { disks: existing, otherTargets = [], machine }: Placed,
): { disks: DomainDisk[]; drives: ReturnType<typeof desiredCdroms> } {
  // What goes keeps its name as well: a running guest may not have let go of it when another comes.
  const taken = new Set([...existing.map(({ target }) => target), ...otherTargets]);
  const isDrive = ({ device }: DomainDisk) => device === "cdrom";
  const there = existing.filter((disk) => !isDrive(disk));
  const disks = hardDisks(inputs, previous, there, taken);
  const drives = desiredCdroms(inputs, previous, existing.filter(isDrive), { machine, taken });
  return { disks, drives };
}

/** A domain whose drives have their names: they get them with any other change, and not for their own sake. */
export function withNamedDrives(model: DomainModel, drives: readonly DesiredDrive[]): DomainModel {
  const disks = model.disks.map((disk) => {
    const drive = drives.find(({ disk: other }) => other.target === disk.target);
    return drive === undefined || disk.alias !== undefined ? disk : { ...disk, alias: drive.alias };
  });
  return { ...model, disks };
}

function hardDisks(
  inputs: Inputs,
  previous: Inputs | undefined,
  existing: readonly DomainDisk[],
  taken: Set<string>,
): DomainDisk[] {
  const declared = (inputs.disks ?? []).map((entry, i) => ({
    entry,
    source: volumeOf(inputs.name, entry, i),
  }));
  const entriesBefore = (previous?.disks ?? []).map((entry, i) => ({
    entry,
    source: volumeOf(previous?.name ?? "", entry, i),
  }));
  const isOneOf = (source: DiskSource | undefined, list: { source: { pool: string; volume: string } }[]) =>
    list.some((other) => sameVolume(source, other.source));
  const kept = existing.filter(
    (disk) => isOneOf(disk.source, declared) || !isOneOf(disk.source, entriesBefore),
  );
  const strangers = kept.filter((disk) => !isOneOf(disk.source, declared));
  const made = declared.map(({ entry, source }): DomainDisk => {
    const there = kept.find((disk) => sameVolume(disk.source, source));
    const entryBefore = (
      entriesBefore.find((other) => sameVolume(other.source, source)) ??
      // It has moved to another pool.
      entriesBefore.find(
        (other) =>
          other.source.volume === source.volume && !declared.some((d) => sameVolume(d.source, other.source)),
      )
    )?.entry;
    const bus = orKept(entry.bus, entryBefore?.bus, there?.bus) ?? "virtio";
    const keepsPlace = there !== undefined && prefixOf(there.bus) === prefixOf(bus);
    const target = keepsPlace ? there.target : freeTarget(prefixOf(bus), taken);
    taken.add(target);
    return diskOf(entry, entryBefore, source, there && (keepsPlace ? there : unplugged(there)), target, bus);
  });
  return [...made, ...strangers];
}

/** A disk without what goes with its bus. */
function unplugged({ queues: _, iothread: __, wwn: ___, ...disk }: DomainDisk): DomainDisk {
  return disk;
}

const plainKeys = ["serial", "wwn", "cache", "io", "discard", "detectZeroes", "queues", "bootOrder"] as const;

function diskOf(
  entry: DiskInputs,
  entryBefore: DiskInputs | undefined,
  source: { pool: string; volume: string },
  there: DomainDisk | undefined,
  target: string,
  bus: DomainDisk["bus"],
): DomainDisk {
  const flag = (key: "readonly" | "shareable") =>
    orKept(entry[key], entryBefore?.[key], there?.[key]) ?? false;
  const disk: DomainDisk = {
    ...there,
    target,
    bus,
    device: "disk",
    source,
    format: entry.format ?? entry.disk?.format ?? there?.format ?? "qcow2",
    readonly: flag("readonly"),
    shareable: flag("shareable"),
  };
  const set = <Key extends (typeof plainKeys)[number] | "limits">(key: Key, value: DomainDisk[Key]) => {
    const wanted = orKept(value, entryBefore?.[key], there?.[key]);
    if (wanted === undefined) delete disk[key];
    else disk[key] = wanted;
  };
  for (const key of plainKeys) set(key, entry[key]);
  // Empty limits are declared ones: none.
  if (entry.limits !== undefined && limitsOf(entry.limits) === undefined) delete disk.limits;
  else set("limits", limitsOf(entry.limits));
  return disk;
}

export function sameVolume(
  source: DiskSource | undefined,
  volume: { pool: string; volume: string },
): boolean {
  return (
    source !== undefined && "pool" in source && source.pool === volume.pool && source.volume === volume.volume
  );
}
