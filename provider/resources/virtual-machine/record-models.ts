import type { DomainRecord } from "../../libvirt/index.js";
import { type DomainModel, parseDomainLikeOthers } from "../../libvirt/xml/index.js";
import { readOnce } from "../../planning/read-once.js";
import { ownerOf } from "./record-owner.js";

/** A domain's documents as they are. What is made of them is made of copies. */
export interface RecordModels {
  persistent: DomainModel | undefined;
  live: DomainModel | undefined;
}

/** @throws XmlError when one of the documents can't be read. */
export const modelsOf = readOnce(
  ({ persistentXml, liveXml }: DomainRecord): RecordModels => ({
    persistent: persistentXml === undefined ? undefined : parseDomainLikeOthers(persistentXml),
    live: liveXml === undefined ? undefined : parseDomainLikeOthers(liveXml),
  }),
);

/** Reads a domain that a VM of the program may well be, while those of others are on their way from the host. */
export function readAhead(record: DomainRecord): void {
  if (ownerOf(record) === undefined) return;
  try {
    modelsOf(record);
  } catch {
    // Whoever needs it finds out.
  }
}
