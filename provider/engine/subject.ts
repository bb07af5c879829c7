import { type Identity, identityOfUrn } from "../planning/owner.js";
import type { AnyDefinition } from "../resources/definition.js";
import type { Deployment } from "./deployment.js";
import { UserError } from "./errors.js";
import { type OperationLog, resourceLog } from "./resource-log.js";

type Bag = Record<string, unknown>;

export function identityOf(inputs: Bag): Identity {
  const identity = identityOfUrn(String(inputs.pulumiUrn));
  if (identity === undefined)
    throw new UserError("pulumiUrn is missing: construct resources through the classes of pulumi-kvm");
  return identity;
}

export function labelOf(definition: AnyDefinition, inputs: Bag): string {
  const name = identityOfUrn(String(inputs.pulumiUrn))?.name ?? String(inputs.name ?? "");
  return `${definition.kind} ${name}`;
}

export function logOf(definition: AnyDefinition, deployment: Deployment, inputs: Bag): OperationLog {
  return resourceLog(
    deployment.engine,
    String(inputs.pulumiUrn ?? ""),
    labelOf(definition, inputs),
    deployment.now,
  );
}
