import { dirname, posix } from "node:path";
import type { HostFacts } from "../../hosts/facts.js";
import type { DomainRecord, NetworkRecord, PoolRecord } from "../../libvirt/index.js";
import { type DiskSource, type DomainModel, type OwnerMark, parseDomain } from "../../libvirt/xml/index.js";
import { journalOf } from "../../planning/migrated-copy.js";
import { withoutFullPins } from "./features/cpu-tune.js";
import { networkTraits } from "./network-traits.js";
import { pathOf } from "./observe-pools.js";
import type { ObservedDomain } from "./observed.js";
import type { MachineRequest } from "./request.js";
import { guestRunOf } from "./running-guest.js";

/** What a document's names are told by. */
export interface SourceNames {
  pools: { name: string; path: string | undefined }[];
  /** Media that the program names by their paths. */
  declaredPaths: ReadonlySet<string>;
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

/** Domains' documents as typed values. */
export function toDomainOn(facts: HostFacts, names: SourceNames, networks: readonly NetworkRecord[]) {
  const parse = (xml: string | undefined) =>
    xml === undefined ? undefined : withVolumes(withoutFullPins(parseDomain(xml), facts.cpus), names);
  const traits = new Map(networks.map((network) => [network.name, networkTraits(network)]));
  return (record: DomainRecord, owner: OwnerMark | undefined): ObservedDomain => {
    const noted = journalOf(record);
    return {
      record,
      persistent: parse(record.persistentXml),
      live: parse(record.liveXml),
      run: record.liveXml === undefined ? undefined : guestRunOf(record, record.liveXml, traits),
      owner,
      journal: noted.kind === "journal" ? noted.journal : undefined,
    };
  };
}

/** Disks and media by pool and volume instead of by path, wherever the path is in a pool: that is how programs and other hosts name them. */
function withVolumes(model: DomainModel, { pools, declaredPaths }: SourceNames): DomainModel {
  const byVolume = (source: DiskSource): DiskSource => {
    if (!("file" in source)) return source;
    const { file } = source;
    const pool = pools.find(({ path }) => path !== undefined && path === dirname(file));
    return pool === undefined ? source : { pool: pool.name, volume: posix.basename(file) };
  };
  const isDeclared = (source: DiskSource) => "file" in source && declaredPaths.has(source.file);
  const disks = model.disks.map((disk) =>
    disk.source === undefined || (disk.device === "cdrom" && isDeclared(disk.source))
      ? disk
      : { ...disk, source: byVolume(disk.source) },
  );
  const { ignition } = model;
  return { ...model, disks, ...(ignition === undefined ? {} : { ignition: byVolume(ignition) }) };
}
