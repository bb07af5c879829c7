import { identityHash, RENAMED } from "../../planning/owner.js";
import { emptyPlan, type Plan } from "../../planning/plan.js";
import { formatBytes } from "../../planning/quantity.js";
import { refuseEncryptedGrowth } from "../encrypted-volume.js";
import { foundAgain, isFoundAgain } from "../found-again.js";
import { localDiskProblem } from "../local-disk.js";
import { lostWithItsMark } from "../lost-storage.js";
import { refuseReadOnlyGrowth } from "../read-only-growth.js";
import { refuseOtherThanFiles } from "../storage-pool/files.js";
import { type ObservedDisk, whereItIs } from "./observed.js";
import { type DiskPlace, type DiskRequest, isAt, type ObservedVolume } from "./place.js";
import { locationOf, planMove } from "./plan-move.js";
import { isRelocated, reasonsToReplace, replacedPlace } from "./replacement.js";

/** What it takes until the volume is where it should be, of the size that it should have. */
export function plan(request: DiskRequest, observed: ObservedDisk): Plan {
  const result = emptyPlan();
  const { inputs } = request;
  const { target } = observed;
  result.replaceBecause.push(...reasonsToReplace(request, observed));
  if (result.replaceBecause.length > 0) {
    planReplacement(request, observed, result);
    return result;
  }
  if (observed.interrupted !== undefined) {
    const { from, to } = observed.interrupted;
    result.steps.push({
      ...{ kind: "settleVolumeMove", subject: inputs.name, from: locationOf(from) },
      to: to === undefined ? undefined : locationOf(to),
      effect: [from, to].some((place) => place?.users.some(({ running }) => running)) ? "live" : "none",
    });
    return result;
  }
  const place = whereItIs(observed);
  const noFiles = refuseOtherThanFiles({
    ...{ pool: inputs.pool, type: target.poolType },
    ...{ host: target.ref.name, disk: inputs.name },
  });
  if (noFiles !== undefined) {
    result.refusals.push(noFiles);
    return result;
  }
  if (target.volume !== undefined && !isAt(target) && target.unfinished === undefined) {
    planForeign(request, target, target.volume, place, result);
    return result;
  }
  if (place === undefined) {
    planMissing(request, observed, result);
    return result;
  }
  // A replacement's check comes before the old volume is gone.
  if (request.replaces === true) {
    result.steps.push(createStep(request));
    planSource(request, observed, result);
    return result;
  }
  if (isFoundAgain(request)) {
    result.steps.push(foundAgain(`disk ${inputs.name} in pool ${place.pool}`, place.ref.name));
    // What couldn't be made of it may be made anew.
    const rest = emptyPlan();
    planSize(request, observed, place, place.volume, rest);
    if (rest.refusals.length === 0 && place.volume.format === inputs.format) result.steps.push(...rest.steps);
    return result;
  }
  if (request.previous === undefined && place.volume.format !== inputs.format)
    result.refusals.push({
      kind: "madeOtherwise",
      message: `disk ${inputs.name} in pool ${inputs.pool} on ${place.ref.name} is ${place.volume.format}, made by a run that was cut off or left there by retainOnDelete, and ${inputs.format} is declared; delete that volume, declare its format, or give another name`,
    });
  planMove(request, observed, place, result);
  if (place.mark.identityHash !== identityHash(request.identity))
    result.steps.push({
      kind: "recordOwner",
      subject: inputs.name,
      effect: "none",
      reason: RENAMED,
    });
  planSize(request, observed, place, place.volume, result);
  return result;
}

function planReplacement(request: DiskRequest, observed: ObservedDisk, result: Plan): void {
  const { target, usersElsewhere = [] } = observed;
  const old = replacedPlace(request, observed);
  if (old !== undefined) {
    const reasons = result.replaceBecause.join(", ");
    const disk = `disk ${old.name} in pool ${old.pool} on ${old.ref.name}`;
    const refuse = (why: string, from: string) =>
      result.refusals.push({
        kind: "inUse",
        message: `${disk} would be deleted and made anew for its changed ${reasons}, and ${why}; remove it from ${from} first, or keep its ${reasons}`,
      });
    const [user] = old.users;
    if (user !== undefined) refuse(`domain ${user.name} uses it`, "that virtual machine");
    // Layers over it may be made anew with it.
    const guests = usersElsewhere.flatMap(({ kind, label }) => (kind === "domain" ? [label] : []));
    if (guests.length > 0)
      refuse(`on storage that hosts share ${guests.join(" and ")} would lose it`, "there");
    // The deletion itself comes without a preview.
    if (result.refusals.length === 0 && request.previous?.retainOnDelete !== true)
      result.warnings.push(
        `${disk} is deleted and made anew for its changed ${reasons}: what was written to it is lost. To keep it, leave its ${reasons} as before, and declare another Disk`,
      );
  }
  if (isRelocated(request) && target.volume !== undefined && !isAt(target))
    refuseTaken(request, target, result);
  planSource(request, observed, result);
}

function planForeign(
  request: DiskRequest,
  target: DiskPlace,
  volume: ObservedVolume,
  place: DiskPlace | undefined,
  result: Plan,
): void {
  const { inputs } = request;
  if (place !== undefined || inputs.adopt !== true) {
    result.refusals.push(foreign(request, target));
    return;
  }
  if (volume.format !== inputs.format) {
    result.refusals.push({
      kind: "foreignObject",
      message: `volume ${inputs.name} in pool ${inputs.pool} on ${target.ref.name} can't be taken over: it is ${volume.format} and ${inputs.format} is declared; declare format: ${JSON.stringify(volume.format)}, or give another name`,
    });
    return;
  }
  result.steps.push({
    kind: "adopt",
    subject: `disk ${inputs.name} in pool ${inputs.pool}`,
    host: target.ref.name,
    effect: "none",
  });
  planSize(request, {}, target, volume, result);
}

/** What another resource has may go in the same deployment, before this one takes it over: two that change names with each other would both be empty. */
function refuseTaken(request: DiskRequest, target: DiskPlace, result: Plan): void {
  const { inputs, previous } = request;
  if (target.foreignMarks.length > 0)
    result.refusals.push({
      kind: "foreignObject",
      message: `disk ${previous?.name} in pool ${previous?.pool} would be deleted for its changed ${result.replaceBecause.join(", ")}, and ${inputs.name} in pool ${inputs.pool} on ${target.ref.name} is another resource's; keep its name. Where Disks of the program have changed names with each other, change the resources' names in the state instead (pulumi state rename, by way of a third name): their volumes then stay as they are`,
    });
  else if (inputs.adopt !== true) result.refusals.push(foreign(request, target));
}

function foreign({ inputs }: DiskRequest, target: DiskPlace): Plan["refusals"][number] {
  return {
    kind: "foreignObject",
    message: `there is a volume ${inputs.name} in pool ${inputs.pool} on ${target.ref.name} already, which this disk didn't make; give another name, or set adopt: true to take it over`,
  };
}

/** Whether the disk can be made of the file that its content is to come from. */
function planSource({ inputs }: DiskRequest, { source }: ObservedDisk, result: Plan): void {
  if (source === undefined) return;
  const problem = localDiskProblem(inputs.source ?? "", source, inputs);
  if (problem !== undefined) result.refusals.push({ kind: "notSupported", message: `source: ${problem}` });
}

function planMissing(request: DiskRequest, observed: ObservedDisk, result: Plan): void {
  const { target, elsewhere } = observed;
  const { inputs, previous, recorded, chosen } = request;
  const host = target.ref.name;
  if (elsewhere !== undefined) {
    // It isn't there as far as can be seen: its pool is stopped.
    result.refusals.push({
      kind: "missing",
      message: `disk ${inputs.name} may be in pool ${elsewhere.pool} on ${elsewhere.ref.name}, which is stopped; start it with virsh pool-start`,
    });
    return;
  }
  if (target.poolState === "running") {
    const wasHere =
      previous?.host === inputs.host && previous.pool === inputs.pool && request.replaces !== true;
    if (wasHere && target.mark === undefined)
      result.warnings.push(lostWithItsMark({ disk: inputs.name, pool: inputs.pool, host }));
    result.steps.push(createStep(request));
    planSource(request, observed, result);
    return;
  }
  if (chosen !== undefined)
    result.refusals.push({
      kind: "missing",
      message: `pool ${inputs.pool} ${target.poolState === "absent" ? "isn't there" : "is stopped"} on ${host}; declare it there as a StoragePool (hosts: [...]), or start it`,
    });
  // At a preview the pool is perhaps yet to be made; a disk that was made is likely to be in it.
  else if (previous === undefined && recorded === undefined) {
    result.steps.push(createStep(request));
    planSource(request, observed, result);
  } else
    result.steps.push({
      kind: "record",
      subject: inputs.name,
      effect: "none",
      reason: `what is in pool ${inputs.pool} on ${host} when it runs`,
    });
}

function createStep({ inputs }: DiskRequest): Plan["steps"][number] {
  return {
    kind: "createVolume",
    subject: inputs.name,
    host: inputs.host,
    pool: inputs.pool,
    volume: inputs.name,
    sizeBytes: inputs.size,
    format: inputs.format,
    source: inputs.source,
    effect: "none",
  };
}

function planSize(
  { inputs }: DiskRequest,
  { usersElsewhere = [] }: Pick<ObservedDisk, "usersElsewhere">,
  place: DiskPlace,
  volume: ObservedVolume,
  result: Plan,
): void {
  const { capacityBytes } = volume;
  if (capacityBytes > inputs.size)
    result.refusals.push({
      kind: "shrink",
      message: `disk ${inputs.name} can't shrink from ${formatBytes(capacityBytes)} to ${formatBytes(inputs.size)}: the data behind that would be cut off; keep the size, or make a new disk`,
    });
  else if (capacityBytes < inputs.size) {
    const above = place.users.find(({ depth }) => depth > 0);
    if (above !== undefined)
      result.refusals.push({
        kind: "inUse",
        message: `disk ${inputs.name} can't grow from ${formatBytes(capacityBytes)} to ${formatBytes(inputs.size)} while domain ${above.name} has a layer over it${above.hasSnapshots ? " that a snapshot made; delete the snapshot first" : ""}`,
      });
    const running = place.users.filter((user) => user.running);
    const readers = running.filter(({ readonly }) => readonly).map(({ name }) => `domain ${name}`);
    const isOnlyRead = readers.length > 0 && readers.length === running.length;
    if (isOnlyRead)
      result.refusals.push(
        refuseReadOnlyGrowth({ disk: inputs.name, readers, from: capacityBytes, to: inputs.size }),
      );
    if (volume.encrypted === true && running.length === 0)
      result.refusals.push(refuseEncryptedGrowth(inputs.name, capacityBytes, inputs.size));
    result.steps.push({
      kind: "growVolume",
      subject: inputs.name,
      host: place.ref.name,
      pool: place.pool,
      volume: inputs.name,
      fromBytes: capacityBytes,
      toBytes: inputs.size,
      effect: running.length > 0 ? "live" : "none",
    });
    const late = [...(isOnlyRead ? [] : readers), ...usersElsewhere.map(({ label }) => label)];
    result.warnings.push(
      ...late.map((who) => `${who} has disk ${inputs.name} too, and sees the new size at its next boot`),
    );
  }
}
