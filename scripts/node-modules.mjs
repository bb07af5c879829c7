// The npm packages of this work tree, as package-lock.json has them.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.mjs";
import { step } from "./progress.mjs";

/** @typedef {{ packages?: Record<string, { version?: string, optional?: boolean }> }} Lockfile */

/**
 * The packages that the lock file wants and node_modules has not, by npm's own record of what it installed. Optional
 * ones may be missing: most are for other platforms.
 *
 * @param {string} root
 */
export function missingNodeModules(root) {
  /** @type {Lockfile} */
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const recordPath = join(root, "node_modules", ".package-lock.json");
  /** @type {Lockfile} */
  const installed = existsSync(recordPath) ? JSON.parse(readFileSync(recordPath, "utf8")) : {};
  return Object.entries(wanted.packages ?? {})
    .filter(([path, entry]) => path !== "" && !entry.optional)
    .filter(([path, entry]) => installed.packages?.[path]?.version !== entry.version)
    .map(([path]) => path);
}

/** @param {string} root */
export async function ensureNodeModules(root) {
  if (missingNodeModules(root).length === 0) return;
  await step("installing the npm packages", () =>
    run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: root, timeoutMs: 15 * 60_000 }),
  );
}
