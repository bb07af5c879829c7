import type { Host } from "../../hosts/host.js";
import { type DomainRecord, isLibvirtError } from "../../libvirt/index.js";

/** A kind of mark of ours, by its namespace and prefix. */
interface MarkPlace {
  readonly uri: string;
  readonly key: string;
}

/**
 * Sets a mark in every document that a domain has, in one call: two that write at once leave one's mark in both, not one in each.
 * Without `xml` the mark is removed, and it is fine when there is none.
 */
export async function setMark(
  host: Host,
  record: DomainRecord,
  { uri, key }: MarkPlace,
  xml: string | undefined,
): Promise<void> {
  const set = (documents: { live: boolean; persistent: boolean }) =>
    host.idempotent((libvirt) => libvirt.domains.setMetadata(record.uuid, { ...documents, uri, key, xml }));
  const both = { live: record.liveXml !== undefined, persistent: record.persistentXml !== undefined };
  try {
    await set(both);
  } catch (error) {
    if (xml !== undefined || !isLibvirtError(error, "metadataNotFound")) throw error;
    // One of the documents has none, so that none was removed from the other.
    if (both.live && both.persistent)
      for (const document of [
        { live: true, persistent: false },
        { live: false, persistent: true },
      ])
        await set(document).catch((missing: unknown) => {
          if (!isLibvirtError(missing, "metadataNotFound")) throw missing;
        });
  }
}
