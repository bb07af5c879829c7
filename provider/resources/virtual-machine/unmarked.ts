import type { ObservedDomain, ObservedHost } from "./observed.js";
import { identityHashes, isOwn, type MachineRequest } from "./request.js";
import { type Inputs, volumeOf } from "./schema.js";
import { bootMedia } from "./seed/boot-media.js";
import { isUsedBy } from "./seed/steps.js";

interface NamedVolume {
  pool: string;
  volume: string;
}

/**
 * Volumes that are declared as the VM's own, that it has, and that have lost their marks: virsh copies disks without them. One that leaves its host
 * takes along what was declared before as well; whose that is nobody could tell afterwards.
 */
export function unmarkedVolumes(
  { inputs, previous }: Pick<MachineRequest, "inputs" | "previous">,
  place: ObservedHost,
  domain: ObservedDomain,
): NamedVolume[] {
  const leaves = place.ref.name !== inputs.host && previous !== undefined;
  const declared = (leaves ? [inputs, previous] : [inputs]).flatMap(declaredVolumes);
  return eachOnce(declared.filter((volume) => isUnmarked(volume, place, domain)));
}

/** The disks and media that are declared as the VM's own. */
export function declaredVolumes(inputs: Inputs): NamedVolume[] {
  const disks = (inputs.disks ?? []).flatMap((entry, i) =>
    entry.disk === undefined ? [volumeOf(inputs.name, entry, i)] : [],
  );
  return [...disks, ...bootMedia(inputs)].map(({ pool, volume }) => ({ pool, volume }));
}

function isUnmarked(declared: NamedVolume, place: ObservedHost, { persistent }: ObservedDomain): boolean {
  const { pool, volume } = declared;
  const contents = place.pools.find((other) => other.name === pool)?.contents;
  if (contents === undefined || persistent === undefined) return false;
  const isThere = contents.volumes.some((other) => other.name === volume);
  const isMarked = contents.marks.some((mark) => mark.volume === volume);
  return isThere && !isMarked && isUsedBy(persistent, declared);
}

export function eachOnce(volumes: readonly NamedVolume[]): NamedVolume[] {
  return [...new Map(volumes.map((each) => [`${each.pool}/${each.volume}`, each])).values()];
}

/** The place as it is once what has lost its mark has one again. Whether the other host sees the same storage can't be told by that one. */
export function asMarked(
  request: MachineRequest,
  place: ObservedHost,
  domain: ObservedDomain,
): { place: ObservedHost; marked: string[] } {
  const isOurs = domain.owner !== undefined && isOwn(domain.owner, request);
  const unmarked = isOurs ? unmarkedVolumes(request, place, domain) : [];
  if (unmarked.length === 0) return { place, marked: [] };
  const identityHash = identityHashes(request)[0] ?? "";
  const pools = place.pools.map((pool) => {
    const marks = unmarked
      .filter((other) => other.pool === pool.name)
      .map(({ volume }) => ({ identityHash, nonce: "", volume }));
    return { ...pool, contents: { ...pool.contents, marks: [...pool.contents.marks, ...marks] } };
  });
  return { place: { ...place, pools }, marked: unmarked.map(({ volume }) => volume) };
}
