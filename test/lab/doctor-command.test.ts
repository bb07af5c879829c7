import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DoctorReport } from "../../cli/doctor/report.js";
import { build } from "../../scripts/build.mjs";
import { type CommandResult, run } from "../hosts/command.js";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";

const { available, missing } = labAvailable();
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;
const command = fileURLToPath(new URL("../../dist/cli/kvm.js", import.meta.url));
const PLANTED = "planted-passphrase-5d1c";

describe.skipIf(!available)(`kvm doctor${lacking}`, () => {
  let lab: Lab;
  let alpha: LabHost;
  let beta: LabHost;
  let folder: string;
  beforeAll(async () => {
    await build({ ifNeeded: true });
    folder = await mkdtemp(join(tmpdir(), "pulumi-kvm-doctor-"));
    lab = await Lab.up({ hosts: 2, prefix: "doctor", user: "operator" });
    alpha = lab.host("alpha");
    beta = lab.host("beta");
    for (const host of lab.hosts)
      for (const verb of [
        "pool-define-as default dir --target /var/lib/libvirt/images",
        "pool-start default",
        "pool-autostart default",
      ])
        await host.virsh(...verb.split(" "));
  });
  afterAll(async () => {
    await lab?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const kvm = (...args: string[]): Promise<CommandResult> =>
    run([process.execPath, command, "doctor", "-q", ...args], { timeoutMs: 60_000 });
  const named = (...args: string[]) => kvm("--ssh-config", lab.sshConfigPath, "--ignore", "kvm", ...args);
  const reportOf = ({ stdout }: CommandResult) => JSON.parse(stdout) as DoctorReport;
  const idsOf = (report: DoctorReport, level: string) =>
    report.findings.filter((found) => found.level === level).map(({ id }) => id);
  const logins = async (host: LabHost) =>
    (await readFile(join(lab.folder, "hosts", host.name, "sshd.log"), "utf8")).split("Accepted publickey")
      .length;

  it("finds nothing that prevents anything on hosts that are well, over one connection each", async () => {
    const before = await Promise.all(lab.hosts.map(logins));
    const result = await named("alpha", "beta", "--json");
    expect(result).toMatchObject({ exitCode: 0, stderr: "" });
    const report = reportOf(result);
    expect(report).toMatchObject({ outcome: "fit", hosts: [{ status: "reached" }, { status: "reached" }] });
    expect(idsOf(report, "problem")).toEqual([]);
    for (const way of ["alpha/beta", "beta/alpha"])
      expect(idsOf(report, "fine")).toEqual(
        expect.arrayContaining(
          ["names", "migrationPorts", "cpu", "machines"].map((check) => `${check}/${way}`),
        ),
      );
    const ports = report.findings.find(({ id }) => id === "migrationPorts/alpha/beta");
    expect(ports?.what).toBe(`${beta.address}: 49152 and 49215 tried`);
    expect(report.commonCpu?.model).toMatch(/\w/);
    expect(await Promise.all(lab.hosts.map(logins))).toEqual(before.map((count) => count + 1));
    // What it has started there is gone with it.
    for (const host of lab.hosts) expect(await host.shell("ss -Hltn 'sport >= :49152'")).toBe("");
  });

  it("finds what was planted and nothing else, and its commands put it right", async () => {
    await beta.virsh("pool-destroy", "default");
    await beta.virsh("pool-undefine", "default");
    await beta.shell("iptables -A INPUT -p tcp --dport 49152:49215 -j DROP");
    await alpha.writeFile("/run/hosts", `127.0.0.1 localhost\n${lab.gateway} beta\n`);
    await alpha.shell("mount --bind /run/hosts /etc/hosts");
    await beta.shell("cp /usr/bin/date /run/date");
    await beta.writeFile("/run/late", '#!/bin/sh\nexec /run/date --date="+90 seconds" "$@"\n');
    await beta.shell("chmod +x /run/late && mount --bind /run/late /usr/bin/date");
    await beta.shell("touch /run/nothing && mount --bind /run/nothing $(command -v qemu-img)");

    const report = reportOf(await named("alpha", "beta", "--json"));
    expect(report).toMatchObject({ outcome: "unfit", exitCode: 2 });
    expect(idsOf(report, "problem").sort()).toEqual(
      ["migrationPorts/alpha/beta", "names/alpha/beta/hostname", "pools/beta", "time/beta"].sort(),
    );
    const found = (id: string) => report.findings.find((each) => each.id === id);
    expect(found("names/alpha/beta/hostname")?.what).toBe(
      `beta is resolved to ${lab.gateway}, and beta has ${beta.address}`,
    );
    expect(found("migrationPorts/alpha/beta")?.what).toContain(`${beta.address}:49152 doesn't answer`);
    expect(found("time/beta")?.what).toMatch(/^its clock is (89|90)\.\d s ahead of this machine's$/);
    expect(found("pools/alpha/beta")).toMatchObject({ level: "notice", what: "beta has no pool default" });

    expect(found("tools/beta/qemu-img")).toMatchObject({
      ...{ level: "notice", what: "no qemu-img" },
      fix: { commands: ["apt-get install -y qemu-utils"] },
    });

    for (const id of ["pools/beta", "migrationPorts/alpha/beta"]) {
      const fix = found(id)?.fix;
      expect(fix?.on).toBe("beta");
      for (const line of fix?.commands ?? []) await beta.shell(line);
    }
    await alpha.shell("umount /etc/hosts");
    await beta.shell("umount /usr/bin/date $(readlink -f /usr/bin/qemu-img)");
    const table = await named("alpha", "beta");
    expect(table).toMatchObject({ exitCode: 0, stderr: "" });
    expect(table.stdout).toContain("No problem");
    expect(table.stdout).not.toContain("\u001b");
  });

  it("tells a login that may not use libvirt from a libvirt that isn't there", async () => {
    const groups = await alpha.readFile("/etc/group");
    await alpha.writeFile("/etc/group", groups.replace(/^(libvirt:.*:).*$/m, "$1"));
    const denied = reportOf(await named("operator@alpha", "--json"));
    expect(denied.exitCode).toBe(2);
    expect(denied.findings.filter(({ level }) => level === "problem")).toMatchObject([
      { id: "libvirt/alpha", fix: { on: "alpha", commands: ["usermod -aG libvirt operator   # as root"] } },
    ]);
    await alpha.writeFile("/etc/group", groups);
    expect((await named("operator@alpha")).exitCode).toBe(0);
    await alpha.stopLibvirtd();
    const stopped = reportOf(await named("alpha", "--json"));
    expect(stopped.exitCode).toBe(2);
    expect(idsOf(stopped, "problem")).toEqual(["libvirt/alpha"]);
    await alpha.startLibvirtd();
  });

  it("sends nothing to a host whose key is another, reports the others, and prints no secret", async () => {
    const keys = (await readFile(lab.knownHostsPath, "utf8")).split("\n");
    const wrong = join(folder, "known_hosts");
    // Beta's addresses with alpha's key.
    const key = keys.find((line) => line.startsWith("alpha,"))?.replace(/^\S+ /, "");
    await writeFile(wrong, `${keys[0]}\nbeta,${beta.address} ${key}\n`);
    const secret = (value: unknown) => ({
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      plaintext: JSON.stringify(value),
    });
    const connection = { user: "root", knownHosts: wrong, sshConfig: false, connectTimeout: "5000ms" };
    const resources = lab.hosts.map(({ name, address }) => {
      const credentials = secret({ privateKey: lab.privateKey, passphrase: PLANTED });
      return {
        urn: `urn:pulumi:prod::shop::pulumi-nodejs:dynamic/kvm:Host::${name}`,
        ...{ type: "pulumi-nodejs:dynamic/kvm:Host", id: name, custom: true },
        inputs: { name, connection: { address, ...connection }, credentials },
      };
    });
    const state = join(folder, "state.json");
    await writeFile(state, JSON.stringify({ deployment: { resources } }));
    const html = join(folder, "report.json");
    const result = await kvm(
      "--state",
      state,
      "--ignore",
      "kvm",
      "--format",
      "table",
      "--format",
      `json=${html}`,
    );
    const text = await readFile(html, "utf8");
    expect(result.exitCode).toBe(3);
    const report = JSON.parse(text) as DoctorReport;
    expect(report).toMatchObject({
      outcome: "incomplete",
      hosts: [{ status: "reached" }, { status: "unreachable" }],
    });
    expect(report.findings.filter(({ host }) => host === "beta")).toMatchObject([
      {
        ...{
          id: "login/beta",
          level: "unreachable",
          what: expect.stringContaining("THE HOST KEY HAS CHANGED"),
        },
        fix: {
          on: "here",
          commands: [
            "# only when you know why the key has changed:",
            expect.stringContaining("ssh-keygen -R"),
          ],
        },
      },
    ]);
    expect(idsOf(report, "fine")).toContain("pools/alpha/default");
    const body = lab.privateKey.split("\n")[2] ?? "";
    for (const output of [result.stdout, result.stderr, text])
      for (const planted of [PLANTED, body]) expect(output).not.toContain(planted);
  });

  it("gives a host that is down up after the connect timeout, and reports the others", async () => {
    await beta.down();
    const start = performance.now();
    const result = await named("alpha", "beta", "--connect-timeout", "2s");
    expect(performance.now() - start).toBeLessThan(20_000);
    expect(result.exitCode).toBe(3);
    expect(result.stdout).toMatch(/unreachable +login/);
    expect(result.stdout).toMatch(/alpha {2}Debian[\s\S]*ok +storage pool +default: /);
    expect(result.stdout).toContain("1 of 2 hosts could not be looked at");
  });

  it("exits with 1 when it is used wrongly", async () => {
    for (const args of [["http://alpha"], ["alpha", "--ignore", "weather"]]) {
      const result = await named(...args);
      expect(result).toMatchObject({ exitCode: 1, stdout: "" });
      expect(result.stderr).toMatch(/^kvm: /);
    }
  });
});
