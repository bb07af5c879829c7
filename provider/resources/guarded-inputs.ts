import type { CrossCheck } from "./definition.js";

/** Stands where an input is wrong, or not known yet. */
export const UNSOUND = Symbol("an input that is wrong, or not known yet");
const READ_UNSOUND = Symbol("an input that is wrong, or not known yet, was read");

type Problems = ReturnType<CrossCheck<never>>;

/** What a check says of inputs of which some are {@link UNSOUND}: nothing that an unsound one has to do with. */
export function judge(crossCheck: CrossCheck<never>, inputs: object): Problems {
  let problems: Problems = [];
  asFarAsSound(() => {
    problems = membersOf(crossCheck(guarded(inputs) as never)) as Problems;
  });
  return problems;
}

/** Does no more where something unsound is read. */
export function asFarAsSound(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (error !== READ_UNSOUND) throw error;
  }
}

/** What stands behind a guarded value. */
const targets = new WeakMap<object, object>();
/** Lists from which something may be missing: nobody knows how many there are. */
const cutShort = new WeakSet<object>();

/** Reading what is unsound ends the reader. Going through a list passes over the entries that can't be judged. */
function guarded<T extends object>(value: T): T {
  const guard = new Proxy(value, {
    get(target, key) {
      if (Array.isArray(target)) {
        if (key === "length" && cutShort.has(target)) throw READ_UNSOUND;
        const passingOver = Object.hasOwn(methods, key) ? methods[key as keyof typeof methods] : undefined;
        if (passingOver !== undefined)
          return (visit: Visit) => passingOver(target, (...args) => visit(...args, guard));
      }
      return shown(Reflect.get(target, key));
    },
  });
  targets.set(guard, value);
  return guard;
}

function shown(value: unknown): unknown {
  if (value === UNSOUND) throw READ_UNSOUND;
  return typeof value === "object" && value !== null ? guarded(value) : value;
}

type Visit = (entry: unknown, index: number, ...list: unknown[]) => unknown;

/** What an entry gives, each in its place; {@link UNSOUND} for those that can't be judged. */
function visits(list: readonly unknown[], visit: Visit): unknown[] {
  return list.map((entry, index) => {
    let given: unknown = UNSOUND;
    asFarAsSound(() => {
      given = visit(shown(entry), index);
    });
    return given;
  });
}

const methods = {
  forEach: (list: readonly unknown[], visit: Visit) => void visits(list, visit),
  map: (list: readonly unknown[], visit: Visit) => {
    const made = visits(list, visit);
    return cutShort.has(list) ? shortened(made) : asList(made);
  },
  flatMap: (list: readonly unknown[], visit: Visit) =>
    shortened(visits(list, visit).flatMap((given) => (isGuardedList(given) ? targets.get(given) : given))),
  filter: (list: readonly unknown[], visit: Visit) => {
    const kept = visits(list, visit);
    return shortened(list.flatMap((entry, i) => (kept[i] === UNSOUND ? [UNSOUND] : kept[i] ? [entry] : [])));
  },
  some: (list: readonly unknown[], visit: Visit) => decided(visits(list, visit), true),
  every: (list: readonly unknown[], visit: Visit) => decided(visits(list, visit), false),
};

function isGuardedList(value: unknown): value is unknown[] {
  return Array.isArray(value) && targets.has(value);
}

function asList(entries: unknown[]): unknown[] {
  return entries.includes(UNSOUND) ? guarded(entries) : entries;
}

/** Of what is left nobody knows the place and the number. */
function shortened(entries: unknown[]): unknown[] {
  if (entries.includes(UNSOUND)) cutShort.add(entries);
  return asList(entries);
}

/** One entry decides, whatever the others are. */
function decided(given: readonly unknown[], by: boolean): boolean {
  if (given.some((each) => each !== UNSOUND && Boolean(each) === by)) return by;
  if (given.includes(UNSOUND)) throw READ_UNSOUND;
  return !by;
}

function membersOf(list: readonly unknown[]): unknown[] {
  const members = (targets.get(list) ?? list) as readonly unknown[];
  return members.filter((each) => each !== UNSOUND);
}
