import {
  AS_BEFORE,
  type Identity,
  isOfStack,
  ownerLabel,
  sameIdentity,
  takenFrom,
} from "../../planning/owner.js";
import { emptyPlan, type Plan, type Refusal } from "../../planning/plan.js";
import type { Step } from "../../planning/step.js";
import { foundAgain, isFoundAgain } from "../found-again.js";
import { virsh } from "../virsh.js";
import { asMoved } from "./as-moved.js";
import { asRemoved } from "./as-removed.js";
import { asSeen } from "./as-seen.js";
import { volumesToCopy } from "./copies.js";
import { desiredModel } from "./desired.js";
import { desiredAt } from "./desired-at.js";
import { missingMedia, refuseLossByName, releasedVolumeSteps } from "./disks.js";
import { judgeHostFiles } from "./host-files.js";
import { ideRefusals } from "./ide-refusals.js";
import { ASLEEP } from "./migration/index.js";
import { missingNetworks, networkRefusals } from "./network-refusals.js";
import { warnOfWhatIsNotThere } from "./not-there-yet.js";
import {
  asAwake,
  asEnded,
  isActive,
  isKeptCrashed,
  isUnsettled,
  type ObservedDomain,
  type ObservedHost,
  type ObservedMachine,
  sleeps,
  snapshotNames,
  whereItIs,
} from "./observed.js";
import { accelerationRefusals, obstacles } from "./obstacles.js";
import { osWarnings } from "./os-defaults.js";
import { patchRefusals } from "./patch-refusals.js";
import { planChanges } from "./plan-changes.js";
import { planMove, planSettling, releaseLeftBehind } from "./plan-move.js";
import { isToWake, powerSteps, wakeStep } from "./power.js";
import { relocationSteps, relocationsOf, unfinishedOf } from "./relocations.js";
import { isOwn, type MachineRequest } from "./request.js";
import { mediaSteps, releasedMediaSteps } from "./seed/steps.js";
import { socketPathWarnings } from "./socket-path.js";
import { asMarked, unmarkedVolumes } from "./unmarked.js";
import { volumeSteps, warnUsedAgain } from "./volume-steps.js";
import { waitSteps, waitWarnings } from "./wait/plan.js";

/** Pure: what is and what should be in, steps and refusals out. */
export function plan(request: MachineRequest, observed: ObservedMachine): Plan {
  const result = planFilled(asSeen(request, observed), observed);
  if (result.refusals.length === 0 && result.steps.length > 0)
    result.warnings.push(...osWarnings(request, observed));
  result.warnings.push(...(observed.sameAddresses ?? []), ...(observed.heldByPaused ?? []));
  warnOfWhatIsNotThere(request, observed.target, result);
  const { namesakeLeaves, ref, facts } = observed.target;
  const where = { host: ref.name, libvirtVersion: facts.libvirtVersion };
  result.warnings.push(...socketPathWarnings(request.inputs.name, where, result.steps));
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
  if (defines) result.refusals.push(...networkRefusals(request.inputs, observed.target));
  result.refusals.push(...missingNetworks(request, observed.target, result.steps));
  result.refusals.push(...missingMedia(request, observed, result.steps));
  const place = whereItIs(observed);
  const becomes = () => {
    const { persistent } = place?.domain ?? {};
    const at = { domain: place?.domain, facts: observed.target.facts };
    return persistent === undefined ? [] : desiredAt(request, at, persistent).disks;
  };
  judgeHostFiles(request, observed.target, place?.domain, result, becomes);
  if (result.refusals.length > 0) return result;
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
  if (target.namesake !== undefined) result.refusals.push(nameTaken(request, target, domain));
  const copies = [target, elsewhere].flatMap((host) => host?.domain ?? []);
  if (copies.some(isUnsettled)) planSettling(request, observed, result);
  else if (target.domain !== undefined && elsewhere?.domain !== undefined) {
    result.refusals.push(besideItsOwn(request, target, elsewhere, elsewhere.domain));
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
  if (sleeps(domain)) {
    const { inputs } = request;
    if (isToWake(inputs, domain)) result.steps.push(wakeStep(inputs.name));
    else result.refusals.push(movesAsleep(inputs.name, found, target));
    const awake = asAwake(domain);
    planDeparture(request, observed, { ...found, domain: awake }, awake, result);
    return;
  }
  const { place, marked } = asMarked(request, found, domain);
  const unfinished = unfinishedOf(relocationsOf(request, place, domain));
  relocationSteps(request, place, domain, unfinished, result);
  const copies = volumesToCopy(request, target, place, domain, isActive(domain) ? observed.bases : []);
  releaseLeftBehind(request, place, domain, copies, result);
  if (marked.length > 0) result.steps.push(markAgain(domain, found, marked));
  planMove(request, observed, place, domain, copies, result);
  planRecords(request, place, domain, result);
  const moved = asMoved(place, target, domain, copies);
  const relocations = relocationsOf(request, moved.place, moved.domain);
  const later = relocations.moves.filter(({ resumes }) => resumes !== true);
  relocationSteps(request, target, domain, { moves: later, interrupted: [] }, result);
  planChanges(request, observed, moved.place, moved.domain, relocations, result);
}

function movesAsleep(name: string, { ref }: ObservedHost, target: ObservedHost): Refusal {
  return {
    kind: "policy",
    message: `virtual machine ${name} is on ${ref.name} and should be on ${target.ref.name}, but ${ASLEEP}; wake it up (${virsh("dompmwakeup", name)}), or set onGuestShutdown: "start", with which a deployment does`,
  };
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
  if (known && observed.mayBeAnywhere === true)
    result.warnings.push(
      `${target.ref.name} is no Host of this program, which so doesn't know on which other hosts ${inputs.name} may be by now, moved there by hand: where it runs there, it will run twice. Look for it before you deploy, or have kvm.Host.get for every host that it may be on, before all else in the program: then it is found`,
    );
  result.steps.push({
    kind: "defineMachine",
    subject: inputs.name,
    host: target.ref.name,
    effect: "none",
    reason,
  });
  const placing = { uuid: recorded?.id ?? request.chosen?.uuid ?? "", facts: target.facts };
  const desired = desiredModel(inputs, undefined, undefined, placing);
  result.refusals.push(
    ...accelerationRefusals(desired, target),
    ...obstacles(desired, target, "everything"),
    ...patchRefusals(desired, target),
    ...ideRefusals(desired),
  );
  refuseLossByName(request, target, result);
  warnUsedAgain(request, target, result);
  volumeSteps(request, target, undefined, relocations.moves, result, observed.sources);
  mediaSteps(request, target, undefined, result);
  releasedVolumeSteps(request, target, undefined, { defined: desired.disks, open: [] }, relocations, result);
  releasedMediaSteps(request, target, undefined, [desired], result);
  if (inputs.autostart === true)
    result.steps.push({ kind: "setAutostart", subject: inputs.name, to: true, effect: "none" });
  result.steps.push(...powerSteps(inputs, undefined, []));
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
    message: `domain ${record.name} on ${place.ref.name} belongs to ${ownerLabel(owner, request.identity)}; give another name, or set adopt: true to take it over`,
  };
}

/** One that has a domain of its own takes over no other. */
function nameTaken(
  { inputs: { name }, identity }: MachineRequest,
  host: ObservedHost,
  own?: ObservedDomain,
): Refusal {
  const owner = host.namesake?.owner;
  const whose =
    owner === undefined
      ? "which this program didn't make"
      : `which belongs to ${ownerLabel(owner, identity)}`;
  const taken = `there is a domain ${name} on ${host.ref.name} already, ${whose} (UUID ${host.namesake?.record.uuid})`;
  const wayOut =
    own === undefined
      ? `give another name, or set adopt: true to take it over${wayOutWithin(identity, owner)}`
      : `give another name, as this virtual machine has a domain of its own${wayOutBeside(identity, owner)}`;
  return { kind: "foreignObject", message: `${taken}; ${wayOut}` };
}

/** One deployment may do both, or two. */
function wayOutWithin(identity: Identity, owner: Identity | undefined): string {
  if (owner === undefined || !isOfStack(owner, identity)) return "";
  return `. ${wayOutAfter(owner)}; ${AS_BEFORE}`;
}

function wayOutBeside(identity: Identity, owner: Identity | undefined): string {
  if (owner === undefined || !isOfStack(owner, identity)) return "";
  return `. ${wayOutAfter(owner)}; where the two change names with each other, do so by way of a third name, one name in a deployment`;
}

function wayOutAfter({ name }: Identity): string {
  return `Where ${JSON.stringify(name)} gives the name up in this deployment, by a move or another name, this one must come after it (dependsOn); where it is to be deleted, delete it in a deployment before, as Pulumi deletes last`;
}

/** With `adopt` what has its name where it is to move is taken for its own at first sight. */
function besideItsOwn(
  request: MachineRequest,
  target: ObservedHost,
  elsewhere: ObservedHost,
  own: ObservedDomain,
): Refusal {
  const there = target.domain;
  const isItsOwn = there?.owner !== undefined && isOwn(there.owner, request);
  return isItsOwn || there?.record.uuid === own.record.uuid
    ? twoCopies(request.inputs.name, target, elsewhere)
    : nameTaken(request, { ...target, namesake: there }, own);
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
      message: `virtual machine ${name} (${uuid}) runs on ${runs.ref.name} and is still defined, off, on ${left.ref.name}; if it was started there too its disks would be ruined. Remove what is left over: ${virsh("undefine", name)} on ${left.ref.name} (disks stay)`,
    };
  }
  return {
    kind: "ambiguous",
    message: `virtual machine ${name} (${uuid}) ${here ? "runs" : "is defined"} on both ${target.ref.name} and ${elsewhere.ref.name}; find out which copy has the latest disks and undefine the other with virsh`,
  };
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
    if (isFoundAgain(request)) {
      result.steps.push(foundAgain(`virtual machine ${subject}`, place.ref.name));
      if (domain.record.hasSnapshots)
        result.warnings.push(
          `with --replace the snapshots of ${subject} on ${place.ref.name} go with it: ${snapshotNames(domain)}; Snapshot resources take theirs anew, of the guest that comes in its place`,
        );
    }
    const unmarked = place.ref.name === request.inputs.host ? unmarkedVolumes(request, place, domain) : [];
    if (unmarked.length > 0)
      result.steps.push(
        markAgain(
          domain,
          place,
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

function markAgain({ record }: ObservedDomain, { ref }: ObservedHost, volumes: readonly string[]): Step {
  const reason = `no mark is on ${volumes.join(", ")}`;
  return { kind: "recordOwner", subject: record.name, host: ref.name, effect: "none", reason };
}
