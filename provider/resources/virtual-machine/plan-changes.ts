import { type DomainDisk, hasPcieRootPorts, type ModelDifference } from "../../libvirt/xml/index.js";
import type { Plan } from "../../planning/plan.js";
import type { PropertyChange, Step } from "../../planning/step.js";
import { type Changes, sortChanges, toTexts } from "./changes.js";
import { desiredAt } from "./desired-at.js";
import { forcedDrives } from "./desired-disks.js";
import { refuseLossByName, refuseTakenUnderSnapshot, releasedVolumeSteps } from "./disks.js";
import { ideRefusals } from "./ide-refusals.js";
import { indistinct } from "./indistinct.js";
import { refusePutUnderLayer } from "./layered-disks.js";
import {
  isActive,
  isUnsettled,
  type ObservedDomain,
  type ObservedHost,
  type ObservedMachine,
  snapshotNames,
  whereItIs,
} from "./observed.js";
import { accelerationRefusals, obstacles } from "./obstacles.js";
import { patchRefusals } from "./patch-refusals.js";
import { isToWake, powerSteps } from "./power.js";
import { asRelocated, type Relocations } from "./relocations.js";
import { type MachineRequest, wasFound } from "./request.js";
import type { GuestRun } from "./running-guest.js";
import type { Inputs } from "./schema.js";
import { waitingSeedWarnings } from "./seed/instance.js";
import { mediaSteps, releasedMediaSteps, secondSeedRefusals } from "./seed/steps.js";
import { judgeShorterList } from "./shorter-list.js";
import { strangers } from "./strangers.js";
import { usbRefusals } from "./usb-refusals.js";
import { volumeSteps } from "./volume-steps.js";

/** What its definition, the running guest and its disks are to become where it is. */
export function planChanges(
  request: MachineRequest,
  observed: ObservedMachine,
  place: ObservedHost,
  domain: ObservedDomain,
  relocations: Relocations,
  result: Plan,
): void {
  const { inputs } = request;
  const { target, sources } = observed;
  if (isUnsettled(domain)) return;
  const { record, persistent, live } = asRelocated(domain, relocations.moves);
  const subject = inputs.name;
  // Without a definition it runs.
  const definition = persistent ?? live;
  if (definition === undefined) return;
  planRename(inputs, domain, definition.name, result);
  const found = wasFound(domain.owner, request);
  const desired = desiredAt(request, { domain, facts: target.facts }, definition);
  if (hasPcieRootPorts(definition.machine) !== hasPcieRootPorts(desired.machine))
    result.refusals.push({
      kind: "notSupported",
      message: `machine can't change from ${definition.machine} to ${desired.machine}: its devices are on buses that the other hasn't; keep the family (q35 or pc), or replace the virtual machine`,
    });
  const isStranger = strangers(request, place, domain, desired);
  const changes = sortChanges(persistent, live, desired, runOnceResumed(inputs, domain), isStranger);
  const stays = whereItIs(observed) === target;
  if (stays) result.refusals.push(...accelerationRefusals(desired, target, definition));
  result.refusals.push(...obstacles(desired, target, stays ? changes.definition : "everything"));
  if (changes.definition.length > 0)
    result.refusals.push(
      ...patchRefusals(desired, place),
      ...usbRefusals(desired, place),
      ...ideRefusals(desired),
    );
  result.refusals.push(...indistinct([...changes.definition, ...changes.live], definition, domain));
  // Before anything refers to them.
  mediaSteps(request, place, domain, result);
  if (found) result.refusals.push(...secondSeedRefusals(request, desired));
  result.steps.push(...definitionSteps(subject, changes));
  refuseLossByName(request, place, result);
  refuseTakenUnderSnapshot(changes.definition, domain, result);
  refusePutUnderLayer(changes.definition, place.layeredDisks, domain, result);
  judgeShorterList(request, result);
  volumeSteps(request, place, domain, relocations.moves, result, sources);
  const saved =
    domain.saved === undefined
      ? undefined
      : sortChanges(persistent, domain.saved.model, desired, domain.saved.run, isStranger);
  const forced = forcedDrives(inputs, request.previous, definition);
  const power =
    domain.reverting === undefined
      ? powerSteps(inputs, domain, toTexts(changes.waiting), saved && told(saved, forced))
      : [];
  // A guest that stands still lets go of nothing.
  result.steps.push(...power.filter(({ kind }) => kind === "resume"));
  const ends = power.some(({ kind }) => kind === "restart" || kind === "shutdown");
  if (changes.live.length > 0)
    result.steps.push({
      kind: "changeRunning",
      subject,
      changes: liveTexts(changes.live, forced),
      effect: "live",
      ...(ends ? { isEndedNext: true } : {}),
    });
  if (record.autostart !== (inputs.autostart ?? false))
    result.steps.push({ kind: "setAutostart", subject, to: inputs.autostart ?? false, effect: "live" });
  if (domain.reverting !== undefined)
    result.warnings.push(
      `${subject} is in the middle of going back to snapshot ${domain.reverting}, which a later deployment of that snapshot ends; until then it is neither started nor stopped`,
    );
  result.steps.push(...power.filter(({ kind }) => kind !== "resume"));
  result.warnings.push(...waitingSeedWarnings(request, live, result.steps));
  const kept = changes.live.some((d) => d.kind === "disk")
    ? live?.disks.filter((disk) => !changes.live.some((d) => isTakenAway(d, disk)))
    : live?.disks;
  // What a running guest still has open stays until it has let go of it.
  const open = ends ? [] : (kept ?? []);
  releasedVolumeSteps(request, place, domain, { defined: desired.disks, open }, relocations, result);
  const running = ends || live === undefined ? [] : [live];
  releasedMediaSteps(request, place, domain, [desired, ...running], result);
}

function planRename(inputs: Inputs, domain: ObservedDomain, from: string, result: Plan): void {
  const { name: to } = inputs;
  if (from === to) return;
  if (isActive(domain))
    result.refusals.push({
      kind: "policy",
      message: `${from} can be renamed to ${to} only while it is off; deploy powerState: "stopped" first, or name: "${from}" to leave its name on the host as it is`,
    });
  else if (domain.record.hasSnapshots)
    result.refusals.push({
      kind: "policy",
      message: `${from} can't be renamed to ${to} while it has snapshots (${snapshotNames(domain)}); delete them first`,
    });
  else result.steps.push({ kind: "renameMachine", subject: to, from, to, effect: "none" });
}

/** What somebody has paused, and is to run, takes changes as a running guest does: it is resumed before them. */
function runOnceResumed(inputs: Inputs, domain: ObservedDomain): GuestRun | undefined {
  const { powerState = "running" } = inputs;
  const { run, record, reverting } = domain;
  const isPaused = record.state === "paused" && record.reasonName === "user";
  const resumes =
    powerState === "running" && reverting === undefined && (isPaused || isToWake(inputs, domain));
  return run === undefined || !resumes ? run : { ...run, paused: false };
}

function told(
  { live, waiting }: Changes,
  forced: ReadonlySet<string>,
): { live: PropertyChange[]; waiting: PropertyChange[] } {
  return { live: liveTexts(live, forced), waiting: toTexts(waiting) };
}

/** Whether the guest has locked a drive nobody can tell beforehand. */
function liveTexts(differences: readonly ModelDifference[], forced: ReadonlySet<string>): PropertyChange[] {
  const warning = "the guest loses the medium even if it is mounted (force)";
  return differences.flatMap((difference) => {
    const texts = toTexts([difference]);
    return takesByForce(difference, forced) ? texts.map((text) => ({ ...text, warning })) : texts;
  });
}

function takesByForce(difference: ModelDifference, forced: ReadonlySet<string>): boolean {
  return (
    difference.kind === "disk" &&
    difference.property === "source" &&
    difference.from !== undefined &&
    forced.has(difference.target)
  );
}

function isTakenAway(difference: ModelDifference, disk: DomainDisk): boolean {
  return difference.kind === "disk" && difference.target === disk.target && difference.to === undefined;
}

/** The definition is changed as a whole; each change is told once, with what it does to the guest. */
function definitionSteps(subject: string, changes: Changes): Step[] {
  if (changes.definition.length === 0) return [];
  const toldOf = (list: ModelDifference[]) =>
    toTexts(list.filter((d) => changes.definition.some((other) => other.path === d.path)));
  const [waiting, silent] = [toldOf(changes.waiting), toldOf(changes.silent)];
  const steps: Step[] = [];
  if (waiting.length > 0)
    steps.push({ kind: "updateDefinition", subject, changes: waiting, effect: "nextBoot" });
  // Without any change of its own it is what the live changes are saved by.
  if (silent.length > 0 || waiting.length === 0)
    steps.push({ kind: "updateDefinition", subject, changes: silent, effect: "none" });
  return steps;
}
