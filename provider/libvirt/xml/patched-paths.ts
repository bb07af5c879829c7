import { describeDifferences } from "./domain-differences.js";
import { parseDomain, readDomain } from "./domain-parse.js";
import { patchNotesKind } from "./patch-notes.js";
import { readXml } from "./read-xml.js";

/** The paths of differences between what a document says and what it would say without the patches that were made to it. */
export function patchedPaths(xml: string): ReadonlySet<string> {
  if (!xml.includes(patchNotesKind.uri)) return new Set();
  const { patches: _, ...without } = parseDomain(xml);
  return new Set(describeDifferences(without, readDomain(readXml(xml, "domain"))).map(({ path }) => path));
}
