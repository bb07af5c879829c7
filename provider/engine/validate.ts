import type { z } from "zod";
import { containsUnknown, UNKNOWN } from "./unknowns.js";

export interface InputProblem {
  /** As the program writes it, `disks[0].size`. */
  path: string;
  message: string;
}

export interface ValidatedInputs {
  /** Canonical, but for the keys that hold something unknown: those are as they came. */
  inputs: Record<string, unknown>;
  unknownKeys: string[];
  problems: InputProblem[];
}

/** How the paths of the provider's inputs are called in programs; a path that isn't here is the same. */
const PROGRAM_PATHS: readonly [RegExp, string][] = [
  [/^connection\./, ""],
  [/^credentials\./, ""],
];
const SECRET_PATH = /^credentials(?:$|\.)|(?:^|\.)(?:privateKey|passphrase|password)$/;
const INTERNAL_KEYS = new Set(["__provider", "effects", "pulumiUrn"]);

/** Checks every input and reports all problems at once, each with its path, what was given and what is allowed. */
export function validateInputs(
  shape: z.ZodRawShape,
  news: Record<string, unknown>,
  crossChecks: (inputs: never) => InputProblem[],
): ValidatedInputs {
  const inputs: Record<string, unknown> = {};
  const unknownKeys: string[] = [];
  const problems: InputProblem[] = [];
  for (const [key, schema] of Object.entries(shape)) {
    const value = news[key];
    if (containsUnknown(value)) {
      unknownKeys.push(key);
      inputs[key] = value;
      problems.push(...problemsBesideUnknowns(schema as z.ZodType, key, value));
      continue;
    }
    const parsed = (schema as z.ZodType).safeParse(value);
    if (parsed.success) {
      if (parsed.data !== undefined) inputs[key] = parsed.data;
    } else problems.push(...parsed.error.issues.flatMap((issue) => toProblems(issue, key, value)));
  }
  for (const key of Object.keys(news))
    if (!(key in shape) && !INTERNAL_KEYS.has(key)) problems.push(unknownInput("", key, Object.keys(shape)));
  if (problems.length === 0 && unknownKeys.length === 0) problems.push(...crossChecks(inputs as never));
  return { inputs, unknownKeys, problems };
}

/** One line a problem, in the order in which the inputs are declared. */
export function describeProblem(problem: InputProblem): string {
  return problem.path === "" ? problem.message : `${problem.path}: ${problem.message}`;
}

/** What is wrong apart from the parts that aren't known yet. */
function problemsBesideUnknowns(schema: z.ZodType, key: string, value: unknown): InputProblem[] {
  if (value === UNKNOWN) return [];
  const parsed = schema.safeParse(value);
  if (parsed.success) return [];
  return parsed.error.issues
    .filter((issue) => !touchesUnknown(value, issue.path))
    .flatMap((issue) => toProblems(issue, key, value));
}

function touchesUnknown(root: unknown, path: readonly PropertyKey[]): boolean {
  let value = root;
  for (const part of path) {
    if (value === UNKNOWN) return true;
    value = (value as Record<PropertyKey, unknown> | undefined)?.[part];
  }
  return containsUnknown(value);
}

function toProblems(issue: z.core.$ZodIssue, key: string, root: unknown): InputProblem[] {
  const path = [key, ...issue.path];
  const value = issue.path.reduce<unknown>(
    (v, part) => (v as Record<PropertyKey, unknown> | undefined)?.[part],
    root,
  );
  if (issue.code === "unrecognized_keys") {
    const allowed = allowedKeys(issue);
    return issue.keys.map((extra) => unknownInput(formatPath(path), extra, allowed));
  }
  if (issue.code === "invalid_union") {
    const custom = issue.errors.flat().find((inner) => inner.code === "custom");
    if (custom !== undefined)
      return [{ path: programPath(formatPath(path)), message: withValue(custom.message, path, value) }];
  }
  if (value === undefined) {
    const what = issue.message.startsWith("must") ? `${issue.message}, and it is missing` : issue.message;
    return [{ path: programPath(formatPath(path)), message: what }];
  }
  return [{ path: programPath(formatPath(path)), message: withValue(issue.message, path, value) }];
}

function allowedKeys(issue: z.core.$ZodIssue): string[] {
  const allowed = (issue as { allowed?: unknown }).allowed;
  return Array.isArray(allowed) ? allowed.map(String) : [];
}

function unknownInput(parent: string, key: string, allowed: readonly string[]): InputProblem {
  const known = allowed.filter((name) => !INTERNAL_KEYS.has(name));
  const near = known.find((name) => nearlySame(name, key));
  const hint =
    near !== undefined
      ? `; did you mean ${near}?`
      : known.length > 0
        ? `; there are ${known.join(", ")}`
        : "";
  return {
    path: programPath(parent === "" ? key : `${parent}.${key}`),
    message: `there is no such input${hint}`,
  };
}

/** Equal but for case, one letter more, less or other, or a plural. */
function nearlySame(a: string, b: string): boolean {
  const x = a.toLowerCase();
  const y = b.toLowerCase();
  if (x === y || Math.abs(x.length - y.length) > 2) return x === y;
  let row = Array.from({ length: y.length + 1 }, (_, i) => i);
  for (let i = 1; i <= x.length; i++) {
    const next = [i];
    for (let j = 1; j <= y.length; j++)
      next.push(
        Math.min(
          (next[j - 1] as number) + 1,
          (row[j] as number) + 1,
          (row[j - 1] as number) + (x[i - 1] === y[j - 1] ? 0 : 1),
        ),
      );
    row = next;
  }
  return (row[y.length] as number) <= (x.length > 5 ? 2 : 1);
}

function withValue(message: string, path: readonly PropertyKey[], value: unknown): string {
  if (SECRET_PATH.test(path.map(String).join("."))) return `${message} (the value is secret)`;
  const text = JSON.stringify(value) ?? String(value);
  return `${text.length > 120 ? `${text.slice(0, 117)}...` : text} ${message}`;
}

function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((part, i) => (typeof part === "number" ? `[${part}]` : `${i === 0 ? "" : "."}${String(part)}`))
    .join("");
}

function programPath(path: string): string {
  for (const [pattern, replacement] of PROGRAM_PATHS)
    if (pattern.test(path)) return path.replace(pattern, replacement);
  return path;
}
