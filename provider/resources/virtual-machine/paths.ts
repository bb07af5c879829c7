import type { DiskSource, DomainModel } from "../../libvirt/xml/index.js";
import { sameVolume } from "./desired-disks.js";
import type { ObservedHost } from "./observed.js";

/** Disks, with what snapshots have put over them, and the Ignition config, by path, as QEMU opens them. */
export function withPaths(model: DomainModel, place: ObservedHost): DomainModel {
  const disks = model.disks.map((disk) => {
    const { source } = disk;
    if (source === undefined) return disk;
    const over = place.domain?.overlays?.find((other) => sameVolume(source, other));
    if (over !== undefined)
      return { ...disk, source: { file: over.path }, format: over.format ?? disk.format };
    return { ...disk, source: pathOf(source, place) };
  });
  const { ignition } = model;
  return { ...model, disks, ...(ignition === undefined ? {} : { ignition: pathOf(ignition, place) }) };
}

function pathOf(source: DiskSource, place: ObservedHost): DiskSource {
  if (!("pool" in source)) return source;
  const { pool, volume } = source;
  const found = place.pools.find((other) => other.name === pool);
  const path = found?.contents.volumes.find((other) => other.name === volume)?.path;
  if (path !== undefined) return { file: path };
  // Only folders so far: there a volume's path is known before it is made.
  return found?.path === undefined ? source : { file: `${found.path}/${volume}` };
}
