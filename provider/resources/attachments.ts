import type { DomainRecord } from "../libvirt/index.js";
import { type DiskMirror, parseDomain, readDiskChains } from "../libvirt/xml/index.js";

/** A domain's disk that is a certain volume. */
export interface Attachment {
  uuid: string;
  /** The domain's. */
  name: string;
  /** The disk's, "vda". */
  target: string;
  /** It has the volume open now, rather than only at its next start. */
  running: boolean;
  /** Snapshots of the domain name its disks' files. */
  hasSnapshots: boolean;
  /** A job that copies the disk elsewhere. */
  mirror: DiskMirror | undefined;
}

/** The disks that are a volume, of domains that run or are only defined; one that is in both documents counts once. */
export function attachmentsIn(
  domains: readonly DomainRecord[],
  volume: { pool: string; name: string; path: string },
): Attachment[] {
  return domains.flatMap((domain) => {
    const { uuid, name, hasSnapshots, liveXml, persistentXml } = domain;
    const live = targetsOf(liveXml, volume);
    const chains = live.length === 0 || liveXml === undefined ? [] : readDiskChains(liveXml);
    const defined = targetsOf(persistentXml, volume).filter((target) => !live.includes(target));
    return [
      ...live.map((target) => ({
        ...{ uuid, name, target, hasSnapshots, running: true },
        mirror: chains.find((chain) => chain.target === target)?.mirror,
      })),
      ...defined.map((target) => ({
        ...{ uuid, name, target, hasSnapshots, running: false },
        mirror: undefined,
      })),
    ];
  });
}

function targetsOf(xml: string | undefined, volume: { pool: string; name: string; path: string }): string[] {
  if (xml === undefined) return [];
  return parseDomain(xml).disks.flatMap(({ target, source }) => {
    if (source === undefined) return [];
    const isIt =
      ("file" in source && source.file === volume.path) ||
      ("block" in source && source.block === volume.path) ||
      ("pool" in source && source.pool === volume.pool && source.volume === volume.name);
    return isIt ? [target] : [];
  });
}
