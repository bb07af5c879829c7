// The demo: two KVM hosts on this machine, `pulumi up` on examples/quickstart, and a VM that moves while it runs.
// `up` leaves all running to be looked at; `down` removes it.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ConsoleWatch } from "../test/hosts/console-watch.mjs";
import { CommandError, run } from "./command.mjs";
import { demoHosts, endHosts, startHosts, tickGuest } from "./demo/hosts.mjs";
import { installQuickstart, root } from "./demo/quickstart.mjs";
import { duration } from "./progress.mjs";
import { ensurePulumi, pulumiEnvironment } from "./pulumi-cli.mjs";

/** @typedef {import("./demo/hosts.mjs").DemoHosts} DemoHosts */

/** Beside Pulumi.yaml, where Pulumi looks for it; kept out of git. */
const stackConfigPath = join(root, "Pulumi.demo.yaml");
const consoleLog = "/var/log/libvirt/qemu/web-console.log";
const started = performance.now();

/** @param {string} text */
function heading(text) {
  console.log(`\n\x1b[1m== ${text}\x1b[0m  (${duration(performance.now() - started)})`);
}

/** @param {string} text */
function indented(text) {
  return text.trimEnd().replaceAll(/^/gm, "  ");
}

/**
 * The environment in which `pulumi` works on the demo's stack, its state in the hosts' folder.
 *
 * @param {DemoHosts} hosts
 * @param {string} path
 */
function pulumiVariables(hosts, path) {
  return {
    PATH: path,
    PULUMI_BACKEND_URL: `file://${join(hosts.folder, "pulumi", "state")}`,
    PULUMI_HOME: join(hosts.folder, "pulumi", "home"),
    PULUMI_CONFIG_PASSPHRASE: "demo",
    PULUMI_STACK: "demo",
    PULUMI_SKIP_UPDATE_CHECK: "1",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "1",
    PULUMI_DISABLE_REGISTRY_RESOLVE: "true",
  };
}

/**
 * @param {DemoHosts} hosts
 * @param {NodeJS.ProcessEnv} env
 */
async function makeStack(hosts, env) {
  mkdirSync(join(hosts.folder, "pulumi", "state"), { recursive: true });
  rmSync(stackConfigPath, { force: true });
  await run(["pulumi", "stack", "init", "demo"], { cwd: root, env });
  const { kernelPath, initrdPath } = await tickGuest();
  const settings = {
    alpha: "alpha",
    beta: "beta",
    sshConfig: join(hosts.folder, "ssh_config"),
    kernel: kernelPath,
    initrd: initrdPath,
    memory: "128MiB",
    webHost: "alpha",
  };
  const words = Object.entries(settings).flatMap(([key, value]) => ["--plaintext", `${key}=${value}`]);
  await run(["pulumi", "config", "set-all", ...words], { cwd: root, env });
}

/**
 * Shows a command and its output as it comes.
 *
 * @param {readonly string[]} argv
 * @param {NodeJS.ProcessEnv} env
 */
async function show(argv, env) {
  console.log(`$ ${argv.join(" ")}`);
  await run(argv, { cwd: root, env, inherit: true });
}

/** @param {DemoHosts} hosts */
async function showMachines(hosts) {
  for (const { name } of hosts.hosts) {
    const list = await run(["ssh", "-F", join(hosts.folder, "ssh_config"), name, "virsh list --all"]);
    console.log(`$ ssh ${name} virsh list --all\n${indented(list)}`);
  }
}

/** @param {ConsoleWatch} watch */
function showTicks(watch) {
  const [last] = watch.ticks.slice(-1);
  for (const { host, number, uptimeSeconds } of watch.ticks.slice(-3)) {
    console.log(`  on ${host}: tick ${number}, the guest is up for ${uptimeSeconds.toFixed(1)} s`);
  }
  return last?.host;
}

async function up() {
  const running = await demoHosts();
  if (running) {
    console.log(
      `The demo is up already. \`npm run demo:down\` removes it, then \`npm run demo\` starts anew.`,
    );
    console.log(whatToLookAt(running));
    return;
  }
  const { folder: cliFolder } = await ensurePulumi();

  heading("Two KVM hosts: sshd, libvirtd and QEMU in namespaces of this machine");
  const hosts = await startHosts();
  for (const { name, address } of hosts.hosts) console.log(`  ${name.padEnd(6)} ${address}`);

  heading("The package, as npm packs it, installed in examples/quickstart");
  await installQuickstart();
  const variables = pulumiVariables(hosts, pulumiEnvironment(cliFolder).PATH);
  const env = { ...process.env, ...variables };
  await makeStack(hosts, env);
  writeFileSync(join(hosts.folder, "env"), environmentFile(variables));

  heading("A storage pool and a network on both hosts, two virtual machines");
  await show(["pulumi", "up", "--yes", "--skip-preview", "--suppress-progress"], env);
  const watch = await ConsoleWatch.start(hosts.hosts, consoleLog, { fromStart: true });
  try {
    await watch.untilLine(/^tick 3 /);
    await showMachines(hosts);
    showTicks(watch);

    heading('The VM "web" is to run on the other host: what would that do?');
    await show(["pulumi", "config", "set", "webHost", "beta"], env);
    await show(["pulumi", "preview", "--diff"], env);

    heading("It moves, its disk too, while it runs");
    await show(["pulumi", "up", "--yes", "--skip-preview", "--suppress-progress"], env);
    await watch.untilTicks(4);
    await sleep(100);
    await showMachines(hosts);
    await reportMove(watch, env);

    heading("Nothing is left to do");
    await show(
      ["pulumi", "up", "--yes", "--skip-preview", "--suppress-progress", "--expect-no-changes"],
      env,
    );
  } finally {
    await watch.stop();
  }
  heading("Done");
  console.log(whatToLookAt(hosts));
}

/**
 * @param {ConsoleWatch} watch
 * @param {NodeJS.ProcessEnv} env
 */
async function reportMove(watch, env) {
  const where = showTicks(watch);
  const { first, last, count, largestGapMs, missing, repeated, restarts } = watch.report();
  const move = JSON.parse(
    await run(["pulumi", "stack", "output", "--json"], { cwd: root, env }),
  ).webLastMigration;
  console.log(
    [
      `  ticks heard     ${count}, numbers ${first} to ${last}; ${missing.length} missing, ${repeated.length} twice, ${restarts} restarts`,
      `  longest silence ${Math.round(largestGapMs)} ms (the guest ticks every 250 ms or so)`,
      `  migration       ${move?.from} -> ${move?.to}, ${move?.totalMs} ms in all, the guest stood still for ${move?.downtimeMs} ms`,
    ].join("\n"),
  );
  if (where !== "beta" || missing.length + repeated.length + restarts > 0) {
    throw new Error("the guest did not run on without a break");
  }
}

/** @param {Record<string, string>} variables */
function environmentFile(variables) {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`)
    .join("");
}

/** @param {DemoHosts} hosts */
function whatToLookAt({ folder }) {
  return `
What to look at:
  ssh -F ${folder}/ssh_config beta
      one of the hosts; there: virsh list, virsh domblklist web, virsh dumpxml web
  ssh -F ${folder}/ssh_config beta tail -f ${consoleLog}
      the guest counts on
  . ${folder}/env
      then, in ${root}:
  pulumi config set webHost alpha && pulumi up        back again
  ssh -F ${folder}/ssh_config beta virsh destroy db && pulumi preview
      what was stopped by hand shows up, and \`pulumi up\` repairs it
  examples/quickstart/index.ts                        the program: change it, pulumi up
  npm run demo:down                                   removes the hosts, the VMs and the stack`;
}

async function down() {
  const removed = await endHosts();
  rmSync(stackConfigPath, { force: true });
  console.log(removed ? "The demo's hosts, VMs and stack are removed." : "No demo is up.");
}

const actions = { up, down };
const action = actions[/** @type {keyof typeof actions} */ (process.argv[2] ?? "up")];
try {
  if (!action) throw new Error("usage: demo.mjs up | down");
  await action();
} catch (error) {
  console.error(error instanceof CommandError ? `\n${error.message}` : error);
  console.error("\nThe demo failed. What it made is left to be looked at; `npm run demo:down` removes it.");
  process.exitCode = 1;
}
