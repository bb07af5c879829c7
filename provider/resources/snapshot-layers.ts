import type { Host } from "../hosts/host.js";
import { type Below, parseSnapshot, readDiskChains } from "../libvirt/xml/index.js";

/**
 * What the files that snapshots made are layers over, by their paths: a definition doesn't say. Nor does a snapshot say it of the file that libvirt
 * has made to go back to one on which another is built; of a guest that runs the live document does.
 */
export async function snapshotLayers({ observations }: Host): Promise<Below> {
  const withSnapshots = (await observations.domains()).filter(({ hasSnapshots }) => hasSnapshots);
  const lists = await Promise.all(withSnapshots.map(({ uuid }) => observations.snapshots(uuid)));
  const layers = lists
    .flat()
    .flatMap(({ xml }) => parseSnapshot(xml).below ?? [])
    .map(({ overlay, path, format }) => [overlay, { path, format }] as const);
  return new Map([...layers, ...withSnapshots.flatMap(({ liveXml }) => layersIn(liveXml))]);
}

function layersIn(liveXml: string | undefined): [string, { path: string; format: string | undefined }][] {
  const chains = liveXml === undefined ? [] : readDiskChains(liveXml);
  return chains.flatMap(({ paths, formats }) =>
    paths.flatMap((path, i): ReturnType<typeof layersIn> => {
      const under = paths[i + 1];
      return under === undefined ? [] : [[path, { path: under, format: formats[i + 1] }]];
    }),
  );
}
