import type { VolumeMark } from "../../hosts/volume-mark.js";
import type { VolumeRecord } from "../../libvirt/index.js";
import { type Attachment, attachmentsIn } from "../attachments.js";
import { snapshotLayers } from "../snapshot-layers.js";
import type { PoolPlace } from "./volume-move.js";

/** A place of a volume that moves, as it is now. */
export interface Side extends PoolPlace {
  volume: VolumeRecord | undefined;
  isMarked: boolean;
  isUnfinished: boolean;
  isLeaving: boolean;
  attachments: Attachment[];
}

/** Reads it anew. */
export async function look({ host, pool }: PoolPlace, mark: VolumeMark): Promise<Side> {
  host.observations.listAgain(pool, [mark.volume]);
  const [{ volumes, marks, notes }, domains, below] = await Promise.all([
    host.observations.contents(pool),
    host.observations.domainsNow(),
    snapshotLayers(host),
  ]);
  const volume = volumes.find((other) => other.name === mark.volume);
  const isOurs = (other: VolumeMark) => other.volume === mark.volume && other.nonce === mark.nonce;
  return {
    ...{ host, pool, volume },
    isMarked: marks.some(isOurs),
    isUnfinished: notes.unfinished.some(isOurs),
    isLeaving: notes.leaving.some(isOurs),
    attachments: volume === undefined ? [] : attachmentsIn(domains, volume, below),
  };
}

/**
 * Whether the new place has the content, all of it: its mark says so, or that a domain has gone over to it. Not while a guest
 * writes to the old one.
 */
export function isWhole(made: Side, old: Side): boolean {
  if (made.volume === undefined || old.attachments.some(({ running }) => running)) return false;
  if (made.isMarked) return made.isUnfinished || !old.isMarked;
  return made.isUnfinished && made.attachments.length > 0;
}
