import { setTimeout as sleep } from "node:timers/promises";
import { HostUnreachable } from "../../../hosts/errors.js";
import type { Host } from "../../../hosts/host.js";
import { isLibvirtError, LibvirtError, MIGRATE } from "../../../libvirt/index.js";
import type { MigrationJournal } from "../../../libvirt/xml/index.js";
import type { MigratedCopy } from "../../../planning/migrated-copy.js";
import { decideRecovery, type RecoveryAction } from "../../../planning/recovery.js";
import { lookAtCopy } from "./copies.js";
import { MigrationError, reasonOf } from "./errors.js";
import { FreshConnections } from "./fresh-connections.js";
import type { Ends, MigrationContext } from "./migration-plan.js";
import { cleanAfterMove, cleanAfterReturn } from "./traces.js";

const POLL_MS = 250;
/** How long we wait for a state that decides itself: a Finish at work, a host that comes back, a lock that is freed. */
const PATIENCE_MS = 60_000;
/** A job that was told to end has this long. One whose client hangs ends only when libvirt gives the client up, after about 28 s. */
const ABORT_WITHIN_MS = 45_000;
const ABORT_AGAIN_MS = 5_000;
const END_WITHIN_MS = 30_000;

/**
 * Brings an interrupted migration to an end: one copy, and nothing left of the other. Changes nothing unless both hosts answer.
 *
 * @returns on which side the guest is now.
 * @throws MigrationError "unsettled" that says what a person must do.
 */
export async function settle(
  source: Host | undefined,
  target: Host | undefined,
  uuid: string,
  journal: MigrationJournal,
  context: MigrationContext,
): Promise<"onSource" | "onTarget"> {
  const unknown =
    source === undefined ? journal.from.name : target === undefined ? journal.to.name : undefined;
  if (source === undefined || target === undefined)
    throw new MigrationError(
      "unsettled",
      `the migration ${route(journal)} was interrupted, and ${unknown} isn't among the hosts of this deployment: without it nobody can tell which copy counts; declare it as a Host resource`,
    );
  for (const [host, uuidThere] of [
    [source, journal.from.uuid],
    [target, journal.to.uuid],
  ] as const) {
    const facts = await host.observations.facts();
    if (facts.uuid !== uuidThere)
      throw new MigrationError(
        "unsettled",
        `the migration ${route(journal)} was interrupted, and ${host.name} isn't the machine that took part in it (host UUID ${facts.uuid} instead of ${uuidThere}); point the Host resource to the former machine, or settle it there by hand and remove the domain's <migration> metadata`,
      );
  }
  const copies = await Promise.all(
    [source, target].map((host) => host.idempotent((libvirt) => libvirt.domains.observe({ uuid }))),
  );
  const name = copies.find((copy) => copy !== undefined)?.name ?? uuid;
  return settleEnds({ source, target, uuid, name, journal }, context);
}

/** {@link settle} of two hosts that are known to be the right ones. */
export async function settleEnds(ends: Ends, context: MigrationContext): Promise<"onSource" | "onTarget"> {
  await using connections = new FreshConnections(ends, context);
  const waiting = new Waiting(context);
  let failure: unknown;
  for (;;) {
    context.signal.throwIfAborted();
    // The source first: see decideRecovery.
    const source = await connections.look("source", (host) => lookAtCopy(host, ends.uuid, ends.journal));
    const target = await connections.look("target", (host) => lookAtCopy(host, ends.uuid, ends.journal));
    const unchangedForMs = waiting.note(source.copy, target.copy);
    const action = decideRecovery({ source: source.copy, target: target.copy, unchangedForMs });
    const current = connections.ends;
    if (action.kind === "finish") {
      await removeTraces(action.winner, current, context);
      // What the hosts' own connections saw before is over as well.
      if (current.source !== ends.source) ends.source.observations.dropAll();
      if (current.target !== ends.target) ends.target.observations.dropAll();
      return action.winner === "source" ? "onSource" : "onTarget";
    }
    if (action.kind === "askPerson") throw needsPerson(ends, action.because, source.copy, target.copy);
    if (waiting.isOver(action)) {
      const because = action.kind === "keepPolling" ? action.because : STUCK[action.kind];
      const cause = source.failure ?? target.failure ?? failure;
      throw needsPerson(ends, because, source.copy, target.copy, cause);
    }
    failure = undefined;
    try {
      await take(action, current, waiting, context);
    } catch (error) {
      // Tried again after the next look, as long as patience lasts.
      if (!(error instanceof LibvirtError || error instanceof HostUnreachable)) throw error;
      failure = error;
    }
    await sleep(POLL_MS, undefined, { signal: context.signal });
  }
}

/** What to say when an action changes nothing. */
const STUCK = {
  abortJob: "the job at the source doesn't end",
  endTarget: "the half guest at the target can't be ended",
  resumeSource: "the guest at the source can't be resumed",
  removeSource: "what is left at the source can't be removed",
} as const;

async function removeTraces(
  winner: "source" | "target",
  ends: Ends,
  context: MigrationContext,
): Promise<void> {
  try {
    if (winner === "source") await cleanAfterReturn(ends, context);
    else await cleanAfterMove(ends, context);
  } catch (error) {
    if (error instanceof MigrationError) throw error;
    const [here, there] = winner === "source" ? [ends.source, ends.target] : [ends.target, ends.source];
    throw new MigrationError(
      "unsettled",
      `the guest is on ${here.name}, but not all that the migration ${route(ends.journal)} left on ${there.name} could be removed: ${reasonOf(error)}; the next deployment goes on`,
      error,
    );
  }
}

async function take(
  action: Exclude<RecoveryAction, { kind: "finish" | "askPerson" }>,
  { source, target, uuid, name }: Ends,
  waiting: Waiting,
  context: MigrationContext,
): Promise<void> {
  const progress = (what: string) => context.log.progress(`settling the interrupted migration: ${what}`);
  switch (action.kind) {
    case "keepPolling":
      progress(`waiting, ${action.because}`);
      return;
    case "abortJob": {
      progress(`ending the job on ${source.name}`);
      if (!waiting.mayAbortAgain()) return;
      await (await source.libvirt()).domains.abortJob(uuid).catch(unlessOver);
      return;
    }
    case "endTarget":
      progress(`ending the half guest on ${target.name}`);
      await endHalfGuest(target, uuid);
      return;
    case "resumeSource":
      progress(`resuming the guest on ${source.name}`);
      await (await source.libvirt()).domains.resume(uuid).catch(unlessOver);
      return;
    case "removeSource":
      progress(`removing ${name} from ${source.name}: it is on ${target.name} now`);
      await removeCopy(source, uuid);
      return;
    default:
      action satisfies never;
  }
}

/**
 * Ends a guest that came by Prepare and never ran. Finish with "cancelled" refuses when another Finish came first, which
 * a plain destroy would not.
 */
export async function endHalfGuest(target: Host, uuid: string): Promise<void> {
  const libvirt = await target.libvirt();
  const record = await libvirt.domains.observe({ uuid });
  if (record === undefined) return;
  try {
    const flags = MIGRATE.live | MIGRATE.persistDest | MIGRATE.undefineSource;
    const cancel = { params: { destinationName: record.name }, flags };
    await libvirt.domains.migrateCancel3(cancel, { timeoutMs: END_WITHIN_MS });
  } catch (error) {
    if (isLibvirtError(error, "connectionLost", "timeout", "aborted")) throw error;
    const again = await libvirt.domains.observe({ uuid });
    if (again === undefined || again.persistent || again.state !== "paused" || again.id !== record.id) return;
    await libvirt.domains.destroy(uuid).catch(unlessOver);
  }
}

/** Undefined first: a host that reboots in between must not start it again. */
async function removeCopy(host: Host, uuid: string): Promise<void> {
  const libvirt = await host.libvirt();
  const record = await libvirt.domains.observe({ uuid });
  if (record === undefined) return;
  if (record.persistent) await libvirt.domains.undefine(uuid, { nvram: "remove", tpm: "remove" });
  if (record.state !== "shutOff") await libvirt.domains.destroy(uuid).catch(unlessOver);
}

/** What we want may have happened by itself meanwhile. The next look tells. */
function unlessOver(error: unknown): void {
  if (!isLibvirtError(error, "operationInvalid", "domainNotFound")) throw error;
}

/** For how long nothing has changed, and what that allows. */
class Waiting {
  readonly #now: () => number;
  #seen: string | undefined;
  #sinceMs: number;
  #abortedSinceMs: number | undefined;
  #abortedLastMs = Number.NEGATIVE_INFINITY;

  constructor({ now }: Pick<MigrationContext, "now">) {
    this.#now = now;
    this.#sinceMs = now();
  }

  note(source: MigratedCopy, target: MigratedCopy): number {
    const seen = JSON.stringify([source, target]);
    if (seen !== this.#seen) this.#sinceMs = this.#now();
    this.#seen = seen;
    return this.#now() - this.#sinceMs;
  }

  mayAbortAgain(): boolean {
    this.#abortedSinceMs ??= this.#now();
    if (this.#now() - this.#abortedLastMs < ABORT_AGAIN_MS) return false;
    this.#abortedLastMs = this.#now();
    return true;
  }

  isOver(action: RecoveryAction): boolean {
    if (action.kind === "abortJob")
      return this.#abortedSinceMs !== undefined && this.#now() - this.#abortedSinceMs > ABORT_WITHIN_MS;
    return this.#now() - this.#sinceMs > PATIENCE_MS;
  }
}

function needsPerson(
  { source, target, uuid, name, journal }: Ends,
  because: string,
  here: MigratedCopy,
  there: MigratedCopy,
  cause?: unknown,
): MigrationError {
  const seen = `on ${source.name} it is ${describe(here)}, on ${target.name} ${describe(there)}`;
  const silent = here.kind === "unanswered" || there.kind === "unanswered";
  const wayOut = silent
    ? "nothing was changed; the next deployment settles it once both hosts answer"
    : `nothing more was changed; look at both with virsh, keep the copy with the latest disks, destroy and undefine the other, and deploy again`;
  const why = cause === undefined ? "" : ` (${reasonOf(cause)})`;
  return new MigrationError(
    "unsettled",
    `the migration ${route(journal)} of ${name} (${uuid}) was interrupted and can't be settled now: ${because}${why}; ${seen}; ${wayOut}`,
    cause,
  );
}

function describe(copy: MigratedCopy): string {
  if (copy.kind === "unanswered") return "not known";
  if (copy.kind === "absent") return "absent";
  const reason = copy.reason === undefined ? "" : ` (${copy.reason})`;
  const traits = [
    copy.persistent ? "defined" : "not defined",
    ...(copy.job === "none" ? [] : [`${copy.job} job`]),
  ];
  return `${copy.state}${reason}, ${traits.join(", ")}`;
}

function route({ from, to }: MigrationJournal): string {
  return `${from.name} -> ${to.name}`;
}
