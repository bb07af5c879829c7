import { type Activity, activityOf, type MigratedCopy, type PresentCopy } from "./migrated-copy.js";

/** Both hosts' copies of a guest, and for how long they have been seen like that. */
export interface RecoveryView {
  source: MigratedCopy;
  target: MigratedCopy;
  unchangedForMs: number;
}

/**
 * What to do next about an interrupted migration; then both hosts are looked at again.
 * - `abortJob`: end the job at the source
 * - `endTarget`: throw away the half guest at the target
 * - `resumeSource`: let the only copy run on
 * - `removeSource`: undefine, then destroy what is left at the source; the guest has moved
 * - `finish`: one copy is left; remove the traces of the other
 */
export type RecoveryAction =
  | { kind: "abortJob" }
  | { kind: "endTarget" }
  | { kind: "resumeSource" }
  | { kind: "removeSource" }
  | { kind: "finish"; winner: "source" | "target" }
  | { kind: "keepPolling"; because: string }
  | { kind: "askPerson"; because: string };

/**
 * For how long a half guest must have stood at the target before it is ended: while a Finish is at work there, it looks the
 * same.
 */
export const HALF_GUEST_STANDS_MS = 3_000;

/**
 * The recovery table. Nothing is ever started or resumed unless both hosts have answered, and nothing is removed unless
 * the copy that stays has been seen. `source` must have been looked at before `target`: a guest comes into being at the
 * target before it is frozen at the source, so that frozen there and then absent here is final.
 */
export function decideRecovery({ source, target, unchangedForMs }: RecoveryView): RecoveryAction {
  if (source.kind === "unanswered") return keepPolling("the source host doesn't answer");
  if (target.kind === "unanswered") return keepPolling("the target host doesn't answer");
  for (const [where, copy] of [
    ["source", source],
    ["target", target],
  ] as const)
    if (copy.kind === "present") {
      if (copy.journal === "other")
        return askPerson(`the ${where} tells of another migration in its metadata`);
      // A part of the guest's memory is on each host: ending either copy loses it.
      if (copy.reason?.startsWith("postCopy")) return askPerson("it is in post-copy, which we never begin");
    }
  if (target.kind === "absent") return withoutTarget(source);
  const there = activityOf(target);
  if (source.kind === "absent") return withoutSource(target, there);
  return withBoth(source, target, there, unchangedForMs);
}

function withoutTarget(source: Exclude<MigratedCopy, { kind: "unanswered" }>): RecoveryAction {
  if (source.kind === "absent") return askPerson("it is on neither host");
  if (source.job === "outgoing") return { kind: "abortJob" };
  if (source.job !== "none") return keepPolling("another job holds the source");
  switch (activityOf(source)) {
    case "running":
    case "held":
      return { kind: "finish", winner: "source" };
    case "frozen":
      // Transient: it was undefined because the target had won, and now the target is gone.
      if (!source.persistent || source.journal !== "same")
        return askPerson("the source was stopped by a migration, and its definition or its journal is gone");
      return { kind: "resumeSource" };
    case "off":
      if (source.reason === "migrated")
        return askPerson("the guest left the source by migration, and isn't at the target");
      return { kind: "finish", winner: "source" };
    case "unclear":
      return keepPolling("the state of the source is unclear");
  }
}

function withoutSource(target: PresentCopy, there: Activity): RecoveryAction {
  if (target.journal !== "same") return askPerson("the source is gone, and the target has no journal");
  if (!target.persistent) return askPerson("the source is gone, and the target has no definition");
  if (there === "frozen" || there === "unclear")
    return keepPolling("the target is defined and stopped by a migration: it may be about to run");
  if (target.job !== "none") return keepPolling("a job holds the target");
  return { kind: "finish", winner: "target" };
}

function withBoth(
  source: PresentCopy,
  target: PresentCopy,
  there: Activity,
  unchangedForMs: number,
): RecoveryAction {
  const here = activityOf(source);
  if (source.journal !== "same" || target.journal !== "same")
    return askPerson("it is on both hosts, and not both tell of the same migration in their metadata");
  if (here === "unclear") return keepPolling("the state of the source is unclear");
  if (!target.persistent) {
    if (there === "running" || there === "off") return askPerson("the target runs without a definition");
    if (!source.persistent) return askPerson("neither host has a definition of it");
    if (source.job === "outgoing") return { kind: "abortJob" };
    if (source.job !== "none") return keepPolling("another job holds the source");
    if (here === "off" && source.reason === "migrated")
      return askPerson("the guest left the source by migration, and doesn't run at the target");
    if (unchangedForMs < HALF_GUEST_STANDS_MS) return keepPolling("the target may be about to run");
    return { kind: "endTarget" };
  }
  if (there === "frozen" || there === "unclear")
    return keepPolling("the target is defined and stopped by a migration: it may be about to run");
  if (here === "running")
    return askPerson("the source runs and the target has its definition: which is newer?");
  // The job ends with the connection of the client that migrates; aborting it would only disturb its last step.
  if (source.job !== "none" || target.job !== "none") return keepPolling("a job holds one of the copies");
  if (there === "off" && here === "held")
    return askPerson("the source is paused and the target is defined and off: which is newer?");
  if (there === "off" && here === "frozen" && target.reason === "failed")
    return askPerson("the source holds the stopped guest, and it failed to start at the target");
  return { kind: "removeSource" };
}

function keepPolling(because: string): RecoveryAction {
  return { kind: "keepPolling", because };
}

function askPerson(because: string): RecoveryAction {
  return { kind: "askPerson", because };
}
