import type { PoolContents } from "../../hosts/observations.js";
import type { CopiedVolume } from "./migration/index.js";
import type { ObservedDomain, ObservedHost, ObservedPool } from "./observed.js";
import { asRelocated } from "./relocations.js";

const noContents: PoolContents = { volumes: [], marks: [], notes: { unfinished: [], leaving: [] } };

/** The host that has the VM, as far as concerns what is planned beside the move: its volumes are where the move takes them. */
export function asMoved(
  place: ObservedHost,
  domain: ObservedDomain,
  copies: readonly CopiedVolume[],
): { place: ObservedHost; domain: ObservedDomain } {
  const elsewhere = copies.filter(({ sourcePool, targetPool }) => sourcePool !== targetPool);
  if (elsewhere.length === 0) return { place, domain };
  const names = new Set([
    ...place.pools.map(({ name }) => name),
    ...elsewhere.map((copy) => copy.targetPool),
  ]);
  const none = { active: true, contents: noContents };
  const from = (pool: string) => place.pools.find(({ name }) => name === pool);
  const pools = [...names].map((name): ObservedPool => {
    const pool = from(name) ?? { name, ...none };
    const { volumes, marks } = pool.contents;
    const leaves = (volume: string) =>
      elsewhere.some((copy) => copy.sourcePool === name && copy.name === volume);
    const arrivals = elsewhere.filter(({ targetPool }) => targetPool === name);
    const arriving = <Item>(list: (contents: PoolContents) => Item[], nameOf: (item: Item) => string) =>
      arrivals.flatMap((copy) =>
        list(from(copy.sourcePool)?.contents ?? noContents).filter((item) => nameOf(item) === copy.name),
      );
    const contents = {
      ...pool.contents,
      volumes: [
        ...volumes.filter((volume) => !leaves(volume.name)),
        ...arriving(
          (other) => other.volumes,
          (volume) => volume.name,
        ),
      ],
      marks: [
        ...marks.filter(({ volume }) => !leaves(volume)),
        ...arriving(
          (other) => other.marks,
          (mark) => mark.volume,
        ),
      ],
    };
    return { ...pool, contents };
  });
  const moves = elsewhere.map(({ name: volume, sourcePool: from, targetPool: to }) => ({ volume, from, to }));
  return { place: { ...place, pools }, domain: asRelocated(domain, moves) };
}
