// Runs the tests in parts and sums them up. Without arguments everything, on a machine prepared for it; else the named
// parts: check, fast, package, lab, engine, node24, bench. Further arguments go to vitest (file names, -t "a name").
// TEST_NODE=24 runs vitest and the programs under that Node.js, TEST_SDK=latest with that @pulumi/pulumi.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { check } from "./check.mjs";
import { run } from "./command.mjs";
import { ensureNodeModules } from "./node-modules.mjs";
import { duration } from "./progress.mjs";
import { explainFailure, prepareMachine, UnfitMachineError } from "./setup.mjs";

/**
 * @typedef {object} Tally
 * @property {number} passed
 * @property {string[]} failed
 * @property {string[]} skipped
 * @property {Record<string, number>} [passedByFile]
 * @property {string[]} [failedFiles] in which something failed
 * @property {string[]} [passedFiles] in which nothing did, though in the run before
 */

/** @typedef {{ project: string, filter?: string[], node?: string, sdk?: string }} VitestRun */

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * The part that is run once more under a newer Node.js with the current SDK: units and the wire, the package as it is
 * installed, loaded and typed, and of the engine tests those files that say so in their name. Properties are the same under each.
 */
const newest = { node: "24", sdk: "latest" };
/** @type {Record<string, VitestRun[]>} */
const parts = {
  fast: [{ project: "fast" }],
  package: [{ project: "package" }],
  lab: [{ project: "lab" }],
  engine: [{ project: "engine" }],
  node24: [
    { project: "fast", filter: ["test/unit/", "test/wire/"], ...newest },
    {
      project: "package",
      filter: ["deployment", "loading", "types"].map((name) => `test/package/${name}.`),
      ...newest,
    },
    { project: "engine", filter: [".every-node.test.ts"], ...newest },
  ],
  bench: [{ project: "bench" }],
};
const everything = ["check", "fast", "package", "lab", "engine", "node24"];

const given = process.argv.slice(2);
const named = given.filter((argument) => argument in parts || argument === "check");
const chosen = named.length > 0 ? named : everything;
const vitestArguments = given.filter((argument) => !named.includes(argument));
const skipIsFailure = process.env.CI === "true";

/** The fast part alone is for who waits for it, and is over in a minute: what is tried at random is tried less often. */
const QUICK_RUNS = "0.2";

/** @returns {Promise<NodeJS.ProcessEnv>} the environment of the tests */
async function prepare() {
  if (chosen.every((part) => part === "fast" || part === "check")) {
    await ensureNodeModules(root);
    return vitestArguments.length > 0 ? process.env : { KVM_TEST_RUNS: QUICK_RUNS, ...process.env };
  }
  try {
    const { environment } = await prepareMachine();
    return { ...process.env, ...environment };
  } catch (error) {
    if (!(error instanceof UnfitMachineError) || skipIsFailure) throw error;
    console.error(`${error.message}\nTests that need such hosts are skipped.`);
    const { environment } = await prepareMachine({ hosts: false });
    return { ...process.env, ...environment };
  }
}

/**
 * The binary of another Node.js release, from the npm package `node`.
 *
 * @param {string} major
 */
async function nodeBinary(major) {
  const command = ["npm", "exec", "--yes", `--package=node@${major}`, "--", "node", "-p", "process.execPath"];
  const printed = await run(command, { cwd: tmpdir(), timeoutMs: 5 * 60_000 });
  return printed.trim();
}

/** Projects whose tests run guests on real hosts. */
const onHosts = new Set(["lab", "engine"]);

/**
 * Guests run under emulation, whose live migrations lose a guest once in a while when the cores are busy (its kernel panics on
 * the target). So a file that fails on real hosts is run once more on its own. That it failed at first is said in the end.
 *
 * @param {VitestRun} vitestRun
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<Tally>}
 */
async function runWithSecondLook(vitestRun, environment) {
  const first = await runVitest(vitestRun, environment);
  const files = first.failedFiles ?? [];
  if (!onHosts.has(vitestRun.project) || files.length === 0) return first;
  console.log(`\nOnce more, on their own: ${files.join(", ")}`);
  const second = await runVitest({ ...vitestRun, filter: files }, environment);
  const stillFailing = new Set(second.failedFiles ?? []);
  return {
    passed: first.passed - passedIn(first, files) + second.passed,
    failed: [
      ...first.failed.filter((name) => !files.some((file) => name.includes(`: ${file}: `))),
      ...second.failed,
    ],
    skipped: [
      ...first.skipped.filter((name) => !files.some((file) => name.includes(`: ${file}: `))),
      ...second.skipped,
    ],
    passedFiles: files.filter((file) => !stillFailing.has(file)),
  };
}

/**
 * @param {Tally} tally
 * @param {string[]} files
 */
function passedIn(tally, files) {
  return files.reduce((sum, file) => sum + (tally.passedByFile?.[file] ?? 0), 0);
}

/**
 * One run of vitest, shown as it goes, and counted from its JSON report.
 *
 * @param {VitestRun} vitestRun
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<Tally>}
 */
async function runVitest({ project, filter = [], ...wanted }, environment) {
  const nodeMajor = wanted.node ?? process.env.TEST_NODE;
  const sdk = wanted.sdk ?? process.env.TEST_SDK;
  const node = nodeMajor ? await nodeBinary(nodeMajor) : process.execPath;
  const title = [project, nodeMajor && `Node.js ${nodeMajor}`, sdk && `SDK ${sdk}`]
    .filter(Boolean)
    .join(", ");
  console.log(`\n=== ${title} ===`);
  const folder = mkdtempSync(join(tmpdir(), "pulumi-kvm-report-"));
  const reportPath = join(folder, "report.json");
  const env = { ...environment, PATH: [dirname(node), environment.PATH].join(delimiter) };
  if (sdk) Object.assign(env, { TEST_SDK: sdk });
  const reporters = [`--reporter=${project === "fast" ? "default" : "verbose"}`, "--reporter=json"];
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const started = performance.now();
  const alive = setInterval(
    () => console.log(`... ${title}: ${duration(performance.now() - started)}`),
    60_000,
  );
  try {
    const exitCode = await runToEnd(
      [
        node,
        vitest,
        "run",
        "--project",
        project,
        ...reporters,
        `--outputFile.json=${reportPath}`,
        ...filter,
        ...vitestArguments,
      ],
      env,
    );
    const tally = existsSync(reportPath)
      ? readReport(JSON.parse(readFileSync(reportPath, "utf8")), title)
      : { passed: 0, failed: [], skipped: [] };
    if (exitCode !== 0 && tally.failed.length === 0)
      tally.failed.push(`${title}: vitest ended with ${exitCode}`);
    if (tally.passed + tally.failed.length === 0 && tally.skipped.length === 0)
      tally.failed.push(`${title}: no test ran`);
    return tally;
  } finally {
    clearInterval(alive);
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @typedef {object} Report what of vitest's JSON report is used
 * @property {{ name: string, status: string, message?: string,
 *   assertionResults: { fullName: string, status: string }[] }[]} testResults
 */

/**
 * @param {Report} report
 * @param {string} title
 * @returns {Tally}
 */
function readReport(report, title) {
  /** @type {Tally} */
  const tally = { passed: 0, failed: [], skipped: [] };
  /** @type {Record<string, number>} */
  const passedByFile = {};
  /** @type {string[]} */
  const failedFiles = [];
  for (const file of report.testResults) {
    const path = file.name.startsWith(root) ? file.name.slice(root.length + 1) : file.name;
    let failedInside = false;
    for (const test of file.assertionResults) {
      const name = `${title}: ${path}: ${test.fullName}`;
      if (test.status === "passed") {
        tally.passed++;
        passedByFile[path] = (passedByFile[path] ?? 0) + 1;
      }
      if (test.status === "failed") tally.failed.push(name);
      if (test.status !== "passed" && test.status !== "failed") tally.skipped.push(name);
      failedInside ||= test.status === "failed";
    }
    // A file that can't be loaded, or whose hook failed, may report no failed test.
    if (file.status === "failed" && !failedInside)
      tally.failed.push(`${title}: ${path}: ${file.message ?? "failed"}`);
    if (failedInside || file.status === "failed") failedFiles.push(path);
  }
  return { ...tally, passedByFile, failedFiles };
}

class Stopped extends Error {}

/**
 * Who ends this process ends the tests, and none begin after that.
 *
 * @param {string[]} argv
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number | NodeJS.Signals>} its exit code, or the signal that ended it
 */
function runToEnd([program, ...args], env) {
  return new Promise((resolve, reject) => {
    const child = spawn(program ?? "", args, { cwd: root, env, stdio: ["ignore", "inherit", "inherit"] });
    /** @type {NodeJS.Signals | undefined} */
    let stoppedBy;
    const pass = (/** @type {NodeJS.Signals} */ signal) => {
      stoppedBy = signal;
      child.kill(signal);
    };
    process.on("SIGTERM", pass).on("SIGINT", pass);
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      process.off("SIGTERM", pass).off("SIGINT", pass);
      if (stoppedBy === undefined) resolve(code ?? signal ?? 1);
      else reject(new Stopped(`stopped by ${stoppedBy}`));
    });
  });
}

/** @returns {Promise<Tally>} */
async function runChecks() {
  console.log("\n=== check ===");
  const { passed, failed } = await check();
  return { passed: passed.length, failed: failed.map((name) => `check: ${name}`), skipped: [] };
}

const started = performance.now();
/** @type {Tally} */
const total = { passed: 0, failed: [], skipped: [], passedFiles: [] };
try {
  const environment = await prepare();
  for (const part of chosen) {
    const tallies = part === "check" ? [await runChecks()] : [];
    for (const vitestRun of parts[part] ?? []) tallies.push(await runWithSecondLook(vitestRun, environment));
    for (const tally of tallies) {
      total.passed += tally.passed;
      total.failed.push(...tally.failed);
      total.skipped.push(...tally.skipped);
      total.passedFiles?.push(...(tally.passedFiles ?? []));
    }
  }
} catch (error) {
  console.error(error instanceof Stopped ? error.message : explainFailure(error));
  total.failed.push("the run itself");
}
if (skipIsFailure) total.failed.push(...total.skipped.splice(0).map((name) => `skipped: ${name}`));

console.log(`\n${duration(performance.now() - started)} in all`);
for (const file of total.passedFiles ?? []) console.log(`failed at first, passed on its own: ${file}`);
for (const name of total.skipped) console.log(`skipped: ${name}`);
for (const name of total.failed) console.log(`failed: ${name}`);
const skipped = total.skipped.length > 0 ? `, ${total.skipped.length} skipped` : "";
console.log(`${total.passed} passed, ${total.failed.length} failed${skipped}`);
process.exitCode = total.failed.length > 0 || total.passed === 0 ? 1 : 0;
