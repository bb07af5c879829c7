import { oneLine } from "../../hosts/errors.js";
import type { Host } from "../../hosts/host.js";
import type { VolumeMark } from "../../hosts/volume-mark.js";
import { type DomainRecord, isLibvirtError } from "../../libvirt/index.js";
import {
  buildDomain,
  type DomainModel,
  describeDifferences,
  ownerMarkKind,
  parseDomain,
  patchDomain,
  withNamedVariables,
  withoutRunNotes,
  writeOwnerMark,
} from "../../libvirt/xml/index.js";
import type { Step } from "../../planning/step.js";
import type { ApplyContext } from "../definition.js";
import { milliseconds } from "../inputs.js";
import { sendSource } from "../send-source.js";
import {
  deleteOwnVolume,
  ensureVolume,
  growVolume,
  type NewVolume,
  removeVolumeMark,
  replaceVolumeMark,
  writeVolumeMark,
} from "../volumes.js";
import { asSeen } from "./as-seen.js";
import { forgetAttempt, withAttempt } from "./attempt.js";
import { sortChanges, startedWith } from "./changes.js";
import {
  isRefusedStart,
  orAsDefinedBefore,
  rememberDefinition,
  startOrAsBefore,
} from "./definition-before.js";
import { desiredModel } from "./desired.js";
import { desiredAt } from "./desired-at.js";
import { forcedDrives } from "./desired-disks.js";
import { textOf as patchesText } from "./features/xml-patches.js";
import { onceLetGo } from "./let-go.js";
import { changeRunning } from "./live-changes.js";
import { applyMove } from "./move.js";
import { type ObservedHost, type ObservedMachine, whereItIs } from "./observed.js";
import { notePatchesKept } from "./patches-kept.js";
import { withPaths } from "./paths.js";
import { isToStayOff, mayRestart } from "./power.js";
import { definedAs, redefinition } from "./redefinition.js";
import { relocate } from "./relocate.js";
import { identityHashes, isOwn, type MachineRequest, wasFound } from "./request.js";
import { resumeGuest } from "./resume-guest.js";
import { writeNotes } from "./run-notes.js";
import { DEFAULT_SHUTDOWN_TIMEOUT_MS, type DiskInputs, type Inputs, volumeOf } from "./schema.js";
import { mediumOf } from "./seed/steps.js";
import { writeMedium } from "./seed/write-medium.js";
import { socketPathAdvice } from "./socket-path.js";
import { shutDown } from "./stop.js";
import { strangers } from "./strangers.js";
import { declaredVolumes, eachOnce, unmarkedVolumes } from "./unmarked.js";
import { forgetAwaited, forgetStarted, noteAwaited, noteStart } from "./wait/awaited.js";
import type { Readiness } from "./wait/schema.js";
import { waitForGuest } from "./wait/wait.js";

/** Executes one step of a plan. Each leaves the world such that a run that ends right after it is completed by the next. */
export async function apply(
  step: Step,
  declared: MachineRequest,
  observed: ObservedMachine,
  context: ApplyContext,
): Promise<void> {
  const request = asSeen(declared, observed);
  const place = whereItIs(observed) ?? observed.target;
  const host = context.hosts.get(place.ref);
  const libvirt = await host.libvirt();
  const uuid = place.domain?.record.uuid ?? newUuid(request);
  const machine = { uuid, name: place.domain?.record.name ?? request.inputs.name };
  const { inputs } = request;
  switch (step.kind) {
    case "record":
      return;
    case "adopt":
    case "recordOwner":
      await writeMark(host, request, place, context);
      break;
    case "defineMachine":
      await define(host, request, place, context);
      break;
    case "createVolume":
    case "growVolume":
    case "keepVolume":
    case "deleteVolume":
    case "forgetVolume":
      await applyToVolume(step, host, request, place, context);
      break;
    case "moveVolume":
    case "settleVolumeMove":
      await relocate(step, host, request, place, context);
      break;
    case "writeMedium": {
      const { pool, volume } = step;
      const mark = ownMark(request, place, volume);
      const bytes = mediumOf(step, inputs).medium.bytes(uuid);
      await writeMedium({ host, pool, mark, bytes, signal: context.signal });
      break;
    }
    case "deleteMedium": {
      const { pool, volume } = step;
      for (const mark of marksOf(place, pool, volume))
        await deleteOwnVolume({ host, pool, mark, signal: context.signal });
      break;
    }
    case "settleMigration":
    case "migrate":
    case "moveStopped":
      await applyMove(step, request, observed, context);
      return;
    case "renameMachine":
      await keepVariables(host, uuid);
      await libvirt.domains.rename(uuid, step.to);
      await host.observations.refreshDomain({ uuid, name: step.from });
      break;
    case "makePersistent":
    case "updateDefinition":
      await redefine(host, request, place, (xml) => rememberDefinition(declared, xml));
      break;
    case "endCrashed":
      await libvirt.domains.destroy(uuid, { graceful: true });
      break;
    case "forgetAttempt":
      await forgetAttempt(host, uuid);
      // A restart that was given up had noted that it would start the guest again.
      if (place?.domain?.awaited === true) await forgetStarted(host, uuid, inputs);
      break;
    case "changeRunning":
      await orAsDefinedBefore(declared, { host, uuid }, () =>
        changeGuest(host, request, place, step, context),
      );
      break;
    case "setAutostart":
      await libvirt.domains.setAutostart(uuid, step.to);
      break;
    case "start":
      context.note({ ready: undefined });
      await noteStart(host, uuid, inputs);
      await start(host, uuid, request, context);
      if (place?.domain?.awaited === true) await forgetStarted(host, uuid, inputs);
      break;
    case "pause": {
      await host.observations.refreshDomain({ uuid });
      const domains = await host.observations.domains();
      if (domains.find((domain) => domain.uuid === uuid)?.state !== "paused")
        await libvirt.domains.suspend(uuid);
      break;
    }
    case "resume": {
      const standsStill = await resumeGuest(libvirt, uuid, context.signal);
      if (standsStill !== undefined)
        throw new Error(
          `guest ${inputs.name} on ${host.name} doesn't go on: ${standsStill.why}; ${standsStill.remedy}, and deploy again`,
        );
      break;
    }
    case "shutdown":
      await shutDown(host, machine, { timeoutMs: shutdownTimeoutMs(inputs), force: step.force }, context);
      break;
    case "waitForGuest":
      context.note({ ready: await awaitGuest(host, machine, step, inputs, context) });
      await forgetAwaited(host, uuid);
      break;
    case "restart": {
      context.note({ ready: undefined });
      const ranWith = await libvirt.domains.xml(uuid, { secure: true, migratable: true });
      await noteAwaited(host, uuid);
      await shutDown(host, machine, { timeoutMs: shutdownTimeoutMs(inputs), force: step.force }, context);
      await startOrAsBefore(declared, { host, uuid, ranWith }, () =>
        startWithDisks(host, uuid, { signal: context.signal }, context),
      );
      await forgetStarted(host, uuid, inputs);
      break;
    }
    default:
      throw new Error(`a virtual machine's plan has a step of another resource: ${step.kind}`);
  }
  await host.observations.refreshDomain({ uuid });
}

/** libvirt 9.0 gives a domain fresh variables of its firmware along with a new name, and leaves the old ones behind. */
async function keepVariables(host: Host, uuid: string): Promise<void> {
  const { domains } = await host.libvirt();
  const xml = await domains.xml(uuid, { inactive: true, secure: true });
  const named = withNamedVariables(xml);
  if (named !== xml) await domains.redefine(named, xml);
}

/** Started by somebody else in between is as good. */
async function start(
  host: Host,
  uuid: string,
  { inputs, previous }: MachineRequest,
  context: ApplyContext,
): Promise<void> {
  const libvirt = await host.libvirt();
  try {
    const paused = inputs.powerState === "paused";
    await startWithDisks(host, uuid, { paused, signal: context.signal }, context);
  } catch (error) {
    const record = await libvirt.domains.observe({ uuid });
    if (record?.liveXml !== undefined) return;
    const advice = socketPathAdvice(oneLine(error));
    const from = previous?.host;
    if (from === undefined || from === inputs.host || !isRefusedStart(error))
      throw advice === undefined ? error : new Error(`${oneLine(error)}; ${advice}`, { cause: error });
    throw new Error(
      `guest ${inputs.name} was moved from ${from} to ${host.name} while it was off, and couldn't be started there: ${oneLine(error)}; it is on ${host.name}, whole and off, and nothing of it is on ${from} any more. Put that right and deploy again, which starts it, or set host back to ${from}, which moves it back`,
      { cause: error },
    );
  }
}

/** The disks of a domain that is off are those of its definition. */
async function startWithDisks(
  host: Host,
  uuid: string,
  options: { paused?: boolean; signal: AbortSignal },
  context: ApplyContext,
): Promise<void> {
  const { domains } = await host.libvirt();
  const { disks } = parseDomain(await domains.xml(uuid, { inactive: true }));
  await onceLetGo({ host, uuid }, disks, () => domains.start(uuid, options), context);
}

function awaitGuest(
  host: Host,
  machine: { uuid: string; name: string },
  { goal, timeoutMs }: Extract<Step, { kind: "waitForGuest" }>,
  inputs: Inputs,
  context: ApplyContext,
): Promise<Readiness> {
  const isLeftOff = (record: DomainRecord) => isToStayOff(inputs, record);
  return waitForGuest(host, machine, { goal, timeoutMs, isLeftOff }, context);
}

export function shutdownTimeoutMs(inputs: Inputs): number {
  return inputs.shutdownTimeout === undefined
    ? DEFAULT_SHUTDOWN_TIMEOUT_MS
    : milliseconds(inputs.shutdownTimeout);
}

/** A domain that was deleted by hand comes back under its old UUID, which is the resource's id. */
function newUuid(request: MachineRequest): string {
  const uuid = request.recorded?.id ?? request.chosen?.uuid;
  if (uuid === undefined) throw new Error("a new virtual machine needs a UUID drawn beforehand");
  return uuid;
}

function nonceOf(request: MachineRequest, place: ObservedHost): string {
  const owner = place.domain?.owner;
  // What is taken over gets a nonce of its own, so that its former owner's delete passes it by.
  const left = owner !== undefined && isOwn(owner, request) ? owner.nonce : undefined;
  // Disks of a VM that was deleted by hand, and dropped from the state by a refresh: the delete of its successor knows them by this.
  const hashes = identityHashes(request);
  const disk = place.pools
    .flatMap(({ contents }) => contents.marks)
    .find(({ identityHash }) => hashes.includes(identityHash))?.nonce;
  const nonce = request.recorded?.outputs.nonce || left || disk || request.chosen?.nonce;
  if (nonce === undefined) throw new Error("a new virtual machine needs a nonce drawn beforehand");
  return nonce;
}

/** First of all the definition, with its mark: from then on a run that is cut off is found and continued. libvirt needs no disks for it. */
async function define(
  host: Host,
  request: MachineRequest,
  place: ObservedHost,
  context: ApplyContext,
): Promise<void> {
  const uuid = newUuid(request);
  const desired = desiredModel(request.inputs, undefined, undefined, { uuid, facts: place.facts });
  const nonce = nonceOf(request, place);
  context.note({ nonce });
  const owner = { ...request.identity, nonce, phase: "created" as const, uuid };
  const libvirt = await host.libvirt();
  const xml = buildDomain(withPaths(desired, place), { owner });
  await libvirt.domains.define(xml, { validate: true }).catch(withPatchesNamed(desired));
  await notePatchesKept(host, uuid, desired);
}

/** libvirt's word on a whole definition doesn't lead to the patch that is at fault. */
function withPatchesNamed({ patches }: DomainModel): (error: unknown) => never {
  return (error) => {
    if (patches === undefined || !isLibvirtError(error, "xmlInvalid", "configUnsupported")) throw error;
    throw new Error(`${error.message}; the definition is with the xml patches: ${patchesText(patches)}`, {
      cause: error,
    });
  };
}

/**
 * Edits the persistent document, read anew with its secrets, where it differs from what should be. libvirt makes one of the live document
 * where there is none.
 */
async function redefine(
  host: Host,
  request: MachineRequest,
  place: ObservedHost,
  remember: (xml: string) => void,
): Promise<void> {
  const uuid = place.domain?.record.uuid;
  const definition = place.domain?.persistent ?? place.domain?.live;
  if (uuid === undefined || definition === undefined) throw new Error("there is no definition to change");
  const libvirt = await host.libvirt();
  const xml = withoutRunNotes(await libvirt.domains.xml(uuid, { inactive: true, secure: true }));
  const current = definedAs(xml, place);
  const desired = desiredAt(request, place, definition);
  const to = { ...redefinition(request, place, definition, desired), name: current.name };
  if (describeDifferences(current, to).length === 0 && place.domain?.persistent !== undefined) return;
  await noteStartedWith(host, place, desired);
  remember(xml);
  // The next plan has the config by its volume, not by its path.
  const changed = withAttempt(
    patchDomain(xml, to, current),
    { ...current, ignition: definition.ignition },
    { ...to, ignition: desired.ignition },
  );
  await libvirt.domains.redefine(changed, xml).catch(withPatchesNamed(to));
  await notePatchesKept(host, uuid, to);
}

/** What the guest was started with can't be read of its definition any more once that is changed. */
async function noteStartedWith(host: Host, place: ObservedHost, desired: DomainModel): Promise<void> {
  const { live, persistent, run, record } = place.domain ?? {};
  if (live === undefined || persistent === undefined || run === undefined || record === undefined) return;
  const noted = startedWith(live, persistent, desired, run);
  if (Object.keys(noted).length === Object.keys(run.notes.startedWith).length) return;
  await writeNotes(host, record.uuid, { ...run.notes, startedWith: noted });
}

async function changeGuest(
  host: Host,
  request: MachineRequest,
  place: ObservedHost,
  { isEndedNext = false }: Step & { kind: "changeRunning" },
  context: ApplyContext,
): Promise<void> {
  const { domain } = place;
  if (domain?.live === undefined) throw new Error("the guest has stopped meanwhile");
  const { uuid, name } = domain.record;
  const definition = domain.persistent ?? domain.live;
  const desired = desiredAt(request, place, definition);
  const isStranger = strangers(request, place, domain, desired);
  const { live } = sortChanges(domain.persistent, domain.live, desired, domain.run, isStranger);
  const hostCpus = place.facts.cpus;
  const forced = forcedDrives(request.inputs, request.previous, definition);
  const to = withPaths(desired, place);
  const end = isEndedNext ? "follows" : mayRestart(request.inputs) ? "allowed" : "notAllowed";
  await changeRunning({ host, hostCpus, uuid, name, to, forcedDrives: forced, end }, live, context);
}

async function writeMark(
  host: Host,
  request: MachineRequest,
  place: ObservedHost,
  context: ApplyContext,
): Promise<void> {
  const { domain } = place;
  if (domain === undefined) return;
  const nonce = nonceOf(request, place);
  context.note({ nonce });
  const xml = writeOwnerMark(
    {
      ...request.identity,
      ...{ nonce, phase: "created", uuid: domain.record.uuid },
      ...(wasFound(domain.owner, request) ? { adopted: true } : {}),
    },
    domain.record.persistentXml ?? domain.record.liveXml,
  );
  const libvirt = await host.libvirt();
  await libvirt.domains.setMetadata(domain.record.uuid, {
    uri: ownerMarkKind.uri,
    key: ownerMarkKind.key,
    xml,
    live: domain.live !== undefined,
    persistent: domain.persistent !== undefined,
  });
  // So are the disks and media that the program declares as the VM's own.
  const own = [...declaredVolumes(request.inputs), ...unmarkedVolumes(request, place, domain)];
  for (const { pool, volume } of eachOnce(own)) {
    const contents = place.pools.find((other) => other.name === pool)?.contents;
    if (contents === undefined || !contents.volumes.some((other) => other.name === volume)) continue;
    const mark = ownMark(request, place, volume);
    const former = marksOf(place, pool, volume);
    if (former.length === 0) await writeVolumeMark({ host, pool, mark });
    for (const other of former) await replaceVolumeMark({ host, pool, former: other, mark });
  }
}

/** The mark of a volume that is this VM's own. */
function ownMark(request: MachineRequest, place: ObservedHost, volume: string): VolumeMark {
  return { identityHash: identityHashes(request)[0] as string, nonce: nonceOf(request, place), volume };
}

function marksOf(place: ObservedHost, pool: string, volume: string): VolumeMark[] {
  const marks = place.pools.find((other) => other.name === pool)?.contents.marks ?? [];
  return marks.filter((mark) => mark.volume === volume);
}

/** A layer over the image, or where a disk can't be one its copy. */
function contentOf(entry: DiskInputs | undefined): Pick<NewVolume, "backing" | "copyOf"> {
  if (entry?.image === undefined) return { backing: entry?.backing };
  const image = { pool: entry.image.pool, volume: entry.image.volume };
  return entry.format === "raw" ? { copyOf: image } : { backing: image };
}

async function applyToVolume(
  step: Extract<
    Step,
    { kind: "createVolume" | "growVolume" | "keepVolume" | "deleteVolume" | "forgetVolume" }
  >,
  host: Host,
  request: MachineRequest,
  place: ObservedHost,
  context: ApplyContext,
): Promise<void> {
  const { pool, volume } = step;
  switch (step.kind) {
    case "createVolume": {
      const mark = ownMark(request, place, volume);
      const entry = request.inputs.disks?.find(
        (disk, i) => volumeOf(request.inputs.name, disk, i).volume === volume,
      );
      if (step.source !== undefined) {
        await writeVolumeMark({ host, pool, mark });
        await sendSource({ pool, name: volume, size: step.sizeBytes }, step.source, host, context);
        return;
      }
      await ensureVolume({
        host,
        pool,
        volume,
        format: step.format as "qcow2" | "raw",
        sizeBytes: step.sizeBytes,
        ...contentOf(entry),
        mark,
        signal: context.signal,
      });
      return;
    }
    case "growVolume":
      await growVolume({ host, pool, volume, toBytes: step.toBytes, signal: context.signal });
      return;
    case "keepVolume":
    case "forgetVolume":
    case "deleteVolume": {
      const [mark] = marksOf(place, pool, volume);
      if (mark === undefined) return;
      if (step.kind === "keepVolume") await removeVolumeMark({ host, pool, mark });
      else await deleteOwnVolume({ host, pool, mark, signal: context.signal });
      return;
    }
    default:
      step satisfies never;
  }
}
