import { CONCEALED } from "./secret-texts.js";
import type { PropertyChange, Step } from "./step.js";

/** Without the values of inputs that are secret, nor what was found in their stead. */
export function concealStep(step: Step, secretInputs: ReadonlySet<string>): Step {
  if (!("changes" in step)) return step;
  return { ...step, changes: step.changes.map((change) => concealChange(change, secretInputs)) };
}

export function concealChange(change: PropertyChange, secretInputs: ReadonlySet<string>): PropertyChange {
  const input = /^[A-Za-z]+/.exec(change.property)?.[0] ?? "";
  return secretInputs.has(input) ? { ...change, from: CONCEALED, to: CONCEALED } : change;
}
