import type { DomainRecord } from "../../libvirt/index.js";
import { type OwnerMark, readOwnerMark } from "../../libvirt/xml/index.js";
import { readOnce } from "../../planning/read-once.js";

/** Whose a domain is, by the mark in its definition. */
export const ownerOf = readOnce((record: DomainRecord): OwnerMark | undefined => {
  const xml = record.persistentXml ?? record.liveXml;
  return xml === undefined ? undefined : readOwnerMark(xml);
});
