import { randomBytes, randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Deployment } from "../../provider/engine/deployment.js";
import type { Inspection, inspect } from "../../provider/engine/inspection.js";
import { oneLine } from "../../provider/hosts/errors.js";
import type { Host } from "../../provider/hosts/host.js";
import type { HostRef } from "../../provider/hosts/host-ref.js";
import { Hosts } from "../../provider/hosts/hosts.js";
import type { AnyDefinition } from "../../provider/resources/definition.js";
import type { Progress } from "../progress.js";
import { refsOf } from "../state/host-refs.js";
import type { StackState, StateResource } from "../state/state.js";
import { type HostContents, readHost } from "./host-contents.js";

/** A host of a stack, and what came of asking it. */
export interface SurveyedHost {
  name: string;
  address: string;
  /** Pools of which the state speaks, or all. */
  pools: "all" | ReadonlySet<string>;
  answer: { kind: "contents"; contents: HostContents } | { kind: "silent"; reason: string };
}

export interface SurveyedResource {
  resource: StateResource;
  inspection: Inspection;
  /** Of one on several hosts of which some don't answer: as if it were on the others alone. */
  elsewhere?: { resource: StateResource; inspection: Inspection };
}

export interface SurveyedStack {
  state: StackState;
  hosts: SurveyedHost[];
  resources: SurveyedResource[];
  /** What connecting had to say, for all stacks. */
  warnings: string[];
}

export interface SurveyOptions {
  allPools: boolean;
  /** How long a host may leave anything that it is asked unanswered. */
  answersWithinMs: number;
  progress: Progress;
}

/**
 * Asks all hosts of the stacks at once, over one connection each, and plans each resource with the provider's own planner. The only thing
 * that it has a host do is to look at the storage of its pools again.
 */
export async function survey(
  states: readonly StackState[],
  options: SurveyOptions,
): Promise<SurveyedStack[]> {
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  const { answersWithinMs } = options;
  const hosts = new Hosts({ warn, now: () => Date.now(), survey: true, answersWithinMs });
  try {
    const stacks = states.map((state) => {
      const ofStack = hosts.ofAnotherStack();
      return { state, hosts: ofStack, asked: hostsOf(state, ofStack) };
    });
    const readings = readAll(stacks, options);
    // While the hosts answer. What takes longest comes last, so that they are heard in between.
    const [{ inspect }, { readAhead }] = await Promise.all([
      import("../../provider/engine/inspection.js"),
      import("../../provider/resources/virtual-machine/record-models.js"),
    ]);
    const { definitionsOf } = await import("../../provider/resources/by-kind.js");
    const kinds = states.flatMap(({ resources }) => resources.map(({ kind }) => kind));
    const definitions = await definitionsOf(kinds);
    for (const host of readings.keys()) host.observations.onDomain = readAhead;
    const tools = { readings, definitions, inspect, warnings, progress: options.progress };
    return await Promise.all(stacks.map((stack) => surveyStack(stack, tools)));
  } finally {
    // Nobody waits for that, and what was seen needn't either.
    void hosts.close();
  }
}

interface AskedStack {
  state: StackState;
  hosts: Hosts;
  asked: { ref: HostRef; host: Host }[];
}

interface Reading {
  pools: SurveyedHost["pools"];
  answer: Promise<SurveyedHost["answer"]>;
}

/** Each host once, with the pools of all stacks. */
function readAll(
  stacks: readonly AskedStack[],
  { allPools, answersWithinMs, progress }: SurveyOptions,
): Map<Host, Reading> {
  const pools = new Map<Host, Set<string>>();
  for (const { state, asked } of stacks) {
    const named = poolsByHost(state);
    for (const { ref, host } of asked)
      pools.set(host, new Set([...(pools.get(host) ?? []), ...(named.get(ref.name) ?? [])]));
  }
  return new Map(
    [...pools].map(([host, named]) => {
      const wanted = allPools ? "all" : named;
      return [host, { pools: wanted, answer: ask(host, wanted, answersWithinMs, progress) }];
    }),
  );
}

/** Between them the hosts' answers get their turn. */
const MOST_AT_A_STRETCH = 20;

/** Who has nothing to wait for doesn't keep the process from hearing what comes for others. */
class Turns {
  #given = 0;
  #last: Promise<void> = Promise.resolve();

  next(): Promise<void> {
    this.#given += 1;
    if (this.#given % MOST_AT_A_STRETCH === 0) this.#last = this.#last.then(() => setImmediate());
    return this.#last;
  }
}

interface SurveyTools {
  readings: ReadonlyMap<Host, Reading>;
  definitions: Readonly<Record<string, AnyDefinition>>;
  inspect: typeof inspect;
  warnings: string[];
  progress: Progress;
}

async function surveyStack(
  { state, hosts, asked }: AskedStack,
  { readings, definitions, inspect, warnings, progress }: SurveyTools,
): Promise<SurveyedStack> {
  const deployment: Deployment = {
    ...{ hosts, engine: undefined, now: () => Date.now() },
    ...{ randomUuid: randomUUID, randomNonce: () => randomBytes(8).toString("hex") },
    run: { id: "", holder: "" },
  };
  const byName = new Map<string, AskedStack["asked"]>();
  for (const one of asked) byName.set(one.ref.name, [...(byName.get(one.ref.name) ?? []), one]);
  let planned = 0;
  const turns = new Turns();
  const inspected = async (resource: StateResource): Promise<SurveyedResource> => {
    // What is on the hosts is read once, in bulk, and it takes a while: first comes what can be done without.
    const names = new Set(refsOf(resource).map(({ name }) => name));
    const itsHosts = [...names].flatMap((name) => byName.get(name) ?? []);
    const answers = itsHosts.map(({ host }) => readings.get(host)?.answer);
    const read = Promise.all(answers).then(() => turns.next());
    const definition = definitions[resource.kind];
    const inspection = await look(resource, definition, { deployment, read, inspect });
    planned += 1;
    progress.step(`planned ${planned} of ${state.resources.length} resources`);
    if (inspection.kind !== "unreachable") return { resource, inspection };
    const silent = new Set<string>();
    for (const { ref, host } of itsHosts)
      if ((await readings.get(host)?.answer)?.kind !== "contents") silent.add(ref.name);
    const part = withoutHosts(resource, silent);
    if (part === undefined) return { resource, inspection };
    const seen = await look(part, definition, { deployment, read, inspect });
    return { resource, inspection, elsewhere: { resource: part, inspection: seen } };
  };
  const inspections = [];
  for (const resource of state.resources) {
    inspections.push(inspected(resource));
    if (inspections.length % MOST_AT_A_STRETCH === 0) await setImmediate();
  }
  const resources = await Promise.all(inspections);
  const surveyed = await Promise.all(
    asked.map(async ({ ref, host }): Promise<SurveyedHost> => {
      const { pools, answer } = readings.get(host) as Reading;
      return { name: ref.name, address: ref.connection.address, pools, answer: await answer };
    }),
  );
  return { state, hosts: surveyed, resources, warnings };
}

async function ask(
  host: Host,
  pools: "all" | ReadonlySet<string>,
  answersWithinMs: number,
  progress: Progress,
): Promise<SurveyedHost["answer"]> {
  progress.step(`${host.name}: connecting`);
  try {
    const contents = await readHost(host, pools, answersWithinMs);
    progress.step(`${host.name}: read ${contents.domains.length} domains`);
    return { kind: "contents", contents };
  } catch (error) {
    progress.step(`${host.name}: no answer`);
    return { kind: "silent", reason: oneLine(error) };
  }
}

async function look(
  resource: StateResource,
  definition: AnyDefinition | undefined,
  {
    deployment,
    read,
    inspect,
  }: { deployment: Deployment; read: Promise<unknown> } & Pick<SurveyTools, "inspect">,
): Promise<Inspection> {
  if (definition === undefined)
    return { kind: "unreadable", reason: `this version doesn't know the kind ${resource.kind}` };
  if (resource.encryptedKeys.some((key) => !LOGIN_KEYS.has(key)))
    return {
      kind: "unreadable",
      reason: `${resource.encryptedKeys.filter((key) => !LOGIN_KEYS.has(key)).join(", ")}: encrypted in this export; export the state with "pulumi stack export --show-secrets", or let kvm do it (--stack)`,
    };
  try {
    return await inspect(definition, deployment, resource, read);
  } catch (error) {
    return { kind: "unreadable", reason: oneLine(error) };
  }
}

/** Undefined when nothing else is left. */
function withoutHosts(resource: StateResource, silent: ReadonlySet<string>): StateResource | undefined {
  const { hosts } = resource.inputs as { hosts?: Record<string, unknown> };
  if (hosts === undefined || Object.keys(hosts).every((name) => silent.has(name))) return undefined;
  const answering = (bag: unknown) =>
    Object.fromEntries(Object.entries(bag ?? {}).filter(([name]) => !silent.has(name)));
  const narrowed = (properties: Record<string, unknown>) => ({
    ...properties,
    ...{ hosts: answering(properties.hosts), credentials: answering(properties.credentials) },
  });
  return { ...resource, inputs: narrowed(resource.inputs), outputs: narrowed(resource.outputs) };
}

/** Secret in every state, empty in most: without them hosts are reached with this machine's own keys. */
export const LOGIN_KEYS: ReadonlySet<string> = new Set(["credentials", "peerCredentials"]);

/** Each machine once, though several Host resources or names may lead to it by the same way. */
function hostsOf(state: StackState, hosts: Hosts): { ref: HostRef; host: Host }[] {
  const found = new Map<Host, HostRef>();
  const declared = state.resources.filter(({ kind }) => kind === "Host");
  for (const resource of [...declared, ...state.resources])
    for (const ref of refsOf(resource)) {
      // A VM that is missing elsewhere may be on it.
      if (resource.kind === "Host") hosts.declare(ref, { byProgram: false });
      const host = hosts.get(ref);
      if (!found.has(host)) found.set(host, ref);
    }
  return [...found].map(([host, ref]) => ({ host, ref }));
}

/** Of each host, by its name, the pools in which resources of the state have something. */
function poolsByHost({ resources }: StackState): ReadonlyMap<string, ReadonlySet<string>> {
  const pools = new Map<string, Set<string>>();
  for (const resource of resources) {
    const { kind, inputs } = resource;
    const disks = Array.isArray(inputs.disks)
      ? (inputs.disks as { pool?: unknown; disk?: { pool?: unknown } }[])
      : [];
    const names = [
      kind === "StoragePool" ? inputs.name : inputs.pool,
      ...disks.flatMap((d) => [d.pool, d.disk?.pool]),
    ].filter((name) => typeof name === "string");
    for (const { name: host } of refsOf(resource)) {
      const onHost = pools.get(host) ?? new Set();
      pools.set(host, onHost);
      for (const name of names) onHost.add(name);
    }
  }
  return pools;
}
