import type { MigratedVolume } from "../../libvirt/xml/index.js";
import type { ObservedDomain, ObservedHost } from "./observed.js";
import type { MachineRequest } from "./request.js";

/**
 * The disks that must be copied for a move. On storage that both hosts share, the volume with its mark, whose nonce is random, is seen from
 * both; what isn't seen so is taken for the host's own.
 */
export function volumesToCopy(
  request: MachineRequest,
  target: ObservedHost,
  source: ObservedHost,
  domain: ObservedDomain,
): MigratedVolume[] {
  const storage = request.inputs.migration?.storage ?? "auto";
  if (storage === "shared") return [];
  const disks = (domain.persistent ?? domain.live)?.disks ?? [];
  return disks.flatMap((disk): MigratedVolume[] => {
    if (disk.device !== "disk" || disk.readonly || disk.source === undefined || !("pool" in disk.source))
      return [];
    const { pool, volume } = disk.source;
    const here = source.pools.find((other) => other.name === pool);
    const there = target.pools.find((other) => other.name === pool);
    const mark = here?.contents.marks.find((other) => other.volume === volume);
    const seenThere =
      there?.contents.marks.some((other) => other.volume === volume && other.nonce === mark?.nonce) ?? false;
    if (storage === "auto" && mark !== undefined && seenThere) return [];
    return [
      {
        sourcePool: pool,
        targetPool: pool,
        name: volume,
        sourcePath: `${here?.path ?? ""}/${volume}`,
        targetPath: `${there?.path ?? here?.path ?? ""}/${volume}`,
        owned: mark !== undefined,
      },
    ];
  });
}
