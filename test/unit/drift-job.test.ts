import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { formatted } from "../../cli/drift/formats/index.js";
import { paintFor } from "../../cli/paint.js";
import { program } from "../../cli/program.js";
import { reportOf, silentHost } from "./drift-surveys.js";

const folder = join(import.meta.dirname, "../../examples/drift-job");
const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));
const textOf = (name: string) => readFileSync(join(folder, name), "utf8");

describe("the job in examples/drift-job", () => {
  it("is YAML where it says so, with the parts that the services ask for", () => {
    const github = parse(textOf("github-actions.yaml")) as {
      on: object;
      jobs: { drift: { steps: object[] } };
    };
    expect(Object.keys(github.on)).toEqual(["schedule", "workflow_dispatch"]);
    expect(github.jobs.drift.steps.length).toBeGreaterThan(3);
    const gitlab = parse(textOf("gitlab-ci.yaml")) as { drift: { script: string[] } };
    expect(gitlab.drift.script).toHaveLength(2);
  });

  it("gives kvm drift no option that it doesn't have", async () => {
    const known = (await program(() => undefined)).commands
      .find((command) => command.name() === "drift")
      ?.options.map(({ long }) => long);
    const used = files.flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/kvm drift( [^`\n]*(?:\n {10}--.*)*)/g)].flatMap(
        ([, rest = ""]) => rest.match(/--[a-z-]+/g) ?? [],
      ),
    );
    expect(used.length).toBeGreaterThan(8);
    for (const option of used) expect(known).toContain(option);
  });

  it("alerts on metrics that there are", () => {
    const { groups } = parse(textOf("prometheus/kvm-drift.rules.yaml")) as {
      groups: { rules: { expr: string }[] }[];
    };
    const metrics = formatted(reportOf([], {}, [silentHost("beta")]), "prometheus", paintFor({}, {}));
    for (const { expr } of groups.flatMap(({ rules }) => rules))
      for (const name of expr.match(/pulumi_kvm_\w+/g) ?? ["none"])
        expect(metrics).toContain(`# TYPE ${name} gauge`);
  });
});
