import { HostUnreachable } from "../hosts/errors.js";
import type { Circumstance } from "../planning/circumstance.js";
import type { Plan } from "../planning/plan.js";
import { type AnyDefinition, type Deployment, observeAndPlan, recordedRequest } from "./lifecycle.js";

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

/** Observes and plans as the diff of an unchanged program does. Changes nothing. */
export async function inspect(
  definition: AnyDefinition,
  deployment: Deployment,
  recorded: { id: string; inputs: Record<string, unknown>; outputs: Record<string, unknown> },
): Promise<Inspection> {
  const request = recordedRequest(definition, recorded.id, recorded.outputs, recorded.inputs);
  if (request.kind === "unsound")
    return {
      kind: "unreadable",
      reason: `its inputs in the state aren't what this version reads: ${request.problems.join("; ")}`,
    };
  const seen = await observeAndPlan(definition, deployment, request);
  if (seen.kind === "unobservable") {
    const { reason } = seen;
    const hostName = unreachableHost(seen.error);
    return hostName === undefined
      ? { kind: "unreadable", reason }
      : { kind: "unreachable", hostName, reason };
  }
  const { plan, observed } = seen;
  return {
    kind: "planned",
    plan,
    exists: definition.idOf(request, observed) !== undefined,
    circumstances: definition.circumstances?.(observed) ?? [],
  };
}

function unreachableHost(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof HostUnreachable) return cause.hostName;
  return undefined;
}
