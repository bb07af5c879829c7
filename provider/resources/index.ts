import { definitionsOf, kinds } from "./by-kind.js";

/** All kinds, loaded at once: a deployment in the midst of its work doesn't depend on the package's files being as they were. */
export const definitions = await definitionsOf(kinds);
