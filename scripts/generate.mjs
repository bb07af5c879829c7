// Writes the checked-in files that are generated: makes one module of each entry of codegen/ and runs it.
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CommandError, run } from "./command.mjs";
import { ensureNodeModules } from "./node-modules.mjs";
import { step } from "./progress.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const made = join(root, "node_modules", ".cache", "pulumi-kvm", "codegen");
/** In this order: the schemas of the resources may come to import what the table of procedures gives. */
const entries = ["rpc", "schema", "changes", "command"];

/**
 * Types aren't checked: what is generated may be just what is missing.
 *
 * @param {string} name
 * @returns {Promise<string>} the module's path
 */
async function asOneModule(name) {
  // Not at the top: what is installed first may not be there yet.
  const { rolldown } = await import("rolldown");
  const joined = await rolldown({
    input: { [name]: join(root, "codegen", `${name}.mts`) },
    // Packages stay packages, but for what stands in for newer syntax.
    external: (id) => !/^[./\0]|^@oxc-project\/runtime/.test(id),
    resolve: { extensionAlias: { ".js": [".ts", ".js"], ".mjs": [".mts", ".mjs"] } },
    platform: "node",
    transform: { target: "node20" },
  });
  await joined.write({ dir: made, entryFileNames: "[name].mjs" });
  await joined.close();
  return join(made, `${name}.mjs`);
}

await ensureNodeModules(root);
rmSync(made, { recursive: true, force: true });
for (const name of entries) {
  try {
    const path = await asOneModule(name);
    await step(`generating ${name}`, () => run([process.execPath, path], { cwd: root, timeoutMs: 120_000 }));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
    break;
  }
}
