import type { DomainRecord } from "../../libvirt/index.js";
import { type OwnerMark, readOwnerMark } from "../../libvirt/xml/index.js";

/** Each record is looked through by every VM of the deployment, and read once. */
const owners = new WeakMap<DomainRecord, { owner: OwnerMark | undefined }>();

/** Whose a domain is, by the mark in its definition. */
export function ownerOf(record: DomainRecord): OwnerMark | undefined {
  const known = owners.get(record);
  if (known !== undefined) return known.owner;
  const xml = record.persistentXml ?? record.liveXml;
  const owner = xml === undefined ? undefined : readOwnerMark(xml);
  owners.set(record, { owner });
  return owner;
}
