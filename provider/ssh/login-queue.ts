import { Places } from "./places.js";

/** Enough that a few servers which take their time don't hold up the others. */
const AT_ONCE = 16;

/**
 * Reading keys and shaking hands is computing, and one thread does it for all hosts: hundreds at once would all be late, and none in time. So
 * they queue for it, and only for it: who waits for a silent host is in nobody's way.
 */
export const loginQueue = new Places<"login">((kind, taken) => taken(kind) < AT_ONCE);
