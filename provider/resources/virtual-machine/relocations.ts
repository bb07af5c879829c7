import type { VolumeMark } from "../../hosts/volume-mark.js";
import type { DiskSource, DomainModel } from "../../libvirt/xml/index.js";
import type { Plan } from "../../planning/plan.js";
import { formatBytes } from "../../planning/quantity.js";
import { whyEncryptedStays } from "../encrypted-volume.js";
import { modelOf } from "../volume-model.js";
import { sameVolume } from "./desired-disks.js";
import { ownMarks } from "./disks.js";
import {
  isActive,
  type ObservedDomain,
  type ObservedHost,
  type ObservedPool,
  snapshotNames,
} from "./observed.js";
import type { MachineRequest } from "./request.js";
import { volumeOf } from "./schema.js";

/** A declared disk that is in another pool of the host than the one where it should be. */
export interface Relocation {
  /** The disk's place in the list. */
  index: number;
  volume: string;
  from: string;
  to: string;
  /** The VM's own; a Disk resource moves by itself before the VM's turn comes. */
  mark: VolumeMark | undefined;
  /** It was begun, and cut off: the disk is partly in both pools. */
  resumes?: boolean;
}

/** A move that was cut off, and not one to where the disk should be by now. */
export interface InterruptedRelocation {
  volume: string;
  from: string;
  to: string | undefined;
  mark: VolumeMark;
  /** The disk isn't declared any more, and goes once it is in one pool again. */
  isReleased?: boolean;
}

export interface Relocations {
  moves: Relocation[];
  interrupted: InterruptedRelocation[];
}

/** What is in a pool of one volume. */
interface Trace {
  pool: string;
  isThere: boolean;
  mark: VolumeMark | undefined;
  unfinished: VolumeMark | undefined;
  leaving: VolumeMark | undefined;
}

/** Which of the VM's disks have to move to another pool of the host that has the VM. */
export function relocationsOf(
  request: MachineRequest,
  place: ObservedHost,
  domain: ObservedDomain | undefined,
): Relocations {
  const { inputs, previous } = request;
  const isOurs = ownMarks(request, domain);
  const declared = (inputs.disks ?? []).map((entry, i) => volumeOf(inputs.name, entry, i));
  const found: Relocations = { moves: [], interrupted: [] };
  (inputs.disks ?? []).forEach((entry, index) => {
    const { pool: to, volume } = declared[index] as { pool: string; volume: string };
    if (entry.disk !== undefined) {
      const before = previous?.disks?.find(
        ({ disk }) => disk?.name === volume && disk.host === entry.disk?.host && disk.pool !== to,
      )?.disk;
      if (before !== undefined && request.chosen === undefined)
        found.moves.push({ index, volume, from: before.pool, to, mark: undefined });
      return;
    }
    // In its pool another disk may well have the name.
    const isAnothers = (pool: string) =>
      pool !== to && declared.some((other) => other.pool === pool && other.volume === volume);
    const pools = place.pools.filter(({ name }) => !isAnothers(name));
    sort(tracesOf(volume, pools, isOurs), { index, volume, to }, found);
  });
  (previous?.disks ?? []).forEach((entry, index) => {
    const { volume } = volumeOf(previous?.name ?? "", entry, index);
    if (entry.disk !== undefined || declared.some((other) => other.volume === volume)) return;
    const traces = tracesOf(volume, place.pools, isOurs);
    const leaving = traces.find((trace) => trace.leaving !== undefined);
    if (leaving?.leaving === undefined) return;
    const { pool: from, leaving: mark } = leaving;
    found.interrupted.push({ volume, from, to: otherPool(traces, leaving), mark, isReleased: true });
  });
  return found;
}

/** What each pool has of one of the VM's own volumes. */
export function tracesOf(
  volume: string,
  pools: readonly ObservedPool[],
  isOurs: ReturnType<typeof ownMarks>,
): Trace[] {
  const own = (marks: VolumeMark[]) => marks.find((mark) => mark.volume === volume && isOurs(mark));
  return pools.map(({ name: pool, contents }) => ({
    pool,
    isThere: contents.volumes.some(({ name }) => name === volume),
    mark: own(contents.marks),
    unfinished: own(contents.notes.unfinished),
    leaving: own(contents.notes.leaving),
  }));
}

/** Where a disk goes that is leaving a pool. */
function otherPool(traces: readonly Trace[], leaving: Trace): string | undefined {
  return traces.find((trace) => trace !== leaving && (trace.unfinished ?? trace.mark) !== undefined)?.pool;
}

function sort(
  traces: Trace[],
  disk: { index: number; volume: string; to: string },
  found: Relocations,
): void {
  const { index, volume, to } = disk;
  const leaving = traces.find((trace) => trace.leaving !== undefined);
  if (leaving?.leaving !== undefined) {
    const other = otherPool(traces, leaving);
    const from = leaving.pool;
    if (from === to || (other !== undefined && other !== to))
      found.interrupted.push({ volume, from, to: other, mark: leaving.leaving });
    else found.moves.push({ index, volume, from, to, mark: leaving.mark ?? leaving.leaving, resumes: true });
    return;
  }
  const home = traces.find((trace) => trace.pool === to);
  if (home?.isThere === true) return;
  const source = traces.find((trace) => trace.pool !== to && trace.isThere && trace.mark !== undefined);
  if (source !== undefined) found.moves.push({ index, volume, from: source.pool, to, mark: source.mark });
}

/** What was cut off has to end on the host where it was begun, before the VM leaves it. */
export function unfinishedOf({ moves, interrupted }: Relocations): Relocations {
  return { moves: moves.filter(({ resumes }) => resumes === true), interrupted };
}

/** The domain as it is once volumes of it have moved: that changes the files behind them, and nothing that a guest sees. */
export function asRelocated(
  domain: ObservedDomain,
  moves: readonly Pick<Relocation, "volume" | "from" | "to">[],
): ObservedDomain {
  if (moves.length === 0) return domain;
  const moved = (source: DiskSource | undefined): DiskSource | undefined => {
    const move = moves.find(({ from, volume }) => sameVolume(source, { pool: from, volume }));
    return move === undefined ? source : { pool: move.to, volume: move.volume };
  };
  const relocated = (model: DomainModel | undefined) =>
    model && {
      ...model,
      disks: model.disks.map((disk) => ({ ...disk, source: moved(disk.source) })),
      ignition: moved(model.ignition),
    };
  return { ...domain, persistent: relocated(domain.persistent), live: relocated(domain.live) };
}

/** The moves of the VM's own disks on one host. They come before everything else that is done to the VM there. */
export function relocationSteps(
  request: MachineRequest,
  { ref, pools }: ObservedHost,
  domain: ObservedDomain | undefined,
  { moves, interrupted }: Relocations,
  result: Plan,
): void {
  const host = ref.name;
  const isRunning = domain !== undefined && isActive(domain);
  const effect = isRunning ? "live" : "none";
  for (const { volume, from, to } of interrupted)
    result.steps.push({
      ...{ kind: "settleVolumeMove", subject: volume, from: { host, pool: from }, effect },
      to: to === undefined ? undefined : { host, pool: to },
    });
  const room = new Map(pools.map(({ name, availableBytes }) => [name, availableBytes]));
  for (const { volume, from, to, mark, resumes } of moves) {
    if (mark === undefined) continue;
    const { contents } = pools.find(({ name }) => name === from) ?? {};
    const record = contents?.volumes.find(({ name }) => name === volume);
    const { allocationBytes = 0 } = record ?? {};
    const left = room.get(to);
    if (left !== undefined && resumes !== true) {
      if (left < allocationBytes)
        result.refusals.push({
          kind: "noRoom",
          message: `disk ${volume} can't move from pool ${from} to pool ${to} on ${host}: it takes ${formatBytes(allocationBytes)}, and that pool has ${formatBytes(left)} left; make room there, or choose another pool`,
        });
      room.set(to, Math.max(0, left - allocationBytes));
    }
    if (isRunning && resumes !== true && record !== undefined && modelOf(record).encrypted === true)
      result.refusals.push({
        kind: "notSupported",
        message: `disk ${volume} can't move from pool ${from} to pool ${to} on ${host}: ${whyEncryptedStays(request.inputs.name)}`,
      });
    if (domain?.record.hasSnapshots === true)
      result.refusals.push({
        kind: "notSupported",
        message: `disk ${volume} can't move from pool ${from} to pool ${to} on ${host} while ${request.inputs.name} has snapshots (${snapshotNames(domain)}): they hold the disk's place and, if they are internal, contents that wouldn't be copied; delete the snapshots first`,
      });
    result.steps.push({
      ...{ kind: "moveVolume", subject: volume, from: { host, pool: from }, to: { host, pool: to }, effect },
      machine: isRunning ? domain.record.name : undefined,
    });
  }
}
