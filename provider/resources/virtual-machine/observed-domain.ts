import { dirname, posix } from "node:path";
import type { HostFacts } from "../../hosts/facts.js";
import type { DomainRecord, NetworkRecord, PoolRecord } from "../../libvirt/index.js";
import {
  type Below,
  type DiskSource,
  type DomainModel,
  isAwaited,
  type OwnerMark,
  readAttemptNote,
  readRevertMark,
} from "../../libvirt/xml/index.js";
import { journalOf } from "../../planning/migrated-copy.js";
import { placeOf } from "../pool-place.js";
import { withoutFullPins } from "./features/cpu-tune.js";
import { networkTraits } from "./network-traits.js";
import type { ObservedDomain } from "./observed.js";
import { overlaysOf, withoutOverlays } from "./overlays.js";
import { modelsOf } from "./record-models.js";
import type { MachineRequest } from "./request.js";
import { guestRunOf } from "./running-guest.js";
import { type Inputs, volumeOf } from "./schema.js";

/** What a document's names are told by. */
export interface SourceNames {
  pools: { name: string; path: string | undefined }[];
  /** Disks that the program declares. */
  declaredDisks: { pool: string; volume: string }[];
  /** Disks that were declared in pools that the host doesn't know (any more): nothing tells their paths. */
  lostDisks: { pool: string; volume: string }[];
  /** Media that the program names by their paths. */
  declaredPaths: ReadonlySet<string>;
}

/** By the host's pools, and as the program names disks and media. */
export function sourceNames({ inputs, previous }: MachineRequest, pools: readonly PoolRecord[]): SourceNames {
  const all = [inputs, previous].flatMap((declared) => declared ?? []);
  const disksOf = ({ name, disks }: Pick<Inputs, "name" | "disks">) =>
    (disks ?? []).map((entry, i) => volumeOf(name, entry, i));
  return {
    pools: pools.map((pool) => ({ name: pool.name, path: placeOf(pool).path })),
    declaredDisks: all.flatMap(disksOf),
    lostDisks: (previous === undefined ? [] : disksOf(previous)).filter(
      (disk) => !pools.some(({ name }) => name === disk.pool),
    ),
    declaredPaths: new Set(
      all.flatMap(({ cdroms }) =>
        (cdroms ?? []).flatMap(({ source }) => (typeof source === "string" ? [source] : [])),
      ),
    ),
  };
}

/** Reads records of a host's domains; `below`: what files that snapshots made are layers over. */
export function toDomainOn(facts: HostFacts, names: SourceNames, networks: readonly NetworkRecord[]) {
  const traits = new Map(networks.map((network) => [network.name, networkTraits(network)]));
  return (record: DomainRecord, owner: OwnerMark | undefined, below: Below = new Map()): ObservedDomain => {
    const models = modelsOf(record);
    const read = (xml: string | undefined, parsed: DomainModel | undefined) => {
      const model =
        parsed === undefined ? undefined : withVolumes(withoutFullPins(parsed, facts.cpus), names);
      const volumeOfPath = (path: string) => volumeAt(path, names);
      const overlays = overlaysOf(xml, model, names.declaredDisks, volumeOfPath, below);
      return { model: withoutOverlays(model, overlays), overlays };
    };
    const noted = journalOf(record);
    const persistent = read(record.persistentXml, models.persistent);
    const live = read(record.liveXml, models.live);
    return {
      record,
      persistent: persistent.model,
      live: live.model,
      overlays: record.persistentXml === undefined ? live.overlays : persistent.overlays,
      awaited: isAwaited(record.liveXml ?? record.persistentXml ?? ""),
      attempt: record.persistentXml === undefined ? undefined : readAttemptNote(record.persistentXml),
      reverting: readRevertMark(record.persistentXml ?? record.liveXml ?? "<domain/>")?.snapshot,
      run: record.liveXml === undefined ? undefined : guestRunOf(record, record.liveXml, traits),
      owner,
      journal: noted.kind === "journal" ? noted.journal : undefined,
    };
  };
}

/** Disks and media by pool and volume instead of by path, wherever the path is in a pool: that is how programs and other hosts name them. */
function withVolumes(model: DomainModel, names: SourceNames): DomainModel {
  const byVolume = (source: DiskSource): DiskSource =>
    "file" in source ? (volumeAt(source.file, names) ?? source) : source;
  const isDeclared = (source: DiskSource) => "file" in source && names.declaredPaths.has(source.file);
  const disks = model.disks.map((disk) =>
    disk.source === undefined || (disk.device === "cdrom" && isDeclared(disk.source))
      ? disk
      : { ...disk, source: byVolume(disk.source) },
  );
  const { ignition } = model;
  return { ...model, disks, ...(ignition === undefined ? {} : { ignition: byVolume(ignition) }) };
}

function volumeAt(
  path: string,
  { pools, lostDisks }: SourceNames,
): { pool: string; volume: string } | undefined {
  const pool = pools.find((other) => other.path !== undefined && other.path === dirname(path));
  const volume = posix.basename(path);
  return pool === undefined ? lostDisks.find((disk) => disk.volume === volume) : { pool: pool.name, volume };
}
