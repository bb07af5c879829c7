import { posix } from "node:path";
import type { PoolRecord } from "../libvirt/index.js";
import { parsePool } from "../libvirt/xml/index.js";
import { readOnce } from "../planning/read-once.js";

/** What a pool is, and the folder that it has; those of other kinds than files have none. */
export const placeOf = readOnce(({ xml }: PoolRecord): { type: string; path: string | undefined } => {
  const { type, path } = parsePool(xml);
  return { type, path: path === undefined ? undefined : posix.normalize(path).replace(/(.)\/$/, "$1") };
});
