import { describeStep, type Step } from "./step.js";

/** A "no": what stands in the way, the value that caused it, and what would help. */
export interface Refusal {
  kind:
    | "foreignObject" // something that isn't ours has the name
    | "madeOtherwise" // it is ours, and what can't become what is declared: a record of that would be believed
    | "shrink"
    | "inUse"
    | "missing" // something the plan needs isn't on the host
    | "notSupported"
    | "ambiguous" // the hosts contradict each other, a person must decide
    | "policy" // an input forbids it
    | "noRoom";
  /** One line: what, why, the value, the way out. */
  message: string;
}

/** What it takes to get from what is to what should be. */
export interface Plan {
  steps: Step[];
  refusals: Refusal[];
  /** Inputs whose change can only be met by a new object. */
  replaceBecause: string[];
  /** Worth saying, changes nothing. */
  warnings: string[];
}

export function emptyPlan(): Plan {
  return { steps: [], refusals: [], replaceBecause: [], warnings: [] };
}

export function describePlan(plan: Plan): string[] {
  const replace = plan.replaceBecause.length === 0 ? [] : [`replace, for ${plan.replaceBecause.join(", ")}`];
  return [...replace, ...plan.steps.flatMap(describeStep)];
}
