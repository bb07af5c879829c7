import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { writeWhole } from "../output.js";
import { UsageError } from "../usage-error.js";
import { inAscii } from "./program/names.js";
import { listed } from "./program/program.js";

/** The files of a Pulumi project around a program. */
export function projectFiles(
  project: string,
  hosts: readonly string[],
  program: string,
  version: string,
): Map<string, string> {
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  return new Map([
    ["index.ts", program],
    [
      "Pulumi.yaml",
      `name: ${project}\ndescription: ${JSON.stringify(`What runs on ${listed(hosts)}`)}\nruntime: nodejs\n`,
    ],
    [
      "package.json",
      json({
        name: project.toLowerCase(),
        private: true,
        main: "index.ts",
        dependencies: { "@pulumi/pulumi": "^3.216.0", "pulumi-kvm": `^${version}` },
        devDependencies: { "@types/node": "^20", typescript: "^5" },
      }),
    ],
    [
      "tsconfig.json",
      json({
        compilerOptions: {
          strict: true,
          outDir: "bin",
          target: "es2020",
          module: "commonjs",
          moduleResolution: "node",
          sourceMap: true,
          skipLibCheck: true,
          forceConsistentCasingInFileNames: true,
        },
        files: ["index.ts"],
      }),
    ],
    [".gitignore", "/bin/\n/node_modules/\n"],
  ]);
}

/** Writes them to a folder that is empty, or isn't there; with `force` over what has their names. */
export async function writeProject(
  folder: string,
  files: ReadonlyMap<string, string>,
  { force }: { force: boolean },
): Promise<void> {
  await refuseFull(folder, { force });
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new UsageError(`${folder} can't be made: ${(error as Error).message}`);
  }
  for (const [name, text] of files) await writeWhole(join(folder, name), text);
}

/** Before anything is asked of a host. */
export async function refuseFull(folder: string, { force }: { force: boolean }): Promise<void> {
  if (force) return;
  let there: string[];
  try {
    there = await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw new UsageError(`--out ${folder}: ${(error as Error).message}`);
  }
  if (there.length > 0)
    throw new UsageError(
      `${folder} isn't empty; choose another folder with --out, print the program alone with --stdout, or write over its files with --force`,
    );
}

/** What Pulumi takes for a project's name. */
export function projectName(text: string): string {
  return (
    inAscii(text)
      .replace(/[^A-Za-z0-9_.-]+/g, "-")
      .slice(0, 100) || "imported"
  );
}
