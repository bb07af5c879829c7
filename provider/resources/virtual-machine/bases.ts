import { posix } from "node:path";
import type { Host } from "../../hosts/host.js";
import type { VolumeRecord } from "../../libvirt/index.js";
import { parsePool, type VolumeModel } from "../../libvirt/xml/index.js";
import { contentSuffix } from "../image/checksum.js";
import { modelOf } from "../volume-model.js";
import type { ObservedDomain } from "./observed.js";
import type { MachineRequest } from "./request.js";

/** The file that a volume of the VM is a layer over, and whether the host that the VM is to move to has the same one. */
export interface Base {
  /** The layer. */
  pool: string;
  volume: string;
  path: string;
  format: string | undefined;
  /**
   * `image`: both have the Image of that name, which is made of its content. `content`: both files have the same content. Else why the layer
   * alone wouldn't do at the target.
   */
  there: "image" | "content" | { problem: string };
}

/** What is in a pool of a host, by its path. */
interface Found {
  model: VolumeModel;
  record: VolumeRecord;
  isImage: boolean;
}

/**
 * Looks what the VM's disks are layers over, at both ends of a move that is ahead. Contents are only compared when the inputs ask for it: that has
 * both hosts read their files.
 */
export async function observeBases(
  source: Host,
  target: Host,
  domain: ObservedDomain,
  request: MachineRequest,
): Promise<Base[]> {
  const { storage = "auto" } = request.inputs.migration ?? {};
  if (storage === "copy" || storage === "shared") return [];
  const disks = (domain.live ?? domain.persistent)?.disks ?? [];
  const volumes = disks.flatMap(({ source: of, device, readonly }) =>
    of !== undefined && "pool" in of && device === "disk" && !readonly ? [of] : [],
  );
  const bases: Base[] = [];
  for (const { pool, volume } of volumes) {
    const { volumes: there } = await source.observations.contents(pool);
    const record = there.find(({ name }) => name === volume);
    const backing = record === undefined ? undefined : modelOf(record).backing;
    if (backing === undefined) continue;
    const base = { pool, volume, path: backing.path, format: backing.format };
    bases.push({ ...base, there: await baseThere(source, target, base, request) });
  }
  return bases;
}

async function baseThere(
  source: Host,
  target: Host,
  { path }: Pick<Base, "path">,
  request: MachineRequest,
): Promise<Base["there"]> {
  const here = await fileAt(source, path);
  const wayOut = 'set migration.storage "copy", which copies the whole chain';
  if (here === undefined)
    return {
      problem: `${path} is in no pool of ${source.name}, so that nobody can tell whether ${target.name} has the same; declare a pool for its folder on both, or ${wayOut}`,
    };
  if (here.model.backing !== undefined)
    return { problem: `${path} is a layer itself, over ${here.model.backing.path}; ${wayOut}` };
  const there = await fileAt(target, path);
  if (there === undefined) {
    // In a preview: the deployment puts the VM's image on its host before the VM's turn comes.
    const isComing = (request.inputs.disks ?? []).some(({ image }) => image?.volume === here.record.name);
    if (request.chosen === undefined && isComing && here.isImage) return "image";
    return { problem: `${path} isn't on ${target.name}; put it there, or ${wayOut}` };
  }
  const lengths = [here, there].map(({ model }) => model.physicalBytes);
  if (lengths[0] !== lengths[1])
    return {
      problem: `${path} has ${lengths[0]} bytes on ${source.name} and ${lengths[1]} on ${target.name}, so it isn't the same; put the same there, or ${wayOut}`,
    };
  if (here.isImage && there.isImage) return "image";
  if (request.inputs.migration?.storage !== "incremental")
    return { problem: `whether ${path} is the same on both hosts wasn't looked at` };
  const [sumHere, sumThere] = await Promise.all([sumOf(source, here), sumOf(target, there)]);
  for (const [host, sum] of [
    [source, sumHere],
    [target, sumThere],
  ] as const)
    if (sum === undefined)
      return { problem: `${path} can't be read on ${host.name} to compare it; ${wayOut}` };
  return sumHere === sumThere
    ? "content"
    : {
        problem: `${path} isn't the same on ${target.name} as on ${source.name} (its SHA-256 is another); put the same there, or ${wayOut}`,
      };
}

async function fileAt({ observations }: Host, path: string): Promise<Found | undefined> {
  const folder = posix.dirname(path);
  for (const pool of await observations.pools()) {
    const poolPath = parsePool(pool.xml).path;
    if (!pool.active || poolPath === undefined || posix.resolve(poolPath) !== folder) continue;
    const { volumes, marks } = await observations.contents(pool.name);
    for (const record of volumes) {
      const model = modelOf(record);
      if (model.path !== path) continue;
      const isImage =
        contentSuffix(record.name) !== undefined && marks.some(({ volume }) => volume === record.name);
      return { model, record, isImage };
    }
  }
  return undefined;
}

/** By path and when it was last written. */
const sums = new WeakMap<Host, Map<string, Promise<string | undefined>>>();

function sumOf(host: Host, { record }: Found): Promise<string | undefined> {
  const known = sums.get(host) ?? new Map<string, Promise<string | undefined>>();
  sums.set(host, known);
  // The document has the file's path, length and times.
  const sum = known.get(record.xml) ?? readSum(host, modelOf(record).path ?? "");
  known.set(record.xml, sum);
  return sum;
}

async function readSum(host: Host, path: string): Promise<string | undefined> {
  const script = 'sha256sum <"$1" 2>/dev/null || sudo -n sha256sum -- "$1"';
  const { exitCode, stdout } = await host.exec(["sh", "-c", script, "sh", path]);
  return exitCode === 0 ? /^[0-9a-f]{64}/.exec(stdout)?.[0] : undefined;
}
