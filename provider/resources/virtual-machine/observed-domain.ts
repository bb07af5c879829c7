import { dirname, posix } from "node:path";
import type { HostFacts } from "../../hosts/facts.js";
import type { DomainRecord } from "../../libvirt/index.js";
import {
  type Below,
  type DiskSource,
  type DomainModel,
  type OwnerMark,
  parseDomain,
  readRevertMark,
} from "../../libvirt/xml/index.js";
import { journalOf } from "../../planning/migrated-copy.js";
import { withoutFullPins } from "./features/cpu-tune.js";
import type { ObservedDomain } from "./observed.js";
import { overlaysOf, withoutOverlays } from "./overlays.js";
import { guestRunOf } from "./running-guest.js";

type PoolPath = { name: string; path: string | undefined };

/** Reads records of a host's domains; `below`: what files that snapshots made are layers over. */
export function toDomainOn(
  facts: HostFacts,
  poolPaths: readonly PoolPath[],
  declared: readonly { pool: string; volume: string }[],
) {
  return (record: DomainRecord, owner: OwnerMark | undefined, below: Below = new Map()): ObservedDomain => {
    const read = (xml: string | undefined) => {
      const model =
        xml === undefined ? undefined : withVolumes(withoutFullPins(parseDomain(xml), facts.cpus), poolPaths);
      const overlays = overlaysOf(xml, model, declared, (path) => volumeAt(path, poolPaths), below);
      return { model: withoutOverlays(model, overlays), overlays };
    };
    const noted = journalOf(record);
    const [persistent, live] = [read(record.persistentXml), read(record.liveXml)];
    return {
      record,
      persistent: persistent.model,
      live: live.model,
      overlays: record.persistentXml === undefined ? live.overlays : persistent.overlays,
      reverting: readRevertMark(record.persistentXml ?? record.liveXml ?? "<domain/>")?.snapshot,
      run: record.liveXml === undefined ? undefined : guestRunOf(record, record.liveXml),
      owner,
      journal: noted.kind === "journal" ? noted.journal : undefined,
    };
  };
}

/** Disks and media by pool and volume instead of by path, wherever the path is in a pool: that is how programs and other hosts name them. */
function withVolumes(model: DomainModel, poolPaths: readonly PoolPath[]): DomainModel {
  const byVolume = (source: DiskSource): DiskSource =>
    "file" in source ? (volumeAt(source.file, poolPaths) ?? source) : source;
  const disks = model.disks.map((disk) =>
    disk.source === undefined ? disk : { ...disk, source: byVolume(disk.source) },
  );
  const { ignition } = model;
  return { ...model, disks, ...(ignition === undefined ? {} : { ignition: byVolume(ignition) }) };
}

function volumeAt(
  path: string,
  poolPaths: readonly PoolPath[],
): { pool: string; volume: string } | undefined {
  const pool = poolPaths.find((other) => other.path !== undefined && other.path === dirname(path));
  return pool === undefined ? undefined : { pool: pool.name, volume: posix.basename(path) };
}
