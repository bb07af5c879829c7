import type { Plan, Refusal } from "../../planning/plan.js";
import { formatBytes } from "../../planning/quantity.js";
import type { VolumeLocation } from "../../planning/step.js";
import { whyEncryptedStays } from "../encrypted-volume.js";
import { virsh } from "../virsh.js";
import type { ObservedDisk } from "./observed.js";
import { type DiskPlace, type DiskRequest, isAt, type ObservedVolume } from "./place.js";

/** The disk's way from where it is to where it should be, or the end of a way that it has gone already. */
export function planMove(
  request: DiskRequest,
  observed: ObservedDisk,
  place: DiskPlace & { volume: ObservedVolume },
  result: Plan,
): void {
  const { target, elsewhere } = observed;
  const [user] = place.users;
  const isOtherHost = place.hostUuid !== target.hostUuid;
  if (place === target) {
    // The copy is whole, and what it was made of isn't gone yet.
    if (elsewhere?.leaving !== undefined) pushMove(request, elsewhere, target, result);
    return;
  }
  if (user !== undefined && isOtherHost) {
    if (place.pool !== target.pool) result.refusals.push(bothAtOnce(request, place, target, user.name));
    // The virtual machine takes it along, later in the same deployment; there is nothing to do for the disk itself.
    else if (request.chosen === undefined)
      result.steps.push({
        kind: "volumeMovesWithMachine",
        subject: request.inputs.name,
        from: place.ref.name,
        to: target.ref.name,
        machine: user.name,
        effect: "none",
      });
    return;
  }
  result.refusals.push(...obstacles(request, observed, place));
  pushMove(request, place, target, result);
}

function pushMove({ inputs }: DiskRequest, from: DiskPlace, to: DiskPlace, result: Plan): void {
  const machine = from.users.find(({ running }) => running)?.name;
  result.steps.push({
    kind: "moveVolume",
    subject: inputs.name,
    from: locationOf(from),
    to: locationOf(to),
    machine,
    effect: machine === undefined ? "none" : "live",
  });
}

export function locationOf({ ref, pool }: DiskPlace): VolumeLocation {
  return { host: ref.name, pool };
}

function bothAtOnce({ inputs }: DiskRequest, from: DiskPlace, to: DiskPlace, machine: string): Refusal {
  return {
    kind: "notSupported",
    message: `disk ${inputs.name} can't change from host ${from.ref.name} to ${to.ref.name} and from pool ${from.pool} to ${to.pool} at once while domain ${machine} uses it: to another host it moves with its virtual machine, to another pool by itself. Change one of the two, deploy, then change the other`,
  };
}

/** What is in the way of a move, all at once. */
function obstacles(
  { inputs, chosen }: DiskRequest,
  { target, layers, usersElsewhere = [] }: ObservedDisk,
  place: DiskPlace & { volume: ObservedVolume },
): Refusal[] {
  const refusals: Refusal[] = [];
  const refuse = (kind: Refusal["kind"], why: string) =>
    refusals.push({
      kind,
      message: `disk ${inputs.name} can't move from pool ${place.pool} on ${place.ref.name} to pool ${target.pool} on ${target.ref.name}: ${why}`,
    });
  const [user, ...others] = place.users;
  const machines = [...new Set(place.users.map(({ name }) => `domain ${name}`))];
  if (machines.length > 1)
    refuse("inUse", `${machines.join(" and ")} both have it; detach it from all but one`);
  else if (others.length > 0 && layers.length === 0)
    refuse("inUse", `${machines.join("")} has it behind several disks; take it from all but one`);
  if (user?.hasSnapshots === true)
    refuse(
      "notSupported",
      `snapshots of domain ${user.name} hold its place and, if they are internal, contents that wouldn't be copied; delete the snapshots first`,
    );
  if (user?.mirror !== undefined && user.mirror.path !== target.volume?.path)
    refuse(
      "inUse",
      `domain ${user.name} is copying it to ${user.mirror.path} already; let that end, or end it with ${virsh("blockjob", user.name, user.target, "--abort")}`,
    );
  const running = place.users.find((other) => other.running);
  if (place.volume.encrypted === true && running !== undefined && target.unfinished === undefined)
    refuse("notSupported", whyEncryptedStays(running.name));
  if (layers.length > 0)
    refuse(
      "inUse",
      `${layers.map((name) => `volume ${name}`).join(", ")} ${layers.length === 1 ? "is a layer" : "are layers"} over it and would lose it; delete ${layers.length === 1 ? "that" : "those"} first`,
    );
  if (usersElsewhere.length > 0)
    refuse(
      "inUse",
      `it is on storage that hosts share, and ${usersElsewhere.map(({ label }) => label).join(" and ")} would lose it; take it from there first`,
    );
  if (chosen !== undefined && target.poolState !== "running")
    refuse(
      "missing",
      `that pool ${target.poolState === "absent" ? "isn't there" : "is stopped"}; declare it there as a StoragePool (hosts: [...]), or start it`,
    );
  const { allocationBytes } = place.volume;
  const isBegun = isAt(target) || target.unfinished !== undefined;
  if (target.poolState === "running" && !isBegun && target.availableBytes < allocationBytes)
    refuse(
      "noRoom",
      `it takes ${formatBytes(allocationBytes)}, and that pool has ${formatBytes(target.availableBytes)} left; make room there, or choose another pool`,
    );
  return refusals;
}
