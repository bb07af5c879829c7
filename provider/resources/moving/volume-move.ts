import type { Host } from "../../hosts/host.js";
import type { VolumeMark } from "../../hosts/volume-mark.js";
import type { ApplyContext } from "../definition.js";

/** A pool on a host. */
export interface PoolPlace {
  host: Host;
  pool: string;
}

/** A marked volume that is to be in another pool, perhaps on another host. */
export interface VolumeMove {
  from: PoolPlace;
  to: PoolPlace;
  mark: VolumeMark;
  bandwidthMibPerSecond?: number | undefined;
}

export type MoveContext = Pick<ApplyContext, "log" | "signal">;
