import { Host } from "../../../hosts/host.js";
import type { SeenCopy } from "./copies.js";
import type { Ends, MigrationContext } from "./migration-plan.js";

/**
 * The two hosts while a migration is being settled. A Host remembers for minutes that it couldn't be reached, so that a dead
 * one costs a deployment one time-out; who waits for one to come back asks through a connection of its own.
 */
export class FreshConnections implements AsyncDisposable {
  #ends: Ends;
  readonly #now: () => number;
  readonly #own: Host[] = [];

  constructor(ends: Ends, { now }: Pick<MigrationContext, "now">) {
    this.#ends = ends;
    this.#now = now;
  }

  /** With hosts that answered last time they were asked. */
  get ends(): Ends {
    return this.#ends;
  }

  async look(side: "source" | "target", ask: (host: Host) => Promise<SeenCopy>): Promise<SeenCopy> {
    const seen = await ask(this.#ends[side]);
    if (seen.copy.kind !== "unanswered") return seen;
    const fresh = new Host(this.#ends[side].ref, { warn: () => undefined, now: this.#now });
    const again = await ask(fresh);
    if (again.copy.kind === "unanswered") {
      await fresh.close();
      return again;
    }
    this.#own.push(fresh);
    this.#ends = { ...this.#ends, [side]: fresh };
    return again;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#own.map((host) => host.close()));
  }
}
