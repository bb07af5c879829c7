import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as kvm from "../../sdk/index.js";

const schema = JSON.parse(readFileSync("schema.json", "utf8")) as { resources: Record<string, unknown> };

/** What `isType` and `validateResourceOfType` of policy packs go by, older ones without the class before the method. */
describe("a resource's class", () => {
  const kinds = Object.keys(schema.resources).map((token) => token.split(":").at(-1) ?? token);
  const classes: Record<string, unknown> = { ...kvm };

  it.each(kinds)("%s tells its own from others", (kind) => {
    const { __pulumiType: type, isInstance } = classes[kind] as {
      __pulumiType: string;
      isInstance(value: unknown): boolean;
    };
    expect(isInstance({ __pulumiType: type })).toBe(true);
    expect(type.split(":").at(-1)).toBe(kind);
    for (const other of [null, undefined, kind, {}, { __pulumiType: `${type}s` }])
      expect(isInstance(other)).toBe(false);
  });
});
