import type { DiskSource, DomainDisk } from "../../libvirt/xml/index.js";
import { freeTarget, prefixOf } from "./disk-targets.js";
import { orKept } from "./features/set-or-keep.js";
import { type DiskInputs, type Inputs, volumeOf } from "./schema.js";

/** Disks are told apart by their volumes; a disk that stays keeps its target, so that the guest sees it at its place. */
export function desiredDisks(
  inputs: Inputs,
  previous: Inputs | undefined,
  existing: readonly DomainDisk[],
): DomainDisk[] {
  const declared = (inputs.disks ?? []).map((entry, i) => ({
    entry,
    source: volumeOf(inputs.name, entry, i),
  }));
  const entriesBefore = (previous?.disks ?? []).map((entry, i) => ({
    entry,
    source: volumeOf(previous?.name ?? "", entry, i),
  }));
  const before = entriesBefore.map((other) => other.source);
  const isOneOf = (source: DiskSource | undefined, list: { pool: string; volume: string }[]) =>
    list.some((other) => sameVolume(source, other));
  const kept = existing.filter(
    (disk) =>
      isOneOf(
        disk.source,
        declared.map((d) => d.source),
      ) || !isOneOf(disk.source, before),
  );
  const found = (source: { pool: string; volume: string }) =>
    kept.find((disk) => sameVolume(disk.source, source));
  const strangers = kept.filter(
    (disk) =>
      !isOneOf(
        disk.source,
        declared.map((d) => d.source),
      ),
  );
  // Also of those that go: in its place a new disk would be the old one with another content, which no running guest can be given.
  const taken = new Set(existing.map((disk) => disk.target));
  const made = declared.map(({ entry, source }): DomainDisk => {
    const there = found(source);
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
    return diskOf(entry, entryBefore, source, keepsPlace ? there : undefined, target, bus);
  });
  return [...made, ...strangers];
}

function diskOf(
  entry: DiskInputs,
  entryBefore: DiskInputs | undefined,
  source: { pool: string; volume: string },
  there: DomainDisk | undefined,
  target: string,
  bus: DomainDisk["bus"],
): DomainDisk {
  const disk: DomainDisk = {
    ...there,
    target,
    bus,
    device: "disk",
    source,
    format: entry.format ?? entry.disk?.format ?? there?.format ?? "qcow2",
    readonly: entry.readonly ?? false,
    shareable: there?.shareable ?? false,
  };
  for (const key of ["serial", "cache", "discard"] as const) {
    const value = orKept(entry[key], entryBefore?.[key], there?.[key]);
    if (value === undefined) delete disk[key];
    else disk[key] = value;
  }
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
