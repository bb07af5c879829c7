import { type Below, type DomainModel, readDiskChains } from "../../libvirt/xml/index.js";
import { sameVolume } from "./desired-disks.js";

/** A file that a snapshot has put between the guest and a declared disk: the guest writes to it, over the disk's own. */
export interface Overlay {
  /** The disk, "vda". */
  target: string;
  /** The declared disk's volume. */
  pool: string;
  volume: string;
  /** The file that the guest writes to. */
  path: string;
  /** It, and those of earlier snapshots between it and the disk. */
  files: string[];
  format: string | undefined;
  /** The format of the disk itself. */
  formatBelow: string | undefined;
}

interface Volume {
  pool: string;
  volume: string;
}

/**
 * Finds the declared disks that a document names only as what its disks are layers over. That a snapshot was taken, whoever took it, is no
 * change of the VM's disks: written into the definition, the disk itself would take the guest back to the snapshot.
 */
export function overlaysOf(
  xml: string | undefined,
  model: DomainModel | undefined,
  declared: readonly Volume[],
  volumeOfPath: (path: string) => Volume | undefined,
  below: Below,
): Overlay[] {
  if (xml === undefined || model === undefined) return [];
  const sources = model.disks.map(({ source }) => source);
  const missing = declared.filter((volume) => !sources.some((source) => sameVolume(source, volume)));
  if (missing.length === 0) return [];
  return readDiskChains(xml, below).flatMap(({ target, paths, formats }): Overlay[] => {
    const [path, ...under] = paths;
    const source = model.disks.find((disk) => disk.target === target)?.source;
    if (path === undefined || declared.some((volume) => sameVolume(source, volume))) return [];
    const depth = under.findIndex((each) => {
      const found = volumeOfPath(each);
      return missing.some(({ pool, volume }) => pool === found?.pool && volume === found.volume);
    });
    const found = volumeOfPath(under[depth] ?? "");
    if (found === undefined) return [];
    const files = paths.slice(0, depth + 1);
    return [{ target, ...found, path, files, format: formats[0], formatBelow: formats[depth + 1] }];
  });
}

/** A document's disks as they are declared, without what snapshots have put over them. */
export function withoutOverlays(
  model: DomainModel | undefined,
  overlays: readonly Overlay[],
): DomainModel | undefined {
  if (model === undefined || overlays.length === 0) return model;
  const disks = model.disks.map((disk) => {
    const overlay = overlays.find(({ target }) => target === disk.target);
    if (overlay === undefined) return disk;
    const { pool, volume, formatBelow } = overlay;
    return { ...disk, source: { pool, volume }, format: formatBelow ?? disk.format };
  });
  return { ...model, disks };
}
