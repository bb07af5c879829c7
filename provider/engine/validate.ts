import { z } from "zod";
import { readOnce } from "../planning/read-once.js";
import type { CrossCheck } from "../resources/definition.js";
import { INTERNAL_KEYS, type InputProblem, problemsOf, unknownInput, valueAt } from "./input-problem.js";
import { secretInputsOf } from "./secrecy.js";
import { containsUnknown, UNKNOWN } from "./unknowns.js";

export interface ValidatedInputs {
  /** Canonical, but for the keys that hold something unknown: those are as they came. */
  inputs: Record<string, unknown>;
  unknownKeys: string[];
  problems: InputProblem[];
}

/** Checks every input and reports all problems at once, each with its path, what was given and what is allowed. */
export function validateInputs(
  shape: z.ZodRawShape,
  news: Readonly<Record<string, unknown>>,
  crossChecks: readonly CrossCheck<never>[] = [],
): ValidatedInputs {
  const inputs: Record<string, unknown> = {};
  const unknownKeys: string[] = [];
  const problems: InputProblem[] = [];
  const unsound = new Set<string>();
  const secret = new Set(secretInputsOf(news));
  const optional = optionalOf(shape);
  for (const [key, schema] of entriesOf(shape)) {
    const value = Object.hasOwn(news, key) ? news[key] : undefined;
    // As most of a resource's inputs aren't.
    if (value === undefined && optional.has(key)) continue;
    if (containsUnknown(value)) {
      unknownKeys.push(key);
      unsound.add(key);
      inputs[key] = value;
      problems.push(...problemsBesideUnknowns(shape, key, value, secret.has(key)));
      continue;
    }
    const parsed = parse(schema, value);
    if (parsed.success) {
      if (parsed.data !== undefined) inputs[key] = parsed.data;
      continue;
    }
    unsound.add(key);
    // Without a host there is no connection either: once is enough.
    if (key === "connection" && value === undefined && unsound.has("host")) continue;
    const isSecret = secret.has(key);
    problems.push(
      ...issuesOf(parsed.error).flatMap((issue) => problemsOf(issue, shape, key, value, isSecret)),
    );
  }
  for (const key of Object.keys(news))
    if (!Object.hasOwn(shape, key) && !INTERNAL_KEYS.has(key))
      problems.push(unknownInput(shape, [], key, Object.keys(shape)));
  for (const crossCheck of crossChecks) problems.push(...ofSoundInputs(crossCheck, inputs, unsound));
  return { inputs, unknownKeys, problems };
}

const entriesOf = readOnce((shape: z.ZodRawShape) => Object.entries(shape) as [string, z.ZodType][]);

/** What needn't be given, and is nothing then. */
const optionalOf = readOnce((shape: z.ZodRawShape) => {
  const isOptional = (schema: z.ZodType) => {
    const parsed = parse(schema, undefined);
    return parsed.success && parsed.data === undefined;
  };
  return new Set(entriesOf(shape).flatMap(([key, schema]) => (isOptional(schema) ? [key] : [])));
});

/** What was parsed last by a schema, and what came of it: many resources of a stack have the same host, or the same size. */
const lastParsed = new WeakMap<z.ZodType, { value: unknown; parsed: z.ZodSafeParseResult<unknown> }>();

function parse(schema: z.ZodType, value: unknown): z.ZodSafeParseResult<unknown> {
  const known = knownOf(schema, value);
  if (known !== undefined) return known;
  const parsed = parseGiven(schema, value);
  if (parsed.success) lastParsed.set(schema, { value, parsed });
  return parsed;
}

function knownOf(schema: z.ZodType, value: unknown): z.ZodSafeParseResult<unknown> | undefined {
  const last = lastParsed.get(schema);
  return last !== undefined && isIdentical(last.value, value) ? last.parsed : undefined;
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
function issuesOf({ issues }: z.ZodError): z.core.$ZodIssue[] {
  const placeOf = ({ path }: z.core.$ZodIssue) => JSON.stringify(path.map(String));
  const otherKinds = new Set(issues.filter(({ code }) => code === "invalid_type").map(placeOf));
  return issues.filter((issue) => issue.code === "invalid_type" || !otherKinds.has(placeOf(issue)));
}

/** What is wrong apart from the parts that aren't known yet. */
function problemsBesideUnknowns(
  shape: z.ZodRawShape,
  key: string,
  value: unknown,
  isSecret: boolean,
): InputProblem[] {
  if (value === UNKNOWN) return [];
  const parsed = parse(shape[key] as z.ZodType, value);
  if (parsed.success) return [];
  return issuesOf(parsed.error)
    .filter((issue) => issue.code === "unrecognized_keys" || !containsUnknown(valueAt(value, issue.path)))
    .flatMap((issue) => problemsOf(issue, shape, key, value, isSecret));
}

const READ_UNSOUND = Symbol("an input that is wrong, or not known yet, was read");

/** A check that reads an input which is wrong or unknown says nothing. */
function ofSoundInputs(
  crossCheck: CrossCheck<never>,
  inputs: Record<string, unknown>,
  unsound: ReadonlySet<string>,
): InputProblem[] {
  const guarded = new Proxy(inputs, {
    get: (target, key) => {
      if (unsound.has(String(key))) throw READ_UNSOUND;
      return target[String(key)];
    },
  });
  try {
    return crossCheck(guarded as never);
  } catch (error) {
    if (error === READ_UNSOUND) return [];
    throw error;
  }
}
