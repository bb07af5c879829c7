import type { HostFacts } from "../../provider/hosts/facts.js";
import type { Host } from "../../provider/hosts/host.js";
import type { HostRef } from "../../provider/hosts/host-ref.js";
import type { PoolContents } from "../../provider/hosts/observations.js";
import type { DomainRecord, NetworkRecord, VolumeRecord } from "../../provider/libvirt/index.js";
import {
  type DomainModel,
  type OwnerMark,
  parseVolume,
  readOwnerMark,
} from "../../provider/libvirt/xml/index.js";
import { kindOf } from "../../provider/resources/storage-pool/kinds.js";
import { type ObservedPool, toPool } from "../../provider/resources/storage-pool/observe.js";
import { toDomainOn } from "../../provider/resources/virtual-machine/observed-domain.js";
import type { FoundVolume, Storage, VolumeKey } from "./machine/disks.js";
import type { SharedFolders } from "./shared-folders.js";

export interface FoundDomain {
  record: DomainRecord;
  owner: OwnerMark | undefined;
  /** What it starts with next; undefined for one that can't be read. */
  model: DomainModel | undefined;
}

export interface FoundNetwork {
  record: NetworkRecord;
  owner: OwnerMark | undefined;
}

export interface FoundPool extends ObservedPool {
  contents: PoolContents;
}

/** What there is on one host. */
export interface FoundHost {
  ref: HostRef;
  facts: HostFacts;
  domains: FoundDomain[];
  networks: FoundNetwork[];
  pools: FoundPool[];
}

/** In the order of their names, so that the same host gives the same program. */
export async function findOn(host: Host, ref: HostRef): Promise<FoundHost> {
  const { observations } = host;
  const [facts, records, networks, poolRecords] = await Promise.all([
    observations.facts(),
    observations.domains(),
    observations.networks(),
    observations.pools(),
  ]);
  const pools = await Promise.all(
    poolRecords.map(async (record) => ({
      ...toPool(record),
      contents: await observations.contents(record.name),
    })),
  );
  const names = {
    pools: pools.map(({ name, path }) => ({ name, path })),
    declaredDisks: [],
    lostDisks: [],
    declaredPaths: new Set<string>(),
  };
  const toDomain = toDomainOn(facts, names, networks);
  const domains = records.map((record): FoundDomain => {
    const owner = readOwnerMark(record.persistentXml ?? record.liveXml ?? "<domain/>");
    return { record, owner, model: modelOf(() => toDomain(record, owner).persistent) };
  });
  return {
    ref,
    facts,
    domains: domains.sort((a, b) => order(a.record.name, b.record.name)),
    networks: networks
      .map((record) => ({ record, owner: readOwnerMark(record.xml) }))
      .sort((a, b) => order(a.record.name, b.record.name)),
    pools: pools.sort((a, b) => order(a.name, b.name)),
  };
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Domains of other hypervisors aren't read. */
function modelOf(read: () => DomainModel | undefined): DomainModel | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** The VMs of a host that have a volume as a disk. */
function usersOf({ domains }: FoundHost, key: VolumeKey): FoundDomain[] {
  return domains.filter(({ model }) =>
    model?.disks.some(
      ({ source, device }) =>
        device === "disk" &&
        source !== undefined &&
        "pool" in source &&
        source.pool === key.pool &&
        source.volume === key.volume,
    ),
  );
}

/** A host's storage, as the disks of VMs that nobody manages may name it. */
export function storageOf(found: FoundHost, shared: Pick<SharedFolders, "sameAs">): Storage {
  const { ref, pools } = found;
  return {
    host: ref.name,
    pathOf: (key) => {
      const path = pools.find(({ name }) => name === key.pool)?.path;
      return path === undefined ? undefined : `${path}/${key.volume}`;
    },
    find: (key): FoundVolume => {
      const pool = pools.find(({ name }) => name === key.pool);
      const unusable = (why: string): FoundVolume => ({ kind: "unusable", why });
      if (pool?.active !== true) return unusable("its pool isn't running");
      if (kindOf(pool.type)?.holdsFiles !== true)
        return unusable(`in a pool of type ${pool.type} there are no declared disks`);
      const { volumes, marks } = pool.contents;
      const volume = volumes.find(({ name }) => name === key.volume);
      if (volume === undefined) return unusable("it isn't there");
      if (marks.some((mark) => mark.volume === key.volume)) return unusable("it is another resource's");
      const elsewhere = shared
        .sameAs(ref.name, key)
        .flatMap((same) =>
          usersOf(same.found, same.key).map(({ record }) => `${record.name} on ${same.found.ref.name}`),
        );
      // A disk is one host's: no two VMs of different hosts can have it in a program.
      if (elsewhere.length > 0) return unusable(`${elsewhere.join(", ")} has the same file`);
      const users = usersOf(found, key);
      if (users.length > 1 && users.some(({ owner }) => owner !== undefined))
        return unusable("a virtual machine of a stack has it too");
      const { capacityBytes: sizeBytes, xml } = volume;
      return {
        kind: "volume",
        sizeBytes,
        format: parseVolume(xml).format ?? "raw",
        isShared: users.length > 1,
      };
    },
  };
}

const LEAST_DISK_BYTES = 2 ** 16;

/** Images of disks in a pool that no VM has, and that nothing is a layer over. */
export function spareDisks(found: FoundHost, pool: FoundPool): VolumeRecord[] {
  const { pools } = found;
  if (!pool.active || kindOf(pool.type)?.holdsFiles !== true) return [];
  const named = textsOn(found);
  const bases = new Set(
    pools.flatMap(({ contents }) => contents.volumes.map(({ xml }) => parseVolume(xml).backing?.path)),
  );
  const isUsed = ({ name, path }: VolumeRecord) =>
    [path, name].some((text) => named.has(text)) || bases.has(path);
  const isMarked = ({ name }: VolumeRecord) => pool.contents.marks.some(({ volume }) => volume === name);
  return pool.contents.volumes
    .filter(({ type, capacityBytes, xml }) => {
      const { format = "raw" } = parseVolume(xml);
      return type === "file" && capacityBytes >= LEAST_DISK_BYTES && ["qcow2", "raw"].includes(format);
    })
    .filter((volume) => !/\.iso$/i.test(volume.name) && !isUsed(volume) && !isMarked(volume))
    .sort((a, b) => order(a.name, b.name));
}

/** What VMs of a host name, be it as a path or as a volume of a pool; both are given. */
export function textsOn({ pools, domains }: FoundHost): ReadonlySet<string> {
  const volumes = pools.flatMap(({ contents }) => contents.volumes);
  const texts = new Set(domains.flatMap(({ record }) => textsOf(record.persistentXml, record.liveXml)));
  for (const { name, path } of volumes) if (texts.has(name)) texts.add(path);
  return texts;
}

/** All values of documents: whatever is named in one is used, be it as a disk, a kernel or a firmware's variables. */
function textsOf(...documents: (string | undefined)[]): string[] {
  return documents.flatMap((xml = "") =>
    [...xml.matchAll(/='([^']*)'|="([^"]*)"|>([^<]+)</g)].map((match) =>
      unescaped(match[1] ?? match[2] ?? match[3] ?? ""),
    ),
  );
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? "");
}
