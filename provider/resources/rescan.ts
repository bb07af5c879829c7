import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../hosts/host.js";
import { isLibvirtError } from "../libvirt/index.js";

const LOOK_AGAIN_MS = 500;
const WAIT_MS = 60_000;

/**
 * Has libvirt look at a pool's storage again: it doesn't see by itself what others put there. It refuses while it makes or fills a volume of the
 * pool, which is waited for.
 *
 * @returns false when there is no such pool, or it doesn't run.
 */
export async function rescanPool(
  host: Host,
  poolName: string,
  signal?: AbortSignal,
  waitMs = WAIT_MS,
): Promise<boolean> {
  for (let waitedMs = 0; ; waitedMs += LOOK_AGAIN_MS) {
    const pool = await host.idempotent((libvirt) => libvirt.pools.observe({ name: poolName }));
    if (pool?.active !== true) return false;
    try {
      await host.idempotent((libvirt) => libvirt.pools.refresh(pool.uuid, { signal }));
      host.observations.dropContents(poolName);
      return true;
    } catch (error) {
      const isBusy = isLibvirtError(error, "internal") && /asynchronous jobs/.test(error.message);
      if (!isBusy || waitedMs >= waitMs) throw error;
    }
    await sleep(LOOK_AGAIN_MS, undefined, { signal });
  }
}
