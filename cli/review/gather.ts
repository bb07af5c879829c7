import { randomBytes, randomUUID } from "node:crypto";
import type { Deployment } from "../../provider/engine/deployment.js";
import {
  inspectRemoval,
  type RemovalInspection,
  refusalsOfMaking,
} from "../../provider/engine/inspection.js";
import * as lifecycle from "../../provider/engine/lifecycle.js";
import type { PlanRecord } from "../../provider/engine/witness.js";
import { oneLine } from "../../provider/hosts/errors.js";
import type { Credentials, HostRef } from "../../provider/hosts/host-ref.js";
import { Hosts } from "../../provider/hosts/hosts.js";
import { identityOfUrn } from "../../provider/planning/owner.js";
import type { SecretTexts } from "../../provider/planning/secret-texts.js";
import { definitions } from "../../provider/resources/index.js";
import type { Progress } from "../progress.js";
import type { StackState, StateResource } from "../state/state.js";
import { poolNamesOf, type ReviewedHost, readHost, refsOf } from "./hosts.js";
import type { Preview, PreviewStep } from "./preview.js";
import { isMasked, learnSecrets, MASK, secretKeysOfStep, unmasked } from "./secret-inputs.js";

/** A resource that a preview changes, and the plans that were made for it. */
export interface GatheredChange {
  step: PreviewStep;
  /** What is declared, as far as it is known. */
  inputs: Record<string, unknown> | undefined;
  /** What the state says. */
  resource: StateResource | undefined;
  /** In the order in which they were made. */
  records: PlanRecord[];
  /** What goes, in a deletion and a replacement. */
  removal: RemovalInspection | undefined;
  /** What comes in place of one that `--replace` names: the preview's own plan knows nothing of that. */
  replacement: PlanRecord | undefined;
  /** Inputs that a preview that was given hides, and that are taken to be as the state has them. */
  assumed: string[];
}

export interface Gathered {
  preview: Preview;
  state: StackState | undefined;
  hosts: ReviewedHost[];
  changes: GatheredChange[];
  warnings: string[];
}

/**
 * Brings together what a preview says and what there is on the hosts. The plans are those that the preview's provider made (`records`); for a
 * preview that only was given, they are made again by the same functions.
 */
export async function gather(
  preview: Preview,
  {
    state,
    records,
    progress,
    secrets,
    isTargeted = false,
  }: {
    state: StackState | undefined;
    records: readonly PlanRecord[] | undefined;
    progress: Progress;
    secrets: SecretTexts;
    /** It is of a part of the stack. */
    isTargeted?: boolean;
  },
): Promise<Gathered> {
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  const hosts = new Hosts({ warn, now: () => Date.now(), survey: true });
  try {
    const made: PlanRecord[] = [...(records ?? [])];
    const deployment: Deployment = {
      ...{ hosts, engine: undefined, now: () => Date.now() },
      ...{ randomUuid: randomUUID, randomNonce: () => randomBytes(8).toString("hex") },
      run: { id: "", holder: "" },
      witness: async (record) => void made.push(record),
    };
    const known = new Map((state?.resources ?? []).map((resource) => [resource.urn, resource]));
    const logins = loginsOf(state);
    const refused = refusedBeforeItsStep(preview, records ?? [], known);
    const leftOver = isTargeted ? [] : (state?.deleting ?? []).map(deletionOf);
    const changes = [...preview.steps, ...refused].map((step): GatheredChange => {
      const resource = known.get(step.urn);
      const told = records?.findLast((record) => record.urn === step.urn && record.call === "check")?.inputs;
      learnSecrets(step.inputs, told, secrets);
      // The CLI itself shows a changed value in plain where it had been secret.
      for (const key of secretKeysOfStep(step, resource))
        for (const bag of [told, step.inputs]) learnSecrets(MASK, bag?.[key], secrets);
      const { inputs, assumed } =
        step.inputs === undefined || told !== undefined
          ? { inputs: refused.includes(step) ? undefined : told, assumed: [] }
          : unmasked(step.inputs, { ...resource?.inputs, ...loginFor(step, logins) });
      const made = { records: [], removal: undefined, replacement: undefined };
      return { step, inputs, resource, ...made, assumed };
    });
    changes.push(...leftOver);
    const asked = hostsOf(state, changes, hosts).map(({ ref, pools }) => ({
      ref,
      reading: readHost(hosts.get(ref), pools).then(
        (seen): ReviewedHost["answer"] => ({ kind: "seen", seen }),
        (error: unknown): ReviewedHost["answer"] => ({ kind: "silent", reason: oneLine(error) }),
      ),
    }));
    const answers = asked.map(async ({ ref, reading }): Promise<ReviewedHost> => {
      const answer = await reading;
      progress.step(
        `${ref.name}: ${answer.kind === "seen" ? `read ${answer.seen.domains.length} domains` : "no answer"}`,
      );
      return { name: ref.name, address: ref.connection.address, answer };
    });
    const reviewed = await Promise.all(answers);
    if (records === undefined)
      for (const [i, change] of inOrder(changes).entries()) {
        await planAgain(change, deployment);
        progress.step(`planned ${i + 1} of ${changes.length} resources`);
      }
    await Promise.all(
      changes.map(async (change) => {
        const { step } = change;
        if (step.isLeftOver !== true) change.records = made.filter(({ urn }) => urn === step.urn);
        if (refused.includes(step)) change.records = change.records.map(withoutSteps);
        const goes = step.operation === "delete" || step.operation === "replace";
        if (goes && step.leftBecause === undefined) change.removal = await removalOf(change, deployment);
        if (isForced(change) || isLeft(change))
          change.replacement = await planReplacement(change, deployment);
      }),
    );
    const byName = reviewed.sort((one, other) => (one.name < other.name ? -1 : 1));
    return { preview, state, hosts: byName, changes, warnings };
  } finally {
    await hosts.close();
  }
}

/**
 * What the provider refuses Pulumi previews no step for. Nothing tells which of its inputs are secret, so no more than the refusal is taken
 * of its plan.
 */
function refusedBeforeItsStep(
  { steps }: Preview,
  records: readonly PlanRecord[],
  known: ReadonlyMap<string, StateResource>,
): PreviewStep[] {
  const told = new Set(steps.map(({ urn }) => urn));
  const refused = new Map(records.filter(isRefusal).map((record) => [record.urn, record]));
  return [...refused.values()].flatMap(({ urn, kind, isOnRecord }): PreviewStep[] => {
    const name = identityOfUrn(urn)?.name;
    if (told.has(urn) || name === undefined) return [];
    const operation = isOnRecord || known.has(urn) ? "update" : "create";
    const nothing = { old: undefined, leftBecause: undefined, inputs: undefined, effects: undefined };
    return [{ ...{ urn, kind, name, operation }, ...nothing, replaceBecause: [] }];
  });
}

/** As Pulumi does it with the next `up`. */
function deletionOf(resource: StateResource): GatheredChange {
  const { urn, kind, name, id, inputs, outputs, retainOnDelete } = resource;
  const step: PreviewStep = {
    ...{ urn, kind, name, operation: retainOnDelete === true ? "forget" : "delete", isLeftOver: true },
    old: { id, inputs, outputs },
    leftBecause: retainOnDelete === true ? "retainOnDelete" : undefined,
    ...{ inputs: undefined, effects: undefined, replaceBecause: [] },
  };
  const made = { inputs: undefined, records: [], removal: undefined, replacement: undefined };
  return { step, resource, ...made, assumed: [] };
}

function isRefusal({ found }: PlanRecord): boolean {
  return found.kind === "planned" && found.plan.refusals.length > 0;
}

function withoutSteps(record: PlanRecord): PlanRecord {
  const { found } = record;
  if (found.kind !== "planned") return record;
  return { ...record, found: { ...found, plan: { ...found.plan, steps: [] }, explained: [] } };
}

/** Hosts first: a VM that isn't where it should be may be on any of them. */
function inOrder(changes: readonly GatheredChange[]): GatheredChange[] {
  const isHost = ({ step }: GatheredChange) => step.kind === "Host";
  return [...changes.filter(isHost), ...changes.filter((change) => !isHost(change))];
}

/** As the preview did: a check, and a diff of what is on record; a replacement is checked once more, as new. */
async function planAgain({ step, inputs, resource }: GatheredChange, deployment: Deployment): Promise<void> {
  const definition = definitions[step.kind];
  if (definition === undefined || inputs === undefined) return;
  const before = resource?.inputs ?? plainPart(step.old?.inputs);
  const olds = step.operation === "update" ? before : {};
  // For `--replace` the preview's own check knows nothing of that.
  const replaces = step.operation === "replace" && step.replaceBecause.length > 0;
  const given = lifecycle.withoutComputed(definition, inputs);
  const checked = await lifecycle.check(definition, deployment, olds, given, replaces);
  if (step.operation === "update" && step.old !== undefined)
    await lifecycle.diff(
      definition,
      deployment,
      step.old.id,
      resource?.outputs ?? plainPart(step.old.outputs),
      checked.inputs,
    );
}

/** Nothing of the resource itself is why it is replaced. */
function isForced({ step, records }: GatheredChange): boolean {
  const reasons = records.flatMap(({ found }) => (found.kind === "planned" ? found.plan.replaceBecause : []));
  return step.operation === "replace" && step.replaceBecause.length + reasons.length === 0;
}

/** What comes in place of another. What Pulumi leaves of that on the host is what is found there then, and may be in its way. */
async function planReplacement(
  { step, inputs }: GatheredChange,
  deployment: Deployment,
): Promise<PlanRecord | undefined> {
  const definition = definitions[step.kind];
  if (definition === undefined || inputs === undefined) return undefined;
  const made: PlanRecord[] = [];
  const witness = async (record: PlanRecord) => void made.push(record);
  const given = lifecycle.withoutComputed(definition, inputs);
  const isGone = step.leftBecause === undefined;
  await lifecycle.check(definition, { ...deployment, witness }, {}, given, isGone);
  const record = made.at(-1);
  if (isGone || record?.found.kind !== "planned") return record;
  const refusals = await refusalsOfMaking(definition, deployment, given);
  if (refusals.length === 0) return record;
  return { ...record, found: { ...record.found, plan: { ...record.found.plan, steps: [], refusals } } };
}

function isLeft({ step }: GatheredChange): boolean {
  return step.operation === "replace" && step.leftBecause !== undefined;
}

async function removalOf(
  { step, resource }: GatheredChange,
  deployment: Deployment,
): Promise<RemovalInspection> {
  const definition = definitions[step.kind];
  if (definition === undefined)
    return { kind: "unreadable", reason: `this version doesn't know the kind ${step.kind}` };
  const { id, inputs, outputs } = resource ?? {
    id: step.old?.id ?? "",
    inputs: plainPart(step.old?.inputs),
    outputs: plainPart(step.old?.outputs),
  };
  try {
    return await inspectRemoval(definition, deployment, { id, inputs, outputs });
  } catch (error) {
    return { kind: "unreadable", reason: oneLine(error) };
  }
}

function plainPart(bag: Record<string, unknown> = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(bag).filter(([, value]) => !isMasked(value)));
}

function loginsOf(state: StackState | undefined): Map<string, Credentials> {
  const refs = (state?.resources ?? []).flatMap(({ kind, inputs }) => refsOf(kind, inputs));
  return new Map(refs.map(({ name, credentials }) => [name, credentials]));
}

/** The logins of its hosts, for one that is new to the state. */
function loginFor(
  { kind, inputs = {} }: PreviewStep,
  logins: ReadonlyMap<string, Credentials>,
): Record<string, unknown> {
  const names = refsOf(kind, { ...inputs, credentials: undefined }).map(({ name }) => name);
  const isOnMany = typeof inputs.hosts === "object" && inputs.hosts !== null;
  if (isOnMany)
    return { credentials: Object.fromEntries(names.map((name) => [name, logins.get(name) ?? {}])) };
  return { credentials: logins.get(names[0] ?? "") ?? {} };
}

/** Each machine once by the way to it, with the pools of which the stack speaks there. */
function hostsOf(
  state: StackState | undefined,
  changes: readonly GatheredChange[],
  hosts: Hosts,
): { ref: HostRef; pools: Set<string> }[] {
  const found = new Map<unknown, { ref: HostRef; pools: Set<string> }>();
  const all = [
    ...changes.flatMap(({ step, inputs }) => (inputs === undefined ? [] : [{ kind: step.kind, inputs }])),
    ...(state?.resources ?? []),
  ];
  for (const { kind, inputs } of [...all.filter(({ kind }) => kind === "Host"), ...all])
    for (const ref of refsOf(kind, inputs)) {
      if (kind === "Host") hosts.declare(ref, { byProgram: false });
      const host = hosts.get(ref);
      const entry = found.get(host) ?? { ref, pools: new Set<string>() };
      for (const pool of poolNamesOf(kind, inputs)) entry.pools.add(pool);
      found.set(host, entry);
    }
  return [...found.values()];
}
