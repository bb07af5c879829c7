import { z } from "zod";

interface Known {
  value: unknown;
  parsed: z.ZodSafeParseResult<unknown>;
}

/** What was parsed lately by a schema, and what came of it: many resources of a stack have one of few hosts, or the same size. */
const lately = new WeakMap<z.ZodType, Known[]>();
const MOST_KNOWN = 8;

/** Whether a value is what a schema takes, and its canonical form. */
export function parse(schema: z.ZodType, value: unknown): z.ZodSafeParseResult<unknown> {
  let known = lately.get(schema);
  if (known === undefined) {
    known = [];
    lately.set(schema, known);
  }
  const before = known.find((one) => isIdentical(one.value, value));
  if (before !== undefined) return before.parsed;
  const parsed = parseGiven(schema, value);
  if (parsed.success && known.push({ value, parsed }) > MOST_KNOWN) known.shift();
  return parsed;
}

/** Nothing that a schema could tell apart is different. */
function isIdentical(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  return (
    keys.length === others.length &&
    keys.every((key, i) => key === others[i] && isIdentical((a as Bag)[key], (b as Bag)[key]))
  );
}

type Bag = Record<string, unknown>;

/** zod compares the length of whatever has one, and throws where that is no number. */
function parseGiven(schema: z.ZodType, value: unknown): z.ZodSafeParseResult<unknown> {
  try {
    return schema.safeParse(value);
  } catch {
    return z.custom(() => false, { error: "is of a kind that isn't allowed here" }).safeParse(value);
  }
}

/** Of what is of another kind its length doesn't matter, which zod compares as well where there is one. */
export function issuesOf({ issues }: z.ZodError): z.core.$ZodIssue[] {
  const placeOf = ({ path }: z.core.$ZodIssue) => JSON.stringify(path.map(String));
  const otherKinds = new Set(issues.filter(({ code }) => code === "invalid_type").map(placeOf));
  return issues.filter((issue) => issue.code === "invalid_type" || !otherKinds.has(placeOf(issue)));
}
