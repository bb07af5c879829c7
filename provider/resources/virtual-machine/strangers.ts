import {
  type DiskSource,
  type DomainDisk,
  type DomainInterface,
  type DomainModel,
  type ModelDifference,
  type PropertyDifference,
  sameValue,
} from "../../libvirt/xml/index.js";
import { rowOf } from "./change-table.js";
import { sameVolume } from "./desired-disks.js";
import { ownMacs } from "./desired-interfaces.js";
import { ownMarks } from "./disks.js";
import type { ObservedDomain, ObservedHost } from "./observed.js";
import type { MachineRequest } from "./request.js";
import { volumeOf } from "./schema.js";

/**
 * Tells of a difference whether it is of a disk or an interface that somebody else has put there: neither declared, now or last time, nor this
 * VM's by its mark or its address. Whether a running guest has it is that person's business, as it is what the definition says of it.
 */
export function strangers(
  request: MachineRequest,
  place: ObservedHost,
  domain: ObservedDomain,
  to: DomainModel,
): (difference: ModelDifference) => boolean {
  const { inputs, previous } = request;
  const { live, persistent, record } = domain;
  const isOwn = ownMarks(request, domain);
  const isDeclared = (source: DiskSource): boolean =>
    [inputs, previous].some((which) =>
      which?.disks?.some((entry, i) => sameVolume(source, volumeOf(which.name, entry, i))),
    );
  const isMarked = (pool: string, volume: string): boolean => {
    const marks = place.pools.find(({ name }) => name === pool)?.contents.marks ?? [];
    return marks.some((mark) => mark.volume === volume && isOwn(mark));
  };
  const isStrangeDisk = ({ source }: DomainDisk): boolean => {
    if (source === undefined || !("volume" in source)) return source !== undefined;
    return !isDeclared(source) && !isMarked(source.pool, source.volume);
  };
  const isStrangeInterface = ({ mac }: DomainInterface): boolean => {
    const existing = (persistent ?? live)?.interfaces ?? [];
    return !ownMacs(inputs, previous, existing, record.uuid).has(mac);
  };
  const areStrange = <T>(devices: (T | undefined)[], isStrange: (device: T) => boolean): boolean =>
    devices.every((device) => device === undefined || isStrange(device));
  return (difference) => {
    switch (difference.kind) {
      case "disk": {
        const at = ({ target }: DomainDisk) => target === difference.target;
        if (difference.device !== "disk") return false;
        return areStrange([live?.disks.find(at), to.disks.find(at)], isStrangeDisk);
      }
      case "interface": {
        const at = ({ mac }: DomainInterface) => mac === difference.mac;
        return areStrange([live?.interfaces.find(at), to.interfaces.find(at)], isStrangeInterface);
      }
      default:
        return (
          isOfNoInput(difference, request) && sameValue(persistent?.[difference.property], difference.to)
        );
    }
  };
}

/** Devices of a kind that the program doesn't speak of: a USB stick that somebody has plugged in. */
function isOfNoInput(difference: PropertyDifference, { inputs, previous }: MachineRequest): boolean {
  if (!Array.isArray(difference.from ?? difference.to)) return false;
  const [input] = /^\w+/.exec(rowOf(difference).input ?? "") ?? [];
  return [inputs, previous].every((which) => which?.[input as keyof typeof which] === undefined);
}
