import type { z } from "zod";
import { UNSOUND } from "../resources/guarded-inputs.js";
import { definitionOf, meantIssues, misspeltIn } from "./input-problem.js";
import { issuesOf, parse } from "./parse.js";
import { containsUnknown, UNKNOWN } from "./unknowns.js";

type Bag = Record<string, unknown>;

/** The canonical form of what is right in a value that isn't as a whole; {@link UNSOUND} stands for the rest. */
export function soundParts(schema: z.core.$ZodType, value: unknown): unknown {
  if (value === UNKNOWN) return UNSOUND;
  if (containsUnknown(value)) return partsOf(schema, value);
  const parsed = parse(schema as z.ZodType, value);
  if (parsed.success) return parsed.data;
  const root = { parts: partsOf(schema, value) };
  for (const issue of issuesOf(parsed.error)) markIssue(root, issue);
  return root.parts;
}

function markIssue(root: Bag, issue: z.core.$ZodIssue): void {
  // Nobody reads an input that there isn't.
  if (issue.code === "unrecognized_keys") return;
  const meant = meantIssues(issue);
  if (meant === undefined) markUnsound(root, ["parts", ...issue.path]);
  else for (const inner of meant) markIssue(root, inner);
}

/** By the schema's members. */
function partsOf(schema: z.core.$ZodType, value: unknown): unknown {
  const definition = definitionOf(schema);
  switch (definition.type) {
    case "optional":
    case "nullable":
      return value === undefined ? undefined : soundParts(definition.innerType, value);
    case "object": {
      if (!isBag(value)) return UNSOUND;
      const { shape } = definition;
      const misspelt = misspeltIn(value, Object.keys(shape));
      return Object.fromEntries(
        Object.entries(shape).flatMap(([key, member]) => {
          if (misspelt.has(key)) return [[key, UNSOUND]];
          const part = soundParts(member, Object.hasOwn(value, key) ? value[key] : undefined);
          return part === undefined ? [] : [[key, part]];
        }),
      );
    }
    case "array":
      return Array.isArray(value) ? value.map((entry) => soundParts(definition.element, entry)) : UNSOUND;
    case "record":
      // What its members are called may be as wrong as they are.
      return UNSOUND;
    case "union": {
      // Meant is what it is of the kind of.
      const parts = definition.options.map((option) => soundParts(option, value));
      const meant = parts.filter((part) => part !== UNSOUND);
      return meant.length === 1 ? meant[0] : UNSOUND;
    }
    default:
      return UNSOUND;
  }
}

function isBag(value: unknown): value is Bag {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is at a place, if nothing around it is marked already. */
function markUnsound(root: Bag, path: readonly PropertyKey[]): void {
  let parent: unknown = root;
  for (const [i, key] of path.entries()) {
    if (typeof parent !== "object" || parent === null) return;
    const bag = parent as Record<PropertyKey, unknown>;
    if (bag[key] === UNSOUND) return;
    if (i === path.length - 1) bag[key] = UNSOUND;
    parent = bag[key];
  }
}
