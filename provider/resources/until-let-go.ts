import type { ApplyContext } from "./definition.js";
import { until } from "./until.js";

/** How long other guests may take to let go of a disk, and how often that is looked at. */
const LET_GO_WITHIN_MS = 60_000;
const LOOK_AGAIN_MS = 2_000;

/** What keeps a disk. */
export interface Hold {
  waitingFor: string;
  /** What it comes to if it is never let go; `waited` says how long that was. */
  failure: (waited: string) => Error;
}

/**
 * Tries again and again as long as something keeps a disk: the deployment may be taking it from another guest right now, and the order of two
 * resources that share nothing else is anybody's.
 */
export async function untilLetGo(
  attempt: () => Promise<Hold | undefined>,
  context: ApplyContext,
): Promise<void> {
  const deadline = context.now() + LET_GO_WITHIN_MS;
  for (;;) {
    const hold = await attempt();
    if (hold === undefined) return;
    if (context.now() >= deadline) throw hold.failure(`waited ${LET_GO_WITHIN_MS / 1000} s`);
    context.log.progress(hold.waitingFor);
    await until(() => undefined, LOOK_AGAIN_MS, context.signal);
  }
}
