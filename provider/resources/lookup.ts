import type { z } from "zod";
import type { ObserveContext } from "./definition.js";

/** How the getter of a kind of resource reads what isn't managed here. It only ever reads. */
export interface Lookup<Inputs extends object, Outputs extends object> {
  /** What says which object is meant; anything else is refused. */
  shape: z.ZodRawShape;
  /** Outputs of which there may be none at the moment. */
  optional?: readonly (keyof Outputs & string)[];
  /** Outputs that change by themselves, which is no drift: a refresh leaves them as the state has them. */
  restless?: readonly (keyof Outputs & string)[];
  /** Throws NotThere, or HostUnreachable. `byProgram`: the program asks, rather than a refresh. */
  read(inputs: Inputs, context: ObserveContext & { byProgram: boolean }): Promise<Outputs>;
}

/** A program says that it is there, and it isn't. */
export class NotThere extends Error {
  override readonly name = "NotThere";
}

const MOST_NAMES = 20;

/** Says what there is instead. */
export function notThere(
  what: { singular: string; name: string; where: string },
  existing: readonly string[],
): NotThere {
  const { singular, name, where } = what;
  const names = [...existing].sort().map((other) => JSON.stringify(other));
  const more = names.length - MOST_NAMES;
  const listed = names.slice(0, MOST_NAMES).join(", ") + (more > 0 ? ` and ${more} more` : "");
  return new NotThere(
    `there is no ${singular} ${JSON.stringify(name)} ${where}; ${names.length === 0 ? "there is none at all" : `there is ${listed}`}`,
  );
}
