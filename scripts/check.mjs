// All that is checked without running the package: types, style, unused code, the folders' arrows, the package's shape.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "./build.mjs";
import { CommandError, run } from "./command.mjs";
import { ensureNodeModules } from "./node-modules.mjs";
import { step } from "./progress.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * @param {string} name of a program that an npm package brings
 * @param {...string} args
 */
function tool(name, ...args) {
  return run([join(root, "node_modules", ".bin", name), ...args], { cwd: root, timeoutMs: 10 * 60_000 });
}

/**
 * Programs that look at the package as it would be published.
 *
 * @param {(tarball: string) => Promise<unknown>} look
 */
async function onTarball(look) {
  const folder = mkdtempSync(join(tmpdir(), "pulumi-kvm-check-"));
  try {
    await build({ ifNeeded: true });
    await run(["npm", "pack", "--ignore-scripts", "--silent", "--pack-destination", folder], { cwd: root });
    const [name] = readdirSync(folder);
    await look(join(folder, name ?? "no tarball"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @type {Record<string, () => Promise<unknown>>} */
const checks = {
  "types (tsc)": () => tool("tsc", "-p", "tsconfig.json", "--noEmit"),
  "format and lint (biome)": () => tool("biome", "check", "--error-on-warnings", "."),
  "unused code (knip)": () => tool("knip", "--no-progress"),
  "folder arrows (dependency-cruiser)": () =>
    tool("depcruise", "--output-type", "err-long", "sdk", "provider", "cli", "codegen", "scripts", "test"),
  "package shape (publint)": () => onTarball((tarball) => tool("publint", "run", "--strict", tarball)),
  // The package is ESM only, and CommonJS programs reach it by require(esm): the one rule that is left out says that
  // Node.js couldn't do this.
  "package types (attw)": () =>
    onTarball((tarball) =>
      tool(
        "attw",
        "--no-definitely-typed",
        "--no-color",
        "--ignore-rules",
        "cjs-resolves-to-esm",
        "--",
        tarball,
      ),
    ),
};

/**
 * Runs every check, also after one has failed; beside the first, which takes as long as all others, these one after the other.
 *
 * @returns {Promise<{ passed: string[], failed: string[] }>}
 */
export async function check() {
  /** @type {{ passed: string[], failed: string[] }} */
  const result = { passed: [], failed: [] };
  /** @param {[string, () => Promise<unknown>][]} some */
  const inTurn = async (some) => {
    for (const [name, work] of some) {
      try {
        await step(name, work, { outcome: () => "passed" });
        result.passed.push(name);
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        console.error(error.output.trimEnd());
        result.failed.push(name);
      }
    }
  };
  const all = Object.entries(checks);
  await Promise.all([inTurn(all.slice(0, 1)), inTurn(all.slice(1))]);
  return result;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await ensureNodeModules(root);
  const { failed } = await check();
  if (failed.length > 0) {
    console.error(`failed: ${failed.join(", ")}`);
    process.exitCode = 1;
  }
}
