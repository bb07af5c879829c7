import { describe, expect, it } from "vitest";
import { type Asked, nextAsk, type Way } from "../../provider/resources/virtual-machine/presses.js";

type Agent = "none" | "hangs" | "refuses" | "answers";

/** Asks a guest that stays up until the time is over, and says how and when. */
function asks(timeoutMs: number, agent: Agent): [Way, atMs: number][] {
  const told: [Way, number][] = [];
  let nowMs = 0;
  let asked: Asked | undefined;
  while (nowMs < timeoutMs) {
    const ask = nextAsk(asked, { nowMs, leftMs: timeoutMs - nowMs, timeoutMs }, agent !== "none");
    if (ask !== undefined) {
      told.push([ask.way, nowMs]);
      if (ask.way === "agent" && agent === "hangs") nowMs += ask.answerMs;
      asked = { way: ask.way, atMs: nowMs, failed: ask.way === "agent" && agent !== "answers" };
      if (asked.failed === true) continue;
    }
    nowMs += 250;
  }
  return told;
}

describe("a guest is asked to shut down", () => {
  it.each([
    [1_000, 500],
    [10_000, 5_000],
    [20_000, 10_000],
    [300_000, 10_000],
  ])("within %d ms by its button after %d, when its agent hangs", (timeoutMs, pressedAtMs) => {
    expect(asks(timeoutMs, "hangs").slice(0, 2)).toEqual([
      ["agent", 0],
      ["acpi", pressedAtMs],
    ]);
  });

  it("by its button at once when its agent says no, and again several times", () => {
    expect(asks(4_000, "refuses")).toEqual([
      ["agent", 0],
      ...[0, 1_000, 2_000, 3_000].map((atMs) => ["acpi", atMs]),
    ]);
  });

  it("by its button after a while when its agent has said yes", () => {
    expect(asks(60_000, "answers").slice(0, 3)).toEqual([
      ["agent", 0],
      ["acpi", 10_000],
      ["acpi", 20_000],
    ]);
  });

  it("by its button alone without an agent", () => {
    expect(asks(60_000, "none").map(([way]) => way)).toEqual(Array(6).fill("acpi"));
  });
});
