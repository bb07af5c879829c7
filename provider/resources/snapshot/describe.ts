import type { Host } from "../../hosts/host.js";
import { withSnapshotDescription } from "../../libvirt/xml/index.js";
import { type SnapshotMark, writeDescription } from "./mark.js";
import type { FoundSnapshot } from "./observe.js";

/** Notes what is to stand in a snapshot's description. */
export async function describe(
  host: Host,
  uuid: string,
  { record }: Pick<FoundSnapshot, "record">,
  text: string | undefined,
  mark: SnapshotMark | undefined,
): Promise<void> {
  const description = mark === undefined ? text : writeDescription(text, mark);
  const libvirt = await host.libvirt();
  // What the step before this one has noted counts, and whether it is the current one may have changed.
  const now = (await libvirt.domains.snapshots(uuid)).find(({ name }) => name === record.name);
  if (now === undefined) throw new Error(`snapshot ${record.name} is gone`);
  await libvirt.domains.redefineSnapshot(uuid, now, withSnapshotDescription(now.xml, description));
}
