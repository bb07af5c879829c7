import type { z } from "zod";
import { readOnce } from "../planning/read-once.js";
import type { CrossCheck } from "../resources/definition.js";
import { judge, UNSOUND } from "../resources/guarded-inputs.js";
import {
  INTERNAL_KEYS,
  type InputProblem,
  isNoHost,
  misspeltIn,
  problemsOf,
  programKeys,
  unknownInputs,
  valueAt,
} from "./input-problem.js";
import { issuesOf, parse } from "./parse.js";
import { secretInputsOf } from "./secrecy.js";
import { soundParts } from "./sound-parts.js";
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
  const strangers = Object.keys(news).filter((key) => !Object.hasOwn(shape, key) && !INTERNAL_KEYS.has(key));
  const misspelt = strangers.length === 0 ? new Set<string>() : misspeltIn(news, programKeys(shape));
  // What stands in the place of inputs that aren't right as a whole, for the checks between inputs.
  const unsound: Record<string, unknown> = {};
  const secret = new Set(secretInputsOf(news));
  for (const { key, schema } of fieldsToLookAt(shape, [...Object.keys(news), ...misspelt])) {
    const value = Object.hasOwn(news, key) ? news[key] : undefined;
    if (value === undefined && (misspelt.has(key) || (key === "host" && isNoHost(news.connection)))) {
      unsound[key] = UNSOUND;
      continue;
    }
    if (containsUnknown(value)) {
      unknownKeys.push(key);
      unsound[key] = soundParts(schema, value);
      inputs[key] = value;
      problems.push(...problemsBesideUnknowns(shape, key, value, secret.has(key)));
      continue;
    }
    const parsed = parse(schema, value);
    if (parsed.success) {
      if (parsed.data !== undefined) inputs[key] = parsed.data;
      continue;
    }
    unsound[key] = soundParts(schema, value);
    // Without a host there is no connection either: once is enough.
    if (key === "connection" && value === undefined && Object.hasOwn(unsound, "host")) continue;
    const isSecret = secret.has(key);
    problems.push(
      ...issuesOf(parsed.error).flatMap((issue) => problemsOf(issue, shape, key, value, isSecret)),
    );
  }
  problems.push(...unknownInputs(shape, [], strangers, Object.keys(shape)));
  const isSound = Object.keys(unsound).length === 0;
  const judged = isSound ? inputs : { ...inputs, ...unsound };
  for (const crossCheck of crossChecks)
    problems.push(...(isSound ? crossCheck(judged as never) : judge(crossCheck, judged)));
  return { inputs, unknownKeys, problems };
}

interface Field {
  key: string;
  schema: z.ZodType;
}

/** In the order of the shape. Most of a resource's inputs aren't given, and are nothing then. */
function fieldsToLookAt(shape: z.ZodRawShape, given: readonly string[]): Field[] {
  const { fields, placeOf, needed } = fieldsOf(shape);
  const places = new Set([...needed, ...given.map((key) => placeOf.get(key) ?? -1)]);
  places.delete(-1);
  return [...places].sort((a, b) => a - b).map((place) => fields[place] as Field);
}

/** Needed is what is a mistake when it isn't given, or is something by default. */
const fieldsOf = readOnce((shape: z.ZodRawShape) => {
  const fields = Object.entries(shape as Record<string, z.ZodType>).map(([key, schema]) => ({ key, schema }));
  const isNeeded = ({ schema }: Field) => {
    const absent = parse(schema, undefined);
    return !absent.success || absent.data !== undefined;
  };
  return {
    fields,
    placeOf: new Map(fields.map(({ key }, place) => [key, place])),
    needed: [...fields.keys()].filter((place) => isNeeded(fields[place] as Field)),
  };
});

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
