/** The package as users get it: packed by npm, and installed with npm in a project of its own. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "../../scripts/build.mjs";
import { cacheFolder } from "../../scripts/cache.mjs";
import { run } from "../../scripts/command.mjs";
import { withLock } from "../../scripts/lock.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const keptFolder = join(cacheFolder(), "packed");
const keptForMs = 24 * 3_600_000;

let packing: Promise<{ tarballPath: string; sha256: string }> | undefined;

/**
 * Builds the package if its sources changed, and packs it; once a process, and once for all processes while the
 * packed files stay the same. With `TEST_DIST=as-is` dist/ is packed as it stands.
 */
export function packedPackage(): Promise<{ tarballPath: string; sha256: string }> {
  packing ??= pack();
  return packing;
}

async function pack(): Promise<{ tarballPath: string; sha256: string }> {
  if (process.env.TEST_DIST !== "as-is") await build({ ifNeeded: true });
  const sha256 = await packedFilesHash();
  const folder = join(keptFolder, sha256.slice(0, 16));
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
  const tarballPath = join(folder, `pulumi-kvm-${version}.tgz`);
  await madeOnce(folder, async (making) => {
    await run(["npm", "pack", "--ignore-scripts", "--silent", "--pack-destination", making], {
      cwd: root,
      timeoutMs: 120_000,
    });
  });
  return { tarballPath, sha256 };
}

async function packedFilesHash(): Promise<string> {
  const hash = createHash("sha256");
  const { files } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { files: string[] };
  for (const name of [
    "package.json",
    "README.md",
    "LICENSE",
    ...files.filter((each) => !each.startsWith("!")),
  ]) {
    for (const path of await filesUnder(join(root, name))) {
      hash
        .update(path)
        .update("\0")
        .update(await readFile(path))
        .update("\0");
    }
  }
  return hash.digest("hex");
}

async function filesUnder(path: string): Promise<string[]> {
  if (!existsSync(path)) return [];
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

export interface InstalledProjectOptions {
  /** Version of @pulumi/pulumi or a dist-tag. Default: the environment's TEST_SDK, else that of our devDependency. */
  readonly sdkVersion?: string;
}

/** The SDK version that tests install when they don't say: TEST_SDK, else our own devDependency's. */
export async function defaultSdkVersion(): Promise<string> {
  if (process.env.TEST_SDK) return process.env.TEST_SDK;
  const { devDependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    devDependencies: Record<string, string>;
  };
  const version = devDependencies["@pulumi/pulumi"];
  if (version === undefined) throw new Error("package.json names no @pulumi/pulumi");
  return version;
}

/**
 * Makes a new temporary folder with a package.json and a node_modules in which npm installed the packed package, the
 * SDK and what Pulumi's TypeScript template has. The installation is made once for each SDK version and package.json;
 * further folders get hard links to its files (so never write into node_modules in place). The caller removes the folder.
 */
export async function installedProject(options: InstalledProjectOptions = {}): Promise<string> {
  const template = await installedTemplate(options.sdkVersion ?? (await defaultSdkVersion()));
  const folder = await mkdtemp(join(tmpdir(), "pulumi-kvm-project-"));
  await run(["cp", "-al", join(template, "node_modules"), join(folder, "node_modules")]);
  await cp(join(template, "package.json"), join(folder, "package.json"));
  return folder;
}

const templates = new Map<string, Promise<string>>();

function installedTemplate(sdkVersion: string): Promise<string> {
  const made = templates.get(sdkVersion) ?? installTemplate(sdkVersion);
  templates.set(sdkVersion, made);
  return made;
}

async function installTemplate(sdkVersion: string): Promise<string> {
  const { tarballPath, sha256 } = await packedPackage();
  const exactVersion = /^\d/.test(sdkVersion) ? sdkVersion : await publishedVersion(sdkVersion);
  const manifest = await readFile(join(root, "package.json"));
  const manifestHash = createHash("sha256").update(manifest).digest("hex");
  const installed = join(keptFolder, `installed-${manifestHash.slice(0, 16)}-sdk-${exactVersion}`);
  await madeOnce(installed, (making) => installWithNpm(making, exactVersion, tarballPath));
  // Only the package's own files changed since that installation: the rest of it is as npm would make it now.
  const folder = join(keptFolder, `${sha256.slice(0, 16)}-${manifestHash.slice(0, 16)}-sdk-${exactVersion}`);
  await madeOnce(folder, async (making) => {
    await run(["cp", "-al", `${installed}/.`, making]);
    const own = join(making, "node_modules", "pulumi-kvm");
    await rm(own, { recursive: true });
    await mkdir(own);
    await run(["tar", "-xzf", tarballPath, "-C", own, "--strip-components=1"]);
  });
  return folder;
}

async function installWithNpm(folder: string, sdkVersion: string, tarballPath: string): Promise<void> {
  await writeFile(
    join(folder, "package.json"),
    `${JSON.stringify({ name: "program", private: true, main: "index.ts" }, undefined, 2)}\n`,
  );
  const packages = [`@pulumi/pulumi@${sdkVersion}`, "typescript@5", "@types/node@20", tarballPath];
  await run(["npm", "install", "--no-audit", "--no-fund", "--prefer-offline", ...packages], {
    cwd: folder,
    timeoutMs: 5 * 60_000,
  });
}

async function publishedVersion(tag: string): Promise<string> {
  const printed = await run(["npm", "view", `@pulumi/pulumi@${tag}`, "version"], { timeoutMs: 60_000 });
  return printed.trim();
}

/** Fills `folder` by `make` unless it is there; whole or not at all, and by one process at a time. */
async function madeOnce(folder: string, make: (making: string) => Promise<void>): Promise<void> {
  if (existsSync(folder)) {
    const now = new Date();
    return utimes(folder, now, now); // in use: not to be removed as old
  }
  await withLock(join(keptFolder, "lock"), async () => {
    if (existsSync(folder)) return;
    await removeOld();
    const making = await mkdtemp(join(keptFolder, "making-"));
    try {
      await make(making);
      await rename(making, folder);
    } finally {
      await rm(making, { recursive: true, force: true });
    }
  });
}

async function removeOld(): Promise<void> {
  await mkdir(keptFolder, { recursive: true });
  for (const entry of await readdir(keptFolder, { withFileTypes: true })) {
    const path = join(keptFolder, entry.name);
    const { mtimeMs } = await stat(path);
    if (entry.isDirectory() && Date.now() - mtimeMs > keptForMs)
      await rm(path, { recursive: true, force: true });
  }
}
