import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DriftReport } from "../../cli/drift/report-schema.js";
import {
  buildPool,
  type MigrationJournal,
  migrationJournalKind,
  ownerMarkKind,
  readOwnerMark,
  withOwnerMark,
  writeMigrationJournal,
} from "../../provider/libvirt/xml/index.js";
import { identityUuid } from "../../provider/planning/owner.js";
import { type CommandResult, run } from "../hosts/command.js";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";
import { PulumiProject } from "../support/pulumi.js";
import { changedBy, effectsOf, tickMachine } from "./declared.js";

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
const images = new kvm.StoragePool("images", { hosts, path: "/var/lib/libvirt/drift" });
new kvm.StoragePool("halted", { hosts, path: "/var/lib/libvirt/halted" });
new kvm.StoragePool("idle", { hosts, path: "/var/lib/libvirt/idle" });
const tiny = new kvm.StoragePool("tiny", { host: alpha, path: "/var/lib/libvirt/tiny" });
new kvm.StoragePool("half", { hosts, path: "/var/lib/libvirt/half" });
const lan = new kvm.Network("lan", { hosts, mode: "isolated", bridge: "virbr7", cidr: "10.77.0.1/24", dhcp: true });
new kvm.Network("dark", { hosts, mode: "isolated", bridge: "virbr8", cidr: "10.78.0.1/24" });
new kvm.Network("lazy", { hosts, mode: "isolated", bridge: "virbr9", cidr: "10.79.0.1/24" });
new kvm.Disk("lost", { host: beta, pool: images, size: "16MiB" });
new kvm.Disk("swept", { host: beta, pool: images, size: "16MiB" });
new kvm.Disk("swollen", { host: alpha, pool: images, size: "16MiB" });
for (const [name, { on, disks, lan: isIn, secret, ...args }] of Object.entries<any>(JSON.parse(readFileSync("machines.json", "utf8"))))
  new kvm.VirtualMachine(name, {
    host: on === "alpha" ? alpha : beta,
    disks: disks?.map((disk: any) => ({ ...disk, pool: disk.pool === "tiny" ? tiny : images })),
    interfaces: isIn ? [{ network: lan }] : undefined,
    description: secret ? config.requireSecret("note") : undefined,
    ...args,
  });
`;

const off = { powerState: "stopped", memory: "64MiB" };
const machines = {
  killed: tickMachine("killed", "alpha"),
  stopped: tickMachine("stopped", "beta"),
  frozen: tickMachine("frozen", "alpha"),
  slept: tickMachine("slept", "beta"),
  fleeting: tickMachine("fleeting", "beta"),
  autostart: { on: "beta", ...off, autostart: true },
  memory: { on: "beta", ...off },
  cpus: { on: "beta", ...off },
  gone: { on: "alpha", ...off, disks: [{ size: "16MiB" }] },
  hollow: { on: "beta", ...off, disks: [{ size: "16MiB" }, { size: "32MiB" }] },
  strayed: { on: "alpha", ...off },
  renamed: { on: "beta", ...off },
  unmarked: { on: "beta", ...off },
  described: { on: "alpha", ...off, description: "as declared" },
  titled: { on: "alpha", ...off, title: "as declared" },
  unplugged: { on: "alpha", ...off, lan: true },
  unlinked: { on: "alpha", ...off, lan: true },
  diskless: { on: "alpha", ...off, disks: [{ size: "16MiB" }] },
  cached: { on: "alpha", ...off, disks: [{ size: "16MiB", cache: "none" }] },
  booted: { on: "alpha", ...off, kernel: tickGuest().kernelPath, commandLine: "quiet" },
  modelled: { on: "alpha", ...off, cpu: { mode: "custom", model: "qemu64" } },
  discreet: { on: "alpha", ...off, secret: true },
  pending: tickMachine("pending", "beta"),
  moving: { on: "alpha", ...off },
  choked: {
    ...tickMachine("choked", "alpha"),
    commandLine: `${tickCommandLine} write=vda@8:something`,
    disks: [{ size: "16MiB", format: "raw", pool: "tiny" }],
  },
  fine: { on: "alpha", ...off, disks: [{ size: "16MiB" }], lan: true },
} as const;

const CONNECT_TIMEOUT_MS = 5_000;
const note = "planted-note-7f3a";
const graffito = "planted-graffito-9c1e";

describe.skipIf(!available)(`kvm drift${lacking}`, () => {
  let lab: Lab;
  let alpha: LabHost;
  let beta: LabHost;
  let project: PulumiProject;
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 2, prefix: "kvm-drift" });
    alpha = lab.host("alpha");
    beta = lab.host("beta");
    await alpha.shell("mkdir /var/lib/libvirt/tiny && mount -t tmpfs -o size=4m tmpfs /var/lib/libvirt/tiny");
    project = await PulumiProject.create({
      program,
      name: "shop",
      config: { alpha: alpha.address, beta: beta.address, knownHosts: lab.knownHostsPath },
      files: { "machines.json": JSON.stringify(machines) },
    });
    await project.setConfig("privateKey", lab.privateKey, { secret: true });
    await project.setConfig("note", note, { secret: true });
    await project.up();
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  const file = (name: string) => join(project.folder, name);
  const drift = (args: readonly string[]) => kvm(["drift", "-C", project.folder, "-q", ...args]);

  function kvm(args: readonly string[], options: { stdin?: string } = {}): Promise<CommandResult> {
    const command = join(project.folder, "node_modules/pulumi-kvm/dist/cli/kvm.js");
    return run([process.execPath, command, ...args], {
      environment: project.env,
      timeoutMs: 60_000,
      ...options,
    });
  }
  const reportOf = ({ stdout }: CommandResult) => JSON.parse(stdout) as DriftReport;

  async function redefine(host: LabHost, name: string, from: RegExp, to: string): Promise<void> {
    const xml = await host.virsh("dumpxml", name, "--inactive");
    expect(xml).toMatch(from);
    await host.writeFile("/tmp/redefined.xml", xml.replace(from, to));
    await host.virsh("define", "/tmp/redefined.xml");
  }

  /** What of a report tells which change was found. */
  const told = ({ findings }: DriftReport): Record<string, string> =>
    Object.fromEntries(
      findings.map(({ kind, resource, object, host, property, wanted, found }) => [
        resource?.name ?? object,
        [kind, host, property, wanted, found].filter((part) => part !== undefined).join(" | "),
      ]),
    );

  it("finds nothing on hosts that are as declared", async () => {
    const clean = await drift(["--json"]);
    expect(clean.stderr).toBe("");
    expect(reportOf(clean)).toMatchObject({ outcome: "same", findings: [], notes: [] });
    expect(clean.exitCode).toBe(0);
  });

  it("finds each change made by hand and nothing else, as preview and refresh do", async () => {
    await alpha.kill(await alpha.qemuPid("killed"), "KILL");
    await beta.virsh("destroy", "stopped");
    await alpha.virsh("suspend", "frozen");
    await beta.virsh("managedsave", "slept");
    await beta.virsh("undefine", "fleeting");
    await beta.virsh("autostart", "autostart", "--disable");
    await beta.virsh("setmaxmem", "memory", "256MiB", "--config");
    await beta.virsh("setvcpus", "cpus", "3", "--config", "--maximum");
    await alpha.virsh("undefine", "gone");
    await beta.virsh("vol-delete", "hollow-1", "images");
    await beta.writeFile("/tmp/strayed.xml", await alpha.virsh("dumpxml", "strayed", "--inactive"));
    await beta.virsh("define", "/tmp/strayed.xml");
    await alpha.virsh("undefine", "strayed");
    await beta.virsh("domrename", "renamed", "somebodys-taste");
    await beta.virsh("metadata", "unmarked", "--uri", ownerMarkKind.uri, "--config", "--remove");
    await alpha.virsh("desc", "described", "--config", "--new-desc", "as Ada likes it");
    await alpha.virsh("desc", "titled", "--config", "--title", "--new-desc", "as Ada likes it");
    await alpha.virsh("detach-interface", "unplugged", "network", "--config");
    await redefine(alpha, "unlinked", /<interface type='network'>/, "$&<link state='down'/>");
    await alpha.virsh("detach-disk", "diskless", "vda", "--config");
    await redefine(alpha, "cached", /cache='none'/, "cache='unsafe'");
    await redefine(alpha, "booted", /<cmdline>quiet/, "<cmdline>debug");
    await redefine(alpha, "modelled", />qemu64</, ">qemu32<");
    await alpha.virsh("desc", "discreet", "--config", "--new-desc", graffito);
    const journal: MigrationJournal = {
      ...{ from: { name: "alpha", uuid: alpha.uuid }, epoch: 1, startedAtMs: 1, autostart: false },
      to: { name: "beta", uuid: beta.uuid, migrationUri: `tcp://${beta.address}` },
      ...{ storage: "copy", volumes: [] },
    };
    const set = ["--key", migrationJournalKind.key, "--set", writeMigrationJournal(journal), "--config"];
    await alpha.virsh("metadata", "moving", "--uri", migrationJournalKind.uri, ...set);
    await beta.virsh("pool-destroy", "halted");
    await alpha.virsh("pool-autostart", "idle", "--disable");
    await beta.virsh("pool-destroy", "half");
    await beta.virsh("pool-undefine", "half");
    await beta.virsh("net-destroy", "dark");
    await alpha.virsh("net-autostart", "lazy", "--disable");
    const range = "<range start='10.77.0.10' end='10.77.0.20'/>";
    await alpha.virsh("net-update", "lan", "add", "ip-dhcp-range", range, "--config", "--live");
    await beta.virsh("vol-delete", "lost", "images");
    await beta.shell("rm /var/lib/libvirt/drift/swept");

    const first = await drift(["--format", `json=${file("first.json")}`]);
    expect(first).toMatchObject({ exitCode: 2, stdout: "", stderr: "" });
    const report = JSON.parse(await readFile(file("first.json"), "utf8")) as DriftReport;
    const mac = /interfaces\[52:54:00(:..){3}\]/g;
    const found = Object.fromEntries(
      Object.entries(told(report)).map(([name, text]) => [name, text.replace(mac, "interfaces[MAC]")]),
    );
    expect(found).toEqual({
      killed: "drifted | alpha | powerState | running | crashed",
      stopped: "drifted | beta | powerState | running | stopped",
      frozen: "drifted | alpha | powerState | running | paused, user",
      slept: "drifted | beta | powerState | running | stopped",
      fleeting: "drifted | beta | definition | defined | none: it runs without one",
      autostart: "drifted | beta | autostart | true | false",
      memory: "drifted | beta | maxMemory | 64 MiB | 256 MiB",
      cpus: "drifted | beta | maxCpus | 1 | 3",
      gone: "missing | alpha",
      hollow: "missing | beta",
      strayed: "drifted | beta | host | alpha | beta",
      renamed: "drifted | beta | name | renamed | somebodys-taste",
      unmarked: "drifted | beta | owner mark | as recorded | its mark is gone",
      described: 'drifted | alpha | description | "as declared" | "as Ada likes it"',
      titled: 'drifted | alpha | title | "as declared" | "as Ada likes it"',
      unplugged: "drifted | alpha | interfaces[MAC] | network lan | none",
      unlinked: 'drifted | alpha | interfaces[MAC].link | "up" | "down"',
      diskless: "drifted | alpha | disks[vda] | diskless-0 in images | none",
      cached: 'drifted | alpha | disks[vda].cache | "none" | "unsafe"',
      booted: `drifted | alpha | kernel | "${tickGuest().kernelPath}" "quiet" | "${tickGuest().kernelPath}" "debug"`,
      modelled: "drifted | alpha | cpu | qemu64 | qemu32",
      discreet: "drifted | alpha | description | [secret] | [secret]",
      moving: "interrupted | alpha",
      halted: "drifted | beta | state | running | stopped",
      idle: "drifted | alpha | autostart | true | false",
      half: "missing | beta",
      dark: "drifted | beta | state | running | stopped",
      lazy: "drifted | alpha | autostart | true | false",
      lan: "drifted | alpha | dhcp range | none | 10.77.0.10-10.77.0.20",
      lost: "missing | beta",
      swept: "missing | beta",
    });

    const changed = Object.keys(found).sort();
    const preview = await project.preview({ args: ["--expect-no-changes"], expectSuccess: false });
    expect(preview.exitCode).not.toBe(0);
    expect(Object.keys(changedBy(preview)).sort()).toEqual(changed);
    const announced = Object.entries(effectsOf(preview)).filter(([name]) => name !== "discreet");
    for (const [name, effects] of announced)
      expect(
        report.findings.filter(({ resource }) => resource?.name === name).flatMap(({ up }) => up),
        name,
      ).toEqual(effects);
    const refresh = await project.refresh({
      args: ["--preview-only", "--expect-no-changes"],
      expectSuccess: false,
    });
    expect(refresh.exitCode).not.toBe(0);
    expect(Object.keys(changedBy(refresh)).sort()).toEqual(changed);
  });

  it("tells what is new since, what waits, what is nobody's, and leaves out what is to be ignored", async () => {
    // What the guest writes when it boots finds no room any more.
    await alpha.shell(`cd /var/lib/libvirt/tiny
      fallocate --punch-hole --offset 8MiB --length 1MiB choked-0
      head -c 8M /dev/zero >filler || true`);
    await alpha.virsh("reset", "choked");
    await alpha.virsh("vol-resize", "swollen", "32MiB", "--pool", "images");
    await redefine(beta, "pending", /<cmdline>console=ttyS0 quiet/, "<cmdline>console=ttyS0 debug");
    await beta.virsh("destroy", "pending");
    await beta.virsh("start", "pending");
    await redefine(beta, "pending", /<cmdline>console=ttyS0 debug/, "<cmdline>console=ttyS0 quiet");
    const fine = await alpha.virsh("dumpxml", "fine", "--inactive");
    const other = (name: string) =>
      fine
        .replace(/<name>fine/, `<name>${name}`)
        .replace(/<uuid>.*<\/uuid>/, "")
        .replace(/<mac address=.*>/, "");
    const { nonce = "" } = readOwnerMark(fine) ?? {};
    await beta.writeFile(
      "/tmp/left.xml",
      other("left")
        .replace(nonce, "0123456789abcdef")
        .replace(/ uuid="[^"]*"/, "")
        .replace(/\bname="fine"|\bname='fine'/, "name='left'"),
    );
    await beta.virsh("define", "/tmp/left.xml");
    await beta.writeFile("/tmp/foreign.xml", withOwnerMark(other("foreign"), undefined));
    await beta.virsh("define", "/tmp/foreign.xml");
    const poolType = "pulumi-nodejs:dynamic/kvm:StoragePool";
    const leftPool = { project: "shop", stack: "gone", type: poolType, name: "left" };
    const poolXml = buildPool({
      ...{ name: "left", type: "dir", path: "/var/lib/libvirt/left" },
      uuid: identityUuid(leftPool, beta.uuid),
    });
    await beta.writeFile("/tmp/pool.xml", poolXml);
    await beta.virsh("pool-define", "/tmp/pool.xml");
    await alpha.shell(
      "head -c 1M /dev/zero > /var/lib/libvirt/drift/.pulumi-kvm.0123456789abcdef.0123456789abcdef.stray",
    );

    await expect
      .poll(() => alpha.virsh("domstate", "choked", "--reason"), { timeout: 60_000, interval: 500 })
      .toContain("paused (I/O error)");

    const options = ["--json", "--since", file("first.json"), "--all", "--pool-threshold", "0.1"];
    const later = await drift(options);
    expect(later.exitCode).toBe(2);
    const report = reportOf(later);
    expect(
      report.findings.map(({ kind, resource, object, host }) => [kind, host, object ?? resource?.name]),
    ).toEqual([
      ["pausedByIoError", "alpha", "choked"],
      ["drifted", "alpha", "swollen"],
      ["orphan", "alpha", "disk stray in pool images"],
      ["orphan", "beta", "domain left"],
      ["orphan", "beta", "storage pool left"],
      ["pendingRestart", "beta", "pending"],
      ...report.pools.map(({ host, pool }) => ["poolNearlyFull", host, `storage pool ${pool}`]).sort(),
      ["unmanaged", "beta", "domain foreign"],
    ]);
    expect(report.findings.find(({ kind }) => kind === "drifted")).toMatchObject({
      effect: "refused",
      reason: expect.stringContaining("can't shrink from 32 MiB to 16 MiB"),
    });
    expect(report.known).toBe(31);

    const ignored = ["--ignore", "*/*", "--ignore", "orphan/*"];
    const rest = await drift(["--json", ...ignored]);
    expect(rest.exitCode).toBe(0);
    expect(reportOf(rest).findings).toEqual([]);
    const alone = await drift(["--json", "--ignore", "orphan/*", "--ignore", "VirtualMachine/*#powerState"]);
    expect(told(reportOf(alone))).not.toHaveProperty("killed");
    expect(told(reportOf(alone))).toHaveProperty("memory");
  });

  it("prints a secret in no format, and says which option an encrypted state wants", async () => {
    const formats = ["html", "junit", "prometheus", "markdown", "json"].map((name) => [
      "--format",
      `${name}=${file(name)}`,
    ]);
    const all = await drift([...formats.flat(), "--format", "table", "--all"]);
    const texts = [all.stdout, all.stderr];
    for (const [, option = ""] of formats)
      texts.push(await readFile(option.slice(option.indexOf("=") + 1), "utf8"));
    const secrets = [
      note,
      graffito,
      ...lab.privateKey.split("\n").filter((line) => line.length > 20 && !line.startsWith("-----")),
    ];
    for (const secret of secrets) for (const text of texts) expect(text.includes(secret), secret).toBe(false);
    expect(texts[0]).toContain("[secret]");

    const plain = JSON.stringify(await project.export());
    const encrypted = await kvm(["drift", "--state", "-", "--json"], { stdin: plain });
    const report = reportOf(encrypted);
    expect(encrypted.exitCode).toBe(3);
    expect(report.notes.join("\n")).toContain('with "pulumi stack export --show-secrets", or --stack');
    expect(report.hosts.map(({ status }) => status)).toEqual(["unreachable", "unreachable"]);
  });

  it("reports the other host completely when one is down, within the connect timeout", async () => {
    await beta.partition();
    const state = file("state.json");
    const exported = await project.export({ showSecrets: true });
    await project.write("state.json", JSON.stringify(exported));
    const hostsAlone = (exported.deployment.resources ?? []).filter(({ type }) => type.endsWith("kvm:Host"));
    await project.write("none.json", JSON.stringify({ deployment: { resources: hostsAlone } }));
    const startedAt = performance.now();
    // Two states of the same hosts: each is asked once.
    const result = await kvm(["drift", "--state", state, "--state", file("none.json"), "--json", "-q"]);
    const tookMs = performance.now() - startedAt;
    await beta.heal();
    expect(result.exitCode).toBe(3);
    const report = reportOf(result);
    expect(report.hosts).toMatchObject([
      { name: "alpha", status: "reached" },
      { name: "beta", status: "unreachable", reason: expect.stringContaining("timed out") },
    ]);
    const on = (name: string) => report.findings.filter(({ host }) => host === name);
    expect(new Set(on("beta").map(({ kind }) => kind))).toEqual(new Set(["unreachable"]));
    const onAlpha = report.resources.filter(({ hosts }) => hosts.join() === "alpha");
    // Where these are, or how far, only both hosts together can tell.
    expect(
      onAlpha
        .filter(({ status }) => status === "unreachable")
        .map(({ name }) => name)
        .sort(),
    ).toEqual(["gone", "moving", "strayed"]);
    expect(on("alpha").map(({ resource }) => resource?.name)).toEqual(
      expect.arrayContaining(["killed", "frozen", "cached", "swollen", "lan", "lazy", "idle"]),
    );
    // One time-out after another, host by host or resource by resource, would take minutes.
    expect(tookMs).toBeLessThan(CONNECT_TIMEOUT_MS + 20_000);
  });

  it("fails with 1 on wrong usage, with a line that says what to do", async () => {
    await writeFile(file("newer.json"), JSON.stringify({ schema: "pulumi-kvm/drift", version: 2 }));
    for (const [args, message] of [
      [["drift", "--format", "pdf"], /--format pdf: the formats are table, json/],
      [["drift", "--state", "/nowhere"], /\/nowhere can't be read/],
      [["drift", "--fail-on", "rain"], /--fail-on rain: the kinds of findings are missing/],
      [["drift", "--pool-threshold", "many"], /must be a percentage/],
      [["drift", "-C", "/nowhere"], /there is no folder \/nowhere/],
      [["drift", "-C", project.folder, "-s", "none"], /pulumi stack export failed/],
      [["drift", "--state", "-", "--since", "-"], /only one of --since and --state can be read from stdin/],
      [["drift", "--since", file("newer.json")], /is a report of version 2, and this kvm reads version 1/],
      [["dirft"], /unknown command 'dirft'/],
      [["help", "dirft"], /unknown command 'dirft'/],
      [["drift", "--sins", "x"], /unknown option '--sins'\n.*\n\(kvm drift --help says more\)/],
    ] as const) {
      const result = await kvm(args);
      expect(result.stderr).toMatch(message);
      expect(result.exitCode).toBe(1);
    }
  });
});
