// Compiles sdk/, provider/ and cli/ into dist/, and puts the modules of the last two together: loading hundreds of files takes longer
// than most of what is done with them. With --if-needed only when the sources differ from those of the last build.
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

/** What is loaded by its path: by Node.js, by programs, and by tests that drive a part of the provider in a process of its own. */
const entries = [
  "cli/kvm",
  "provider/index",
  "provider/engine/lifecycle",
  "provider/hosts/hosts",
  "provider/libvirt/rpc/index",
  "provider/resources/index",
  "provider/resources/virtual-machine/lease-holder",
  "provider/resources/virtual-machine/migration/index",
];

/** Of zod's hundred files the greater part are its messages in other languages. */
const joinedPackages = ["zod", "commander"];

function sourcesHash() {
  const hash = createHash("sha256");
  const files = ["sdk", "provider", "cli"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  const settings = ["tsconfig.json", "tsconfig.build.json", "scripts/build.mjs"].map((name) =>
    join(root, name),
  );
  for (const path of [...files.sort(), ...settings]) {
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
      await joinModules(made);
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

/**
 * Replaces the modules of provider/ and cli/ by few files: one for each entry, and what they share. sdk/ stays as it is, for the text of
 * its functions is part of every state. Packages stay packages, but for those of which little is used and much would be loaded.
 *
 * @param {string} folder
 */
async function joinModules(folder) {
  const parts = ["cli", "provider"].map((name) => join(folder, name));
  const modules = parts.flatMap((part) =>
    readdirSync(part, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".js"))
      .map((name) => join(part, name)),
  );
  // Not at the top: the setup, which installs it, comes from here too.
  const { rolldown } = await import("rolldown");
  const joined = await rolldown({
    input: Object.fromEntries(entries.map((name) => [name, join(folder, `${name}.js`)])),
    external: (id) => !/^[./]/.test(id) && !joinedPackages.includes(id),
    platform: "node",
  });
  const { output } = await joined.generate({
    entryFileNames: "[name].js",
    // As deep as the entries of cli/ and provider/: package.json is two folders up.
    chunkFileNames: "provider/[name]-[hash].js",
  });
  await joined.close();
  for (const path of modules) rmSync(path);
  for (const file of output)
    if (file.type === "chunk") writeFileSync(join(folder, file.fileName), file.code + licencesOf(file));
}

/**
 * Of the packages that were joined into a file, whose terms are that these go along.
 *
 * @param {import("rolldown").OutputChunk} file
 */
function licencesOf({ moduleIds }) {
  return joinedPackages
    .filter((name) => moduleIds.some((id) => id.includes(`/node_modules/${name}/`)))
    .map((name) => {
      const text = readFileSync(join(root, "node_modules", name, "LICENSE"), "utf8");
      return `\n/*\nParts of this file are of the package ${name}:\n\n${text.trim()}\n*/\n`;
    })
    .join("");
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
