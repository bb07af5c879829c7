import type { VolumeMark } from "../../hosts/volume-mark.js";
import type { VolumeRecord } from "../../libvirt/index.js";
import type { DiskSource } from "../../libvirt/xml/index.js";
import type { Plan, Refusal } from "../../planning/plan.js";
import { formatBytes } from "../../planning/quantity.js";
import { refuseEncryptedGrowth } from "../encrypted-volume.js";
import { localDiskProblem } from "../local-disk.js";
import { lostWithItsMark } from "../lost-storage.js";
import { refuseReadOnlyGrowth } from "../read-only-growth.js";
import { refuseOtherThanFiles } from "../storage-pool/files.js";
import { modelOf } from "../volume-model.js";
import { sameVolume } from "./desired-disks.js";
import { refuseOtherBeginning } from "./disk-beginning.js";
import { ownMarks } from "./disks.js";
import {
  type DiskElsewhere,
  isActive,
  type ObservedDomain,
  type ObservedHost,
  type ObservedMachine,
  type ObservedPool,
  snapshotNames,
} from "./observed.js";
import type { Relocation } from "./relocations.js";
import type { MachineRequest } from "./request.js";
import { type DiskInputs, volumeOf } from "./schema.js";

/** Where the disks of a VM are looked for. */
interface Site {
  request: MachineRequest;
  place: ObservedHost;
  domain: ObservedDomain | undefined;
  sources: NonNullable<ObservedMachine["sources"]>;
  isOurs: ReturnType<typeof ownMarks>;
}

/** A disk as it is declared, and what is seen of it. */
interface SeenDisk {
  entry: DiskInputs;
  index: number;
  name: string;
  poolName: string;
  /** Undefined where its host has none of the name. */
  pool: ObservedPool | undefined;
  move: Relocation | undefined;
  /** In the pool that it is to leave where it moves. */
  volume: VolumeRecord | undefined;
  isThis(source: DiskSource | undefined): boolean;
}

/** The volumes that the VM owns: made, and grown. */
export function volumeSteps(
  request: MachineRequest,
  place: ObservedHost,
  domain: ObservedDomain | undefined,
  moves: readonly Relocation[],
  result: Plan,
  sources: ObservedMachine["sources"] = new Map(),
): void {
  const site: Site = { request, place, domain, sources, isOurs: ownMarks(request, domain) };
  (request.inputs.disks ?? []).forEach((entry, index) => {
    const disk = seenDisk(site, moves, entry, index);
    if (entry.disk !== undefined) result.refusals.push(...refuseUnusable(site, disk, result));
    else planOwn(site, disk, result);
  });
}

/** A VM that was deleted by hand, or whose making was cut off, has left them; what is on them would surprise as that of a new one. */
export function warnUsedAgain(request: MachineRequest, place: ObservedHost, result: Plan): void {
  const isOurs = ownMarks(request, undefined);
  const found = (request.inputs.disks ?? []).flatMap((entry, index) => {
    const disk = seenDisk({ request, place }, [], entry, index);
    const mark = markOf(disk);
    const isLeft =
      entry.disk === undefined && disk.volume !== undefined && mark !== undefined && isOurs(mark);
    return isLeft ? [`${disk.name} in pool ${disk.poolName}`] : [];
  });
  if (found.length === 0) return;
  result.warnings.push(
    `disks that were made for this virtual machine before are still on ${place.ref.name} and are used with what is on them: ${found.join(", ")}; to begin with an empty one delete it first (virsh vol-delete)`,
  );
}

function seenDisk(
  { request, place }: Pick<Site, "request" | "place">,
  moves: readonly Relocation[],
  entry: DiskInputs,
  index: number,
): SeenDisk {
  const { pool: poolName, volume: name } = volumeOf(request.inputs.name, entry, index);
  const pool = place.pools.find((other) => other.name === poolName);
  const move = moves.find((other) => other.index === index);
  const isWhere = move === undefined ? pool : place.pools.find((other) => other.name === move.from);
  const volume = isWhere?.contents.volumes.find((other) => other.name === name);
  const isThis = (source: DiskSource | undefined) => sameVolume(source, { pool: poolName, volume: name });
  return { entry, index, name, poolName, pool, move, volume, isThis };
}

function markOf({ move, pool, name }: SeenDisk): VolumeMark | undefined {
  return move?.mark ?? pool?.contents.marks.find((other) => other.volume === name);
}

/** Why the guest can't have the disk of a resource of its own. */
function refuseUnusable(
  { request, place }: Site,
  { name, poolName, pool, move, volume }: SeenDisk,
  result: Plan,
): Refusal[] {
  const where = `pool ${poolName} on ${place.ref.name}`;
  if (move !== undefined) return [];
  const elsewhere = place.disksElsewhere?.find((other) => other.pool === poolName && other.volume === name);
  if (elsewhere !== undefined) return stillElsewhere(elsewhere, { request, place }, result);
  if (volume === undefined && request.chosen !== undefined && pool !== undefined)
    return [
      {
        kind: "missing",
        message: `disk ${name} isn't in ${where}; if it is on another host, the next deployment moves it here, once no virtual machine uses it there`,
      },
    ];
  if (volume?.type === "network")
    return [
      {
        kind: "notSupported",
        message: `disk ${name} in ${where} has no path there, and virtual machines can't use such volumes yet: map it to a device of the host, or use a pool of files`,
      },
    ];
  return [];
}

/** In which order two virtual machines have their turn is Pulumi's to say, and the program's: a preview can't know. */
function stillElsewhere(
  { volume, host, user }: DiskElsewhere,
  { request, place }: Pick<Site, "request" | "place">,
  result: Plan,
): Refusal[] {
  const where = `disk ${volume} is still on ${host}, where domain ${user} uses it`;
  const here = place.ref.name;
  if (request.chosen !== undefined)
    return [
      {
        kind: "inUse",
        message: `${where}; once it has come to ${here} another deployment gives it to this virtual machine (dependsOn has this one wait for ${user})`,
      },
    ];
  result.warnings.push(
    `${where}: this virtual machine gets it when it has come to ${here} before its own turn, by dependsOn on ${user}, else in another deployment`,
  );
  return [];
}

function planOwn(site: Site, disk: SeenDisk, result: Plan): void {
  const { request, place, domain } = site;
  const { name, poolName, pool, volume } = disk;
  const host = place.ref.name;
  const refusal = refuseOtherThanFiles({ pool: poolName, type: pool?.type, host, disk: name });
  if (refusal !== undefined) {
    result.refusals.push(refusal);
    return;
  }
  if (pool?.active !== true && request.chosen !== undefined) {
    result.refusals.push({
      kind: "missing",
      message: `pool ${poolName} isn't there, or isn't running, on ${host}; declare it there (hosts: [...]) or start it`,
    });
    return;
  }
  if (pool?.active !== true && domain !== undefined && planUnseen(site, domain, disk, result)) return;
  if (volume === undefined) planNew(site, disk, result);
  else planKnown(site, disk, volume, result);
}

/** One whose pool doesn't run is where it was as far as anyone knows; the pool will tell once it runs. False where it is new. */
function planUnseen(site: Site, domain: ObservedDomain, disk: SeenDisk, result: Plan): boolean {
  const { entry } = disk;
  const wasBytes = sizeBefore(site.request, disk);
  if (wasBytes !== undefined && (entry.size ?? 0) > wasBytes)
    planGrowth(site, disk, { from: wasBytes, to: entry.size ?? 0 }, result);
  return wasBytes !== undefined || isIn(domain.persistent, disk) || isIn(domain.live, disk);
}

/** The size with which a disk was declared at the same place before; without one it is as large as it is. */
function sizeBefore({ previous }: MachineRequest, { isThis }: SeenDisk): number | undefined {
  const before = previous?.disks?.find((entry, i) => isThis(volumeOf(previous.name, entry, i)));
  return before && (before.size ?? Number.POSITIVE_INFINITY);
}

function isIn(model: ObservedDomain["live"], { isThis }: SeenDisk): boolean {
  return model?.disks.some(({ source }) => isThis(source)) === true;
}

function planNew({ request, place, domain, sources }: Site, disk: SeenDisk, result: Plan): void {
  const { entry, index, name, poolName, pool } = disk;
  const host = place.ref.name;
  const found = entry.source === undefined ? undefined : sources.get(entry.source);
  const sizeBytes = entry.size ?? entry.image?.sizeBytes ?? found?.sizeBytes;
  const format = entry.format ?? "qcow2";
  if (entry.source !== undefined && found !== undefined) {
    const problem = localDiskProblem(entry.source, found, { format, size: sizeBytes ?? 0 });
    if (problem !== undefined)
      result.refusals.push({ kind: "notSupported", message: `disks[${index}].source: ${problem}` });
    // What is missing is told as well where its size is known.
    if (problem !== undefined && sizeBytes === undefined) return;
  }
  if (sizeBytes === undefined) {
    result.refusals.push({
      kind: "missing",
      message: `disk ${name} isn't in pool ${poolName} on ${host}, so there is none to take over; give its size and it is made, or the name of its volume`,
    });
    return;
  }
  if (isIn(domain?.live, disk))
    result.warnings.push(
      `disk ${name} was deleted from pool ${poolName} on ${host} while the guest has it open; the new one is empty, and what the guest writes is lost when it stops: copy it out first (virsh blockcopy)`,
    );
  const isMarked = pool?.contents.marks.some((mark) => mark.volume === name);
  if (isIn(domain?.persistent, disk) && isMarked === false)
    result.warnings.push(lostWithItsMark({ disk: name, pool: poolName, host }));
  result.steps.push({
    ...{ kind: "createVolume", subject: request.inputs.name, host, pool: poolName, volume: name },
    ...{ sizeBytes, format, image: entry.image?.volume, source: entry.source, effect: "none" },
  });
}

function planKnown(site: Site, disk: SeenDisk, volume: VolumeRecord, result: Plan): void {
  const { request, place } = site;
  const { entry, name, poolName } = disk;
  const host = place.ref.name;
  if (!isToBeUsed(site, disk)) {
    result.refusals.push({
      kind: "foreignObject",
      message: `there is a volume ${name} in pool ${poolName} on ${host} already, which this virtual machine didn't make; give the disk another name, or set adopt: true to take it over`,
    });
    return;
  }
  warnOfItsDisk(site, disk, result);
  const kept = modelOf(volume).format;
  if (entry.format !== undefined && kept !== undefined && kept !== entry.format)
    result.refusals.push({
      kind: "notSupported",
      message: `disk ${name} in pool ${poolName} on ${host} is ${kept}, and ${entry.format} is declared: an image stays what it was made as; keep its format, or declare another disk`,
    });
  refuseOtherBeginning(request, entry, name, result);
  planSize(site, disk, { from: volume.capacityBytes, to: entry.size ?? volume.capacityBytes }, result);
}

/** Pulumi previews the deletion of its resource without asking, that one which failed before too. */
function warnOfItsDisk({ request, place, isOurs }: Site, disk: SeenDisk, result: Plan): void {
  const { previous, inputs } = request;
  const mark = markOf(disk);
  const before = previous?.disks?.find((entry, i) => disk.isThis(volumeOf(previous.name, entry, i)));
  if (before === undefined || mark === undefined || isOurs(mark)) return;
  const what = `disk ${disk.name} in pool ${disk.poolName} on ${place.ref.name}`;
  result.warnings.push(
    before.disk === undefined
      ? `${what} is ${inputs.name}'s own, and still has the mark of another resource: if that is a Disk which the program doesn't declare any more, its deletion fails as long as ${inputs.name} has it. Declare both once more as they were, the Disk with retainOnDelete: true, and deploy; then it can go, and the volume stays, to go with ${inputs.name} in the end`
      : `${what}, until now that of a Disk, is to be ${inputs.name}'s own: the deletion of that Disk fails as long as ${inputs.name} has it, unless retainOnDelete: true was deployed on it before; with that the volume stays, and goes with ${inputs.name} in the end`,
  );
}

/** Its own, or one that it takes over or has anyway. */
function isToBeUsed({ request, place, domain, isOurs }: Site, disk: SeenDisk): boolean {
  const { isThis } = disk;
  const mark = markOf(disk);
  if (mark !== undefined && isOurs(mark)) return true;
  if (request.inputs.adopt === true || isIn(domain?.persistent, disk)) return true;
  return mark === undefined && (place.left?.some(isThis) === true || isIn(domain?.live, disk));
}

function planSize(
  site: Site,
  disk: SeenDisk,
  { from, to }: { from: number; to: number },
  result: Plan,
): void {
  const { domain } = site;
  const { name, poolName } = disk;
  if (from > to)
    result.refusals.push({
      kind: "shrink",
      message: `disk ${name} can't shrink from ${formatBytes(from)} to ${formatBytes(to)}: the guest's data would be cut off; keep the size, or make a new disk`,
    });
  if (from >= to) return;
  const over = domain?.overlays?.find((other) => other.pool === poolName && other.volume === name);
  if (over !== undefined)
    result.refusals.push({
      kind: "inUse",
      message: `disk ${name} can't grow from ${formatBytes(from)} to ${formatBytes(to)} while ${over.path}, which a snapshot made, is a layer over it; delete the snapshot first (${snapshotNames(domain)})`,
    });
  planGrowth(site, disk, { from, to }, result);
}

function planGrowth(
  { request, place, domain }: Site,
  { poolName: pool, name: volume, volume: record, isThis }: SeenDisk,
  { from, to }: { from: number; to: number },
  result: Plan,
): void {
  const subject = request.inputs.name;
  if (domain?.live?.disks.some(({ readonly, source }) => readonly && isThis(source)))
    result.refusals.push(refuseReadOnlyGrowth({ disk: volume, readers: [subject], from, to }));
  if (record !== undefined && modelOf(record).encrypted === true && domain?.live === undefined)
    result.refusals.push(refuseEncryptedGrowth(volume, from, to));
  result.steps.push({
    ...{ kind: "growVolume", subject, host: place.ref.name, pool, volume, fromBytes: from, toBytes: to },
    effect: domain !== undefined && isActive(domain) ? "live" : "none",
  });
}
