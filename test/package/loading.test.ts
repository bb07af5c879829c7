import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../scripts/command.mjs";
import { installedProject } from "../support/packed-package.js";

let folder: string;
beforeAll(async () => {
  folder = await installedProject();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a program in the project with the Node.js of this run, warnings as errors, and parses what it prints. */
async function evaluate(name: string, program: string): Promise<unknown> {
  await writeFile(join(folder, name), program);
  return JSON.parse(
    await run([process.execPath, "--throw-deprecation", name], { cwd: folder, timeoutMs: 60_000 }),
  );
}

const kinds = ["Host", "StoragePool", "Disk", "Network", "VirtualMachine"];
const methods = ["check", "diff", "create", "read", "update", "remove"];
const print =
  "console.log(JSON.stringify(Object.entries(loaded).filter(([, v]) => typeof v === 'function').map(([k]) => k)));";

describe.each([
  { entry: "pulumi-kvm", names: kinds },
  { entry: "pulumi-kvm/provider", names: methods },
])(`$entry under Node.js ${process.versions.node}`, ({ entry, names }) => {
  it("is imported by an ES module", async () => {
    const exported = await evaluate("program.mjs", `import * as loaded from "${entry}"; ${print}`);
    expect(exported).toEqual(expect.arrayContaining(names));
  });

  it("is required by a CommonJS module", async () => {
    const exported = await evaluate("program.cjs", `const loaded = require("${entry}"); ${print}`);
    expect(exported).toEqual(expect.arrayContaining(names));
  });
});

it("is one module, however it is loaded", async () => {
  const same = await evaluate(
    "both.mjs",
    `import { createRequire } from "node:module"; import { Host } from "pulumi-kvm";
     console.log(Host === createRequire(import.meta.url)("pulumi-kvm").Host);`,
  );
  expect(same).toBe(true);
});

it("reads nothing of the provider when a program imports it", async () => {
  const loaded = await evaluate(
    "loaded.cjs",
    `require("pulumi-kvm");
     console.log(JSON.stringify(Object.keys(require.cache).filter((path) => /node_modules.(ssh2|@xmldom|pulumi-kvm.dist.provider)/.test(path))));`,
  );
  expect(loaded).toEqual([]);
});

it("has a command that ends well when nobody reads on", async () => {
  const kvm = join(folder, "node_modules", ".bin", "kvm");
  const script = '{ sleep 0.2; "$0" drift --help 2>errors; echo "$?" >code; } | true; cat code errors';
  expect(await run(["sh", "-c", script, kvm], { cwd: folder, timeoutMs: 60_000 })).toBe("0\n");
  const full = '"$0" drift --help >/dev/full 2>errors; echo "$?"; cat errors';
  expect(await run(["sh", "-c", full, kvm], { cwd: folder, timeoutMs: 60_000 })).toMatch(
    /^1\nkvm: stdout can't be written: ENOSPC[^\n]*\n$/,
  );
});
