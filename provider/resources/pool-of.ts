import { posix } from "node:path";
import type { Host } from "../hosts/host.js";
import type { PoolRecord } from "../libvirt/index.js";
import { placeOf } from "./pool-place.js";

/** The host's pool that runs and has a file's folder. */
export async function poolOf(host: Host, path: string): Promise<PoolRecord | undefined> {
  return (await host.observations.pools()).find(
    (pool) => pool.active && placeOf(pool).path === posix.dirname(path),
  );
}
