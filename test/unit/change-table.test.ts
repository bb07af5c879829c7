import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { withChangesTable } from "../../codegen/changes.mjs";
import { describeDifferences } from "../../provider/libvirt/xml/index.js";
import { rowOf } from "../../provider/resources/virtual-machine/change-table.js";
import { domainModel } from "../property/xml-arbitraries.js";

describe("the table of changes", () => {
  it("has a row for every way in which two domains differ", () => {
    fc.assert(
      fc.property(domainModel, domainModel, (a, b) => {
        for (const difference of describeDifferences(a, b)) expect(rowOf(difference)).toBeDefined();
      }),
      { numRuns: 200 },
    );
  });

  it("stands in README as the planner has it (else: npm run generate)", () => {
    const readme = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");
    expect(readme).toBe(withChangesTable(readme));
  });
});
