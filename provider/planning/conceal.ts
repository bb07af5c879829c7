import { CONCEALED } from "./secret-texts.js";
import type { PropertyChange, Step } from "./step.js";

/** Without the values of inputs that are secret, nor what was found in their stead. */
export function concealStep(step: Step, secretInputs: ReadonlySet<string>): Step {
  if (!("changes" in step)) return step;
  return { ...step, changes: step.changes.map((change) => concealChange(change, secretInputs)) };
}

export function concealChange(change: PropertyChange, secretInputs: ReadonlySet<string>): PropertyChange {
  return secretInputs.has(inputOf(change.property)) ? { ...change, from: CONCEALED, to: CONCEALED } : change;
}

/** The input that a property, or the line that tells of its change, begins with. */
export function inputOf(text: string): string {
  return /^[A-Za-z]+/.exec(text)?.[0] ?? "";
}
