import { describeGoal, type Step } from "../../../planning/step.js";
import { milliseconds } from "../../inputs.js";
import type { MachineRequest } from "../request.js";
import { DEFAULT_WAIT_TIMEOUT_MS, type Readiness, type WaitGoal } from "./schema.js";

/**
 * The step that waits for the guest, after those that start it, or when no deployment yet has seen it ready.
 *
 * @param guest - `isAwaited`: a deployment has started the guest and was cut off before it had seen it ready.
 */
export function waitSteps(
  request: MachineRequest,
  others: readonly Step[],
  { isAwaited, isOff }: { isAwaited: boolean; isOff: boolean },
): Step[] {
  const { inputs } = request;
  const goal = inputs.waitFor ?? "none";
  if (goal === "none" || (inputs.powerState ?? "running") !== "running") return [];
  const starts = others.some(({ kind }) => kind === "start" || kind === "restart");
  if (!starts && isOff) return []; // It has shut itself down, and is left so.
  if (!starts && !isAwaited && !isKnownToWait(request, goal)) return [];
  const timeoutMs =
    inputs.waitTimeout === undefined ? DEFAULT_WAIT_TIMEOUT_MS : milliseconds(inputs.waitTimeout);
  return [{ kind: "waitForGuest", subject: inputs.name, goal, timeoutMs, effect: "none" }];
}

/** For people who wonder why there is something to do though nothing has changed. */
export function waitWarnings(request: MachineRequest, steps: readonly Step[]): string[] {
  const wait = steps.find((step) => step.kind === "waitForGuest");
  if (wait === undefined || steps.length > 1 || request.recorded === undefined) return [];
  return [`no deployment has seen its guest ready yet: "pulumi up" waits for ${describeGoal(wait.goal)}`];
}

function isKnownToWait({ noted, recorded, previous }: MachineRequest, goal: WaitGoal): boolean {
  const known = noted ?? recorded?.outputs;
  // A check is told the old inputs only: whether the guest was ready isn't known, and the diff will say.
  if (known === undefined) return previous === undefined;
  return known.ready === undefined || !includes(known.ready, goal);
}

function includes(ready: Readiness, goal: WaitGoal): boolean {
  switch (goal) {
    case "running":
      return true;
    case "ipAddress":
      return ready.goal === "ipAddress" || ready.goal === "ssh";
    case "agent":
    case "ssh":
      return ready.goal === goal;
    default:
      return goal satisfies never;
  }
}
