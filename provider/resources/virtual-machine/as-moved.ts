import type { PoolContents } from "../../hosts/observations.js";
import type { CopiedVolume } from "./migration/index.js";
import type { ObservedDomain, ObservedHost, ObservedPool } from "./observed.js";
import { asRelocated } from "./relocations.js";

const noContents: PoolContents = { volumes: [], marks: [], notes: { unfinished: [], leaving: [] } };

/** The VM and the host that it moves to, as the move leaves them. */
export function asMoved(
  source: ObservedHost,
  target: ObservedHost,
  domain: ObservedDomain,
  copies: readonly CopiedVolume[],
): { place: ObservedHost; domain: ObservedDomain } {
  const names = new Set([...target.pools.map(({ name }) => name), ...copies.map((copy) => copy.targetPool)]);
  const pools = [...names].map((name): ObservedPool => {
    const pool = target.pools.find((other) => other.name === name) ?? {
      name,
      active: true,
      contents: noContents,
    };
    const arrivals = copies.filter(({ targetPool }) => targetPool === name);
    const arriving = <Item>(list: (contents: PoolContents) => Item[], nameOf: (item: Item) => string) =>
      arrivals.flatMap((copy) => {
        const from = source.pools.find((other) => other.name === copy.sourcePool);
        return list(from?.contents ?? noContents).filter((item) => nameOf(item) === copy.name);
      });
    const volumes = arriving(
      (contents) => contents.volumes,
      (volume) => volume.name,
    );
    const marks = arriving(
      (contents) => contents.marks,
      (mark) => mark.volume,
    );
    const { contents } = pool;
    return {
      ...pool,
      contents: {
        ...contents,
        volumes: [...contents.volumes, ...volumes],
        marks: [...contents.marks, ...marks],
      },
    };
  });
  const moves = copies
    .filter(({ sourcePool, targetPool }) => sourcePool !== targetPool)
    .map(({ name: volume, sourcePool: from, targetPool: to }) => ({ volume, from, to }));
  return { place: { ...target, pools }, domain: asRelocated(domain, moves) };
}
