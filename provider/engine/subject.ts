import { type Identity, identityOfUrn } from "../planning/owner.js";
import type { AnyDefinition } from "../resources/definition.js";
import type { Deployment } from "./deployment.js";
import { UserError } from "./errors.js";
import { type OperationLog, resourceLog } from "./resource-log.js";

type Bag = Record<string, unknown>;

/** As a text: no conversion of whatever else stands there can be relied on. */
export function urnOf({ pulumiUrn }: Bag): string {
  return typeof pulumiUrn === "string" ? pulumiUrn : "";
}

export function identityOf(inputs: Bag): Identity {
  const identity = identityOfUrn(urnOf(inputs));
  if (identity === undefined)
    throw new UserError("pulumiUrn is missing: construct resources through the classes of pulumi-kvm");
  return identity;
}

export function labelOf(definition: AnyDefinition, inputs: Bag): string {
  const name = identityOfUrn(urnOf(inputs))?.name ?? (typeof inputs.name === "string" ? inputs.name : "");
  return `${definition.kind} ${name}`;
}

export function logOf(definition: AnyDefinition, deployment: Deployment, inputs: Bag): OperationLog {
  return resourceLog(deployment.engine, urnOf(inputs), labelOf(definition, inputs), deployment.now);
}
