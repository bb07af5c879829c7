import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { quoteCommand } from "../../provider/ssh/quote.js";
import { runs } from "../support/runs.js";

/** The words that a real shell makes of a command line. */
function wordsSeenBy(shell: string, words: readonly string[]): string[] {
  const line = `printf '%s\\0' ${quoteCommand(words)}`;
  const seen = execFileSync(shell, ["-c", line], { encoding: "utf8", env: { HOME: "/nowhere" } }).split("\0");
  return seen.slice(0, -1);
}

const HOSTILE = [
  "",
  " ",
  "'",
  "''",
  "'\\''",
  '"',
  "\\",
  "\\'",
  "\n",
  "a\nb",
  "\r\n",
  "\t",
  "$HOME",
  `\${HOME}`,
  "$(id)",
  "`id`",
  "a;id",
  "a&&id",
  "a|id",
  "a>b",
  "<a",
  "~",
  "~root",
  "*",
  "?",
  "[a]",
  "{a,b}",
  "!",
  "!!",
  "#",
  "a=b",
  "-n",
  "--",
  "if",
  "%s",
  "\u{1f600}",
  "ü",
  "\u00a0",
  "\u2028",
  "\x01\x7f",
];

describe("a command for a remote shell", () => {
  test("every hostile word arrives as it is", () => {
    expect(wordsSeenBy("sh", HOSTILE)).toEqual(HOSTILE);
    for (const word of HOSTILE) expect(wordsSeenBy("sh", [word, word])).toEqual([word, word]);
  });

  test("any words arrive as they are", () => {
    const fragment = fc.oneof(
      fc.constantFrom(...HOSTILE),
      fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", "")),
    );
    const word = fc.array(fragment, { maxLength: 4 }).map((fragments) => fragments.join(""));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 40 }), (words) => {
        expect(wordsSeenBy("sh", words)).toEqual(words);
      }),
      { numRuns: runs(150) },
    );
  });

  test("a command whose own name is hostile runs, and nothing else does", () => {
    const folder = mkdtempSync(join(tmpdir(), "kvm-quote-"));
    try {
      const script = join(folder, "it's $(touch pwned); if `x`");
      writeFileSync(script, '#!/bin/sh\nprintf "%s" "$1"\n');
      chmodSync(script, 0o700);
      const said = execFileSync("sh", ["-c", quoteCommand([script, "a b"])], {
        cwd: folder,
        encoding: "utf8",
      });
      expect(said).toBe("a b");
      expect(execFileSync("ls", [folder], { encoding: "utf8" })).not.toContain("pwned\n");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("plain words stay readable", () => {
    expect(quoteCommand(["virt-ssh-helper", "qemu:///system"])).toBe("virt-ssh-helper qemu:///system");
    expect(quoteCommand(["if", "a b"])).toBe("'if' 'a b'");
  });

  test("what no argv can carry is refused", () => {
    expect(() => quoteCommand([])).toThrow(RangeError);
    expect(() => quoteCommand(["a\0b"])).toThrow(RangeError);
  });
});
