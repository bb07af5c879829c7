// examples/quickstart with the package installed as users get it: from the packed tarball, by npm.
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "../build.mjs";
import { run } from "../command.mjs";
import { step } from "../progress.mjs";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const project = join(root, "examples", "quickstart");
const stampPath = join(project, "node_modules", ".pulumi-kvm-tarball");

/** Installs the package of this work tree, unless the very same is installed. */
export async function installQuickstart() {
  const folder = mkdtempSync(join(tmpdir(), "pulumi-kvm-demo-"));
  try {
    await build({ ifNeeded: true });
    await run(["npm", "pack", "--ignore-scripts", "--silent", "--pack-destination", folder], { cwd: root });
    const tarball = join(folder, readdirSync(folder)[0] ?? "no tarball");
    // npm packs the same files to the same bytes.
    const stamp = createHash("sha256")
      .update(readFileSync(tarball))
      .update(readFileSync(join(project, "package.json")))
      .digest("hex");
    if (existsSync(stampPath) && readFileSync(stampPath, "utf8") === stamp) return;
    const flags = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--prefer-offline"];
    await step("installing the npm packages of examples/quickstart", () =>
      run(["npm", "install", ...flags, tarball], { cwd: project, timeoutMs: 10 * 60_000 }),
    );
    writeFileSync(stampPath, stamp);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
