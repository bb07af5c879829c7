import type { Host } from "../hosts/host.js";
import type { DomainRecord } from "../libvirt/index.js";
import {
  type Below,
  type DiskMirror,
  type DiskSource,
  diskUses,
  layersUnder,
  readDiskChains,
} from "../libvirt/xml/index.js";
import { snapshotLayers } from "./snapshot-layers.js";

/** A domain's disk that is a certain volume, or a layer over it. */
export interface Attachment {
  uuid: string;
  /** The domain's. */
  name: string;
  /** The disk's, "vda". */
  target: string;
  /** 0: what the guest writes goes to the volume. More: so many layers are over it, of snapshots or as its backing. */
  depth: number;
  /** It has the volume open now, rather than only at its next start. */
  running: boolean;
  /** It has it at its next start: one that only runs with it is to let go of it, or was given it by hand. */
  defined: boolean;
  /** The guest can only read it. */
  readonly: boolean;
  /** Snapshots of the domain name its disks' files. */
  hasSnapshots: boolean;
  /** A job that copies the disk elsewhere. */
  mirror: DiskMirror | undefined;
}

/** The disks of a host's domains behind which a volume is. */
export async function attachmentsOn(
  host: Host,
  volume: { pool: string; name: string; path: string },
): Promise<Attachment[]> {
  return attachmentsIn(await host.observations.domains(), volume, await snapshotLayers(host));
}

/** The disks behind which a volume is, of domains that run or are only defined; one that is in both documents counts once. */
export function attachmentsIn(
  domains: readonly DomainRecord[],
  volume: { pool: string; name: string; path: string },
  below: Below = new Map(),
): Attachment[] {
  return domains.flatMap((domain) => {
    const { uuid, name, hasSnapshots } = domain;
    const { live, persistent } = documentsOf(domain);
    const inLive = disksWith(live, volume, below);
    const inPersistent = disksWith(persistent, volume, below);
    const isIn = (disks: typeof inLive, { target }: { target: string }) =>
      disks.some((other) => other.target === target);
    const of = { uuid, name, hasSnapshots };
    return [
      ...inLive.map((disk) => ({ ...of, running: true, defined: isIn(inPersistent, disk), ...disk })),
      ...inPersistent
        .filter((disk) => !isIn(inLive, disk))
        .map((disk) => ({ ...of, running: false, defined: true, ...disk })),
    ];
  });
}

/** A disk of a document, and the files behind it. */
interface DocumentDisk {
  target: string;
  source: DiskSource | undefined;
  paths: string[];
  readonly: boolean;
  mirror: DiskMirror | undefined;
}
type Documents = Record<"live" | "persistent", DocumentDisk[]>;
const documents = new WeakMap<DomainRecord, Documents>();

/** Read once a record: every volume of a host asks about every domain. */
function documentsOf(domain: DomainRecord): Documents {
  const known = documents.get(domain);
  if (known !== undefined) return known;
  const found = { live: disksOf(domain.liveXml), persistent: disksOf(domain.persistentXml) };
  documents.set(domain, found);
  return found;
}

function disksOf(xml: string | undefined): DocumentDisk[] {
  if (xml === undefined) return [];
  const chains = readDiskChains(xml);
  return diskUses(xml).map(({ target, source, readonly }) => {
    const chain = chains.find((other) => other.target === target);
    return { target, source, readonly, paths: chain?.paths ?? [], mirror: chain?.mirror };
  });
}

function disksWith(
  disks: readonly DocumentDisk[],
  volume: { pool: string; name: string; path: string },
  below: Below,
): Pick<Attachment, "target" | "depth" | "readonly" | "mirror">[] {
  return disks.flatMap(({ target, source, paths, readonly, mirror }) => {
    const isNamed =
      source !== undefined &&
      "pool" in source &&
      source.pool === volume.pool &&
      source.volume === volume.name;
    const more = layersUnder(paths.at(-1) ?? "", below).map(({ path }) => path);
    const depth = isNamed ? 0 : [...paths, ...more].indexOf(volume.path);
    return depth < 0 ? [] : [{ target, depth, readonly, mirror }];
  });
}
