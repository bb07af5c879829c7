import type { TypedParam } from "./rpc/index.js";

/** Values of typed parameters by field. Of a repeated field the last value. */
export type ParamValues = Readonly<Record<string, number | bigint | boolean | string>>;

/** Typed parameters as a plain object. */
export function paramValues(params: readonly TypedParam[]): ParamValues {
  return Object.fromEntries(params.map(({ field, value }) => [field, value]));
}

/** A number of a typed parameter; undefined when it is absent. */
export function paramNumber(values: ParamValues, field: string): number | undefined {
  const value = values[field];
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : undefined;
}
