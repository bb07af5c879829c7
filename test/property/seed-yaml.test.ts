import fc from "fast-check";
import { expect, it } from "vitest";
import { readYaml, writeYaml } from "../../provider/seeds/yaml.js";
import { runs } from "../support/runs.js";
import { documentValue } from "./seed-arbitraries.js";

it("what is written as YAML is read as the same, in one line for a text", () => {
  fc.assert(
    fc.property(documentValue, (value) => {
      const text = writeYaml(value);
      expect(readYaml(text)).toEqual({ kind: "value", value });
      expect(text).toMatch(/^[\n\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u);
      if (typeof value === "string") expect(text.trimEnd()).not.toContain("\n");
    }),
    { numRuns: runs(1_000) },
  );
});

it("a long text with lines of its own stays in one line of the document", () => {
  const script = `${"#".repeat(60)}\n\n  echo "done"\n`;
  const text = writeYaml({ runcmd: [script] });
  expect(text).toBe(`runcmd:\n  - "${"#".repeat(60)}\\n\\n  echo \\"done\\"\\n"\n`);
  expect(readYaml(text)).toEqual({ kind: "value", value: { runcmd: [script] } });
});
