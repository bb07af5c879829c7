import type { DomainDisk, ModelDifference } from "../../libvirt/xml/index.js";
import type { Plan, Refusal } from "../../planning/plan.js";
import type { Step } from "../../planning/step.js";
import { sameVolume } from "./desired-disks.js";
import {
  type ObservedDomain,
  type ObservedHost,
  type ObservedMachine,
  type ObservedPool,
  snapshotNames,
} from "./observed.js";
import type { Relocations } from "./relocations.js";
import { identityHashes, isOwn, type MachineRequest } from "./request.js";
import { type DiskInputs, type Inputs, volumeOf } from "./schema.js";
import { mediumInputOf } from "./seed/boot-media.js";
import { isToBeStarted } from "./starting.js";

/** Tells the marks of the VM's own volumes. */
export function ownMarks(
  request: MachineRequest,
  domain: ObservedDomain | undefined,
): (mark: { identityHash: string; nonce: string }) => boolean {
  let hashes: ReadonlySet<string> | undefined;
  const owner = domain?.owner !== undefined && isOwn(domain.owner, request) ? domain.owner : undefined;
  const nonces = new Set([request.recorded?.outputs.nonce, owner?.nonce].filter(Boolean));
  return (mark) => {
    if (nonces.has(mark.nonce)) return true;
    // Two VMs may have swapped their names: then one's name stands in what is the other's.
    if (nonces.size > 0 && mark.nonce !== "") return false;
    hashes ??= new Set(identityHashes(request));
    return hashes.has(mark.identityHash);
  };
}

/** A VM's disks are named after it: under another name it would have new ones, and lose what is on these. */
export function refuseLossByName(
  { inputs, previous }: MachineRequest,
  place: ObservedHost,
  result: Plan,
): void {
  if (previous === undefined || previous.name === inputs.name) return;
  const declared = (inputs.disks ?? []).map((entry, i) => volumeOf(inputs.name, entry, i));
  (inputs.disks ?? []).forEach((entry, i) => {
    if (entry.disk !== undefined || entry.volume !== undefined) return;
    const isSame = (other: DiskInputs, k: number) =>
      other.disk === undefined && (other.name ?? k) === (entry.name ?? i);
    const before = previous.disks?.find(isSame);
    if (before === undefined) return;
    const source = volumeOf(previous.name, before, i);
    const { contents } = place.pools.find(({ name }) => name === source.pool) ?? {};
    const isThere = contents?.volumes.some(({ name }) => name === source.volume) === true;
    if (!isThere || declared.some((volume) => sameVolume(volume, source))) return;
    result.refusals.push({
      kind: "policy",
      message: `${previous.name} can't be renamed to ${inputs.name} on ${place.ref.name} without losing its disk ${source.volume} in pool ${source.pool}, which is named after it: set disks[${i}].volume to ${JSON.stringify(source.volume)}, and it stays as it is`,
    });
  });
}

/**
 * Without the disk, or under another name of it, libvirt neither merges what an external snapshot has put over it nor goes back to any: the
 * guest would be left off. libvirtd (9.0) even crashes when an internal one is deleted then.
 */
export function refuseTakenUnderSnapshot(
  definition: readonly ModelDifference[],
  domain: ObservedDomain,
  result: Plan,
): void {
  for (const d of definition) {
    if (d.kind !== "disk" || d.property !== undefined || d.to !== undefined) continue;
    const over = domain.overlays?.find(({ target }) => target === d.target);
    if (over === undefined && domain.inSnapshots?.includes(d.target) !== true) continue;
    const because =
      over === undefined
        ? "an internal snapshot is of it"
        : `${over.path}, which a snapshot made, is a layer over it`;
    result.refusals.push({
      kind: "inUse",
      message: `disk ${over?.volume ?? d.target} can't be taken out, nor go to another bus, while ${because}; delete the snapshot first (${snapshotNames(domain)})`,
    });
  }
}

/** The volumes that the VM owns and are declared no longer: deleted once no guest has them open. */
export function releasedVolumeSteps(
  request: MachineRequest,
  place: ObservedHost,
  domain: ObservedDomain | undefined,
  /** The disks of the definition, and those that the guest still has when the plan comes to here. */
  inUse: { defined: readonly Pick<DomainDisk, "source">[]; open: readonly DomainDisk[] },
  { moves, interrupted }: Relocations,
  result: Plan,
): void {
  const isOurs = ownMarks(request, domain);
  const host = place.ref.name;
  const subject = request.inputs.name;
  const release = (pool: ObservedPool, volumeName: string) => {
    const source = { pool: pool.name, volume: volumeName };
    const isIn = (disks: readonly Pick<DomainDisk, "source">[]) =>
      disks.some((disk) => sameVolume(disk.source, source));
    if (isIn(inUse.defined)) return;
    // One that outlives it is let go at once: the next deployment doesn't know any more how it was declared.
    const isRetainedOne = isRetained(request.previous, source);
    if (isIn(inUse.open) && !isRetainedOne) return;
    const volume = pool.contents.volumes.find((other) => other.name === volumeName);
    const what = { subject, host, ...source };
    result.steps.push(
      volume === undefined
        ? { kind: "forgetVolume", ...what, effect: "none" }
        : isRetainedOne
          ? { kind: "keepVolume", ...what, effect: "none" }
          : { kind: "deleteVolume", ...what, sizeBytes: volume.capacityBytes, effect: "none" },
    );
  };
  // A host lists them in no order, and a saved plan is compared by its lines.
  for (const pool of place.pools)
    for (const mark of [...pool.contents.marks].sort((a, b) => (a.volume < b.volume ? -1 : 1))) {
      if (mediumInputOf(mark.volume) !== undefined) continue;
      const isMoving = [...moves, ...interrupted].some(
        ({ volume, from, to }) => volume === mark.volume && [from, to].includes(pool.name),
      );
      if (isOurs(mark) && !isMoving) release(pool, mark.volume);
    }
  // Their move is ended first, and where that leaves them its guest says.
  const models = [domain?.persistent, domain?.live];
  const used = models.flatMap((model) => model?.disks ?? []);
  for (const { volume, from, to, isReleased } of interrupted) {
    const hasGoneOver =
      to !== undefined && used.some(({ source }) => sameVolume(source, { pool: to, volume }));
    const pool = place.pools.find(({ name }) => name === (hasGoneOver ? to : from));
    if (isReleased === true && pool !== undefined) release(pool, volume);
  }
}

/** Whether a volume of the VM's own was declared to outlive it. */
export function isRetained(
  inputs: Pick<Inputs, "disks" | "name"> | undefined,
  source: { pool: string; volume: string },
): boolean {
  return (inputs?.disks ?? []).some(
    (entry, i) => entry.retainOnDelete === true && sameVolume(volumeOf(inputs?.name ?? "", entry, i), source),
  );
}

/**
 * Media that aren't in their pools, and are to come into drives, or are in those of a guest that is to be started. A preview can't say it of what the
 * same deployment is going to make.
 */
export function missingMedia(
  { inputs, chosen }: MachineRequest,
  { target: { ref, pools, domain } }: Pick<ObservedMachine, "target">,
  steps: readonly Step[],
): Refusal[] {
  if (chosen === undefined || steps.length === 0) return [];
  const host = ref.name;
  const models = isToBeStarted(steps) ? [] : [domain?.persistent, domain?.live];
  const has = models.flatMap((model) => model?.disks ?? []);
  return (inputs.cdroms ?? []).flatMap(({ source }): Refusal[] => {
    if (source === undefined || typeof source === "string") return [];
    if (has.some((drive) => sameVolume(drive.source, source))) return [];
    const pool = pools.find(({ name }) => name === source.pool);
    if (pool?.active !== true)
      return [
        {
          kind: "missing",
          message: `pool ${source.pool} isn't there, or isn't running, on ${host}; declare it there (hosts: [...]) or start it`,
        },
      ];
    if (pool.contents.volumes.some(({ name }) => name === source.volume)) return [];
    return [
      {
        kind: "missing",
        message: `medium ${source.volume} isn't in pool ${source.pool} on ${host}; put it there, or leave the drive empty`,
      },
    ];
  });
}
