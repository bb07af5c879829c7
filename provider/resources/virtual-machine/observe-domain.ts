import { dirname, posix } from "node:path";
import type { DomainRecord, PoolRecord } from "../../libvirt/index.js";
import { type DomainModel, type OwnerMark, parseDomain, readPluggingRoom } from "../../libvirt/xml/index.js";
import { journalOf } from "../../planning/migrated-copy.js";
import { pathOf } from "./observe-pools.js";
import type { ObservedDomain } from "./observed.js";
import type { MachineRequest } from "./request.js";

/** How files are named. */
export interface SourceNames {
  pools: { name: string; path: string | undefined }[];
  /** What the program names by its path. */
  declaredPaths: ReadonlySet<string>;
}

/** A domain's documents as typed values. */
export function toDomain(
  record: DomainRecord,
  owner: OwnerMark | undefined,
  names: SourceNames,
): ObservedDomain {
  const parse = (xml: string | undefined) =>
    xml === undefined ? undefined : withVolumes(parseDomain(xml), names);
  const noted = journalOf(record);
  return {
    record,
    persistent: parse(record.persistentXml),
    live: parse(record.liveXml),
    owner,
    journal: noted.kind === "journal" ? noted.journal : undefined,
    room: record.liveXml === undefined ? undefined : readPluggingRoom(record.liveXml),
  };
}

/** Disks by pool and volume instead of by path, wherever the path is in a pool: that is how programs and other hosts name them. */
function withVolumes(model: DomainModel, { pools, declaredPaths }: SourceNames): DomainModel {
  const disks = model.disks.map((disk) => {
    if (disk.source === undefined || !("file" in disk.source)) return disk;
    const { file } = disk.source;
    if (disk.device === "cdrom" && declaredPaths.has(file)) return disk;
    const pool = pools.find(({ path }) => path !== undefined && path === dirname(file));
    return pool === undefined ? disk : { ...disk, source: { pool: pool.name, volume: posix.basename(file) } };
  });
  return { ...model, disks };
}

/** By the host's pools, and as the program names media. */
export function sourceNames({ inputs, previous }: MachineRequest, pools: readonly PoolRecord[]): SourceNames {
  const declaredPaths = [inputs, previous].flatMap((declared) =>
    (declared?.cdroms ?? []).flatMap(({ source }) => (typeof source === "string" ? [source] : [])),
  );
  return {
    pools: pools.map((pool) => ({ name: pool.name, path: pathOf(pool) })),
    declaredPaths: new Set(declaredPaths),
  };
}
