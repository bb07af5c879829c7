import { describe, expect, it } from "vitest";
import { judgeTicks, type Tick } from "../hosts/ticks.mjs";

/** Ticks from "host number milliseconds" words. */
function ticks(...words: string[]): Tick[] {
  return words.map((word) => {
    const [host = "", number, at] = word.split(" ");
    return { host, number: Number(number), uptimeSeconds: Number(number) / 4, arrivedAtMs: Number(at) };
  });
}

describe("the judge of ticks", () => {
  it("finds nothing wrong with a guest that moved without a pause", () => {
    const report = judgeTicks(ticks("a 4 0", "a 5 250", "b 6 700", "b 7 950"));
    expect(report).toEqual({
      ...{ count: 4, first: 4, last: 7, largestGapMs: 450, gapAfter: 5 },
      ...{ missing: [], repeated: [], restarts: 0 },
    });
  });

  it("names the numbers that nobody heard", () => {
    expect(judgeTicks(ticks("a 0 0", "a 1 250", "b 4 1000")).missing).toEqual([2, 3]);
  });

  it("sees two copies by the numbers they both print", () => {
    expect(
      judgeTicks(ticks("a 0 0", "a 1 250", "b 2 500", "a 2 510", "b 3 750", "a 3 760")).repeated,
    ).toEqual([2, 3]);
  });

  it("counts a boot apart from a gap", () => {
    const report = judgeTicks(ticks("a 7 0", "a 8 250", "a 0 4000", "a 1 4250"));
    expect(report).toMatchObject({ restarts: 1, largestGapMs: 250, missing: [], repeated: [] });
  });

  it("has nothing to say of silence", () => {
    expect(judgeTicks([])).toMatchObject({ count: 0, first: undefined, last: undefined, largestGapMs: 0 });
  });
});
