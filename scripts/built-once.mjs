// What the tests need and takes minutes to build: a folder in the cache, built once for each version of its recipe.
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "./cache.mjs";
import { run } from "./command.mjs";
import { withLock } from "./lock.mjs";
import { step } from "./progress.mjs";

/**
 * @typedef {object} Recipe
 * @property {string} name of the folder, before the version, and of the script in test/hosts that is given a new folder, and builds in it
 * @property {string} title what people are told that it is
 * @property {string[]} [options] further arguments of the script
 */

/** @param {Recipe} recipe */
function scriptOf({ name }) {
  return join(dirname(dirname(fileURLToPath(import.meta.url))), "test", "hosts", `${name}.sh`);
}

/** @param {Recipe} recipe */
function keptName(recipe) {
  const { name, options = [] } = recipe;
  const script = readFileSync(scriptOf(recipe));
  const version = createHash("sha256").update(script).update(options.join("\0")).digest("hex");
  return `${name}-${version.slice(0, 12)}`;
}

/**
 * The folder, or undefined where it has still to be built.
 *
 * @param {Recipe} recipe
 * @returns {string | undefined}
 */
export function findBuilt(recipe) {
  const folder = join(cacheFolder(), keptName(recipe));
  return existsSync(folder) ? folder : undefined; // It gets its name when it is whole.
}

/**
 * Builds it unless it is there, once for a user, however many ask at once. It takes about a minute, root's rights and Debian's
 * packages.
 *
 * @param {Recipe} recipe
 * @returns {Promise<string>} the folder
 */
export async function ensureBuilt(recipe) {
  const found = findBuilt(recipe);
  if (found) return found;
  const { name, title, options = [] } = recipe;
  return withLock(
    join(cacheFolder(), `${name}.lock`),
    async () => {
      const madeMeanwhile = findBuilt(recipe);
      if (madeMeanwhile) return madeMeanwhile;
      const half = readdirSync(cacheFolder()).filter(
        (each) => each.startsWith(`${name}-`) && each.includes(".making-"),
      );
      for (const each of half) rmSync(join(cacheFolder(), each), { recursive: true, force: true }); // a killed run's
      const folder = mkdtempSync(join(cacheFolder(), `${keptName(recipe)}.making-`));
      const whole = join(cacheFolder(), keptName(recipe));
      try {
        await step(`building ${title} (a minute or two, once)`, () =>
          run([scriptOf(recipe), folder, ...options], { inherit: true, timeoutMs: 30 * 60_000 }),
        );
        renameSync(folder, whole);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
      return whole;
    },
    { onWait: () => console.error(`  another run is building ${title}, waiting for it`) },
  );
}
