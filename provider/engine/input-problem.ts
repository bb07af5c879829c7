import type { z } from "zod";
import { firstPart, meantBy } from "../planning/other-names.js";
import { NO_HOST } from "../resources/inputs.js";

/** What is wrong with an input. */
export interface InputProblem {
  /** As the program writes it, `disks[0].size`. */
  path: string;
  message: string;
}

/** One line a problem. */
export function describeProblem(problem: InputProblem): string {
  return problem.path === "" ? problem.message : `${problem.path}: ${problem.message}`;
}

/** Set by the SDK and the engine, never by programs: a change of one says nothing about the world. */
export const INTERNAL_KEYS: ReadonlySet<string> = new Set([
  "__provider",
  "effects",
  "pulumiUrn",
  "secretInputs",
  "hostsAhead",
]);
const SECRET_KEYS = /^(?:credentials|privateKey|passphrase|password|secret|cloudInit|ignition|answerFile)$/;
/** In characters. */
const LONGEST_VALUE = 120;

type Path = readonly PropertyKey[];

/** What zod found in the input `key`, whose value is `root`, as problems in the program's terms. `isSecret`: the program marked something in it. */
export function problemsOf(
  issue: z.core.$ZodIssue,
  shape: z.ZodRawShape,
  key: string,
  root: unknown,
  isSecret: boolean,
): InputProblem[] {
  const path = [key, ...issue.path];
  const value = valueAt(root, issue.path);
  const host = hostOf(shape, path, value);
  if (host !== undefined)
    return [{ path: formatPath(host), message: withValue(NO_HOST, host, value, isSecret) }];
  if (issue.code === "unrecognized_keys") return unknownInputs(shape, path, issue.keys, keysAt(shape, path));
  const meant = meantIssues(issue);
  if (meant !== undefined) return meant.flatMap((inner) => problemsOf(inner, shape, key, root, isSecret));
  const message = messageOf(issue);
  if (value === undefined) {
    const parent = valueAt(root, issue.path.slice(0, -1));
    const siblings = typeof parent === "object" && parent !== null ? { ...parent } : {};
    if (misspeltIn(siblings, keysAt(shape, path.slice(0, -1))).has(String(path.at(-1)))) return [];
    return [
      {
        path: programPath(shape, path),
        message: message.startsWith("must") ? `is missing: it ${message}` : message,
      },
    ];
  }
  return [{ path: programPath(shape, path), message: withValue(message, path, value, isSecret) }];
}

/** The SDK hands on in the place of a connection what was given for a host and is none, so that it can be told. */
export function isNoHost(connection: unknown): boolean {
  return ["string", "number", "boolean"].includes(typeof connection);
}

/** Where the program names a host, at a connection that is none. */
function hostOf(shape: z.ZodRawShape, path: Path, connection: unknown): Path | undefined {
  if (!isNoHost(connection)) return undefined;
  if ("host" in shape && path[0] === "connection" && path.length === 1) return ["host"];
  return "hosts" in shape && path[0] === "hosts" && path.length === 2 ? path : undefined;
}

/**
 * What is wrong in the alternative that a value was meant for, which is the one whose kind it has; undefined where that can't be told, and
 * for what is no matter of alternatives.
 */
export function meantIssues(issue: z.core.$ZodIssue): z.core.$ZodIssue[] | undefined {
  if (issue.code !== "invalid_union") return undefined;
  const [meant, ...others] = issue.errors.filter((errors) => !errors.some(isOtherKind));
  if (meant === undefined || meant.length === 0 || others.length > 0) return undefined;
  return meant.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** The inputs that are written in another way: absent, while something is given that there isn't and by which they were probably meant. */
export function misspeltIn(
  inputs: Readonly<Record<string, unknown>>,
  known: readonly string[],
): ReadonlySet<string> {
  const given = Object.keys(inputs).filter((key) => inputs[key] !== undefined);
  const strangers = given.filter((key) => !known.includes(key));
  const meant = strangers.flatMap((key) => meantBy(key, known).map(firstPart));
  return new Set(meant.filter((name) => !given.includes(name)));
}

/** Inputs that there aren't, each with the one that was probably meant; what there is instead is listed once. */
export function unknownInputs(
  shape: z.ZodRawShape,
  parent: Path,
  keys: readonly string[],
  allowed: readonly string[],
): InputProblem[] {
  if (keys.length === 0) return [];
  // A Host's inputs are spread over several of the provider's.
  const known = programPath(shape, [...parent, ""]) === formatPath([""]) ? programKeys(shape) : allowed;
  let isListed = known.length === 0;
  return keys.map((key) => {
    const near = meantBy(key, known);
    const list = isListed ? "" : `; there are ${known.join(", ")}`;
    if (near.length === 0) isListed = true;
    const hint = near.length > 0 ? `; did you mean ${near.join(" or ")}?` : list;
    return { path: programPath(shape, [...parent, key]), message: `there is no such input${hint}` };
  });
}

/** What is at a place within a value; undefined where there is no such place. */
export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, part)
        ? (value as Record<PropertyKey, unknown>)[part]
        : undefined,
    root,
  );
}

function isOtherKind(issue: z.core.$ZodIssue): boolean {
  return issue.path.length === 0 && (issue.code === "invalid_type" || issue.code === "invalid_value");
}

/** zod's own words where a schema has none. */
function messageOf(issue: z.core.$ZodIssue): string {
  if (!issue.message.startsWith("Invalid ")) return issue.message;
  if (issue.code !== "invalid_type") return "isn't allowed here";
  const kind = String(issue.expected);
  return `must be ${/^[aeio]/.test(kind) ? "an" : "a"} ${kind}`;
}

/** The names of the inputs at a place, as far as the schema there lists them. */
function keysAt(shape: z.ZodRawShape, path: Path): string[] {
  const [key, ...rest] = path;
  let schema: z.core.$ZodType | undefined = shape[String(key)];
  for (const part of rest) schema = schema === undefined ? undefined : memberOf(inner(schema), part);
  return schema === undefined ? [] : objectKeys(inner(schema));
}

type Definition = z.core.$ZodTypes["_zod"]["def"];

export function definitionOf(schema: z.core.$ZodType): Definition {
  return (schema as z.core.$ZodTypes)._zod.def;
}

/** Without what only says that it may be left out, or what is made of it. */
function inner(schema: z.core.$ZodType): z.core.$ZodType {
  const definition = definitionOf(schema);
  if (definition.type === "optional" || definition.type === "nullable") return inner(definition.innerType);
  return definition.type === "pipe" ? inner(definition.in) : schema;
}

function memberOf(schema: z.core.$ZodType, part: PropertyKey): z.core.$ZodType | undefined {
  const definition = definitionOf(schema);
  switch (definition.type) {
    case "object":
      return definition.shape[String(part)];
    case "array":
      return definition.element;
    case "record":
      return definition.valueType;
    case "union":
      return definition.options
        .map((option) => memberOf(inner(option), part))
        .find((member) => member !== undefined);
    default:
      return undefined;
  }
}

function objectKeys(schema: z.core.$ZodType): string[] {
  const definition = definitionOf(schema);
  if (definition.type === "object") return Object.keys(definition.shape);
  return definition.type === "union" ? definition.options.flatMap((option) => objectKeys(inner(option))) : [];
}

/**
 * The path that the program writes. The SDK takes hosts apart: a Host's own inputs are in `connection` and `credentials`, and so is
 * what other resources are told of their hosts.
 */
function programPath(shape: z.ZodRawShape, path: Path): string {
  const [first, second, ...rest] = path;
  const isReach = first === "connection" || first === "credentials";
  if ("hosts" in shape) {
    if (first === "hosts" && second !== undefined)
      return formatPath(["hosts", second, "connection", ...rest]);
    if (first === "credentials") return formatPath(["hosts", ...path.slice(1, 2), "credentials", ...rest]);
  } else if ("host" in shape) {
    if (isReach) return formatPath(["host", ...path]);
  } else if (isReach && path.length > 1) return formatPath(path.slice(1));
  return formatPath(path);
}

/** The inputs that a program can give the resource. */
export function programKeys(shape: z.ZodRawShape): string[] {
  return Object.keys(shape)
    .filter((key) => !INTERNAL_KEYS.has(key))
    .flatMap((key) => {
      if (key !== "connection" && key !== "credentials") return [key];
      return "host" in shape || "hosts" in shape ? [] : keysAt(shape, [key]);
    });
}

function formatPath(path: Path): string {
  return path
    .map((part, i) => {
      if (typeof part === "number") return `[${part}]`;
      const name = String(part);
      if (!/^[A-Za-z_$][\w$]*$/.test(name)) return i === 0 ? show(name) : `[${show(name)}]`;
      return i === 0 ? name : `.${name}`;
    })
    .join("");
}

function withValue(message: string, path: Path, value: unknown, isSecret: boolean): string {
  if (isSecret || path.some((part) => SECRET_KEYS.test(String(part))))
    return `${message} (the value is secret)`;
  return `${show(value)} ${message}`;
}

/** On one line, of bounded length, with nothing that a terminal obeys. */
function show(value: unknown): string {
  const text =
    typeof value === "number"
      ? String(value) // JSON has no NaN and no Infinity
      : JSON.stringify(value, (key, member: unknown) => (SECRET_KEYS.test(key) ? "(secret)" : member));
  // By code points: half of a surrogate pair would be no text that the engine takes.
  const characters = Array.from((text ?? String(value)).slice(0, 2 * LONGEST_VALUE));
  const shown = (
    characters.length > LONGEST_VALUE ? [...characters.slice(0, LONGEST_VALUE - 3), "..."] : characters
  ).join("");
  return shown.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
