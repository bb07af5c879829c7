// Compiles sdk/, provider/ and cli/ into dist/. With --if-needed only when the sources differ from those of the last build.
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { CommandError, run } from "./command.mjs";
import { withLock } from "./lock.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const workFolder = join(root, "node_modules", ".cache", "pulumi-kvm");
const stampPath = join(workFolder, "build.sha256");
const replaced = join(workFolder, "dist-replaced");
const dist = join(root, "dist");

function sourcesHash() {
  const hash = createHash("sha256");
  const files = ["sdk", "provider", "cli"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  for (const path of [...files.sort(), join(root, "tsconfig.json"), join(root, "tsconfig.build.json")]) {
    hash.update(path).update("\0").update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex");
}

/**
 * Builds dist/. The old one stays until the new one is whole: a build with errors changes nothing, deleted sources
 * leave no old output behind, and who reads dist/ meanwhile finds all files.
 *
 * @param {{ ifNeeded?: boolean }} [options]
 * @returns {Promise<boolean>} whether there was anything to do
 */
export async function build(options = {}) {
  if (options.ifNeeded && isBuilt()) return false;
  return withLock(join(workFolder, "build.lock"), async () => {
    if (options.ifNeeded && isBuilt()) return false;
    const hash = sourcesHash();
    mkdirSync(workFolder, { recursive: true });
    const made = mkdtempSync(join(workFolder, "dist-"));
    try {
      const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
      await run([process.execPath, compiler, "-p", join(root, "tsconfig.build.json"), "--outDir", made]);
      chmodSync(join(made, "cli", "kvm.js"), 0o755);
      chmodSync(made, 0o755); // mkdtemp's own mode would be the packed folder's
      rmSync(replaced, { recursive: true, force: true });
      if (existsSync(dist)) renameSync(dist, replaced);
      renameSync(made, dist);
      rmSync(replaced, { recursive: true, force: true });
      writeFileSync(stampPath, hash);
    } finally {
      rmSync(made, { recursive: true, force: true });
    }
    return true;
  });
}

function isBuilt() {
  return existsSync(dist) && existsSync(stampPath) && readFileSync(stampPath, "utf8") === sourcesHash();
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await build({ ifNeeded: process.argv.includes("--if-needed") });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
