import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../hosts/host.js";
import { isLibvirtError } from "../libvirt/index.js";
import { readOnce } from "../planning/read-once.js";

const LOOK_AGAIN_MS = 500;
const WAIT_MS = 60_000;

/** For an apply: as long as libvirt makes other volumes of the pool it doesn't look; copying a large one takes its time. */
export const LONGEST_WAIT_MS = 24 * 3_600_000;

/** `volumes`: the names of those that may be others than they were, if that is known; else all are read again. */
interface RescanOptions {
  signal?: AbortSignal;
  waitMs?: number;
  volumes?: readonly string[];
}

/**
 * Has libvirt look at a pool's storage again: it doesn't see by itself what others put there. It refuses while it makes or fills a volume of the
 * pool, which is waited for.
 *
 * @returns false when there is no such pool, or it doesn't run.
 */
export async function rescanPool(
  host: Host,
  poolName: string,
  { signal, waitMs = WAIT_MS, volumes }: RescanOptions = {},
): Promise<boolean> {
  for (let waitedMs = 0; ; waitedMs += LOOK_AGAIN_MS) {
    const pool = await host.idempotent((libvirt) => libvirt.pools.observe({ name: poolName }));
    if (pool?.active !== true) return false;
    try {
      await host.idempotent((libvirt) => libvirt.pools.refresh(pool.uuid, { signal }));
      if (volumes === undefined) host.observations.dropContents(poolName);
      else host.observations.listAgain(poolName, volumes);
      return true;
    } catch (error) {
      const isBusy = isLibvirtError(error, "internal") && /asynchronous jobs/.test(error.message);
      if (!isBusy || waitedMs >= waitMs) throw error;
    }
    await sleep(LOOK_AGAIN_MS, undefined, { signal });
  }
}

const rescans = readOnce((_host: Host) => new Map<string, { waitMs: number; done: Promise<boolean> }>());

/** {@link rescanPool} once in a deployment, whoever asks: for what is only foreseen. Who doesn't wait for a busy pool gives it up for nobody else. */
export function rescanPoolOnce(
  host: Host,
  poolName: string,
  { waitMs = WAIT_MS }: Pick<RescanOptions, "waitMs"> = {},
): Promise<boolean> {
  const known = rescans(host).get(poolName);
  if (known !== undefined)
    return known.waitMs >= waitMs
      ? known.done
      : known.done.catch(() => rescanPoolOnce(host, poolName, { waitMs }));
  const done = rescanPool(host, poolName, { waitMs });
  rescans(host).set(poolName, { waitMs, done });
  done.catch(() => rescans(host).delete(poolName));
  return done;
}
