import { setTimeout as sleep } from "node:timers/promises";

const LOOK_EVERY_MS = 250;
/** Standard streams, and the server by which Pulumi speaks to its dynamic resources. */
const STANDING: ReadonlySet<string> = new Set(["PipeWrap", "TTYWrap", "TCPServerWrap"]);

/**
 * Ends a process whose engine is gone: Pulumi's server would keep it for ever. Dynamic resources of other packages live in it too, so it
 * ends when nothing is at work in it any more, neither a call of ours nor anybody's connection, timer or child.
 */
export async function endWhenIdle(isIdle: () => boolean, release: () => Promise<void>): Promise<void> {
  while (!isIdle()) await sleep(LOOK_EVERY_MS);
  await release().catch(() => undefined);
  do await sleep(LOOK_EVERY_MS);
  while (!isIdle() || process.getActiveResourcesInfo().some((kind) => !STANDING.has(kind)));
  process.exit();
}
