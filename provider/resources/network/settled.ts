/** What is declared; else the default where it was declared last time, or what is there. */
export function settled<T>(
  declared: T | undefined,
  wasDeclared: boolean,
  existing: T | undefined,
  fallback?: T,
): T | undefined {
  if (declared !== undefined) return declared;
  return wasDeclared ? fallback : existing;
}

/** A property when it has a value, so that models compare by their keys. */
export function present<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}
