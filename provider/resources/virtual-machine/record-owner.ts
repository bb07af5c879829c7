import type { DomainRecord } from "../../libvirt/index.js";
import { type OwnerMark, readOwnerMark } from "../../libvirt/xml/index.js";
import { readOnce } from "../../planning/read-once.js";

/** Whose a domain is, by the mark in its definition. One that was copied of a domain of ours (virt-clone) is nobody's. */
export const ownerOf = readOnce((record: DomainRecord): OwnerMark | undefined => {
  const xml = record.persistentXml ?? record.liveXml;
  const mark = xml === undefined ? undefined : readOwnerMark(xml);
  return mark?.uuid === undefined || mark.uuid === record.uuid ? mark : undefined;
});
