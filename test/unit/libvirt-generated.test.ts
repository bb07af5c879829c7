import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { GENERATED_FOLDER, generateRpc, readTable } from "../../codegen/rpc.mjs";

const ROOT = join(import.meta.dirname, "../..");

it("has the generated procedures that the table gives (else: npm run generate)", () => {
  const generated = generateRpc(readTable(ROOT));
  const folder = join(ROOT, GENERATED_FOLDER);
  expect(readdirSync(folder).sort()).toEqual(Object.keys(generated).sort());
  for (const [name, text] of Object.entries(generated))
    expect(readFileSync(join(folder, name), "utf8")).toBe(text);
});

it("refuses a table with a type that nobody knows", () => {
  const table = readTable(ROOT);
  const broken = { ...table, types: { ...table.types, Network: [["name", "text"] as const] } };
  expect(() => generateRpc(broken)).toThrow("Network.name: unknown type text");
});
