// A Pulumi CLI for the demo and the tests: the one people have, else the npm wrapper's, else built from Go modules.
// Run as a program it prints the environment to use it: eval "$(node scripts/pulumi-cli.mjs --print-env)"
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { cacheFolder } from "./cache.mjs";
import { CommandError, run } from "./command.mjs";
import { withLock } from "./lock.mjs";
import { step } from "./progress.mjs";

/** The CLI that is downloaded or built where there is none; scripts/pulumi-cli/go.mod names the same. */
const version = "3.259.0";
/**
 * The last release of the SDK's Go module that still contained the Node.js language host; later ones keep it in a
 * module that the module proxy doesn't have. It serves later CLIs and SDKs.
 */
const languageHostVersion = "3.68.0";
const oldestUsableMinor = 216;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, "scripts", "pulumi-cli");

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether the `pulumi` in this folder can run a TypeScript program here: it starts, isn't too old, and its language
 * host is beside it or on PATH. (The language host is looked at first: running the npm wrapper would start a download.)
 *
 * @param {string} folder
 */
async function isUsable(folder) {
  const pulumi = join(folder, "pulumi");
  if (!isExecutable(pulumi)) return false;
  const searched = [folder, ...searchPath()];
  if (!searched.some((each) => isExecutable(join(each, "pulumi-language-nodejs")))) return false;
  try {
    const printed = await run([pulumi, "version"], {
      timeoutMs: 20_000,
      env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "1" },
    });
    const [, major, minor] = /^v?(\d+)\.(\d+)\./.exec(printed.trim()) ?? [];
    return Number(major) === 3 && Number(minor) >= oldestUsableMinor;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

function searchPath() {
  return (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
}

const keptFolder = () => join(cacheFolder(), `pulumi-${version}`);

/**
 * The folder with a usable `pulumi`, or undefined where one has still to be prepared. Starts at most a few programs.
 *
 * @returns {Promise<string | undefined>}
 */
export async function findPulumi() {
  const home = process.env.PULUMI_HOME || join(homedir(), ".pulumi");
  const candidates = [
    ...searchPath(),
    join(home, "bin"),
    join(home, "versions", version, "bin"),
    join(keptFolder(), "bin"),
  ];
  for (const folder of candidates) {
    if (await isUsable(folder)) return folder;
  }
  return undefined;
}

/**
 * The environment in which programs find `pulumi`: its folder first on PATH, unless it is there already.
 *
 * @param {string} folder what findPulumi gave
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {{ PATH: string }}
 */
export function pulumiEnvironment(folder, environment = process.env) {
  const path = (environment.PATH ?? "").split(delimiter).filter((each) => each !== "");
  return { PATH: (path.includes(folder) ? path : [folder, ...path]).join(delimiter) };
}

/**
 * Finds a usable Pulumi CLI, or prepares one; once for a user, however many ask at once.
 *
 * @returns {Promise<{ folder: string, origin: "found" | "downloaded" | "built" }>}
 */
export async function ensurePulumi() {
  const found = await findPulumi();
  if (found) return { folder: found, origin: "found" };
  mkdirSync(cacheFolder(), { recursive: true });
  return withLock(
    join(cacheFolder(), `pulumi-${version}.lock`),
    async () => {
      const madeMeanwhile = await findPulumi();
      if (madeMeanwhile) return { folder: madeMeanwhile, origin: "found" };
      const unfinished = `pulumi-${version}.making-`;
      for (const name of readdirSync(cacheFolder()).filter((each) => each.startsWith(unfinished))) {
        rmSync(join(cacheFolder(), name), { recursive: true, force: true }); // a killed run's
      }
      const workFolder = mkdtempSync(join(cacheFolder(), unfinished));
      try {
        const downloaded = await step(`downloading the Pulumi CLI ${version}`, () => download(workFolder), {
          outcome: (reason) => (reason === undefined ? "done" : `not possible here: ${reason}`),
        });
        const origin = downloaded === undefined ? "downloaded" : "built";
        if (origin === "built") await build(workFolder);
        addProviderLauncher(join(workFolder, "bin"));
        rmSync(keptFolder(), { recursive: true, force: true });
        renameSync(workFolder, keptFolder());
        const folder = join(keptFolder(), "bin");
        if (!(await isUsable(folder))) throw new Error(`the Pulumi CLI in ${folder} does not run`);
        return { folder, origin };
      } finally {
        rmSync(workFolder, { recursive: true, force: true });
      }
    },
    { onWait: () => console.error("  another run is preparing the Pulumi CLI, waiting for it") },
  );
}

/**
 * Lets the npm wrapper download the CLI into `folder`/bin. Gives the reason where it can't.
 *
 * @param {string} folder
 * @returns {Promise<string | undefined>}
 */
async function download(folder) {
  const home = join(folder, "wrapper");
  try {
    await run(["npm", "exec", "--yes", `--package=pulumi@${version}`, "--", "pulumi", "version"], {
      cwd: folder,
      env: { ...process.env, PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "1" },
      timeoutMs: 5 * 60_000,
    });
    renameSync(join(home, "versions", version, "bin"), join(folder, "bin"));
    return undefined;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return error.output.trim().split("\n").at(-1) || error.message;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** @param {string} folder */
async function build(folder) {
  const go = [...searchPath(), "/usr/local/go/bin"].map((each) => join(each, "go")).find(isExecutable);
  if (go === undefined) {
    throw new Error("no Pulumi CLI: install Pulumi, or Go 1.25 or newer to build it");
  }
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const programs = [
    {
      title: "building Pulumi's Node.js language host (half a minute)",
      module: join(sources, "language-nodejs"),
      package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
      version: languageHostVersion,
    },
    {
      title: `building the Pulumi CLI ${version} from Go modules (about five minutes, once)`,
      module: sources,
      package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
      version,
    },
  ];
  for (const program of programs) {
    const stamp = `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${program.version}`;
    // What debuggers read is left out of the binary, so it needn't be made; the compiler's garbage fits into memory.
    const flags = ["-trimpath", "-tags", "osusergo,grpcnotrace", "-gcflags=all=-dwarf=false"];
    flags.push("-ldflags", `-s -w ${stamp}`);
    await step(program.title, () =>
      run([go, "build", ...flags, "-o", `${bin}/`, program.package], {
        cwd: program.module,
        env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly", GOWORK: "off", GOGC: "400" },
      }),
    );
  }
}

/**
 * A CLI as it is distributed has the launcher of dynamic providers beside it; found elsewhere on PATH it brings a
 * warning in each deployment. It only starts the @pulumi/pulumi of the program's folder, so any version's will do.
 *
 * @param {string} bin
 */
function addProviderLauncher(bin) {
  const name = "pulumi-resource-pulumi-nodejs";
  if (existsSync(join(bin, name))) return;
  copyFileSync(join(root, "node_modules", "@pulumi", "pulumi", name), join(bin, name));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { folder } = await ensurePulumi();
  if (process.argv.includes("--print-env")) {
    console.log(`export PATH='${pulumiEnvironment(folder).PATH.replaceAll("'", "'\\''")}'`);
  } else {
    console.log(folder);
  }
}
