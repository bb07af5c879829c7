import { type Holding, volumeHeld } from "../holding.js";
import { refOf } from "./place.js";
import type { Inputs } from "./schema.js";

/** Its volume. */
export function holds({ host, connection, credentials, pool, name }: Partial<Inputs>): Holding[] {
  if (host === undefined || connection === undefined || pool === undefined || name === undefined) return [];
  return [volumeHeld(refOf({ host, connection, credentials }), { pool, volume: name }, "name")];
}
