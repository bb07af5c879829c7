import type { Step } from "../../planning/step.js";
import type { Keeper, RemovalObstacle } from "../removal-obstacle.js";
import {
  type FoundSnapshot,
  isOwn,
  type ObservedMachine,
  type ObservedSnapshot,
  type SnapshotRequest,
} from "./observe.js";

/** What removing the snapshot does. Pure. */
export function removal(request: SnapshotRequest, { ref, machine, snapshot }: ObservedSnapshot): Step[] {
  if (machine === undefined || snapshot?.mark === undefined || !isOwn(snapshot.mark, request)) return [];
  const { inputs } = request;
  const kept = inputs.retainOnDelete === true;
  const effect = machine.isActive && !kept ? "live" : "none";
  const what = { subject: snapshot.model.name, machine: machine.name, host: ref.name };
  const merges = snapshot.model.disks.some(({ place }) => place === "external");
  return [{ kind: "removeSnapshot", ...what, kept, merges, effect }];
}

/** For what libvirt would refuse it, or not survive it. */
export async function obstacles(
  request: SnapshotRequest,
  observed: ObservedSnapshot,
): Promise<RemovalObstacle[]> {
  const { ref, machine, snapshot, others } = observed;
  const [step] = removal(request, observed);
  if (machine === undefined || snapshot === undefined || step?.kind !== "removeSnapshot" || step.kept)
    return [];
  const out = disksTakenOut(machine, snapshot);
  const { uuid, name, isActive } = machine;
  const domain: Keeper = { kind: "domain", label: name, host: ref.name, uuid, name, running: isActive };
  const { model, record } = snapshot;
  const upper =
    record.isCurrent && step.merges ? others.filter((other) => other.model.parent === model.name) : [];
  const upperNames = upper.map((other) => other.model.name).join(", ");
  return [
    {
      keepers: out.isExternal ? [domain] : [],
      refusal: () => `${takenOut(machine, snapshot, out.targets)}; plug it in again first`,
    },
    {
      keepers: upper.map((other): Keeper => ({ kind: "snapshot", label: other.model.name, host: ref.name })),
      refusal: () =>
        `snapshot ${model.name} of ${name} on ${ref.name} can't be deleted: ${upperFirst(`${upperNames} ${upper.length === 1 ? "is" : "are"}`)}`,
    },
  ];
}

/** What is said where the guest is on a snapshot's own files, and others have theirs over these. */
export function upperFirst(others: string): string {
  return `the guest went back to it, and ${others} built on it: these are deleted first, in the order in which Pulumi does it where each depends on the one below it (dependsOn), or in a deployment before`;
}

/** Disks that the snapshot is of, and that somebody has taken out since. */
export function disksTakenOut(
  machine: ObservedMachine,
  { model }: FoundSnapshot,
): { targets: string[]; isExternal: boolean } {
  const out = model.disks.filter(
    ({ target, place }) => place !== "no" && !machine.disks.some((disk) => disk.target === target),
  );
  return {
    targets: out.map(({ target }) => target),
    isExternal: out.some(({ place }) => place === "external"),
  };
}

export function takenOut(
  machine: ObservedMachine,
  { model }: FoundSnapshot,
  targets: readonly string[],
): string {
  return `disk ${targets.join(", ")}, which snapshot ${model.name} is of, isn't in ${machine.name} any more, and libvirt can't delete the snapshot without it`;
}
