/** Inputs as a program gives them, not yet checked. */
export type Bag = Record<string, unknown>;

/** Without what is absent: properties that are undefined, and lists and objects in which nothing is. Undefined when nothing is left. */
export function filled(bag: Bag): Bag | undefined {
  const kept = Object.entries(bag).filter(([, value]) => !isEmpty(value));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined) return true;
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
