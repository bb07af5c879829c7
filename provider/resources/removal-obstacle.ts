import type { VolumeMark } from "../hosts/volume-mark.js";

/** Something on a host that a removal leaves room for. `label`: as the refusal names it. */
export type Keeper = { label: string; host: string } & (
  | { kind: "domain"; uuid: string; name: string; running: boolean }
  /** `marks`: whose it is; nobody's where there is none. */
  | { kind: "volume"; pool: string; volume: string; path: string; marks: readonly VolumeMark[] }
  | { kind: "stoppedPool"; pool: string }
  | { kind: "snapshot" }
);

/** Why a removal is refused, for as long as any of its keepers is there. */
export interface RemovalObstacle {
  keepers: readonly Keeper[];
  /** What is said of those that are left. */
  refusal(left: readonly Keeper[]): string;
}

export function refuseFor(obstacles: readonly RemovalObstacle[]): void {
  for (const { keepers, refusal } of obstacles) if (keepers.length > 0) throw new Error(refusal(keepers));
}
