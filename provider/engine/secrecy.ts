import { concealStep } from "../planning/conceal.js";
import type { Plan } from "../planning/plan.js";
import { LEAST_SECRET_LENGTH, SecretTexts } from "../planning/secret-texts.js";

type Bag = Record<string, unknown>;

/** Keeps what the program marked as a secret out of what is said about a resource. */
export interface Secrecy {
  plan(plan: Plan): Plan;
  text(text: string): string;
  /** What stands beside a plan; the lines below the first are left out when a secret in them can't be told from what else is there. */
  explained(text: string): string;
}

/**
 * Pulumi tells a provider values, and not which of them are secret: that comes from the SDK, as the names of inputs. Those that are secret in every
 * resource aren't among them; no text has these to begin with.
 */
export function secrecyOf(inputs: Bag, previous: Bag | undefined): Secrecy {
  const bags = [inputs, previous ?? {}];
  const names = new Set(bags.flatMap(secretInputsOf));
  if (names.size === 0) return { plan: (plan) => plan, text: (text) => text, explained: (text) => text };
  const values = bags.flatMap((bag) => [...names].flatMap((name) => leavesOf(bag[name])));
  const secrets = new SecretTexts();
  for (const value of values) if (isTellable(value)) secrets.add(value);
  const text = (told: string) => secrets.conceal(told);
  return {
    text,
    plan: (plan) => ({
      steps: plan.steps.map((step) => concealStep(step, names)),
      replaceBecause: plan.replaceBecause,
      refusals: plan.refusals.map((refusal) => ({ ...refusal, message: text(refusal.message) })),
      warnings: plan.warnings.map(text),
    }),
    explained: (told) => {
      const [head = "", ...lines] = told.split("\n");
      if (lines.length === 0 || values.every(isTellable)) return text(told);
      return `${text(head)} not shown, since something secret is in it`;
    },
  };
}

/** The names of the inputs in which the program marked something as a secret. */
export function secretInputsOf(inputs: Bag): string[] {
  const { secretInputs } = inputs;
  return Array.isArray(secretInputs) ? secretInputs.filter((name) => typeof name === "string") : [];
}

function leavesOf(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null)
    return value === undefined || value === null ? [] : [value];
  return Object.values(value).flatMap(leavesOf);
}

/** Quantities stand in documents in other words, and short texts in many places. */
function isTellable(value: unknown): value is string {
  return (
    typeof value === "string" && value.length >= LEAST_SECRET_LENGTH && !/^[\d.]+\s*[A-Za-z]*$/.test(value)
  );
}
