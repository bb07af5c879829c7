/** How a guest is asked to shut down. */
export type Way = "agent" | "acpi";

/** How it was asked last; `failed`: its agent gave no answer, or said no. */
export interface Asked {
  way: Way;
  atMs: number;
  failed?: boolean;
}

/** A guest that is just booting doesn't hear the power button: it is pressed again, several times within whatever time there is. */
const ASK_AGAIN_MS = 10_000;
const PRESSES = 4;

export function askAgainMs(timeoutMs: number): number {
  return Math.min(ASK_AGAIN_MS, timeoutMs / PRESSES);
}

/**
 * How a guest is to be asked now, and how long its answer may take; undefined while it has its time. An agent that can't do it now won't a moment
 * later either, so it is asked once, and one that hangs takes no more than half of the time: the rest is for the button. Pure.
 */
export function nextAsk(
  asked: Asked | undefined,
  time: { nowMs: number; leftMs: number; timeoutMs: number },
  hasAgent: boolean,
): { way: Way; answerMs: number } | undefined {
  const { nowMs, leftMs, timeoutMs } = time;
  if (asked === undefined && hasAgent) return { way: "agent", answerMs: Math.min(leftMs / 2, ASK_AGAIN_MS) };
  const isDue =
    asked === undefined ||
    (asked.way === "agent" && asked.failed === true) ||
    nowMs - asked.atMs >= askAgainMs(timeoutMs);
  return isDue ? { way: "acpi", answerMs: Math.min(leftMs, ASK_AGAIN_MS) } : undefined;
}
