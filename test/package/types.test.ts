import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CommandError, run } from "../../scripts/command.mjs";
import { installedProject } from "../support/packed-package.js";
import { templateTsconfig } from "../support/pulumi.js";

/** As the README's program, with each way to hand one resource to another. */
const program = `
import * as pulumi from "@pulumi/pulumi";
import * as kvm from "pulumi-kvm";

const alpha = new kvm.Host("alpha", { address: "alpha.example.net" });
const beta = new kvm.Host("beta", { address: pulumi.output("beta"), user: "ops", proxyJump: "bastion", labels: { rack: "1" } });
const pool = new kvm.StoragePool("pool", { hosts: [alpha, beta], path: "/srv/vms" });
const lan = new kvm.Network("lan", { hosts: pulumi.output([alpha, beta]), mode: "bridge", bridge: "br0" });
const disk = new kvm.Disk("disk", { host: alpha, pool, size: "20GiB" });
const web = new kvm.VirtualMachine("web", {
  host: alpha,
  cpus: 2,
  memory: "4GiB",
  disks: [{ disk }],
  interfaces: [{ network: lan }],
  restartPolicy: "whenNeeded",
  migration: { mode: "live", storage: "copy" },
});
export const effects: pulumi.Output<string[]> = web.effects;
export const uuid: pulumi.Output<string> = web.uuid;
`;

const esm = { strict: true, target: "es2022", noEmit: true, types: ["node"] };
const configurations = [
  { name: "Pulumi's template (CommonJS, node)", type: "commonjs", options: templateTsconfig.compilerOptions },
  {
    name: "node16, ES module",
    type: "module",
    options: { ...esm, module: "node16", moduleResolution: "node16" },
  },
  {
    name: "nodenext, ES module",
    type: "module",
    options: { ...esm, module: "nodenext", moduleResolution: "nodenext" },
  },
  {
    name: "nodenext, CommonJS",
    type: "commonjs",
    options: { ...esm, module: "nodenext", moduleResolution: "nodenext" },
  },
  { name: "bundler", type: "module", options: { ...esm, module: "esnext", moduleResolution: "bundler" } },
];

let folder: string;
beforeAll(async () => {
  folder = await installedProject();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The compiler's complaints, by file. */
async function complaints(
  type: string,
  options: object,
  texts: Readonly<Record<string, string>>,
): Promise<Record<string, string[]>> {
  for (const [file, text] of Object.entries(texts)) await writeFile(join(folder, file), text);
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type }));
  const configuration = { compilerOptions: options, files: Object.keys(texts) };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(configuration));
  const compiler = join(folder, "node_modules", "typescript", "bin", "tsc");
  const lines = await run([process.execPath, compiler, "--noEmit", "--pretty", "false"], {
    cwd: folder,
    timeoutMs: 120_000,
  }).catch((error: unknown) => {
    if (error instanceof CommandError && error.exitCode !== null) return error.output;
    throw error;
  });
  const found: Record<string, string[]> = {};
  for (const line of lines.split("\n").filter((each) => each !== "" && !each.startsWith(" "))) {
    const file = line.replace(/\(.*/, "");
    found[file] = [...(found[file] ?? []), line];
  }
  return found;
}

it.each(configurations)(
  "the types fit programs, and refuse a wrong input, under $name",
  async (configuration) => {
    const found = await complaints(configuration.type, configuration.options, {
      "index.ts": program,
      "wrong.ts": program.replace('restartPolicy: "whenNeeded"', 'restartPolicy: "always"'),
    });
    expect(found).toEqual({ "wrong.ts": [expect.stringMatching(/error TS2322: .*"always"/)] });
  },
);
