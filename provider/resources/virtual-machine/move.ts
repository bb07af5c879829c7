import type { HostRef } from "../../hosts/host-ref.js";
import type { MigrationJournal } from "../../libvirt/xml/index.js";
import type { Step } from "../../planning/step.js";
import type { ApplyContext, ObserveContext } from "../definition.js";
import { givesUpName, withoutWhatLeaves } from "../given-up.js";
import { milliseconds } from "../inputs.js";
import { type Base, observeBases } from "./bases.js";
import { baseRefusals, volumesToCopy } from "./copies.js";
import {
  type Leaving,
  type MigrationPlan,
  migrateLive,
  moveStopped,
  preflight,
  settle,
} from "./migration/index.js";
import { isActive, isUnsettled, type ObservedHost, type ObservedMachine } from "./observed.js";
import { ownerOf } from "./record-owner.js";
import { identityHashes, type MachineRequest } from "./request.js";

const DEFAULT_TIMEOUT_MS = 3_600_000;

/** What speaks against the move that is ahead, read from both hosts. */
export async function preflightMove(
  observed: ObservedMachine,
  request: MachineRequest,
  context: ObserveContext,
): Promise<string[]> {
  const source = observed.elsewhere;
  if (source?.domain === undefined) return [];
  const refusals = await preflight(migrationPlan(request, observed, source, context), {
    fresh: context.fresh,
    mayBeMade: request.chosen === undefined,
    ...(context.fresh ? {} : { leaves: leavesFrom(observed.target.ref, request, context) }),
  });
  return [...refusals, ...(isActive(source.domain) ? baseRefusals(request, observed.bases ?? []) : [])];
}

/** What goes from the target by other resources' doing before the move, as the program has it. */
function leavesFrom(target: HostRef, request: MachineRequest, { hosts }: ObserveContext): Leaving {
  return {
    domain: (record) => {
      const owner = ownerOf(record);
      return owner !== undefined && givesUpName(hosts, owner, target, record.name);
    },
    without: (contents) => withoutWhatLeaves(hosts, target, contents, identityHashes(request)),
  };
}

/** What the disks of a VM that is elsewhere are layers over. One that is off takes its layers along as they are. */
export async function basesOf(
  { target, elsewhere }: ObservedMachine,
  request: MachineRequest,
  { hosts }: ObserveContext,
): Promise<Base[]> {
  if (elsewhere?.domain === undefined || !isActive(elsewhere.domain)) return [];
  return observeBases(hosts.get(elsewhere.ref), hosts.get(target.ref), elsewhere.domain, request);
}

export async function applyMove(
  step: Extract<Step, { kind: "settleMigration" | "migrate" | "moveStopped" }>,
  request: MachineRequest,
  observed: ObservedMachine,
  context: ApplyContext,
): Promise<void> {
  if (step.kind === "settleMigration") {
    await settleMove(observed, context);
    return;
  }
  const source = observed.elsewhere;
  if (source?.domain === undefined)
    throw new Error(`virtual machine ${step.subject} isn't on ${step.from} any more`);
  const plan = migrationPlan(request, observed, source, context);
  const figures =
    step.kind === "migrate" ? await migrateLive(plan, context) : await moveStopped(plan, context);
  const lastMigration = {
    from: step.from,
    to: step.to,
    ...figures,
    at: new Date(context.now()).toISOString(),
  };
  context.note({ lastMigration });
  const downtime = "downtimeMs" in figures ? `, the guest stood still for ${figures.downtimeMs} ms` : "";
  context.log.info(`moved ${step.from} -> ${step.to} in ${(figures.totalMs / 1000).toFixed(1)} s${downtime}`);
}

function migrationPlan(
  request: MachineRequest,
  { target, bases }: ObservedMachine,
  source: ObservedHost,
  { hosts }: Pick<ObserveContext, "hosts">,
): MigrationPlan {
  if (source.domain === undefined) throw new Error("there is nothing to move");
  const { migration } = request.inputs;
  const volumes = volumesToCopy(request, target, source, source.domain, bases);
  return {
    source: hosts.get(source.ref),
    target: hosts.get(target.ref),
    uuid: source.domain.record.uuid,
    name: source.domain.record.name,
    volumes,
    storage: volumes.every(({ readonly }) => readonly === true) ? "shared" : "copy",
    policy: {
      maxDowntimeMs: migration?.maxDowntime === undefined ? undefined : milliseconds(migration.maxDowntime),
      bandwidthMibPerSecond: migration?.bandwidthMibPerSecond,
      autoConverge: migration?.autoConverge ?? true,
      parallelConnections: migration?.parallelConnections,
      tls: migration?.tls ?? false,
      timeoutMs: migration?.timeout === undefined ? DEFAULT_TIMEOUT_MS : milliseconds(migration.timeout),
      unsafe: migration?.unsafe ?? false,
    },
  };
}

async function settleMove(observed: ObservedMachine, context: ApplyContext): Promise<void> {
  const hosts = [observed.target, observed.elsewhere].filter((host) => host !== undefined);
  const noted = hosts.map((host) => host.domain?.journal).find((journal) => journal !== undefined);
  const unsettled = hosts.find((host) => host.domain !== undefined && isUnsettled(host.domain))?.domain;
  if (unsettled === undefined) return;
  const uuid = unsettled.record.uuid;
  if (noted === undefined)
    throw new Error(
      `domain ${unsettled.record.name} (${uuid}) is in the middle of a migration that this program did not begin; let it end, or abort it with virsh domjobabort`,
    );
  const hostOf = (hostUuid: MigrationJournal["to"]["uuid"]) => {
    const found = hosts.find((host) => host.facts.uuid === hostUuid);
    return found === undefined ? undefined : context.hosts.get(found.ref);
  };
  const side = await settle(hostOf(noted.from.uuid), hostOf(noted.to.uuid), uuid, noted, context);
  context.log.info(
    `settled the interrupted migration: the guest is on ${side === "onTarget" ? noted.to.name : noted.from.name}`,
  );
}
