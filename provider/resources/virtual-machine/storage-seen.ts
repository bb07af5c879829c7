import type { Host } from "../../hosts/host.js";
import { sidecarName, type VolumeMark } from "../../hosts/volume-mark.js";
import type { ObserveContext } from "../definition.js";
import { modelOf } from "../volume-model.js";
import type { ObservedHost } from "./observed.js";

/**
 * The target of a move with those marks only that the source sees as well. A disk that was copied to the source by hand has its former file at
 * the target still, under the same mark: to take that for storage which both share would have the guest go back to what it had long ago.
 */
export async function withoutMarksOfItsOwn(
  target: ObservedHost,
  source: ObservedHost,
  /** Those that move; whose others are is nothing to the move. */
  moving: readonly string[],
  { hosts }: Pick<ObserveContext, "hosts">,
): Promise<ObservedHost> {
  const [here, there] = [hosts.get(source.ref), hosts.get(target.ref)];
  const pools = target.pools.map(async (pool) => {
    const atSource = source.pools.find(({ name }) => name === pool.name)?.contents.marks ?? [];
    const names = new Set(atSource.map(sidecarName));
    const marks = pool.contents.marks.map(async (mark) => {
      if (!moving.includes(mark.volume) || !names.has(sidecarName(mark))) return [mark];
      const times = await Promise.all([markedAt(here, pool.name, mark), markedAt(there, pool.name, mark)]);
      // Nothing is ever written to a mark: one file's is of one time on all hosts.
      return times[0] !== times[1] && !times.includes(undefined) ? [] : [mark];
    });
    return { ...pool, contents: { ...pool.contents, marks: (await Promise.all(marks)).flat() } };
  });
  return { ...target, pools: await Promise.all(pools) };
}

async function markedAt(host: Host, pool: string, mark: VolumeMark): Promise<string | undefined> {
  const record = await host.idempotent((libvirt) => libvirt.volumes.observe(pool, sidecarName(mark)));
  return record === undefined ? undefined : modelOf(record).changedAt;
}
