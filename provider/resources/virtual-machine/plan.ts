import { posix } from "node:path";
import {
  type DomainDisk,
  hasPcieRootPorts,
  type MigratedVolume,
  type ModelDifference,
} from "../../libvirt/xml/index.js";
import { type Identity, ownerLabel, sameIdentity, takenFrom } from "../../planning/owner.js";
import { emptyPlan, type Plan, type Refusal } from "../../planning/plan.js";
import type { PropertyChange, Step } from "../../planning/step.js";
import { foundAgain, isFoundAgain } from "../found-again.js";
import { asMoved } from "./as-moved.js";
import { asRemoved } from "./as-removed.js";
import { type Changes, sortChanges, toTexts } from "./changes.js";
import { leftOpen, volumesToCopy } from "./copies.js";
import { desiredModel } from "./desired.js";
import { desiredAt } from "./desired-at.js";
import {
  missingMedia,
  refuseLossByName,
  refuseTakenUnderSnapshot,
  releasedVolumeSteps,
  warnUsedAgain,
} from "./disks.js";
import type { CopiedVolume } from "./migration/index.js";
import {
  asEnded,
  isActive,
  isKeptCrashed,
  isUnsettled,
  type ObservedDomain,
  type ObservedHost,
  type ObservedMachine,
  snapshotNames,
  whereItIs,
} from "./observed.js";
import { obstacles } from "./obstacles.js";
import { osWarnings, withDefaults } from "./os-defaults.js";
import { patchRefusals } from "./patch-refusals.js";
import { powerSteps } from "./power.js";
import {
  asRelocated,
  type Relocations,
  relocationSteps,
  relocationsOf,
  unfinishedOf,
} from "./relocations.js";
import { isOwn, type MachineRequest, wasFound } from "./request.js";
import type { GuestRun } from "./running-guest.js";
import type { Inputs } from "./schema.js";
import { mediaSteps, releasedMediaSteps, secondSeedRefusals } from "./seed/steps.js";
import { judgeShorterList } from "./shorter-list.js";
import { strangers } from "./strangers.js";
import { asMarked, unmarkedVolumes } from "./unmarked.js";
import { volumeSteps } from "./volume-steps.js";
import { waitSteps, waitWarnings } from "./wait/plan.js";

/** Pure: what is and what should be in, steps and refusals out. */
export function plan(request: MachineRequest, observed: ObservedMachine): Plan {
  const result = planFilled(withDefaults(request, observed), observed);
  if (result.refusals.length === 0 && result.steps.length > 0)
    result.warnings.push(...osWarnings(request, observed));
  result.warnings.push(...(observed.sameAddresses ?? []));
  const { namesakeLeaves, ref } = observed.target;
  if (namesakeLeaves !== undefined && result.steps.length > 0)
    result.warnings.push(
      `the name ${request.inputs.name} on ${ref.name} is that of ${ownerLabel(namesakeLeaves)} until that has moved or been renamed, as is declared: this one must come after it (dependsOn), or the deployment stops at it`,
    );
  return result;
}

function planFilled(request: MachineRequest, observed: ObservedMachine): Plan {
  const result = planMachine(request, observed);
  if (result.refusals.length > 0) return result;
  const defines = result.steps.some(({ kind }) => kind === "defineMachine" || kind === "updateDefinition");
  if (observed.patchProblem !== undefined && defines) {
    result.refusals.push({ kind: "notSupported", message: observed.patchProblem });
    return result;
  }
  const place = whereItIs(observed);
  const { awaited: isAwaited = false, attempt } = place?.domain ?? {};
  const isOff = place?.domain !== undefined && !isActive(place.domain);
  result.steps.push(...waitSteps(request, result.steps, { isAwaited, isOff }));
  result.warnings.push(...waitWarnings(request, result.steps));
  // Last of all: until then who takes the change back has something to take back.
  if (attempt !== undefined && place !== undefined && result.steps.every(({ kind }) => kind === "record")) {
    const { name: subject } = request.inputs;
    result.steps.push({ kind: "forgetAttempt", subject, host: place.ref.name, effect: "none" });
  }
  return result;
}

function planMachine(request: MachineRequest, observed: ObservedMachine): Plan {
  const result = emptyPlan();
  const { inputs } = request;
  const { target, elsewhere } = observed;
  const place = whereItIs(observed);
  if (place?.domain === undefined) {
    planNew(request, observed, result);
    return result;
  }
  const domain = place.domain;
  const ownership = checkOwner(request, domain, place);
  if (ownership !== undefined) {
    result.refusals.push(ownership);
    return result;
  }
  // A replacement's check comes before the old one is gone.
  if (request.replaces === true) {
    planNew(request, asRemoved(request, observed), result);
    return result;
  }
  if (isKeptCrashed(domain) && !isUnsettled(domain)) return planKeptCrashed(request, observed, place);
  if (target.namesake !== undefined) result.refusals.push(nameTaken(request, target));
  const copies = [target, elsewhere].flatMap((host) => host?.domain ?? []);
  if (copies.some(isUnsettled)) planSettling(request, observed, result);
  else if (target.domain !== undefined && elsewhere?.domain !== undefined) {
    result.refusals.push(twoCopies(inputs.name, target, elsewhere));
    return result;
  } else {
    if (domain.persistent === undefined)
      result.steps.push({
        kind: "makePersistent",
        subject: inputs.name,
        host: place.ref.name,
        effect: "none",
      });
    if (place !== target) {
      planDeparture(request, observed, place, domain, result);
      return result;
    }
  }
  planRecords(request, place, domain, result);
  const relocations = relocationsOf(request, place, domain);
  if (!isUnsettled(domain)) relocationSteps(request, place, domain, relocations, result);
  planChanges(request, observed, place, domain, relocations, result);
  return result;
}

/** What libvirt keeps of a guest for a look at it stays until there is something to do: as long as it is there nothing can be. */
function planKeptCrashed(request: MachineRequest, observed: ObservedMachine, place: ObservedHost): Plan {
  const ended = (host: ObservedHost): ObservedHost =>
    host === place && host.domain !== undefined ? { ...host, domain: asEnded(host.domain) } : host;
  const { target, elsewhere } = observed;
  const result = planMachine(request, {
    ...observed,
    target: ended(target),
    elsewhere: elsewhere && ended(elsewhere),
  });
  if (result.steps.some(({ kind }) => kind !== "record"))
    result.steps.unshift({
      ...{ kind: "endCrashed", subject: request.inputs.name, host: place.ref.name, effect: "none" },
    });
  return result;
}

/** The move to the host where it should be, and what else is to be done, which the move itself may have done then. */
function planDeparture(
  request: MachineRequest,
  observed: ObservedMachine,
  found: ObservedHost,
  domain: ObservedDomain,
  result: Plan,
): void {
  const { target } = observed;
  const { place, marked } = asMarked(request, found, domain);
  const unfinished = unfinishedOf(relocationsOf(request, place, domain));
  relocationSteps(request, place, domain, unfinished, result);
  const copies = volumesToCopy(request, target, place, domain, isActive(domain) ? observed.bases : []);
  releaseLeftBehind(request, place, domain, copies, result);
  if (marked.length > 0) result.steps.push(markAgain(domain, marked));
  planMove(request, observed, place, domain, copies, result);
  planRecords(request, place, domain, result);
  const moved = asMoved(place, target, domain, copies);
  const relocations = relocationsOf(request, moved.place, moved.domain);
  const later = relocations.moves.filter(({ resumes }) => resumes !== true);
  relocationSteps(request, target, domain, { moves: later, interrupted: [] }, result);
  planChanges(request, observed, moved.place, moved.domain, relocations, result);
}

/** What is the VM's and in no document of it isn't moved: nobody would look for it afterwards. */
function releaseLeftBehind(
  request: MachineRequest,
  place: ObservedHost,
  domain: ObservedDomain,
  copies: readonly CopiedVolume[],
  result: Plan,
): void {
  const models = [domain.persistent, domain.live].flatMap((model) => model ?? []);
  const copied = copies.map(({ sourcePool: pool, name: volume }) => ({ source: { pool, volume } }));
  const open = models.flatMap(({ disks }) => disks);
  releasedVolumeSteps(
    request,
    place,
    domain,
    { defined: [...copied, ...open], open: [] },
    relocationsOf(request, place, domain),
    result,
  );
  releasedMediaSteps(request, place, domain, models, result);
}

function planNew(request: MachineRequest, observed: ObservedMachine, result: Plan): void {
  const { inputs, previous, recorded } = request;
  const { target } = observed;
  if (target.namesake !== undefined) {
    result.refusals.push(nameTaken(request, target));
    return;
  }
  const relocations = relocationsOf(request, target, undefined);
  relocationSteps(request, target, undefined, relocations, result);
  const known = previous !== undefined || recorded !== undefined;
  const reason = known ? "it is gone from its host" : "new";
  result.steps.push({
    kind: "defineMachine",
    subject: inputs.name,
    host: target.ref.name,
    effect: "none",
    reason,
  });
  const placing = { uuid: recorded?.id ?? request.chosen?.uuid ?? "", facts: target.facts };
  const desired = desiredModel(inputs, undefined, undefined, placing);
  if (inputs.emulation === "kvm" && !target.facts.kvm)
    result.refusals.push({
      kind: "missing",
      message: `emulation "kvm" isn't possible on ${target.ref.name}: it has no usable hardware virtualisation; use "auto" or "qemu", or enable it in the firmware`,
    });
  result.refusals.push(...obstacles(desired, target, "everything"), ...patchRefusals(desired, target));
  refuseLossByName(request, target, result);
  warnUsedAgain(request, target, result);
  volumeSteps(request, target, undefined, relocations.moves, result, observed.sources);
  mediaSteps(request, target, undefined, result);
  result.refusals.push(...missingMedia(request, target));
  releasedVolumeSteps(request, target, undefined, { defined: desired.disks, open: [] }, relocations, result);
  releasedMediaSteps(request, target, undefined, [desired], result);
  result.refusals.push(...missing(request, target));
  if (inputs.autostart === true)
    result.steps.push({ kind: "setAutostart", subject: inputs.name, to: true, effect: "none" });
  result.steps.push(...powerSteps(inputs, undefined, []));
}

/** What a start would fail for. A preview can't say it of what the same deployment is going to make. */
function missing(request: MachineRequest, target: ObservedHost): Refusal[] {
  if (request.chosen === undefined) return [];
  const refusals: Refusal[] = [];
  for (const nic of request.inputs.interfaces ?? [])
    if (nic.network !== undefined && !target.networks.includes(nic.network))
      refusals.push({
        kind: "missing",
        message: `network ${nic.network} isn't there, or isn't running, on ${target.ref.name}; declare it there (hosts: [...]) or start it`,
      });
  return refusals;
}

function checkOwner(
  request: MachineRequest,
  domain: ObservedDomain,
  place: ObservedHost,
): Refusal | undefined {
  const { owner, record } = domain;
  if (owner === undefined || request.inputs.adopt === true || isOwn(owner, request)) return undefined;
  return {
    kind: "foreignObject",
    message: `domain ${record.name} on ${place.ref.name} belongs to ${ownerLabel(owner)}; give another name, or set adopt: true to take it over`,
  };
}

function nameTaken({ inputs: { name }, identity }: MachineRequest, host: ObservedHost): Refusal {
  const owner = host.namesake?.owner;
  const whose =
    owner === undefined ? "which this program didn't make" : `which belongs to ${ownerLabel(owner)}`;
  return {
    kind: "foreignObject",
    message: `there is a domain ${name} on ${host.ref.name} already, ${whose} (UUID ${host.namesake?.record.uuid}); give another name, or set adopt: true to take it over${wayOutWithin(identity, owner)}`,
  };
}

/** One deployment may do both, or two. */
function wayOutWithin(identity: Identity, owner: Identity | undefined): string {
  if (owner === undefined || owner.project !== identity.project || owner.stack !== identity.stack) return "";
  return `. Where ${JSON.stringify(owner.name)} gives the name up in this deployment, by a move or another name, this one must come after it (dependsOn); where it is to be deleted, delete it in a deployment before, as Pulumi deletes last; where it is this one under its former name in the program, give aliases`;
}

/** Moved by hand with the old definition left, or two that somebody made of one. */
function twoCopies(name: string, target: ObservedHost, elsewhere: ObservedHost): Refusal {
  const uuid = target.domain?.record.uuid;
  const isRunning = ({ domain }: ObservedHost) => domain !== undefined && isActive(domain);
  const [here, there] = [isRunning(target), isRunning(elsewhere)];
  if (here !== there) {
    const [runs, left] = here ? [target, elsewhere] : [elsewhere, target];
    return {
      kind: "ambiguous",
      message: `virtual machine ${name} (${uuid}) runs on ${runs.ref.name} and is still defined, off, on ${left.ref.name}; if it was started there too its disks would be ruined. Remove what is left over: virsh undefine ${name} on ${left.ref.name} (disks stay)`,
    };
  }
  return {
    kind: "ambiguous",
    message: `virtual machine ${name} (${uuid}) ${here ? "runs" : "is defined"} on both ${target.ref.name} and ${elsewhere.ref.name}; find out which copy has the latest disks and undefine the other with virsh`,
  };
}

function planSettling(request: MachineRequest, observed: ObservedMachine, result: Plan): void {
  const { target, elsewhere } = observed;
  const journal = target.domain?.journal ?? elsewhere?.domain?.journal;
  const from = journal?.from.name ?? elsewhere?.ref.name ?? target.ref.name;
  const to = journal?.to.name ?? target.ref.name;
  result.steps.push({
    kind: "settleMigration",
    subject: request.inputs.name,
    from,
    to,
    effect: "live",
    reason: "one running copy stays, and it moves on if it isn't where it should be",
  });
  if (elsewhere === undefined) {
    result.refusals.push({
      kind: "ambiguous",
      message: `virtual machine ${request.inputs.name} is in the middle of a migration ${from} -> ${to}, and the other of the two hosts isn't known to this deployment; declare both as Host resources`,
    });
    return;
  }
  // Settling may leave it on either host; a move that might follow has to be announced.
  if (elsewhere.domain !== undefined) {
    const settled = { ...observed, target: withoutCopies(target, journal?.volumes ?? []) };
    const copies = volumesToCopy(request, settled.target, elsewhere, elsewhere.domain, settled.bases);
    result.steps.push(moveStep(request, settled, elsewhere, copies, true));
  }
}

/** As the host is when settling has left the guest on the other one: what was copied to here, or from here, is gone. */
function withoutCopies(host: ObservedHost, copied: readonly MigratedVolume[]): ObservedHost {
  const pools = host.pools.map((pool) => {
    const isCopied = (name: string) =>
      copied.some(
        (volume) => volume.name === name && [volume.sourcePool, volume.targetPool].includes(pool.name),
      );
    const { marks, volumes } = pool.contents;
    const contents = {
      ...pool.contents,
      volumes: volumes.filter(({ name }) => !isCopied(name)),
      marks: marks.filter(({ volume }) => !isCopied(volume)),
    };
    return { ...pool, contents };
  });
  return { ...host, pools };
}

function planMove(
  request: MachineRequest,
  observed: ObservedMachine,
  place: ObservedHost,
  domain: ObservedDomain,
  copies: readonly CopiedVolume[],
  result: Plan,
): void {
  const { inputs } = request;
  const mode = inputs.migration?.mode ?? "live";
  const active = isActive(domain);
  const move = `virtual machine ${inputs.name} is on ${place.ref.name} and should be on ${observed.target.ref.name}`;
  if (mode === "none")
    result.refusals.push({ kind: "policy", message: `${move}, but migration.mode "none" forbids moving it` });
  if (mode === "offline" && active)
    result.refusals.push({
      kind: "policy",
      message: `${move}, but it runs and migration.mode is "offline"; set powerState "stopped" first, or mode "live"`,
    });
  for (const { volume, pool } of leftOpen(request, place, domain))
    result.refusals.push({
      kind: "inUse",
      message: `${move}, but the guest still uses disk ${volume} in pool ${pool}, which was taken from it, isn't its own any more and stays on ${place.ref.name}; have it restart there first (shut it down and deploy, or restartPolicy: "whenNeeded")`,
    });
  result.refusals.push(
    ...observed.moveRefusals.map(
      (message): Refusal => ({ kind: "missing", message: `${move}, but ${message}` }),
    ),
  );
  result.steps.push(moveStep(request, observed, place, copies, active));
}

function moveStep(
  request: MachineRequest,
  observed: ObservedMachine,
  place: ObservedHost,
  volumes: readonly CopiedVolume[],
  active: boolean,
): Step {
  const { inputs } = request;
  const copies = volumes.map(({ name, sourcePool, targetPool, base }) => {
    const place = sourcePool === targetPool ? "" : ` to pool ${targetPool}`;
    const layer = base === undefined ? "" : ` (its layer over ${posix.basename(base.path)}, which is there)`;
    return `${name}${place}${layer}`;
  });
  // One host may have become another machine.
  const isNameOfBoth = place.ref.name === observed.target.ref.name;
  const label = ({ ref }: ObservedHost) =>
    isNameOfBoth ? `${ref.name} (${ref.connection.address})` : ref.name;
  const what = { subject: inputs.name, from: label(place), to: label(observed.target), copies };
  return active
    ? { kind: "migrate", ...what, effect: "migrate" }
    : { kind: "moveStopped", ...what, effect: "none" };
}

/** Marks and records that no guest notices. */
function planRecords(
  request: MachineRequest,
  place: ObservedHost,
  domain: ObservedDomain,
  result: Plan,
): void {
  const { identity, recorded, previous } = request;
  const { owner } = domain;
  const subject = domain.record.name;
  if (owner === undefined) {
    if (recorded === undefined && previous === undefined)
      result.steps.push({ kind: "adopt", subject, host: place.ref.name, effect: "none" });
    else result.steps.push({ kind: "recordOwner", subject, effect: "none", reason: "its mark is gone" });
  } else if (!sameIdentity(owner, identity)) {
    if (recorded === undefined && previous === undefined) {
      result.warnings.push(takenFrom(`virtual machine ${subject}`, place.ref.name, owner));
      result.steps.push({ kind: "adopt", subject, host: place.ref.name, effect: "none" });
    } else
      result.steps.push({
        kind: "recordOwner",
        subject,
        effect: "none",
        reason: `it was ${ownerLabel(owner)}`,
      });
  } else {
    if (isFoundAgain(request)) result.steps.push(foundAgain(`virtual machine ${subject}`, place.ref.name));
    const unmarked = place.ref.name === request.inputs.host ? unmarkedVolumes(request, place, domain) : [];
    if (unmarked.length > 0)
      result.steps.push(
        markAgain(
          domain,
          unmarked.map(({ volume }) => volume),
        ),
      );
  }
  if (
    recorded !== undefined &&
    recorded.outputs.host !== place.ref.name &&
    place.ref.name === request.inputs.host
  )
    result.steps.push({ kind: "record", subject, effect: "none", reason: `that it is on ${place.ref.name}` });
}

function markAgain({ record }: ObservedDomain, volumes: readonly string[]): Step {
  const reason = `no mark is on ${volumes.join(", ")}`;
  return { kind: "recordOwner", subject: record.name, effect: "none", reason };
}

function planChanges(
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
  const active = isActive(domain);
  if (definition.name !== inputs.name) {
    if (active)
      result.refusals.push({
        kind: "policy",
        message: `${definition.name} can be renamed to ${inputs.name} only while it is off; set powerState "stopped" first, or name: "${definition.name}" to leave its name on the host as it is`,
      });
    else if (record.hasSnapshots)
      result.refusals.push({
        kind: "policy",
        message: `${definition.name} can't be renamed to ${inputs.name} while it has snapshots (${snapshotNames(domain)}); delete them first`,
      });
    else
      result.steps.push({
        kind: "renameMachine",
        subject,
        from: definition.name,
        to: inputs.name,
        effect: "none",
      });
  }
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
  result.refusals.push(...obstacles(desired, target, stays ? changes.definition : "everything"));
  if (changes.definition.length > 0) result.refusals.push(...patchRefusals(desired, place));
  // Before anything refers to them.
  mediaSteps(request, place, domain, result);
  if (found) result.refusals.push(...secondSeedRefusals(request, desired));
  result.refusals.push(...missingMedia(request, place));
  result.steps.push(...definitionSteps(subject, changes));
  refuseLossByName(request, place, result);
  refuseTakenUnderSnapshot(changes.definition, domain, result);
  judgeShorterList(request, result);
  volumeSteps(request, place, domain, relocations.moves, result, sources);
  const saved =
    domain.saved === undefined
      ? undefined
      : sortChanges(persistent, domain.saved.model, desired, domain.saved.run, isStranger);
  const power =
    domain.reverting === undefined
      ? powerSteps(inputs, domain, toTexts(changes.waiting), saved && told(saved))
      : [];
  // A guest that stands still lets go of nothing.
  result.steps.push(...power.filter(({ kind }) => kind === "resume"));
  if (changes.live.length > 0)
    result.steps.push({ kind: "changeRunning", subject, changes: toTexts(changes.live), effect: "live" });
  if (record.autostart !== (inputs.autostart ?? false))
    result.steps.push({ kind: "setAutostart", subject, to: inputs.autostart ?? false, effect: "live" });
  if (domain.reverting !== undefined)
    result.warnings.push(
      `${subject} is in the middle of going back to snapshot ${domain.reverting}, which a later deployment of that snapshot ends; until then it is neither started nor stopped`,
    );
  result.steps.push(...power.filter(({ kind }) => kind !== "resume"));
  const starts = power.some(({ kind }) => kind === "restart" || kind === "shutdown");
  const kept = changes.live.some((d) => d.kind === "disk")
    ? live?.disks.filter((disk) => !changes.live.some((d) => isTakenAway(d, disk)))
    : live?.disks;
  // What a running guest still has open stays until it has let go of it.
  const open = starts ? [] : (kept ?? []);
  releasedVolumeSteps(request, place, domain, { defined: desired.disks, open }, relocations, result);
  const running = starts || live === undefined ? [] : [live];
  releasedMediaSteps(request, place, domain, [desired, ...running], result);
}

/** What somebody has paused, and is to run, takes changes as a running guest does: it is resumed before them. */
function runOnceResumed({ powerState = "running" }: Inputs, domain: ObservedDomain): GuestRun | undefined {
  const { run, record, reverting } = domain;
  const resumes =
    powerState === "running" &&
    reverting === undefined &&
    record.state === "paused" &&
    record.reasonName === "user";
  return run === undefined || !resumes ? run : { ...run, paused: false };
}

function told({ live, waiting }: Changes): { live: PropertyChange[]; waiting: PropertyChange[] } {
  return { live: toTexts(live), waiting: toTexts(waiting) };
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
