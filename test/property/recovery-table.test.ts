import { describe, expect, it } from "vitest";
import type { DomainState } from "../../provider/libvirt/index.js";
import { activityOf, type MigratedCopy, type PresentCopy } from "../../provider/planning/migrated-copy.js";
import {
  decideRecovery,
  HALF_GUEST_STANDS_MS,
  type RecoveryAction,
} from "../../provider/planning/recovery.js";

/** Every state of libvirt with every reason that it gives for it, and one that it doesn't. */
const states: Record<DomainState, (string | undefined)[]> = {
  noState: [undefined],
  running: [
    ...["unknown", "booted", "migrated", "restored", "fromSnapshot", "unpaused", "migrationCanceled"],
    ...["saveCanceled", "wakeup", "crashed", "postCopy", "postCopyFailed", undefined],
  ],
  blocked: ["unknown"],
  paused: [
    ...[
      "unknown",
      "user",
      "migration",
      "save",
      "dump",
      "ioError",
      "watchdog",
      "fromSnapshot",
      "shuttingDown",
    ],
    ...["snapshot", "crashed", "startingUp", "postCopy", "postCopyFailed", "apiError", undefined],
  ],
  shuttingDown: ["unknown", "user"],
  shutOff: [
    ...[
      "unknown",
      "shutdown",
      "destroyed",
      "crashed",
      "migrated",
      "saved",
      "failed",
      "fromSnapshot",
      "daemon",
    ],
    undefined,
  ],
  crashed: ["unknown", "panicked"],
  suspended: ["unknown"],
};

const copies: MigratedCopy[] = [{ kind: "unanswered" }, { kind: "absent" }];
for (const [state, reasons] of Object.entries(states))
  for (const reason of reasons)
    for (const persistent of [true, false])
      for (const job of ["none", "outgoing", "incoming", "other"] as const)
        for (const journal of ["same", "other", "none"] as const)
          copies.push({ kind: "present", state: state as DomainState, reason, persistent, job, journal });

const isRunning = (copy: MigratedCopy) => copy.kind === "present" && activityOf(copy) === "running";
const postCopy = (copy: MigratedCopy) =>
  copy.kind === "present" && (copy.reason?.startsWith("postCopy") ?? false);
/** A guest that has all its memory: it runs, or stands still where it ran, or was let go by Finish. */
const isWhole = (copy: MigratedCopy, side: "source" | "target") => {
  if (copy.kind !== "present") return false;
  if (isRunning(copy)) return true;
  if (copy.state === "shutOff" || copy.state === "noState") return false;
  return side === "source" || copy.persistent;
};

/** What comes of every pair, in the order in which they are gone through. */
const decided: RecoveryAction[] = [];

/** Runs `judge` on every pair of copies, with and without patience over; stops at the first that it finds wrong. */
function always(
  judge: (
    action: RecoveryAction,
    source: MigratedCopy,
    target: MigratedCopy,
    unchangedForMs: number,
  ) => boolean,
): void {
  let number = 0;
  for (const source of copies)
    for (const target of copies)
      for (const unchangedForMs of [0, HALF_GUEST_STANDS_MS]) {
        decided[number] ??= decideRecovery({ source, target, unchangedForMs });
        const action = decided[number++] as RecoveryAction;
        if (!judge(action, source, target, unchangedForMs))
          expect.fail(JSON.stringify({ source, target, unchangedForMs, action }));
      }
}

const acts = ({ kind }: RecoveryAction) => kind !== "keepPolling" && kind !== "askPerson";
const present = (copy: MigratedCopy): copy is PresentCopy => copy.kind === "present";

describe("the recovery table, for every pair of states", () => {
  it("changes nothing unless both hosts have answered", () => {
    always(
      (action, source, target) =>
        (source.kind !== "unanswered" && target.kind !== "unanswered") || action.kind === "keepPolling",
    );
  });

  it("lets a guest run on at the source only when it stands still there and the target has none at all", () => {
    always(
      (action, source, target) =>
        action.kind !== "resumeSource" ||
        (target.kind === "absent" && present(source) && source.state === "paused" && source.job === "none"),
    );
  });

  it("ends at the target only what never ran, has no definition and this migration brought, while the source is there", () => {
    always(
      (action, source, target) =>
        action.kind !== "endTarget" ||
        (present(source) &&
          source.persistent &&
          source.journal === "same" &&
          present(target) &&
          !target.persistent &&
          !isRunning(target) &&
          target.journal === "same"),
    );
  });

  it("removes from the source only what doesn't run, once the target has it defined by this migration and let it go", () => {
    always(
      (action, source, target) =>
        action.kind !== "removeSource" ||
        (present(source) &&
          !isRunning(source) &&
          source.job === "none" &&
          source.journal === "same" &&
          present(target) &&
          target.persistent &&
          target.journal === "same" &&
          activityOf(target) !== "frozen" &&
          activityOf(target) !== "unclear"),
    );
  });

  it("removes traces on a host only when the guest isn't on it any more, and is on the other", () => {
    always((action, source, target) => {
      if (action.kind !== "finish") return true;
      const [winner, loser] = action.winner === "source" ? [source, target] : [target, source];
      return present(winner) && loser.kind === "absent" && winner.job === "none";
    });
  });

  it("never does anything to two running copies", () => {
    always((action, source, target) => !(isRunning(source) && isRunning(target)) || !acts(action));
  });

  it("never does anything to a guest of which a part of the memory is on each host", () => {
    always((action, source, target) => !(postCopy(source) || postCopy(target)) || !acts(action));
  });

  it("never acts on the word of a note about another migration", () => {
    always(
      (action, source, target) =>
        !(
          (present(source) && source.journal === "other" && target.kind !== "unanswered") ||
          (present(target) && target.journal === "other" && source.kind !== "unanswered")
        ) || !acts(action),
    );
  });

  it("leaves one copy where there was one, and at most one that runs", () => {
    always((action, source, target) => {
      if (!acts(action)) return true;
      const after = apply(action, source, target);
      const count = (
        pair: { source: MigratedCopy; target: MigratedCopy },
        is: (copy: MigratedCopy) => boolean,
      ) => [pair.source, pair.target].filter(is).length;
      const before = { source, target };
      const whole = (pair: typeof before) =>
        isWhole(pair.source, "source") || isWhole(pair.target, "target") ? 1 : 0;
      return (
        count(after, isRunning) <= 1 &&
        count(after, isRunning) >= count(before, isRunning) &&
        count(after, present) >= 1 &&
        // A guest in memory isn't lost, unless the copy that stays has run since and been shut down.
        (whole(after) >= whole(before) ||
          (present(target) && target.persistent && target.state === "shutOff"))
      );
    });
  });

  it("comes to an end: no action leads round in a circle", () => {
    always((first, source, target, unchangedForMs) => {
      if (unchangedForMs === 0) return true;
      let world = { source, target };
      let action = first;
      for (let steps = 0; acts(action) && action.kind !== "finish"; steps++) {
        if (steps === 4) return false;
        world = apply(action, world.source, world.target);
        action = decideRecovery({ ...world, unchangedForMs });
      }
      return true;
    });
  });
});

/** What an action that succeeds makes of the two copies. */
function apply(
  action: RecoveryAction,
  source: MigratedCopy,
  target: MigratedCopy,
): { source: MigratedCopy; target: MigratedCopy } {
  switch (action.kind) {
    case "abortJob":
      return {
        source: present(source)
          ? {
              ...source,
              job: "none",
              ...(activityOf(source) === "frozen" ? { state: "running", reason: "migrationCanceled" } : {}),
            }
          : source,
        target,
      };
    case "endTarget":
      return { source, target: { kind: "absent" } };
    case "resumeSource":
      return {
        source: present(source) ? { ...source, state: "running", reason: "unpaused" } : source,
        target,
      };
    case "removeSource":
      return { source: { kind: "absent" }, target };
    case "finish":
    case "keepPolling":
    case "askPerson":
      return { source, target };
  }
}
