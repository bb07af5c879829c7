import type { DomainModel } from "../../libvirt/xml/index.js";
import type { ObservedHost } from "./observed.js";

/** Disks by path, as QEMU opens them: with what snapshots have put over them. */
export function withPaths(model: DomainModel, place: ObservedHost): DomainModel {
  const disks = model.disks.map((disk) => {
    if (disk.source === undefined || !("pool" in disk.source)) return disk;
    const { pool, volume } = disk.source;
    const over = place.domain?.overlays?.find((other) => other.pool === pool && other.volume === volume);
    if (over !== undefined)
      return { ...disk, source: { file: over.path }, format: over.format ?? disk.format };
    const found = place.pools.find((other) => other.name === pool);
    const path = found?.contents.volumes.find((other) => other.name === volume)?.path;
    if (path !== undefined) return { ...disk, source: { file: path } };
    // Only folders so far: there a volume's path is known before it is made.
    return found?.path === undefined ? disk : { ...disk, source: { file: `${found.path}/${volume}` } };
  });
  return { ...model, disks };
}
