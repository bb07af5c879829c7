import { sameValue } from "../../../libvirt/xml/value.js";

/** What is declared; what stands there if it never was declared; nothing (the default) if it isn't any more. */
export function orKept<T>(
  declared: T | undefined,
  declaredBefore: unknown,
  there: T | undefined,
): T | undefined {
  return declared ?? (declaredBefore === undefined ? there : undefined);
}

/** Sets a property to {@link orKept} of it. */
export function setOrKeep<Model extends object, Key extends keyof Model>(
  model: Model,
  key: Key,
  declared: Model[Key] | undefined,
  declaredBefore: unknown,
): void {
  const value = orKept(declared, declaredBefore, model[key]);
  if (value === undefined) delete model[key];
  else model[key] = value;
}

/**
 * The declared ones first, in their order, then what others have put there: what was never declared. Undefined when there is none.
 */
export function withStrangers<T>(
  declared: readonly T[] | undefined,
  declaredBefore: readonly T[] | undefined,
  there: readonly T[] | undefined,
): T[] | undefined {
  const known = [...(declared ?? []), ...(declaredBefore ?? [])];
  const strangers = (there ?? []).filter((item) => !known.some((other) => sameValue(item, other)));
  const all = [...(declared ?? []), ...strangers];
  return all.length === 0 ? undefined : all;
}
