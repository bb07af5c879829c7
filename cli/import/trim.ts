import type { Foresight } from "../../provider/engine/inspection.js";
import { describeStep } from "../../provider/planning/step.js";
import type { Bag } from "./bag.js";

/** Inputs under which nothing changes on the host, or what would change whatever the inputs say. */
export type Trimmed =
  | { kind: "taken"; inputs: Bag; notes: string[] }
  | { kind: "left"; why: string }
  | { kind: "unreachable"; why: string };

/**
 * Has the provider plan what a first `up` with these inputs would do, and leaves out those under which it would do more than take over what is
 * there.
 *
 * @param foresee - What an `up` with these inputs would do.
 * @param needed - What can't be left out: without it there is no resource, or something would change.
 * @param optional - In order; entries of lists each by themselves.
 */
export async function trim(
  foresee: (inputs: Bag) => Promise<Foresight>,
  needed: Bag,
  optional: Bag,
): Promise<Trimmed> {
  const objectionTo = async (inputs: Bag) => objection(await foresee({ ...needed, ...inputs }));
  const whole = await objectionTo(optional);
  if (whole === undefined) return { kind: "taken", inputs: { ...needed, ...optional }, notes: [] };
  if (whole.kind === "unreachable") return whole;
  const bare = await objectionTo({});
  if (bare !== undefined) return bare.kind === "unreachable" ? bare : { kind: "left", why: bare.why };

  const kept: Bag = {};
  const notes = new Map<string, string[]>();
  const tryOn = async (key: string, value: unknown) => {
    const why: string[] = [];
    const parts = Array.isArray(value) ? value.map((entry: unknown) => [entry]) : [value];
    for (const part of parts) {
      const before = kept[key];
      const grown = Array.isArray(before) && Array.isArray(part) ? [...before, ...part] : part;
      const refused = await objectionTo({ ...kept, [key]: grown });
      if (refused === undefined) kept[key] = grown;
      else why.push(`${key}${nameOfEntry(part)}: ${refused.why}`);
    }
    notes.set(key, why);
  };
  for (const [key, value] of Object.entries(optional)) await tryOn(key, value);
  // What needs an input that comes after it (pins of I/O threads their number) is refused the first time.
  for (const [key, value] of Object.entries(optional)) if (!(key in kept)) await tryOn(key, value);
  return { kind: "taken", inputs: { ...needed, ...kept }, notes: [...notes.values()].flat() };
}

function nameOfEntry(part: unknown): string {
  if (!Array.isArray(part)) return "";
  const [entry] = part as (Bag | undefined)[];
  const name = entry?.volume ?? entry?.mac ?? entry?.name ?? entry?.target;
  return typeof name === "string" ? ` ${name}` : "";
}

/** Why it is more than taking over, if it is. */
function objection(seen: Foresight): { kind: "left" | "unreachable"; why: string } | undefined {
  switch (seen.kind) {
    case "invalid":
      return { kind: "left", why: seen.problems.join("; ") };
    case "unreachable":
      return { kind: "unreachable", why: seen.reason };
    case "unreadable":
      return { kind: "left", why: seen.reason };
    case "planned": {
      const { plan } = seen;
      const refused = plan.refusals.map(({ message }) => message);
      const changes = plan.steps.filter(({ kind }) => kind !== "adopt").flatMap(describeStep);
      if (refused.length > 0) return { kind: "left", why: refused.join("; ") };
      if (changes.length > 0)
        return { kind: "left", why: `"pulumi up" would change it: ${changes.join("; ")}` };
      return plan.replaceBecause.length > 0
        ? { kind: "left", why: `it would be replaced for its ${plan.replaceBecause.join(", ")}` }
        : undefined;
    }
    default:
      return seen satisfies never;
  }
}
