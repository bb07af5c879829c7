import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matchesPattern, matchesPatternList } from "../../provider/ssh/pattern.js";
import { runs } from "../support/runs.js";

describe("OpenSSH patterns", () => {
  test.each([
    ["alpha.example.net", "*.example.net", true],
    ["example.net", "*.example.net", false],
    ["192.168.0.7", "192.168.0.?", true],
    ["192.168.0.77", "192.168.0.?", false],
    ["", "*", true],
    ["", "?", false],
    ["a.b", "a.b", true],
    ["axb", "a.b", false],
    ["[::1]:22", "[*]:22", true],
    ["ab", "a*b*", true],
  ])("%s against %s: %s", (text, pattern, expected) => {
    expect(matchesPattern(text, pattern)).toBe(expected);
  });

  test("agree with the regular expression of the same meaning", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", ".", "*", "?", "["), maxLength: 12 });
    fc.assert(
      fc.property(text, text, (subject, pattern) => {
        const source = pattern.replace(/[.[]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".");
        expect(matchesPattern(subject, pattern)).toBe(new RegExp(`^${source}$`, "s").test(subject));
      }),
      { numRuns: runs(5000) },
    );
  });

  test("no pattern takes long", () => {
    const startedAt = performance.now();
    expect(matchesPattern("a".repeat(5_000), `${"*a".repeat(500)}b`)).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  test("one negated hit outweighs the rest, and negations alone match nothing", () => {
    expect(matchesPatternList("dev.example.net", ["*.example.net", "!dev.*"])).toBe(false);
    expect(matchesPatternList("dev.example.net", ["!dev.*", "*"])).toBe(false);
    expect(matchesPatternList("web.example.net", ["*.example.net", "!dev.*"])).toBe(true);
    expect(matchesPatternList("web.example.net", ["!dev.*"])).toBe(false);
  });
});
