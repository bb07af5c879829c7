import { setMaxListeners } from "node:events";
import { HostUnreachable, LIBVIRT_ENDED, oneLine } from "../hosts/errors.js";
import { isEndOfLibvirt, isLibvirtError } from "../libvirt/index.js";
import { describeStep, type Step } from "../planning/step.js";
import type { AnyDefinition, ApplyContext } from "../resources/definition.js";
import { DEFAULT_TIMEOUT_MS, milliseconds } from "../resources/inputs.js";
import type { Deployment } from "./deployment.js";
import { UserError } from "./errors.js";
import type { OperationLog } from "./resource-log.js";
import { logOf } from "./subject.js";

type Bag = Record<string, unknown>;

function timeoutOf(inputs: Bag, operation: "create" | "update" | "delete"): number {
  const timeout = (inputs.timeouts as Record<string, string> | undefined)?.[operation];
  return timeout === undefined ? DEFAULT_TIMEOUT_MS[operation] : milliseconds(timeout);
}

/** It is over, for what is under way, when its time is or the engine is gone. */
export function applyContext(
  definition: AnyDefinition,
  deployment: Deployment,
  inputs: Bag,
  operation: "create" | "update" | "delete",
): ApplyContext & { log: OperationLog } {
  const signals = [AbortSignal.timeout(timeoutOf(inputs, operation))];
  if (deployment.engine !== undefined) signals.push(deployment.engine.gone);
  const signal = AbortSignal.any(signals);
  // Each call that is under way listens to it, and many are at once.
  setMaxListeners(0, signal);
  return {
    hosts: deployment.hosts,
    log: logOf(definition, deployment, inputs),
    signal,
    now: deployment.now,
    run: deployment.run,
    note: () => undefined,
  };
}

function whatStays(begun: Step | undefined): string {
  if (begun === undefined) return "nothing was assumed or changed";
  const what = describeStep(begun).join("; ");
  return `it was lost after this had begun: ${what}; what was done stays, and the next "pulumi up" goes on from there`;
}

function isLoss(error: unknown, begun: Step | undefined): boolean {
  return error instanceof HostUnreachable || (begun !== undefined && isLibvirtError(error, "connectionLost"));
}

function lossOf(error: unknown): string {
  return isLibvirtError(error, "connectionLost") && isEndOfLibvirt(error)
    ? `${oneLine(error)}: ${LIBVIRT_ENDED}`
    : oneLine(error);
}

export function asUserError(error: unknown, label: string, begun?: Step): UserError {
  if (error instanceof UserError && error.message.startsWith(label)) return error;
  const message = isLoss(error, begun) ? `${lossOf(error)}; ${whatStays(begun)}` : lossOf(error);
  return new UserError(message.startsWith(label) ? message : `${label}: ${message}`, { cause: error });
}
