import { formatBytes } from "../../provider/planning/quantity.js";
import type { Finding } from "./finding.js";
import type { HostContents } from "./host-contents.js";
import { identified } from "./judge.js";

/** Room in a pool when it was looked at. */
export interface PoolRoom {
  host: string;
  pool: string;
  capacityBytes: number;
  availableBytes: number;
  usedPercent: number;
}

/** The running pools of these names, or all. */
export function roomIn(
  hosts: readonly { name: string; contents: HostContents; pools: "all" | ReadonlySet<string> }[],
): PoolRoom[] {
  return hosts.flatMap(({ name: host, contents, pools }) =>
    contents.pools
      .filter(
        ({ name, active, capacityBytes }) =>
          active && capacityBytes > 0 && (pools === "all" || pools.has(name)),
      )
      .map(({ name, capacityBytes, availableBytes }) => ({
        ...{ host, pool: name, capacityBytes, availableBytes },
        usedPercent: Math.round(((capacityBytes - availableBytes) / capacityBytes) * 1_000) / 10,
      })),
  );
}

export function nearlyFull(rooms: readonly PoolRoom[], thresholdPercent: number): Finding[] {
  return rooms
    .filter(({ usedPercent }) => usedPercent >= thresholdPercent)
    .map(({ host, pool, usedPercent, availableBytes }) =>
      identified({
        ...{ kind: "poolNearlyFull", host, object: `storage pool ${pool}`, up: [] },
        ...{ property: "room", wanted: `below ${thresholdPercent} % used` },
        found: `${usedPercent} % used, ${formatBytes(wholeMib(availableBytes))} left`,
      }),
    );
}

function wholeMib(bytes: number): number {
  return Math.floor(bytes / 2 ** 20) * 2 ** 20;
}
