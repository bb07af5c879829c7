// Prepares a machine for the demo and the tests: npm packages, Debian packages, a Pulumi CLI, the build, a Debian guest, a
// newer, a modular and a bare system for test hosts. What is there already is left alone. With --without-hosts only what needs no root and no
// Debian, with --without-systems all but the last four, which only tests need.
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ensureBareSystem } from "./bare-system.mjs";
import { build } from "./build.mjs";
import { CommandError } from "./command.mjs";
import { ensureDebianGuest } from "./debian-guest.mjs";
import { ensureDebianPackages, obstaclesToTestHosts } from "./debian-packages.mjs";
import { ensureModularSystem } from "./modular-system.mjs";
import { ensureNodeModules } from "./node-modules.mjs";
import { duration, step } from "./progress.mjs";
import { ensurePulumi, pulumiEnvironment } from "./pulumi-cli.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** This machine can't carry test hosts; the message says why and what they need. */
export class UnfitMachineError extends Error {
  /** @param {readonly string[]} obstacles */
  constructor(obstacles) {
    super(
      `The demo and the full tests make KVM hosts of their own in network namespaces. That needs root on Debian 12 ` +
        `(x86-64) with Node.js 20 or newer, npm and Go, in a machine or container of its own; ${obstacles.join(", ")}.\n` +
        "The package itself needs none of this: `npm install pulumi-kvm` works wherever Pulumi does, with hosts of " +
        "your own. `npm run test:fast` runs the tests that need no hosts.",
    );
    this.name = "UnfitMachineError";
  }
}

/**
 * Prepares what is missing; a line on standard error for each step that had something to do.
 *
 * @param {{ hosts?: boolean, systems?: boolean }} [options] hosts: false leaves out what only the test hosts need; systems: false
 *   the Debian guest and the hosts' other systems
 * @returns {Promise<{ environment: { PATH: string } }>} what to add to the environment to run `pulumi`
 */
export async function prepareMachine(options = {}) {
  const hosts = options.hosts ?? true;
  const obstacles = hosts ? obstaclesToTestHosts() : [];
  if (obstacles.length > 0) throw new UnfitMachineError(obstacles);
  const started = performance.now();
  console.error("setup: preparing this machine");
  if (hosts) await ensureDebianPackages();
  await ensureNodeModules(root);
  const [{ folder, origin }] = await sideBySide([
    ensurePulumi(),
    step("building the package", () => build({ ifNeeded: true }), {
      outcome: (done) => (done ? "done" : undefined),
    }),
    ...(hosts && (options.systems ?? true)
      ? [ensureDebianGuest(), ensureModularSystem(), ensureBareSystem()]
      : []),
  ]);
  console.error(
    `setup: ready, with the Pulumi CLI ${origin} in ${folder} (${duration(performance.now() - started)})`,
  );
  return { environment: pulumiEnvironment(folder) };
}

/**
 * Waits for all of them, also when one fails: none is left running behind the message.
 *
 * @template {readonly unknown[] | []} T
 * @param {T} steps
 */
async function sideBySide(steps) {
  await Promise.allSettled(steps);
  return Promise.all(steps);
}

/**
 * What a failed preparation tells the user.
 *
 * @param {unknown} error
 */
export function explainFailure(error) {
  if (error instanceof UnfitMachineError || error instanceof CommandError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const { environment } = await prepareMachine({
      hosts: !process.argv.includes("--without-hosts"),
      systems: !process.argv.includes("--without-systems"),
    });
    if (process.argv.includes("--print-env")) {
      console.log(`export PATH='${environment.PATH.replaceAll("'", "'\\''")}'`);
    }
  } catch (error) {
    console.error(explainFailure(error));
    process.exitCode = error instanceof UnfitMachineError ? 3 : 1;
  }
}
