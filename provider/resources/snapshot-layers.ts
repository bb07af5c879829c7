import { posix } from "node:path";
import type { Host } from "../hosts/host.js";
import type { DomainRecord } from "../libvirt/index.js";
import { type Below, parseSnapshot, readDiskChains } from "../libvirt/xml/index.js";
import { poolOf } from "./pool-of.js";
import { rescanPoolOnce } from "./rescan.js";
import { modelOf } from "./volume-model.js";

type Layer = [path: string, under: { path: string; format: string | undefined }];

/**
 * What the files that snapshots made are layers over, by their paths: a definition doesn't say. Nor does a snapshot say it of the file that libvirt
 * has made to go back to one on which another is built; of a guest that runs the live document does, and of one that is off the file itself.
 */
export async function snapshotLayers(host: Host): Promise<Below> {
  const { observations } = host;
  const withSnapshots = (await observations.domains()).filter(({ hasSnapshots }) => hasSnapshots);
  const layers = await Promise.all(
    withSnapshots.map(async (domain): Promise<Layer[]> => {
      const ofSnapshots = layersOfSnapshots(await observations.snapshots(domain.uuid));
      if (domain.liveXml !== undefined) return [...ofSnapshots, ...layersIn(domain.liveXml)];
      return ofSnapshots.length === 0
        ? []
        : [...ofSnapshots, ...(await layersOfFiles(host, domain, new Map(ofSnapshots)))];
    }),
  );
  return new Map(layers.flat());
}

function layersOfSnapshots(snapshots: readonly { xml: string }[]): Layer[] {
  return snapshots
    .flatMap(({ xml }) => parseSnapshot(xml).below ?? [])
    .map(({ overlay, path, format }) => [overlay, { path, format }]);
}

function layersIn(liveXml: string): Layer[] {
  return readDiskChains(liveXml).flatMap(({ paths, formats }) =>
    paths.flatMap((path, i): Layer[] => {
      const under = paths[i + 1];
      return under === undefined ? [] : [[path, { path: under, format: formats[i + 1] }]];
    }),
  );
}

/** What a domain's disks are layers over as the files themselves say, as far as it isn't known yet. */
export async function layersOfFiles(
  host: Host,
  { persistentXml }: DomainRecord,
  known: Below = new Map(),
): Promise<Layer[]> {
  if (persistentXml === undefined) return [];
  const tops = readDiskChains(persistentXml).flatMap(({ paths }) => paths.slice(0, 1));
  // A snapshot may be built on a layer of which libvirt wasn't told.
  return (await Promise.all(tops.map((top) => layersFrom(host, top, known)))).flat();
}

async function layersFrom(host: Host, path: string, known: Below): Promise<Layer[]> {
  const under = known.get(path);
  if (under !== undefined) return layersFrom(host, under.path, known);
  const backing = await backingOf(host, path);
  if (backing === undefined) return [];
  const layer: Layer = [path, { path: backing.path, format: backing.format }];
  return [layer, ...(await layersFrom(host, backing.path, new Map([...known, layer])))];
}

/** libvirt doesn't list in its pool by itself what it has made there to go back. */
async function backingOf(host: Host, path: string) {
  const pool = await poolOf(host, path);
  if (pool === undefined) return undefined;
  const find = async () => {
    const { volumes } = await host.observations.contents(pool.name);
    return volumes.find(({ name }) => name === posix.basename(path));
  };
  let volume = await find();
  if (volume === undefined && (await rescanPoolOnce(host, pool.name))) volume = await find();
  return volume === undefined ? undefined : modelOf(volume).backing;
}
