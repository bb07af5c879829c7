import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MigratedCopy, PresentCopy } from "../../provider/planning/migrated-copy.js";
import { decideRecovery, type RecoveryAction } from "../../provider/planning/recovery.js";
import { runs } from "../support/runs.js";

/**
 * Two hosts and a guest, as far as a migration goes: what libvirt does at each call, when a client's connection ends, when its daemon is
 * started anew and when its host is. The recovery table drives it to an end while all that goes on happening.
 */
class World {
  source: PresentCopy | undefined = guest("running", "booted");
  target: PresentCopy | undefined;
  clientLives = true;
  /** A Finish at the target that was begun and hasn't come back. */
  finishing = false;
  /** The guest has run at the target: what is at the source is the past. */
  ranAtTarget = false;
  lostPower = false;
  silent: { source: number; target: number } = { source: 0, target: 0 };

  /** The client's calls, in their order. */
  readonly calls: (() => void)[] = [
    () => this.#set("source", { job: "outgoing" }),
    () => {
      if (this.source?.job === "outgoing")
        this.target = { ...guest("paused", "migration"), persistent: false, job: "incoming" };
    },
    () => {
      if (
        this.source?.job === "outgoing" &&
        this.source.state === "running" &&
        this.target?.job === "incoming"
      )
        this.#set("source", { state: "paused", reason: "migration" });
    },
    () => {
      if (this.source?.reason === "migration" && this.target?.job === "incoming") this.finishing = true;
    },
    () => {
      // Confirm: only after a Finish that was answered.
      if (!this.finishing && this.ranAtTarget && this.source?.job === "outgoing") this.source = undefined;
    },
  ];

  /** Things that happen by themselves. */
  readonly events: (() => void)[] = [
    () => {
      if (this.finishing && this.target?.job === "incoming") {
        if (!this.target.persistent) this.#set("target", { persistent: true });
        else {
          this.#set("target", { state: "running", reason: "migrated", job: "none" });
          this.finishing = false;
          this.ranAtTarget = true;
        }
      }
    },
    () => {
      this.clientLives = false;
    },
    () => {
      // The daemon notices that the client has gone.
      if (this.clientLives) return;
      if (this.source?.job === "outgoing") {
        this.#set("source", { job: "none" });
        if (this.target === undefined && this.source?.state === "running") return;
      }
      if (this.target?.job === "incoming" && !this.finishing && !this.target.persistent)
        this.target = undefined;
    },
    () => this.#restartDaemon("source"),
    () => this.#restartDaemon("target"),
    () => this.#restartHost("source"),
    () => this.#restartHost("target"),
    () => {
      this.silent.source = 3;
    },
    () => {
      this.silent.target = 3;
    },
  ];

  #restartDaemon(side: "source" | "target"): void {
    const copy = this[side];
    if (side === "source") {
      this.clientLives = false;
      if (copy?.job === "outgoing") this.#set("source", { job: "none" });
    } else if (copy?.job === "incoming") {
      // Half a guest is killed; what Finish has defined already stays as a definition.
      this.finishing = false;
      this.target = copy.persistent
        ? { ...copy, state: "shutOff", reason: "failed", job: "none" }
        : undefined;
    }
  }

  #restartHost(side: "source" | "target"): void {
    const copy = this[side];
    if (copy === undefined) return;
    this.lostPower = true;
    if (side === "source") this.clientLives = false;
    else this.finishing = false;
    this[side] = copy.persistent ? { ...copy, state: "shutOff", reason: "unknown", job: "none" } : undefined;
  }

  #set(side: "source" | "target", change: Partial<PresentCopy>): void {
    const copy = this[side];
    if (copy !== undefined) this[side] = { ...copy, ...change };
  }

  look(side: "source" | "target"): MigratedCopy {
    if (this.silent[side] > 0) {
      this.silent[side]--;
      return { kind: "unanswered" };
    }
    return this[side] ?? { kind: "absent" };
  }

  act(action: RecoveryAction): void {
    switch (action.kind) {
      case "abortJob":
        // Once all is sent there is nothing to abort; the job then ends with its client's connection.
        if (this.source?.job === "outgoing" && this.source.state === "running") {
          this.#set("source", { job: "none" });
          this.clientLives = false;
        }
        return;
      case "endTarget":
        // Finish with "cancelled" comes too late when another Finish is at work.
        if (this.target?.job === "incoming" && !this.finishing) this.target = undefined;
        return;
      case "resumeSource":
        expect(this.ranAtTarget, "the past was brought back").toBe(false);
        if (this.source?.state === "paused") this.#set("source", { state: "running", reason: "unpaused" });
        return;
      case "removeSource":
        this.source = undefined;
        return;
      case "finish":
      case "keepPolling":
      case "askPerson":
        return;
    }
  }

  running(): number {
    return [this.source, this.target].filter((copy) => copy?.state === "running").length;
  }
}

function guest(state: PresentCopy["state"], reason: string): PresentCopy {
  return { kind: "present", state, reason, persistent: true, job: "none", journal: "same" };
}

const POLL_MS = 250;
const PATIENCE_MS = 60_000;

/** Polls as settle does, while `schedule` goes on, until there is an end; gives the end. */
function settle(world: World, schedule: Iterator<number>): RecoveryAction {
  let seen = "";
  let unchangedForMs = 0;
  const between = () => {
    const next = schedule.next();
    if (next.done !== true) world.events[next.value]?.();
    expect(world.running()).toBeLessThanOrEqual(1);
  };
  for (let quietMs = 0; quietMs <= PATIENCE_MS; quietMs += POLL_MS) {
    between();
    const source = world.look("source");
    between();
    const target = world.look("target");
    const now = JSON.stringify([source, target]);
    unchangedForMs = now === seen ? unchangedForMs + POLL_MS : 0;
    if (unchangedForMs === 0) quietMs = 0;
    seen = now;
    const action = decideRecovery({ source, target, unchangedForMs });
    if (action.kind === "finish" || action.kind === "askPerson") return action;
    world.act(action);
    expect(world.running()).toBeLessThanOrEqual(1);
    // What was begun comes to its end; the client that was killed is noticed.
    if (unchangedForMs >= 2_000) for (const event of [0, 0, 2]) world.events[event]?.();
  }
  return { kind: "askPerson", because: "nothing changed" };
}

const event = fc.integer({ min: 0, max: 8 });
const harmless = fc.constantFrom(0, 1, 2, 7, 8);

function interrupted(callsMade: number, meanwhile: readonly number[]): World {
  const world = new World();
  for (const [index, call] of world.calls.slice(0, callsMade).entries()) {
    if (!world.clientLives) break;
    call();
    const happens = meanwhile[index];
    if (happens !== undefined) world.events[happens]?.();
  }
  world.clientLives = false;
  return world;
}

describe("settling a migration that was interrupted anywhere, while hosts and daemons fail", () => {
  it("never has two running copies, never goes back to the past, and loses nothing", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 5 }),
        fc.array(event, { maxLength: 5 }),
        fc.array(event, { maxLength: 40 }),
        (callsMade, meanwhile, later) => {
          const world = interrupted(callsMade, meanwhile);
          const end = settle(world, later.values());
          expect(world.source !== undefined || world.target !== undefined).toBe(true);
          if (end.kind !== "finish") return;
          expect(world[end.winner]).toBeDefined();
          expect(world[end.winner === "source" ? "target" : "source"]).toBeUndefined();
          if (end.winner === "source") expect(world.ranAtTarget).toBe(false);
          // Only a host that lost its power ends a guest, or a person.
          if (!world.lostPower) expect(world.running()).toBe(1);
        },
      ),
      { numRuns: runs(5_000) },
    );
  });

  it("comes to one running copy by itself when only clients and connections fail", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 5 }),
        fc.array(harmless, { maxLength: 5 }),
        fc.array(harmless, { maxLength: 40 }),
        (callsMade, meanwhile, later) => {
          const world = interrupted(callsMade, meanwhile);
          expect(settle(world, later.values()).kind).toBe("finish");
          expect(world.running()).toBe(1);
        },
      ),
      { numRuns: runs(5_000) },
    );
  });
});
