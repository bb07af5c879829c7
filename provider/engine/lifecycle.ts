import type { z } from "zod";
import { HostUnreachable, oneLine } from "../hosts/errors.js";
import { describePlan, emptyPlan, type Plan } from "../planning/plan.js";
import { readOnce } from "../planning/read-once.js";
import type { AnyDefinition, Request } from "../resources/definition.js";
import { noteDeclared } from "../resources/given-up.js";
import type { Deployment } from "./deployment.js";
import { UserError } from "./errors.js";
import { heldTwice } from "./held-twice.js";
import { describeProblem, INTERNAL_KEYS } from "./input-problem.js";
import { fromOutputs, sameJson, toJson, toOutputs } from "./json.js";
import { applyContext, asUserError } from "./operation.js";
import { reconcile } from "./reconcile.js";
import type { ResourceLog } from "./resource-log.js";
import { secrecyOf } from "./secrecy.js";
import { identityOf, labelOf, logOf, urnOf } from "./subject.js";
import { UNKNOWN } from "./unknowns.js";
import { isUnmanaged, readUnmanaged } from "./unmanaged.js";
import { validateInputs } from "./validate.js";
import type { PlanRecord } from "./witness.js";

type Bag = Record<string, unknown>;

/** `replaces`: the resource on record goes first, and this is what comes in its place. */
export async function check(
  definition: AnyDefinition,
  deployment: Deployment,
  olds: Bag,
  news: Bag,
  replaces = isReplaced(deployment, olds, news),
) {
  definition.beginAhead?.(news, deployment.hosts);
  const given = withoutKeys(news, leftAsFound(definition, olds, news));
  const { inputs, unknownKeys, problems } = validateInputs(
    programShape(definition),
    given,
    definition.crossChecks,
  );
  const previous = recordedInputs(definition, olds);
  const secrecy = secrecyOf(inputs, previous);
  const failuresOf = (found: typeof problems) =>
    found.map((problem) => ({ property: "", reason: secrecy.text(describeProblem(problem)) }));
  if (problems.length > 0) return { inputs: news, failures: failuresOf(problems) };
  const twice = declaredTwice(definition, deployment, withoutKeys(inputs, unknownKeys));
  if (twice.problems.length > 0) return { inputs: news, failures: failuresOf(twice.problems) };
  if (twice.warnings.length > 0)
    warn(deployment, logOf(definition, deployment, inputs), inputs, twice.warnings.map(secrecy.text));
  const tell = (found: PlanRecord["found"]) =>
    witness(definition, deployment, { call: "check", inputs, isOnRecord: previous !== undefined, found });
  if (unknownKeys.length > 0) {
    await tell({ kind: "unknown", keys: unknownKeys });
    if (previous !== undefined)
      logOf(definition, deployment, inputs).info(
        `what changes isn't known yet: ${unknownKeys.join(", ")} depends on resources that this deployment makes or changes. Once they are deployed ("pulumi up --target ..."), a preview says it`,
      );
    return { inputs: { ...toJson(inputs), effects: UNKNOWN }, failures: [] };
  }

  const formerUrn = replaces ? onRecord(deployment).get(urnOf(inputs)) : undefined;
  const request: Request<Bag, Bag> = {
    ...{ identity: identityOf(inputs), inputs, previous, replaces, formerUrn },
  };
  const seen = await observeAndPlan(definition, deployment, request);
  if (seen.kind === "unobservable") {
    await tell(unobservable(seen));
    logOf(definition, deployment, inputs).warning(seen.reason);
    const untouched = previous !== undefined && sameInputs(definition, inputs, previous);
    const known = untouched ? onlyKeys(previous, definition.computed?.keys) : {};
    const effects = untouched ? [] : [`not known: ${seen.reason}`];
    return { inputs: { ...toJson(inputs), ...toJson(known), effects }, failures: [] };
  }
  const log = logOf(definition, deployment, inputs);
  warn(deployment, log, inputs, seen.plan.warnings);
  const explained = (definition.explain?.(request, seen.observed, seen.plan) ?? []).map(secrecy.explained);
  const effects = describePlan(seen.plan);
  const telling = saysNothing(request, seen.plan) ? explained : [effects.join("; "), ...explained];
  if (telling.length > 0) log.info(telling.join("\n"));
  await tell({ kind: "planned", plan: seen.plan, explained });
  const known = definition.computed?.of(request, seen.observed);
  return {
    inputs: { ...toJson(inputs), ...toJson(known), effects },
    failures: seen.plan.refusals.map((refusal) => ({ property: "", reason: refusal.message })),
  };
}

/** The inputs that a program gives; what a check finds out is none of them. */
const programShape = readOnce(({ shape, computed }: AnyDefinition) =>
  computed === undefined ? shape : (withoutKeys(shape, computed.keys) as z.ZodRawShape),
);

/** What a check has come to, as the program gave it. */
export function withoutComputed({ computed }: AnyDefinition, checked: Bag): Bag {
  return withoutKeys(checked, computed?.keys ?? []);
}

/** What a former check found out comes back with it where the program has `ignoreChanges`. */
function leftAsFound({ computed }: AnyDefinition, olds: Bag, news: Bag): string[] {
  return (computed?.keys ?? []).filter((key) => news[key] === undefined || sameJson(news[key], olds[key]));
}

/** What it has on its hosts together with another resource of the program. */
function declaredTwice(definition: AnyDefinition, { hosts }: Deployment, inputs: Bag) {
  const { pulumiUrn: urn } = inputs;
  if (typeof urn !== "string" || definition.holds === undefined) return { problems: [], warnings: [] };
  const holdings = definition.holds(inputs);
  noteDeclared(hosts, identityOf(inputs), holdings);
  return heldTwice(hosts, { urn, kind: definition.kind }, holdings);
}

/** What is to be done goes without saying: Pulumi's "+ create" says it, or nothing is, or the refusals stand for it. */
function saysNothing({ previous, replaces }: Request<Bag, Bag>, { steps, refusals }: Plan): boolean {
  if (refusals.length > 0) return true;
  const isNew = previous === undefined && replaces !== true;
  return isNew
    ? steps.every(({ kind, effect }) => effect === "none" && kind !== "adopt")
    : steps.length === 0;
}

export async function diff(
  definition: AnyDefinition,
  deployment: Deployment,
  id: string,
  olds: Bag,
  news: Bag,
) {
  const request = recordedRequest(definition, id, olds, news);
  // A value that isn't known may be a change; it is never a reason to replace.
  if (request.kind === "unsound") return { changes: true };
  const { inputs, previous } = request;
  const seen = await observeAndPlan(definition, deployment, request);
  const found: PlanRecord["found"] =
    seen.kind === "unobservable" ? unobservable(seen) : { kind: "planned", plan: seen.plan, explained: [] };
  await witness(definition, deployment, { call: "diff", inputs, isOnRecord: true, found });
  if (seen.kind === "unobservable")
    return { changes: previous === undefined || !sameInputs(definition, inputs, previous) };
  const { plan } = seen;
  warn(deployment, logOf(definition, deployment, inputs), inputs, plan.warnings);
  if (plan.replaceBecause.length > 0)
    return { changes: true, replaces: plan.replaceBecause, deleteBeforeReplace: true };
  return { changes: plan.steps.length > 0 || plan.refusals.length > 0 };
}

async function witness(
  { kind }: AnyDefinition,
  deployment: Deployment,
  { inputs, ...made }: Omit<PlanRecord, "urn" | "kind" | "inputs"> & { inputs: Bag },
): Promise<void> {
  const { pulumiUrn: urn } = inputs;
  // Not known yet it may be anything.
  if (typeof urn !== "string") return;
  await deployment.witness?.({ ...made, urn, kind, inputs: toJson(inputs) });
}

function unobservable({ reason, error }: Extract<Seen, { kind: "unobservable" }>): PlanRecord["found"] {
  return { kind: "unobservable", reason, hostName: unreachableHost(error) };
}

/** The host that doesn't answer, where that is what went wrong. */
export function unreachableHost(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof HostUnreachable) return cause.hostName;
  return undefined;
}

type RecordedRequest = { kind: "request"; recorded: { id: string; outputs: Bag } } & Request<Bag, Bag>;

/** What a resource that is on record is asked to be: how a diff sees it, and whoever looks for drift. */
export function recordedRequest(
  definition: AnyDefinition,
  id: string,
  kept: Bag,
  news: Bag,
): RecordedRequest | { kind: "unsound"; problems: string[] } {
  const olds = fromOutputs(kept);
  const { inputs, problems, unknownKeys } = validateInputs(definition.shape, news);
  if (problems.length > 0 || unknownKeys.length > 0)
    return {
      kind: "unsound",
      problems: [...problems.map(describeProblem), ...unknownKeys.map((key) => `${key} isn't known`)],
    };
  // Nearly always the same, and then validated already.
  const given = [...Object.keys(news), ...Object.keys(olds)];
  const isUnchanged = given.every(
    (key) => !Object.hasOwn(definition.shape, key) || sameJson(olds[key], news[key]),
  );
  const previous = isUnchanged ? inputs : recordedInputs(definition, olds);
  const recorded = { id, outputs: olds };
  return { kind: "request", identity: identityOf(inputs), inputs, previous, recorded };
}

/** URNs of what the state has, as far as the deployment has come, with those that they had. */
const onRecord = readOnce((_: Deployment) => new Map<string, string>());

/** Pulumi checks a replacement as if it were new, after it has had the change of the old one checked. `--replace` skips that. */
function isReplaced(deployment: Deployment, olds: Bag, { pulumiUrn: urn }: Bag): boolean {
  if (typeof urn !== "string") return false;
  const seen = onRecord(deployment);
  const { pulumiUrn: before } = olds;
  if (Object.keys(olds).length > 0) seen.set(urn, typeof before === "string" ? before : urn);
  return Object.keys(olds).length === 0 && seen.has(urn);
}

const warned = readOnce((_: Deployment) => new Set<string>());

/** The check and the diff of a deployment may both come upon the same thing. */
function warn(
  deployment: Deployment,
  log: ResourceLog,
  { pulumiUrn: urn }: Bag,
  warnings: readonly string[],
): void {
  const said = warned(deployment);
  for (const warning of warnings) {
    const key = `${urn}\n${warning}`;
    if (said.has(key)) continue;
    said.add(key);
    log.warning(warning);
  }
}

/** By URN and id: what the deployment has made, or has taken for what it made. */
const madeBy = readOnce((_: Deployment) => new Set<string>());
const madeKey = (urn: unknown, id: string) => `${urn}\n${id}`;

export async function create(definition: AnyDefinition, deployment: Deployment, news: Bag) {
  const inputs = knownInputs(definition, news);
  const request: Request<Bag, Bag> = { identity: identityOf(inputs), inputs, chosen: chosen(deployment) };
  const { id, outputs } = await reconcile(definition, deployment, request, news, "create");
  madeBy(deployment).add(madeKey(inputs.pulumiUrn, id));
  return { id, outs: outputs };
}

export async function update(
  definition: AnyDefinition,
  deployment: Deployment,
  id: string,
  kept: Bag,
  news: Bag,
) {
  const olds = fromOutputs(kept);
  const inputs = knownInputs(definition, news);
  const request: Request<Bag, Bag> = {
    identity: identityOf(inputs),
    inputs,
    previous: recordedInputs(definition, olds),
    recorded: { id, outputs: olds },
    chosen: chosen(deployment),
  };
  const { outputs } = await reconcile(definition, deployment, request, news, "update");
  return { outs: outputs };
}

export async function read(definition: AnyDefinition, deployment: Deployment, id: string, kept: Bag) {
  if (isUnmanaged(kept)) return readUnmanaged(definition, deployment, id, kept);
  const props = fromOutputs(kept);
  const inputs = recordedInputs(definition, props);
  if (inputs === undefined)
    throw new UserError(`${definition.kind} ${id}: its state can't be read by this version`);
  const request: Request<Bag, Bag> = {
    identity: identityOf(inputs),
    inputs,
    previous: inputs,
    recorded: { id, outputs: props },
  };
  try {
    const observed = await definition.observe(request, { hosts: deployment.hosts, fresh: false });
    const found = definition.idOf(request, observed);
    if (found === undefined) return { id: "", props: {} };
    const outputs = await definition.outputs(request, observed, props, {
      hosts: deployment.hosts,
      fresh: false,
    });
    return { id: found, props: { ...toJson(props), ...toOutputs(outputs, definition.optionalOutputs) } };
  } catch (error) {
    throw asUserError(error, labelOf(definition, inputs));
  }
}

export async function remove(
  definition: AnyDefinition,
  deployment: Deployment,
  id: string,
  kept: Bag,
): Promise<void> {
  const props = fromOutputs(kept);
  const inputs = recordedInputs(definition, props) ?? props;
  const context = applyContext(definition, deployment, inputs, "delete");
  // A transform of the program's can have what is replaced deleted last: by then its replacement has taken it over.
  if (madeBy(deployment).has(madeKey(inputs.pulumiUrn, id))) {
    context.log.warning(
      "isn't deleted: what replaces it, made before, is the same. deleteBeforeReplace: false can't be followed on a host",
    );
    return;
  }
  try {
    await definition.remove(id, props, identityOf(inputs), context);
    context.log.done();
  } catch (error) {
    context.log.failed();
    throw asUserError(error, labelOf(definition, inputs));
  }
}

type Seen =
  | { kind: "planned"; plan: Plan; observed: unknown }
  | { kind: "unobservable"; reason: string; error: unknown };

export async function observeAndPlan(
  definition: AnyDefinition,
  deployment: Deployment,
  request: Request<Bag, Bag>,
): Promise<Seen> {
  let observed: unknown;
  try {
    observed = await definition.observe(request, { hosts: deployment.hosts, fresh: false });
  } catch (error) {
    return { kind: "unobservable", reason: oneLine(error), error };
  }
  const secrecy = secrecyOf(request.inputs, request.previous);
  const plan = { ...emptyPlan(), ...secrecy.plan(definition.plan(request, observed)) };
  const changed = changedInputs(definition, request);
  const isEmpty = [plan.steps, plan.replaceBecause, plan.refusals].every(({ length }) => length === 0);
  if (isEmpty && changed.length > 0)
    plan.steps.push({
      kind: "record",
      subject: request.identity.name,
      effect: "none",
      reason: `changed ${changed.join(", ")}`,
    });
  return { kind: "planned", plan, observed };
}

function changedInputs(definition: AnyDefinition, request: Request<Bag, Bag>): string[] {
  const { previous, inputs } = request;
  if (previous === undefined || previous === inputs) return [];
  return comparedKeys(definition).filter((key) => !sameJson(previous[key], inputs[key]));
}

const keysOf = readOnce(({ shape }: AnyDefinition) => Object.keys(shape));

/** The program's own. */
const comparedKeys = readOnce((definition: AnyDefinition) =>
  keysOf(definition).filter((key) => !INTERNAL_KEYS.has(key) && !definition.computed?.keys.includes(key)),
);

function withoutKeys(bag: Bag, keys: readonly string[] = []): Bag {
  return Object.fromEntries(Object.entries(bag).filter(([key]) => !keys.includes(key)));
}

function onlyKeys(bag: Bag, keys: readonly string[] = []): Bag {
  return Object.fromEntries(Object.entries(bag).filter(([key]) => keys.includes(key)));
}

function sameInputs(definition: AnyDefinition, inputs: Bag, previous: Bag): boolean {
  return comparedKeys(definition).every((key) => sameJson(previous[key], inputs[key]));
}

/** The inputs within a state, canonical already; undefined when another version wrote them in a form that this one can't read. */
function recordedInputs(definition: AnyDefinition, state: Bag): Bag | undefined {
  if (Object.keys(state).length === 0) return undefined;
  const inputs = Object.fromEntries(
    Object.entries(state).filter(([key]) => Object.hasOwn(definition.shape, key)),
  );
  const parsed = validateInputs(definition.shape, inputs);
  return parsed.problems.length === 0 && parsed.unknownKeys.length === 0 ? parsed.inputs : undefined;
}

function knownInputs(definition: AnyDefinition, news: Bag): Bag {
  const { inputs, problems, unknownKeys } = validateInputs(definition.shape, news, definition.crossChecks);
  if (unknownKeys.length > 0)
    throw new UserError(`${unknownKeys.join(", ")} still unknown when the resource is applied`);
  if (problems.length > 0) throw new UserError(problems.map(describeProblem).join("; "));
  return inputs;
}

function chosen(deployment: Deployment): { uuid: string; nonce: string } {
  return { uuid: deployment.randomUuid(), nonce: deployment.randomNonce() };
}
