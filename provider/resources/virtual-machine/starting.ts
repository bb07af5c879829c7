import type { Step } from "../../planning/step.js";

const STARTING: ReadonlySet<Step["kind"]> = new Set(["defineMachine", "start", "restart"]);

/** Whether a guest comes up with these steps, so that all that it names must be there: one that is shut down for it would stay off. */
export function isToBeStarted(steps: readonly Step[]): boolean {
  return steps.some(({ kind }) => STARTING.has(kind));
}
