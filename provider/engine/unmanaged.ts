import { HostUnreachable, oneLine } from "../hosts/errors.js";
import { identityOfUrn } from "../planning/owner.js";
import type { AnyDefinition, ResourceDefinition } from "../resources/definition.js";
import { NotThere } from "../resources/lookup.js";
import type { Deployment } from "./deployment.js";
import { UserError } from "./errors.js";
import { describeProblem } from "./input-problem.js";
import { toJson, toOutputs } from "./json.js";
import { validateInputs } from "./validate.js";

type Bag = Record<string, unknown>;

/** Set by the SDK for a resource that only is read. Stays in its state, by which a refresh knows it again. */
const UNMANAGED_KEY = "unmanaged";

export function isUnmanaged(props: Bag): boolean {
  return props[UNMANAGED_KEY] === true;
}

/**
 * Reads what isn't managed here, in previews as well, unless an input isn't known yet. Pulumi calls this with the program's inputs, and in a refresh with the state; it never
 * calls anything else for such a resource, and forgets it without a call when it is destroyed.
 */
export async function readUnmanaged(
  { kind, lookup }: Pick<ResourceDefinition<never, never, never>, "kind"> & Pick<AnyDefinition, "lookup">,
  deployment: Deployment,
  id: string,
  props: Bag,
): Promise<{ id: string; props: Bag }> {
  const label = `${kind} ${identityOfUrn(String(props.pulumiUrn))?.name ?? id}`;
  const fail = (message: string, cause?: unknown) => new UserError(`${label}: ${message}`, { cause });
  if (lookup === undefined) throw fail("can't be read without being managed; leave out the option id");
  const isRefresh = Array.isArray(props.effects);
  const { [UNMANAGED_KEY]: _, ...rest } = props;
  const known = Object.fromEntries(Object.entries(rest).filter(([key]) => Object.hasOwn(lookup.shape, key)));
  const { inputs, problems } = validateInputs(lookup.shape, isRefresh ? known : rest);
  if (problems.length > 0) throw fail(problems.map(describeProblem).join("; "));
  try {
    const context = { hosts: deployment.hosts, fresh: true, byProgram: !isRefresh };
    const outputs = toOutputs(await lookup.read(inputs, context), lookup.optional);
    for (const key of lookup.restless ?? []) if (isRefresh && Object.hasOwn(rest, key)) delete outputs[key];
    return { id, props: { ...toJson(props), ...outputs, effects: [] } };
  } catch (error) {
    if (isRefresh && error instanceof NotThere) return { id: "", props: {} };
    const silent = error instanceof HostUnreachable ? ", so that what is there can't be read" : "";
    throw fail(`${oneLine(error)}${silent}`, error);
  }
}
