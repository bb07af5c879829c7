/** A property bag as it crosses the engine's wire. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** Without `undefined`, which Pulumi's wire format can't carry: it would fail after the resource was created. */
export function toJson(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value ?? {})) as JsonObject;
}

/**
 * As the state keeps outputs: one that there is none of at the moment is null, if it is among `optional`. An output that is absent would be
 * unknown in the preview of a stack that stays as it is.
 */
export function toOutputs(outputs: object, optional: readonly string[] = []): JsonObject {
  const none = Object.fromEntries(optional.map((name) => [name, null]));
  return { ...none, ...toJson(outputs) };
}

/** The outputs that there are, of those that the state keeps. */
export function fromOutputs(kept: Record<string, unknown>): Record<string, unknown> {
  const there: Record<string, unknown> = {};
  for (const key of Object.keys(kept)) if (kept[key] !== null) there[key] = kept[key];
  return there;
}

export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((member, i) => sameJson(member, b[i]));
  if (isBag(a) && isBag(b)) {
    const keys = Object.keys(a);
    return (
      keys.every((key) => sameMember(a[key], b[key])) &&
      Object.keys(b).every((key) => b[key] === undefined || Object.hasOwn(a, key))
    );
  }
  return canonicalText(a) === canonicalText(b);
}

/** Absent and null aren't the same there. */
function sameMember(a: unknown, b: unknown): boolean {
  return (a === undefined) === (b === undefined) && sameJson(a, b);
}

function isBag(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Keys sorted, absent and undefined the same. */
function canonicalText(value: unknown): string {
  return (
    JSON.stringify(value, (_key, v: unknown) =>
      typeof v === "object" && v !== null && !Array.isArray(v)
        ? Object.fromEntries(Object.entries(v).sort(([x], [y]) => (x < y ? -1 : 1)))
        : v,
    ) ?? "null"
  );
}
