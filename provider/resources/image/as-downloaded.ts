import type { Inputs } from "./schema.js";
import { parseSource } from "./source.js";

/** Names of files of which a host has something else than what is downloaded, so that sums say nothing. */
const COMPRESSED = /\.(?:gz|xz|zst|bz2|ova|tar)$/i;

/** Hosts have what is downloaded byte by byte, as far as the inputs tell. */
export function isAsDownloaded({ format, member, source }: Inputs): boolean {
  return format === undefined && member === undefined && !COMPRESSED.test(parseSource(source).fileName);
}
