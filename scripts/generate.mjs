// Writes the checked-in files that are generated: compiles codegen/ into a folder of its own and runs its entries.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CommandError, run } from "./command.mjs";
import { ensureNodeModules } from "./node-modules.mjs";
import { step } from "./progress.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const compiled = join(root, "node_modules", ".cache", "pulumi-kvm", "codegen");
/** In this order: the schemas of the resources may come to import what the table of procedures gives. */
const entries = ["rpc", "schema", "changes", "command"];

/** Type errors don't stop it: what is generated may be just what is missing. Then the entry itself fails, or not. */
async function compile() {
  rmSync(compiled, { recursive: true, force: true });
  mkdirSync(compiled, { recursive: true });
  writeFileSync(join(compiled, "package.json"), '{ "type": "module" }\n');
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  try {
    await run([process.execPath, compiler, "-p", join(root, "tsconfig.codegen.json"), "--outDir", compiled]);
    return "";
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return error.output;
  }
}

await ensureNodeModules(root);
const sources = readdirSync(join(root, "codegen"));
for (const name of entries) {
  if (!sources.some((file) => file === `${name}.mts` || file === `${name}.ts`)) continue;
  const problems = await compile();
  const entry = [".mjs", ".js"].map((end) => join(compiled, "codegen", name + end)).find(existsSync);
  try {
    if (entry === undefined)
      throw new CommandError(`codegen/${name} did not compile`, { output: "", exitCode: 1 });
    await step(`generating ${name}`, () => run([process.execPath, entry], { cwd: root, timeoutMs: 120_000 }));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    console.error(`${problems}${error.message}`);
    process.exitCode = 1;
    break;
  }
}
