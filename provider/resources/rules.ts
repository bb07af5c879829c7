/** What is wrong with a part of the inputs, by path within it; "" is the part itself. Rules that read little are kept from speaking by little. */
export type Rule<Part> = (part: Part) => Problems;
type Problems = { path: string; message: string }[];

/** The one problem, if there is one. */
export function problemIf(isWrong: boolean, path: string, message: string): Problems {
  return isWrong ? [{ path, message }] : [];
}

/** Rules for the entries of a list, as rules for what has the list. */
export function ofEach<Key extends string, Entry>(
  key: Key,
  rules: readonly Rule<Entry>[],
): Rule<{ [K in Key]?: readonly Entry[] | undefined }>[] {
  return rules.map((rule) => ({ [key]: entries }) => {
    const list = entries as readonly Entry[] | undefined;
    return (list ?? []).flatMap((entry, i) => located(`${key}[${i}]`, rule(entry)));
  });
}

/** Rules for a part, as rules for what may have it. */
export function ofPart<Key extends string, Part>(
  key: Key,
  rules: readonly Rule<Part>[],
): Rule<{ [K in Key]?: Part | undefined }>[] {
  return rules.map((rule) => ({ [key]: value }) => {
    const part = value as Part | undefined;
    return part === undefined ? [] : located(key, rule(part));
  });
}

/** What is to be said of each entry that is the same as an earlier one. */
export function repeated<Entry>(
  list: readonly Entry[],
  keyOf: (entry: Entry, i: number) => string | number | undefined,
  say: (entry: Entry, i: number, firstAt: number) => Problems,
): Problems {
  const places = new Map<string | number, number>();
  return list.flatMap((entry, i) => {
    const key = keyOf(entry, i);
    if (key === undefined) return [];
    const firstAt = places.get(key);
    if (firstAt !== undefined) return say(entry, i, firstAt);
    places.set(key, i);
    return [];
  });
}

/** Says of each value that was there before that it is. `path`: where the list stands; `within`: where in an entry its value does. */
export function occursTwice<Entry>(
  path: string,
  list: readonly Entry[],
  keyOf: (entry: Entry) => string | number | undefined,
  within = "",
): Problems {
  return repeated(list, keyOf, (entry, i) => [
    { path: `${path}[${i}]${within}`, message: `${keyOf(entry)} occurs twice` },
  ]);
}

function located(within: string, problems: Problems): Problems {
  return problems.map(({ path, message }) => ({
    path: path === "" ? within : `${within}.${path}`,
    message,
  }));
}
