import { identityHash, RENAMED } from "../../planning/owner.js";
import { emptyPlan, type Plan, type Refusal } from "../../planning/plan.js";
import type { Step } from "../../planning/step.js";
import { foundAgain, isFoundAgain } from "../found-again.js";
import { isOlder } from "../version.js";
import { virsh } from "../virsh.js";
import {
  type FoundSnapshot,
  isOwn,
  type MachineDisk,
  type ObservedMachine,
  type ObservedSnapshot,
  type SnapshotRequest,
} from "./observe.js";
import { isRevertedByLibvirt, revertRefusals, revertToken } from "./revert-plan.js";
import type { Inputs } from "./schema.js";

/** Since then libvirt merges an external snapshot when it is deleted. */
const MERGES_SINCE = "9.0.0";
/** Since then internal snapshots have the variables of UEFI firmware with them. */
const INTERNAL_WITH_UEFI_SINCE = "10.10.0";

export function plan(request: SnapshotRequest, observed: ObservedSnapshot): Plan {
  const result = emptyPlan();
  const { inputs, previous } = request;
  if (previous !== undefined) result.replaceBecause.push(...reasonsToReplace(inputs, previous));
  if (result.replaceBecause.length > 0) {
    result.warnings.push(...whatReplacingLoses(request, observed, result.replaceBecause));
    return result;
  }
  const { machine, snapshot } = observed;
  if (machine === undefined) {
    if (request.chosen !== undefined)
      result.refusals.push({
        kind: "missing",
        message: `virtual machine ${inputs.vm} isn't on ${observed.ref.name}, so that no snapshot of it can be taken there`,
      });
    // At a preview it is perhaps yet to be made; one that is gone took its snapshots along.
    else result.steps.push(takeStep(request, observed));
    return result;
  }
  if (snapshot === undefined) {
    result.refusals.push(...takeRefusals(inputs, observed, machine));
    warnOfPlainText(inputs, machine, result);
    if (machine.isAsleep) planAsleep(request, observed, machine, result);
    else if (inputs.quiesce === true && machine.hasAgentChannel && !machine.hasAgent)
      planSilentAgent(request, observed, machine, result);
    result.steps.push(takeStep(request, observed));
    return result;
  }
  if (snapshot.mark === undefined || !isOwn(snapshot.mark, request)) {
    planForeign(request, observed, snapshot, result);
    return result;
  }
  // A replacement's check comes before the old snapshot is gone.
  if (request.replaces === true) {
    result.steps.push(takeStep(request, observed));
    return result;
  }
  if (isFoundAgain(request)) {
    result.steps.push(foundAgain(`snapshot ${inputs.name} of ${machine.name}`, observed.ref.name));
    return result;
  }
  if (snapshot.mark.identityHash !== identityHash(request.identity))
    result.steps.push({
      kind: "recordOwner",
      subject: `snapshot ${inputs.name} of ${machine.name}`,
      effect: "none",
      reason: RENAMED,
    });
  // What was never declared stays as it was found.
  const isDeclared = inputs.description !== undefined || previous?.description !== undefined;
  if (isDeclared && (snapshot.text ?? "") !== (inputs.description ?? ""))
    result.steps.push({
      kind: "describeSnapshot",
      subject: inputs.name,
      machine: machine.name,
      effect: "none",
    });
  planRevert(request, observed, snapshot, machine, result);
  return result;
}

function reasonsToReplace(inputs: Inputs, previous: Inputs): string[] {
  return (["name", "type", "memory", "disks"] as const).filter(
    (key) => JSON.stringify(inputs[key]) !== JSON.stringify(previous[key]),
  );
}

/** Pulumi's "replace" reads as if what it held were kept. */
function whatReplacingLoses(
  request: SnapshotRequest,
  { ref, machine, snapshot }: ObservedSnapshot,
  because: readonly string[],
): string[] {
  if (machine === undefined || snapshot?.mark === undefined || !isOwn(snapshot.mark, request)) return [];
  return [
    `snapshot ${snapshot.model.name} of ${machine.name} on ${ref.name}, taken at ${takenAt(snapshot)}, is deleted and another taken then: there is no going back to what it holds any more. To keep it, leave its ${because.join(", ")} as before, and declare another Snapshot`,
  ];
}

function takenAt({ model }: FoundSnapshot): string {
  return new Date((model.createdAtSeconds ?? 0) * 1_000).toISOString();
}

function takeStep({ inputs, previous, recorded }: SnapshotRequest, { ref }: ObservedSnapshot): Step {
  const { name, vm, type, memory = false, quiesce = false } = inputs;
  const isGone = previous !== undefined || recorded !== undefined;
  return {
    ...{ kind: "takeSnapshot", subject: name, machine: vm, host: ref.name, type, memory, quiesce },
    reason: isGone ? "it is gone" : "new",
    effect: type === "internal" ? "stop" : "live",
  };
}

function planForeign(
  { inputs }: SnapshotRequest,
  { ref }: ObservedSnapshot,
  { model }: FoundSnapshot,
  result: Plan,
): void {
  const what = `snapshot ${inputs.name} of ${inputs.vm} on ${ref.name}`;
  if (inputs.adopt !== true) {
    result.refusals.push({
      kind: "foreignObject",
      message: `there is a ${what} already, which this program didn't take; give another name, or set adopt: true to take it over`,
    });
    return;
  }
  const type = model.disks.some(({ place }) => place === "external") ? "external" : "internal";
  if (type !== inputs.type) {
    result.refusals.push({
      kind: "foreignObject",
      message: `${what} can't be taken over: it is ${type}, and ${inputs.type} is declared; declare type: ${JSON.stringify(type)}`,
    });
    return;
  }
  result.steps.push({ kind: "adopt", subject: what.replace(/ on .*$/, ""), host: ref.name, effect: "none" });
}

/** Before it is taken, the deployment of its VM wakes it up, unless that leaves it to itself. */
function planAsleep(
  { inputs, chosen }: SnapshotRequest,
  { ref }: ObservedSnapshot,
  { name }: ObservedMachine,
  result: Plan,
): void {
  const message = `snapshot ${inputs.name} of ${name} on ${ref.name} can't be taken while the guest sleeps (suspended to RAM): libvirt takes none then. A deployment of the virtual machine wakes it up unless onGuestShutdown is "leave"; else wake it up by hand (${virsh("dompmwakeup", name)})`;
  if (chosen !== undefined) result.refusals.push({ kind: "notSupported", message });
  else result.warnings.push(message);
}

/** Before it is taken, the same deployment may start the guest, or what it waits for may come. */
function planSilentAgent(
  { inputs, chosen }: SnapshotRequest,
  { ref }: ObservedSnapshot,
  { name, isActive }: ObservedMachine,
  result: Plan,
): void {
  const why = isActive ? "its guest agent doesn't answer" : "the guest, whose agent that takes, is off";
  const message = `snapshot ${inputs.name} of ${name} on ${ref.name} can't be quiesced: ${why}; see that qemu-guest-agent runs in the guest (waitFor: "agent" waits for it), or leave quiesce out`;
  if (chosen !== undefined) result.refusals.push({ kind: "missing", message });
  else if (isActive) result.warnings.push(message);
}

/** What libvirt, or a later deletion, would fail for. */
function takeRefusals(inputs: Inputs, observed: ObservedSnapshot, machine: ObservedMachine): Refusal[] {
  const refusals: Refusal[] = [];
  const refuse = (kind: Refusal["kind"], why: string) =>
    refusals.push({
      kind,
      message: `snapshot ${inputs.name} of ${machine.name} on ${observed.ref.name} can't be taken: ${why}`,
    });
  const copied = machine.disks.find(({ isCopied }) => isCopied);
  if (copied !== undefined)
    refuse("inUse", `disk ${copied.target} is being copied to another file; wait until that has ended`);
  const otherKind = observed.others.find(({ model }) => isExternal(model) !== (inputs.type === "external"));
  if (otherKind !== undefined)
    refuse(
      "notSupported",
      `there is ${otherKind.model.name}, which is ${isExternal(otherKind.model) ? "external" : "internal"}, and libvirt doesn't merge what is of both kinds; delete that first, or declare the same type`,
    );
  if (inputs.type === "internal") refuseInternal(inputs, observed, machine, refuse);
  else refuseExternal(inputs, observed, machine, refuse);
  return refusals;
}

type Refuse = (kind: Refusal["kind"], why: string) => void;

function refuseInternal(
  inputs: Inputs,
  { libvirtVersion }: ObservedSnapshot,
  machine: ObservedMachine,
  refuse: Refuse,
): void {
  if (inputs.memory === false && machine.isActive)
    refuse(
      "notSupported",
      'memory is false and the guest runs: an internal snapshot of a running guest has its memory; use type "external", or stop the guest first',
    );
  if (machine.firmware !== "bios" && isOlder(libvirtVersion, INTERNAL_WITH_UEFI_SINCE))
    refuse(
      "notSupported",
      `its firmware is UEFI, and libvirt ${libvirtVersion} can't put the firmware's variables into an internal snapshot (${INTERNAL_WITH_UEFI_SINCE} can); use type "external"`,
    );
  else if (machine.firmware !== "bios" && machine.variablesFormat !== "qcow2")
    refuse(
      "notSupported",
      `its firmware is UEFI, and its variables are in a ${machine.variablesFormat} file, while internal snapshots are kept in qcow2 images (Fedora's edk2-ovmf has its variables in one, Debian's ovmf hasn't); use type "external"`,
    );
  const others = machine.disks.filter(({ isReadonly, format }) => !isReadonly && format !== "qcow2");
  if (others.length > 0)
    refuse(
      "notSupported",
      `${others.map(({ target, format }) => `disk ${target} is ${format}`).join(", ")}, and internal snapshots are kept in qcow2 images; use type "external"`,
    );
  const encrypted = machine.disks.filter(({ isReadonly, isEncrypted }) => !isReadonly && isEncrypted);
  if (encrypted.length > 0)
    refuse(
      "notSupported",
      `${disksOf(encrypted)} ${encrypted.length === 1 ? "is" : "are"} encrypted: asked for an internal snapshot then, QEMU ends, and the guest with it; use type "external"`,
    );
}

function disksOf(disks: readonly Pick<MachineDisk, "target">[]): string {
  return disks.map(({ target }) => `disk ${target}`).join(", ");
}

/** libvirt makes the new files without a key. */
function warnOfPlainText(inputs: Inputs, machine: ObservedMachine, result: Plan): void {
  if (inputs.type !== "external") return;
  const encrypted = externalDisks(inputs, machine).filter(({ isEncrypted }) => isEncrypted);
  if (encrypted.length > 0)
    result.warnings.push(
      `${disksOf(encrypted)} of ${machine.name} ${encrypted.length === 1 ? "is" : "are"} encrypted, and what the guest writes from snapshot ${inputs.name} on isn't, until the snapshot is deleted and that is merged`,
    );
}

function refuseExternal(
  inputs: Inputs,
  { libvirtVersion }: ObservedSnapshot,
  machine: ObservedMachine,
  refuse: Refuse,
): void {
  if (isOlder(libvirtVersion, MERGES_SINCE))
    refuse(
      "notSupported",
      `libvirt ${libvirtVersion} couldn't merge it again when it is deleted (${MERGES_SINCE} can); use type "internal"`,
    );
  if (inputs.memory === true && !machine.isActive)
    refuse("notSupported", "memory is true and the guest is off; start it first, or leave memory out");
  if (inputs.quiesce === true && !machine.hasAgentChannel)
    refuse("notSupported", "quiesce needs the guest agent, and the guest has no channel for one");
  const unknown = (inputs.disks ?? []).filter(
    (target) => !machine.disks.some((disk) => disk.target === target),
  );
  if (unknown.length > 0)
    refuse(
      "missing",
      `it has no disk ${unknown.join(", ")}; there are ${machine.disks.map(({ target }) => target).join(", ") || "none"}`,
    );
  const chosen = externalDisks(inputs, machine);
  const noFile = chosen.filter(({ path }) => path === undefined);
  if (noFile.length > 0)
    refuse("notSupported", `disk ${noFile.map(({ target }) => target).join(", ")} isn't in a file`);
  if (chosen.length === 0) refuse("missing", "it has no disk that the guest writes to");
}

/** The disks that get a new file: those that are named, else all to which the guest writes. */
export function externalDisks(inputs: Inputs, machine: ObservedMachine): ObservedMachine["disks"] {
  return machine.disks.filter(({ target, isReadonly }) =>
    inputs.disks === undefined ? !isReadonly : inputs.disks.includes(target),
  );
}

function isExternal({ disks, memory }: FoundSnapshot["model"]): boolean {
  return memory.place === "external" || disks.some(({ place }) => place === "external");
}

/** A changed `revert` is what asks for it; one that was there from the beginning asks for nothing. */
function planRevert(
  request: SnapshotRequest,
  observed: ObservedSnapshot,
  snapshot: FoundSnapshot,
  machine: ObservedMachine,
  result: Plan,
): void {
  const { inputs, previous } = request;
  if (previous === undefined || inputs.revert === undefined || inputs.revert === previous.revert) return;
  const { revert } = snapshot.mark ?? {};
  if (revert?.isDone === true && revert.token === revertToken(inputs.revert)) return;
  result.refusals.push(...revertRefusals(inputs, observed, snapshot, machine));
  result.steps.push({
    ...{ kind: "revertToSnapshot", subject: inputs.name, machine: machine.name, host: observed.ref.name },
    takenAt: takenAt(snapshot),
    isDefinitionToo: isRevertedByLibvirt(snapshot, inputs, observed.libvirtVersion),
    guest: guestOf(snapshot, machine),
    effect: machine.isActive ? "restart" : "none",
  });
}

function guestOf(
  { model }: FoundSnapshot,
  { isActive }: ObservedMachine,
): Extract<Step, { kind: "revertToSnapshot" }>["guest"] {
  const hasMemory = model.state === "running" || model.state === "paused";
  if (!isActive) return hasMemory ? "revived" : "off";
  return hasMemory ? "rewound" : "rebooted";
}
