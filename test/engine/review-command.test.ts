import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { ReviewReport } from "../../cli/review/report.js";
import { type CommandResult, run } from "../hosts/command.js";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import { PulumiProject } from "../support/pulumi.js";
import { errorsOf, tickMachine } from "./declared.js";

const { available, missing } = labAvailable();
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;

const program = `
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import * as kvm from "pulumi-kvm";
const config = new pulumi.Config();
const privateKey = config.requireSecret("privateKey");
const connection = { sshConfig: false as const, user: "root", hostKeyPolicy: "acceptNew" as const, knownHosts: config.require("knownHosts"), connectTimeout: "5s" };
const alpha = new kvm.Host("alpha", { address: config.require("alpha"), privateKey, ...connection });
const beta = new kvm.Host("beta", { address: config.require("beta"), privateKey, ...connection });
const hosts = [alpha, beta];
const images = new kvm.StoragePool("images", { hosts, path: "/var/lib/libvirt/review" });
const { lan: lanArgs, disk, keepsDisk, machines } = JSON.parse(readFileSync(process.env.DECLARED ?? "before.json", "utf8"));
const lan = new kvm.Network("lan", { hosts, mode: "isolated", bridge: "virbr7", cidr: "10.77.0.1/24", dhcp: true, ...lanArgs });
new kvm.Disk("archive", { host: beta, pool: images, size: "16MiB", ...disk }, { retainOnDelete: keepsDisk });
for (const [name, { on, disks, lan: isIn, secret, ...args }] of Object.entries<any>(machines)) {
  const note = secret ? config.requireSecret(secret) : undefined;
  new kvm.VirtualMachine(name, {
    host: on === "alpha" ? alpha : beta,
    disks: disks?.map((disk: any) => ({ ...disk, pool: images })),
    interfaces: isIn ? [{ network: lan }] : undefined,
    description: note,
    cloudInit: note ? { userData: pulumi.interpolate\`#cloud-config\\n# \${note}\` } : undefined,
    ...args,
  });
}
`;

const off = { powerState: "stopped", memory: "64MiB" };
const web = tickMachine("web", "alpha", { maxMemory: "256MiB", lan: true, disks: [{ size: "16MiB" }] });
const db = tickMachine("db", "alpha", {
  disks: [{ size: "32MiB" }, { size: "64MiB", retainOnDelete: true }],
});
const box = { on: "beta", ...off };
const hush = { on: "alpha", ...off, secret: "note", disks: [{ size: "16MiB" }] };
const before = { disk: {}, lan: {}, machines: { web, db, box, hush } };
const planted = { note: "planted-note<7f3a>", other: "planted-other&8888" };

/** Ten changes, with what a person must be able to read first, and what is said of the resource. */
const cases = {
  nothing: {
    declared: before,
    first: /^No: no guest restarts, stops or moves/,
    impacts: {},
  },
  restart: {
    declared: {
      ...before,
      machines: { ...before.machines, web: { ...web, cpus: 2, restartPolicy: "whenNeeded" } },
    },
    first: /^Yes: 1 guest restarts\./,
    impacts: { web: ["restart"] },
  },
  live: {
    declared: { ...before, machines: { ...before.machines, web: { ...web, memory: "160MiB" } } },
    first: /^No: no guest restarts, stops or moves/,
    impacts: { web: ["live"] },
  },
  nextBoot: {
    declared: { ...before, machines: { ...before.machines, web: { ...web, cpus: 2 } } },
    first: /^No: no guest restarts, stops or moves/,
    impacts: { web: ["nextBoot"] },
  },
  migration: {
    declared: { ...before, machines: { ...before.machines, web: { ...web, on: "beta" } } },
    first: /^Hardly: no guest restarts or stops; 1 guest moves to another host while running/,
    impacts: { web: ["migrate"] },
  },
  deletion: {
    declared: { ...before, machines: { web, box, hush } },
    first: /^Yes: 1 guest stops, data is deleted, no guest restarts/,
    impacts: { db: ["deleteData", "stop", "delete"] },
  },
  replacement: {
    declared: { ...before, disk: { format: "raw" } },
    first: /^No running guest restarts or stops, but data is deleted/,
    impacts: { archive: ["deleteData", "replace"] },
  },
  creation: {
    declared: {
      ...before,
      machines: {
        ...before.machines,
        hush: { ...hush, secret: "other" },
        fresh: { on: "beta", ...off, secret: "other", disks: [{ size: "1GiB" }] },
      },
    },
    first: /^No: no guest restarts, stops or moves/,
    impacts: { fresh: ["none"], hush: ["none"] },
  },
  network: {
    declared: { ...before, lan: { restartPolicy: "whenNeeded", domain: "x.test" } },
    first: /^Yes: 1 guest loses its network for some seconds, no guest restarts/,
    impacts: { lan: ["disconnect"] },
  },
  silence: {
    declared: { ...before, machines: { ...before.machines, box: { ...box, cpus: 2 } } },
    first: /^It can't be told whether a guest restarts/,
    impacts: { box: ["unreachable"] },
  },
} as const;
type Case = keyof typeof cases;

describe.skipIf(!available)(`kvm review${lacking}`, () => {
  let lab: Lab;
  let alpha: LabHost;
  let beta: LabHost;
  let project: PulumiProject;
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 2, prefix: "kvm-review" });
    alpha = lab.host("alpha");
    beta = lab.host("beta");
    const files = Object.entries(cases).map(([name, { declared }]) => [
      `${name}.json`,
      JSON.stringify(declared),
    ]);
    project = await PulumiProject.create({
      ...{ program, name: "shop" },
      files: {
        "before.json": JSON.stringify(before),
        "kept.json": JSON.stringify({ ...before, keepsDisk: true }),
        ...Object.fromEntries(files),
      },
    });
    const settings = { alpha: alpha.address, beta: beta.address, knownHosts: lab.knownHostsPath };
    const flags = (flag: string, values: Readonly<Record<string, string>>) =>
      Object.entries(values).flatMap(([key, value]) => [flag, `${key}=${value}`]);
    await project.expect([
      ...["config", "set-all", ...flags("--plaintext", settings)],
      ...flags("--secret", { privateKey: lab.privateKey, ...planted }),
    ]);
    await project.up();
    await webHasItsMemory();
  });
  /** A guest that just booted has all of it until its balloon has grown, and a plan would say so. */
  const webHasItsMemory = () =>
    vi.waitFor(async () => expect(await alpha.virsh("dommemstat", "web")).toMatch(/actual 131072/), {
      timeout: 30_000,
      interval: 500,
    });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  const file = (name: string) => join(process.env.TEST_PAGES ?? project.folder, name);

  function review(
    of: Case | "kept",
    args: readonly string[],
    options: { stdin?: string } = {},
  ): Promise<CommandResult> {
    const command = join(project.folder, "node_modules/pulumi-kvm/dist/cli/kvm.js");
    return run([process.execPath, command, "review", "-C", project.folder, "-q", ...args], {
      environment: { ...project.env, DECLARED: `${of}.json` },
      timeoutMs: 180_000,
      ...options,
    });
  }

  /** Reviews a case in every format, none of which may hold what is secret. */
  async function reviewed(of: Case, exitCode: number): Promise<ReviewReport> {
    const files = ["json", "markdown", "html"].map(
      (format) => [format, file(`review-${of}.${format}`)] as const,
    );
    const result = await review(of, [
      ...files.flatMap(([format, path]) => ["--format", `${format}=${path}`]),
      ...["--format", "text"],
    ]);
    expect(result.stderr).toBe("");
    const texts = [result.stdout, ...(await Promise.all(files.map(([, path]) => readFile(path, "utf8"))))];
    const key = lab.privateKey.trim().split("\n")[1] ?? "";
    for (const secret of [key, "planted-", lab.privateKey.trim()])
      for (const text of texts) expect(text).not.toContain(secret);
    const report = JSON.parse(texts[1] ?? "") as ReviewReport;
    expect(report.verdict[0]).toMatch(cases[of].first);
    for (const text of [texts[0], texts[3]])
      expect(text?.replace(/&#39;/g, "'")).toContain(report.verdict[0]);
    const impacts = report.changes.map(({ name, impacts: all }) => [name, all]);
    expect(Object.fromEntries(impacts)).toEqual(cases[of].impacts);
    expect(result.exitCode).toBe(exitCode);
    return report;
  }
  const changeOf = ({ changes }: ReviewReport, name: string) =>
    changes.find((change) => change.name === name);

  it("says first of ten changes whether a guest restarts, and of each what it does", async () => {
    const reports = new Map<Case, ReviewReport>();
    const left = (Object.keys(cases) as Case[]).filter((name) => name !== "silence");
    // As many at a time as there are cores: each runs the program.
    const worker = async () => {
      for (let name = left.shift(); name !== undefined; name = left.shift())
        reports.set(name, await reviewed(name, 0));
    };
    await Promise.all([worker(), worker()]);
    const report = (name: Case) => reports.get(name) as ReviewReport;

    expect(changeOf(report("restart"), "web")).toMatchObject({
      runs: true,
      steps: [
        { kind: "updateDefinition" },
        { kind: "restart", lines: ["restart the guest for cpus 1 -> 2"] },
      ],
      xmlDiff: expect.stringContaining("+  <vcpu placement='static'>2</vcpu>"),
    });
    expect(report("restart").hosts.find(({ name }) => name === "alpha")).toMatchObject({
      guests: { before: 2, after: 2 },
      cpus: { before: 2, after: 3 },
    });
    expect(changeOf(report("nextBoot"), "web")?.steps).toMatchObject([
      { lines: ["cpus 1 -> 2, at the next boot"] },
    ]);
    const move = changeOf(report("migration"), "web")?.move;
    expect(move).toMatchObject({
      ...{ from: "alpha", to: "beta", live: true, copies: ["web-0"], memoryBytes: 256 * 2 ** 20 },
      freeMemoryBytes: expect.anything(),
    });
    expect(move?.expectedSeconds).toBeLessThan(10);
    const [free = 0, afterwards = 0] = Object.values(move?.freeMemoryBytes ?? {});
    expect(free - afterwards).toBe(256 * 2 ** 20);
    expect(report("migration").topology.machines.find(({ name }) => name === "web")).toMatchObject({
      ...{ before: "alpha", after: "beta", networks: ["lan"] },
    });
    expect(changeOf(report("deletion"), "db")?.lost).toEqual([
      { what: "disk db-0 in pool images", host: "alpha", bytes: 32 * 2 ** 20 },
    ]);
    expect(changeOf(report("deletion"), "db")?.steps.map(({ kind }) => kind)).toEqual([
      ...["removeMachine", "deleteVolume", "keepVolume"],
    ]);
    expect(changeOf(report("replacement"), "archive")?.replaceBecause).toEqual(["format"]);
    expect(changeOf(report("network"), "lan")?.steps[0]).toMatchObject({
      kind: "restartNetwork",
      guests: ["web"],
    });
    expect(changeOf(report("creation"), "hush")?.steps.flatMap(({ lines }) => lines)).toContain(
      "description [secret] -> [secret]",
    );
    expect(
      report("nothing")
        .topology.machines.map(({ name }) => name)
        .sort(),
    ).toEqual(["box", "db", "hush", "web"]);
  });

  it("reads a preview that was made before, is a gate, and passes a plan on that up keeps to", async () => {
    const { stdout } = await project.expect(["preview", "--json"], {
      env: { PULUMI_ENABLE_STREAMING_JSON_PREVIEW: undefined, DECLARED: "restart.json" },
    });
    const gate = ["--preview", "-", "--json", "--fail-on", "restart,delete-data"];
    const given = await review("nothing", gate, { stdin: stdout });
    expect(given.exitCode).toBe(2);
    const report = JSON.parse(given.stdout) as ReviewReport;
    expect(report).toMatchObject({ outcome: "noticed", failed: ["restart"], exitCode: 2 });
    expect(changeOf(report, "web")?.steps.flatMap(({ lines }) => lines)).toEqual([
      ...["cpus 1 -> 2, at the next boot", "restart the guest for cpus 1 -> 2"],
    ]);

    const saved = await review("live", ["--json", "--save-plan", "plan.json", "--fail-on", "restart"]);
    expect(saved.exitCode).toBe(0);
    await alpha.virsh("destroy", "web");
    const refused = await project.up({
      args: ["--plan", "plan.json"],
      env: { DECLARED: "live.json" },
      expectSuccess: false,
    });
    expect(refused.exitCode).not.toBe(0);
    expect(errorsOf(refused).join("\n")).toMatch(/violates plan.*effects/s);
    expect((await alpha.virsh("domstate", "web")).trim()).toBe("shut off");
    // What was true when the preview was made isn't any more.
    const late = await review("nothing", ["--preview", "-", "--json"], { stdin: stdout });
    expect(late.exitCode).toBe(3);
    expect(changeOf(JSON.parse(late.stdout) as ReviewReport, "web")?.reason).toMatch(
      /the host has changed since the preview, which said: .*restart the guest for cpus 1 -> 2; now it would be: .*start/,
    );
    await alpha.virsh("start", "web");
    await webHasItsMemory();
  });

  it("foresees deletions that up refuses, and what Pulumi leaves on the host", async () => {
    const urn = (kind: string, name: string) =>
      `urn:pulumi:dev::shop::pulumi-nodejs:dynamic/kvm:${kind}::${name}`;
    const urns = [urn("Network", "lan"), urn("StoragePool", "images"), urn("Disk", "archive")];
    const replaced = urns.flatMap((one) => ["--replace", one]);
    const env = { DECLARED: "kept.json" };
    await project.up({ env });
    const { exitCode, stdout } = await review("kept", ["--json", "--", ...replaced]);
    expect(exitCode).toBe(3);
    const report = JSON.parse(stdout) as ReviewReport;
    expect(report.verdict).toEqual([
      "No: no guest restarts, stops or moves.",
      expect.stringMatching(
        /^The deployment would fail at replacing Network lan: network lan on alpha isn't removed: web is/,
      ),
      expect.stringMatching(
        /^The deployment would fail at replacing StoragePool images: .* still has \d+ volumes in it/,
      ),
    ]);
    expect(changeOf(report, "archive")).toMatchObject({
      impacts: ["none"],
      steps: [{ kind: "record" }],
      lost: [],
    });
    const inode = () => beta.exec(["stat", "-c", "%i %W", "/var/lib/libvirt/review/archive"]);
    const disk = await inode();
    const failed = await project.up({ args: replaced, env, expectSuccess: false });
    const reasons = report.changes.flatMap(({ reason }) => reason ?? []);
    const errors = errorsOf(failed).join("\n");
    expect(reasons.filter((reason) => errors.includes(reason))).not.toEqual([]);
    await project.up({ args: ["--replace", urn("Disk", "archive")], env });
    expect(await inode()).toEqual(disk);
    await project.up();
  });

  it("says which host is silent, within the time to connect, and reviews the rest", async () => {
    await beta.partition();
    const report = await reviewed("silence", 3);
    await beta.heal();
    expect(report.hosts).toMatchObject([
      { name: "alpha", status: "reached" },
      { name: "beta", status: "unreachable" },
    ]);
    expect(changeOf(report, "box")?.reason).toMatch(/host beta is unreachable/);
  });

  it("told to end it ends its preview first, and leaves nothing", async () => {
    const temporary = file("temporary");
    await mkdir(temporary);
    const command = join(project.folder, "node_modules/pulumi-kvm/dist/cli/kvm.js");
    const child = spawn(process.execPath, [command, "review", "-C", project.folder], {
      env: { ...project.env, DECLARED: "nothing.json", TMPDIR: temporary },
      stdio: "ignore",
    });
    const ended = once(child, "exit");
    await vi.waitFor(async () => expect(await project.providers()).not.toEqual([]), { timeout: 30_000 });
    expect((await readdir(temporary)).join()).toMatch(/kvm-review-/);
    child.kill("SIGTERM");
    expect(await ended).toEqual([null, "SIGTERM"]);
    expect((await readdir(temporary)).join()).not.toMatch(/kvm-review-/);
    expect((await project.processes()).filter(({ command: line }) => /^\S*pulumi\b/.test(line))).toEqual([]);
    // Nor a lock.
    await project.preview({ env: { DECLARED: "before.json" } });
  });

  it("fails with 1 on wrong usage, with a line that says what to do", async () => {
    for (const [args, message] of [
      [["--format", "pdf"], /--format pdf: the formats are text, markdown/],
      [["--fail-on", "rain"], /--fail-on rain: the effects are delete-data, replace, restart/],
      [["--bandwidth", "much"], /--bandwidth much: must be a number/],
      [["--preview", "/nowhere"], /\/nowhere can't be read/],
      [["--preview", "/etc/hostname"], /isn't a preview; give what "pulumi preview --json" prints/],
      [["prod"], /"prod": a stack is chosen with --stack; options of pulumi preview come after --/],
      [["--", "--parallel=2", "--no-such"], /pulumi preview failed \(\d+\): .*unknown flag: --no-such/],
      [["--preview", "x", "--", "--refresh"], /options after -- are for a preview that kvm runs/],
      [["--preview", "x", "--save-plan", "y"], /--save-plan: is for a preview that kvm runs/],
    ] as const) {
      const result = await review("nothing", args);
      expect(result.stderr).toMatch(message);
      expect(result.exitCode).toBe(1);
    }
  });
});
