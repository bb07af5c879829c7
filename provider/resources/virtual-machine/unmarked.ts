import { unmarkedDisks } from "./disks.js";
import type { ObservedDomain, ObservedHost } from "./observed.js";
import { identityHashes, isOwn, type MachineRequest } from "./request.js";
import { unmarkedMedia } from "./seed/steps.js";

/**
 * Volumes that are declared as the VM's own, that it has, and that have lost their marks: virsh copies disks without them. One that leaves its host
 * takes along what was declared before as well; whose that is nobody could tell afterwards.
 */
export function unmarkedVolumes(
  { inputs, previous }: Pick<MachineRequest, "inputs" | "previous">,
  place: ObservedHost,
  domain: ObservedDomain,
): { pool: string; volume: string }[] {
  const leaves = place.ref.name !== inputs.host && previous !== undefined;
  const found = (leaves ? [inputs, previous] : [inputs]).flatMap((declared) => [
    ...unmarkedDisks(declared, place, domain),
    ...unmarkedMedia(declared, place, domain.persistent),
  ]);
  return found.filter(
    ({ pool, volume }, i) => i === found.findIndex((other) => other.pool === pool && other.volume === volume),
  );
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
