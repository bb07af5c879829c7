import { oneLine } from "../hosts/errors.js";
import type { Circumstance } from "../planning/circumstance.js";
import { identityOfUrn } from "../planning/owner.js";
import type { Plan } from "../planning/plan.js";
import type { Step } from "../planning/step.js";
import type { AnyDefinition } from "../resources/definition.js";
import type { RemovalObstacle } from "../resources/removal-obstacle.js";
import type { Deployment } from "./deployment.js";
import { describeProblem } from "./input-problem.js";
import { observeAndPlan, recordedRequest, unreachableHost } from "./lifecycle.js";
import { validateInputs } from "./validate.js";

/** What looking at one resource of a state has given: what an `up` that declares the same again would do. */
export type Inspection =
  | {
      kind: "planned";
      plan: Plan;
      /** Whether anything of it is on a host. */
      exists: boolean;
      circumstances: Circumstance[];
    }
  /** A host that had to be asked doesn't answer: nothing is known. */
  | { kind: "unreachable"; hostName: string; reason: string }
  /** The host answered, and this couldn't be read, or the state isn't one that this version understands. */
  | { kind: "unreadable"; reason: string };

/** What removing a resource would do, and for what it would be refused now. */
export type RemovalInspection =
  | { kind: "planned"; steps: Step[]; obstacles: RemovalObstacle[] }
  | Exclude<Inspection, { kind: "planned" }>;

/** Pulumi previews deletions without asking the provider: whoever reviews them asks here. Changes nothing. */
export async function inspectRemoval(
  definition: AnyDefinition,
  deployment: Deployment,
  recorded: { id: string; inputs: Record<string, unknown>; outputs: Record<string, unknown> },
): Promise<RemovalInspection> {
  if (definition.removal === undefined) return { kind: "planned", steps: [], obstacles: [] };
  const request = recordedRequest(definition, recorded.id, recorded.outputs, recorded.inputs);
  if (request.kind === "unsound") return unsound(request.problems);
  const context = { hosts: deployment.hosts, fresh: false };
  try {
    const observed = await definition.observe(request, context);
    const [steps, obstacles = []] = await Promise.all([
      definition.removal(request, observed, context),
      definition.obstacles?.(request, observed, context),
    ]);
    return { kind: "planned", steps, obstacles: obstacles.filter(({ keepers }) => keepers.length > 0) };
  } catch (error) {
    return unseen(oneLine(error), error);
  }
}

/**
 * Observes and plans as the diff of an unchanged program does. Changes nothing. `ready`: what observing is to wait for, while the inputs are
 * gone through.
 */
export async function inspect(
  definition: AnyDefinition,
  deployment: Deployment,
  recorded: { id: string; inputs: Record<string, unknown>; outputs: Record<string, unknown> },
  ready?: Promise<unknown>,
): Promise<Inspection> {
  const request = recordedRequest(definition, recorded.id, recorded.outputs, recorded.inputs);
  await ready;
  if (request.kind === "unsound") return unsound(request.problems);
  const seen = await observeAndPlan(definition, deployment, request);
  if (seen.kind === "unobservable") return unseen(seen.reason, seen.error);
  const { plan, observed } = seen;
  return {
    kind: "planned",
    plan,
    exists: definition.idOf(request, observed) !== undefined,
    circumstances: definition.circumstances?.(observed) ?? [],
  };
}

function unsound(problems: readonly string[]): Extract<Inspection, { kind: "unreadable" }> {
  return {
    kind: "unreadable",
    reason: `its inputs in the state aren't what this version reads: ${problems.join("; ")}`,
  };
}

function unseen(reason: string, error: unknown): Exclude<Inspection, { kind: "planned" }> {
  const hostName = unreachableHost(error);
  return hostName === undefined ? { kind: "unreadable", reason } : { kind: "unreachable", hostName, reason };
}

/** What looking at a resource has given that is in no state yet: what the first `up` that declares it would do. */
export type Foresight =
  | { kind: "planned"; plan: Plan }
  /** Inputs that no preview would let pass. */
  | { kind: "invalid"; problems: string[] }
  | { kind: "unreachable"; hostName: string; reason: string }
  | { kind: "unreadable"; reason: string };

/**
 * What making a resource would be refused for, beside what a check refuses: in a check much may yet come, or go. Changes nothing; what may be there by
 * then (a pool, say) isn't missed.
 */
export async function refusalsOfMaking(
  definition: AnyDefinition,
  deployment: Deployment,
  given: Record<string, unknown>,
): Promise<Plan["refusals"]> {
  const { inputs, unknownKeys, problems } = validateInputs(definition.shape, given, definition.crossChecks);
  const identity = identityOfUrn(String(inputs.pulumiUrn));
  if (problems.length + unknownKeys.length > 0 || identity === undefined) return [];
  const chosen = { uuid: deployment.randomUuid(), nonce: deployment.randomNonce() };
  const seen = await observeAndPlan(definition, deployment, { identity, inputs, chosen });
  return seen.kind === "planned" ? seen.plan.refusals.filter(({ kind }) => kind !== "missing") : [];
}

/** Checks, observes and plans as the check of a new resource does. Changes nothing. */
export async function foresee(
  definition: AnyDefinition,
  deployment: Deployment,
  given: Record<string, unknown>,
): Promise<Foresight> {
  const { inputs, problems } = validateInputs(definition.shape, given, definition.crossChecks);
  if (problems.length > 0) return { kind: "invalid", problems: problems.map(describeProblem) };
  const identity = identityOfUrn(String(inputs.pulumiUrn));
  if (identity === undefined) return { kind: "unreadable", reason: "it has no URN" };
  const seen = await observeAndPlan(definition, deployment, { identity, inputs });
  if (seen.kind === "planned") return { kind: "planned", plan: seen.plan };
  return unseen(seen.reason, seen.error);
}
