import type { Host } from "../../hosts/host.js";
import { type DomainModel, patchNotesAsKept, patchNotesKind } from "../../libvirt/xml/index.js";

/** libvirt writes some of what it is given in words of its own; noted, so that they aren't taken for somebody's edit of what was patched. */
export async function notePatchesKept(host: Host, uuid: string, { patches }: DomainModel): Promise<void> {
  if (patches === undefined) return;
  const { domains } = await host.libvirt();
  const xml = patchNotesAsKept(await domains.xml(uuid, { inactive: true, secure: true }));
  if (xml === undefined) return;
  const { uri, key } = patchNotesKind;
  await domains.setMetadata(uuid, { persistent: true, uri, key, xml });
}
