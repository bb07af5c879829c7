import type { Host } from "../../hosts/host.js";
import { type RunNotes, readRunNotes, runNotesKind, writeRunNotes } from "../../libvirt/xml/index.js";
import { valueText } from "./changes.js";

/** Notes of a run stand in the live document alone. */
export async function writeNotes(host: Host, uuid: string, notes: RunNotes): Promise<void> {
  const { uri, key } = runNotesKind;
  const { domains } = await host.libvirt();
  await domains.setMetadata(uuid, { live: true, uri, key, xml: writeRunNotes(notes) });
}

/** Notes that the guest, or its host, doesn't go along with a change: it waits for the next boot. */
export async function noteDeclined(
  host: Host,
  uuid: string,
  liveXml: string,
  { path, to }: { path: string; to: unknown },
): Promise<void> {
  const notes = readRunNotes(liveXml);
  const others = notes.declined.filter((other) => other.path !== path);
  await writeNotes(host, uuid, { ...notes, declined: [...others, { path, to: valueText(to) }] });
}
