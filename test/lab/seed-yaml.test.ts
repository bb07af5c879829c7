import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Json } from "../../provider/seeds/json.js";
import { writeYaml } from "../../provider/seeds/yaml.js";
import { documentValue } from "../property/seed-arbitraries.js";

const read =
  "import json, sys, yaml; json.dump([yaml.safe_load(text) for text in json.load(sys.stdin)], sys.stdout)";

it("is read by PyYAML, which cloud-init uses, as what was meant", () => {
  const values = fc.sample(documentValue, 2_000);
  const input = JSON.stringify(values.map(writeYaml));
  const output = execFileSync("/usr/bin/python3", ["-c", read], {
    input,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  const found = JSON.parse(output) as Json[];
  expect(found).toHaveLength(values.length);
  found.forEach((value, i) => {
    expect(value).toEqual(values[i]);
  });
});
