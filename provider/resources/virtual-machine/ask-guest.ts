import { setTimeout as passed } from "node:timers/promises";
import type { Host } from "../../hosts/host.js";
import type { BalloonStats, DomainRecord } from "../../libvirt/index.js";
import { wholeMebibytes } from "../../libvirt/xml/index.js";
import type { ObservedDomain } from "./observed.js";
import type { MachineRequest } from "./request.js";

/** Asks QEMU what the documents of a running guest don't tell, where it matters. */
export async function askGuest(host: Host, domain: ObservedDomain, request: MachineRequest): Promise<void> {
  await askBalloon(host, domain, request);
}

/** QEMU is asked only where it matters: of one that hangs no answer comes. */
const BALLOON_ANSWERS_WITHIN_MS = 3_000;
/** Within that, one that is on its way has moved, also where the guest doesn't get a CPU at once. */
const BALLOON_MOVES_WITHIN_MS = 500;
const LOOK_AGAIN_MS = 25;

/** What was said beside each record: the check and the diff of a preview are to see the same. */
const said = new WeakMap<DomainRecord, Promise<BalloonStats | undefined>>();

/**
 * Whether a guest that has more than it should have its driver up, and could give it back; and whether it is doing so right now, as each does
 * that has just booted with less than its maximum.
 */
async function askBalloon(host: Host, domain: ObservedDomain, { inputs }: MachineRequest): Promise<void> {
  const { live, run, record } = domain;
  if (live === undefined || run === undefined || live.memoryBytes <= inputs.memory) return;
  let answer = said.get(record);
  if (answer === undefined) {
    const seenBytes = live.memoryBytes - (run.hotplug.virtioMem?.currentBytes ?? 0);
    const mayMove = !run.paused && domain.persistent?.memoryBytes === inputs.memory;
    answer = balloonThatMoves(host, record, seenBytes, mayMove ? BALLOON_MOVES_WITHIN_MS : 0);
    said.set(record, answer);
  }
  const stats = await answer;
  run.balloonAnswers = stats?.driverAnswers;
  run.balloonLeavesBytes = asRead(stats);
}

/** As documents are read, with which it is compared. */
function asRead(stats: BalloonStats | undefined): number | undefined {
  return stats?.actualBytes === undefined ? undefined : wholeMebibytes(stats.actualBytes);
}

/** What the balloon's driver says, as soon as that is something else than `seenBytes`, or in the end. */
async function balloonThatMoves(
  host: Host,
  { uuid }: DomainRecord,
  seenBytes: number,
  withinMs: number,
): Promise<BalloonStats | undefined> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const stats = await host
      .idempotent((libvirt) => libvirt.domains.balloonStats(uuid, { timeoutMs: BALLOON_ANSWERS_WITHIN_MS }))
      .catch(() => undefined);
    if (stats?.driverAnswers !== true || asRead(stats) !== seenBytes) return stats;
    if (performance.now() >= deadline) return stats;
    await passed(LOOK_AGAIN_MS);
  }
}
