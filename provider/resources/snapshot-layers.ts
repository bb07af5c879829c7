import type { Host } from "../hosts/host.js";
import { type Below, parseSnapshot } from "../libvirt/xml/index.js";

/** What the files that snapshots made are layers over, by their paths: of a domain that is off its definition doesn't say. */
export async function snapshotLayers({ observations }: Host): Promise<Below> {
  const withSnapshots = (await observations.domains()).filter(({ hasSnapshots }) => hasSnapshots);
  const lists = await Promise.all(withSnapshots.map(({ uuid }) => observations.snapshots(uuid)));
  const layers = lists
    .flat()
    .flatMap(({ xml }) => parseSnapshot(xml).below ?? [])
    .map(({ overlay, path, format }) => [overlay, { path, format }] as const);
  return new Map(layers);
}
