import type { Step } from "../planning/step.js";
import type { Request } from "./definition.js";

/**
 * Of a check that finds what this resource has made before, with nothing on record: after a run that was cut off, `retainOnDelete` or
 * `pulumi state delete` it goes on with that; before a `--replace` it is the same check, and Pulumi doesn't say so.
 */
export function foundAgain(subject: string, host: string): Step {
  return {
    ...{ kind: "record", subject, effect: "none" },
    reason: `${subject} on ${host}, which this resource made before and goes on with as it is (--replace makes it anew)`,
  };
}

/** Whether that is how a resource is asked for whose mark is on a host. */
export function isFoundAgain({ previous, recorded, chosen, replaces }: Request<object, object>): boolean {
  return previous === undefined && recorded === undefined && chosen === undefined && replaces !== true;
}
