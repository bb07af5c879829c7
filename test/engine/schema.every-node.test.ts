import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { run } from "../../scripts/command.mjs";
import { ensurePulumi, pulumiEnvironment } from "../../scripts/pulumi-cli.mjs";

const schemaPath = join(import.meta.dirname, "../../schema.json");
let folder: string;
let pulumi: (...args: string[]) => Promise<string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pulumi-kvm-schema-"));
  const cli = await ensurePulumi();
  const env = {
    ...process.env,
    ...pulumiEnvironment(cli.folder),
    PULUMI_HOME: join(folder, "home"),
    PULUMI_SKIP_UPDATE_CHECK: "1",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "1",
    PULUMI_DISABLE_REGISTRY_RESOLVE: "true",
  };
  pulumi = (...args) => run(["pulumi", ...args], { cwd: folder, env, timeoutMs: 60_000 });
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

it("is accepted by Pulumi's own check, without a remark", async () => {
  expect(await pulumi("schema", "check", schemaPath)).toBe("");
});

it("is refused by that check once a type in it is missing", async () => {
  const schema = JSON.parse(await readFile(schemaPath, "utf8")) as { types: Record<string, unknown> };
  delete schema.types["kvm:index:HostRef"];
  const path = join(folder, "broken.json");
  await writeFile(path, JSON.stringify(schema));
  await expect(pulumi("schema", "check", path)).rejects.toThrow(/HostRef not found/);
});

it("is read by Pulumi as the package that it describes", async () => {
  const printed = await pulumi("package", "info", schemaPath);
  expect(printed).toMatch(/^Name: kvm$/m);
  const resources = [...printed.matchAll(/^ - (\w+): /gm)].map(([, name]) => name);
  const schema = JSON.parse(await readFile(schemaPath, "utf8")) as { resources: Record<string, unknown> };
  expect(resources).toEqual(Object.keys(schema.resources).map((token) => token.split(":").at(-1)));
  expect(resources).toEqual(expect.arrayContaining(["Disk", "Host", "Network", "VirtualMachine"]));
  expect(printed).toContain(" - VirtualMachine: A virtual machine.\n");
});
