import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../../../hosts/host.js";
import type { DomainApi, MigrationPhase } from "../../../libvirt/index.js";
import { ASLEEP, MigrationError } from "./errors.js";
import type { MigrationContext, MigrationPolicy } from "./migration-plan.js";
import { progressLine } from "./progress.js";

/** libvirt has no event for the bytes of a migration. */
const LOOK_EVERY_MS = 500;
/** An aborted job has this long until its Perform must have returned. */
const END_WITHIN_MS = 30_000;

/** What is watched. */
interface Performed {
  domains: DomainApi;
  host: Host;
  uuid: string;
  policy: MigrationPolicy;
  deadlineMs: number;
}

/** The long call of a migration, watched: progress, the limits of the policy, the end of patience. */
export class Perform {
  readonly #what: Performed;
  readonly #context: MigrationContext;

  constructor(what: Performed, context: MigrationContext) {
    this.#what = what;
    this.#context = context;
  }

  /** Rejects when the guest didn't get across; then its job at the source is over, or the source doesn't answer. */
  async run(phase: MigrationPhase): Promise<{ cookie: Uint8Array }> {
    const { domains, uuid, policy } = this.#what;
    const over = new AbortController();
    const { events } = await this.#what.host.libvirt();
    // Ends with the connection, which is this migration's own.
    await events.on("domainLifecycle", (event) => {
      if (event.uuid === uuid && event.event === "pmSuspended") this.#fellAsleep.abort();
    });
    if ((await domains.observe({ uuid }))?.state === "suspended") this.#fellAsleep.abort();
    const hindrance = this.#reasonToStop();
    if (hindrance !== undefined) throw hindrance;
    // The time limit is kept by aborting the job; the call's own only has to be later.
    const timeoutMs = policy.timeoutMs + 10 * END_WITHIN_MS;
    const performing = domains.migratePerform3(uuid, phase, { timeoutMs }).finally(() => over.abort());
    const watching = this.#watch(over.signal);
    try {
      // The watch only ends before Perform does when Perform doesn't end at all.
      const first = await Promise.race([performing, watching]);
      return first ?? (await performing);
    } catch (error) {
      throw this.#stopped ?? error;
    } finally {
      performing.catch(() => undefined);
      watching.catch(() => undefined);
      over.abort();
    }
  }

  #stopped: MigrationError | undefined;
  /** Aborting the job ends it only until its switchover, so that is done at once. */
  readonly #fellAsleep = new AbortController();

  async #watch(over: AbortSignal): Promise<undefined> {
    const { domains, uuid, policy, deadlineMs } = this.#what;
    const { signal, now, log } = this.#context;
    const wake = AbortSignal.any([over, signal, this.#fellAsleep.signal]);
    let downtimeToSet = policy.maxDowntimeMs;
    while (!over.aborted) {
      this.#stopped = this.#reasonToStop();
      if (this.#stopped !== undefined) {
        await this.#abort(over);
        return undefined;
      }
      if (downtimeToSet !== undefined)
        downtimeToSet = await domains.setMigrationMaxDowntime(uuid, downtimeToSet).then(
          () => undefined,
          () => downtimeToSet,
        );
      const stats = await domains.jobStats(uuid, { timeoutMs: LOOK_EVERY_MS * 10 }).catch(() => undefined);
      const line = stats === undefined ? undefined : progressLine(stats);
      if (line !== undefined) log.progress(line);
      // Woken when the call returns and when the operation is aborted.
      await sleep(Math.min(LOOK_EVERY_MS, Math.max(0, deadlineMs - now()) + 1), undefined, {
        signal: wake,
      }).catch(() => undefined);
    }
    return undefined;
  }

  #reasonToStop(): MigrationError | undefined {
    const { policy, deadlineMs } = this.#what;
    const { signal, now } = this.#context;
    if (signal.aborted) return new MigrationError("aborted", "the operation was aborted", signal.reason);
    if (this.#fellAsleep.signal.aborted)
      return new MigrationError("failed", `${ASLEEP}; deploy again, which wakes it up first`);
    if (now() > deadlineMs)
      return new MigrationError("timedOut", `it was not done within ${policy.timeoutMs / 1000} s`);
    return undefined;
  }

  /** Ends the job. It may be past the point of return by then: then Perform succeeds, and the migration goes on. */
  async #abort(over: AbortSignal): Promise<void> {
    const { domains, host, uuid } = this.#what;
    this.#context.log.progress("aborting the migration");
    const deadlineMs = this.#context.now() + END_WITHIN_MS;
    while (!over.aborted) {
      await domains.abortJob(uuid, { timeoutMs: END_WITHIN_MS }).catch(() => undefined);
      await sleep(LOOK_EVERY_MS, undefined, { signal: over }).catch(() => undefined);
      if (this.#context.now() > deadlineMs && !over.aborted)
        throw new MigrationError("failed", `the job on ${host.name} could not be aborted`);
    }
  }
}
