import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import { tickGuest } from "../hosts/tick-guest.js";
import { PulumiProject } from "../support/pulumi.js";
import { errorsOf, expectNoStackTraces } from "./declared.js";

const { available, missing } = labAvailable();
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;

const folder = "/var/lib/libvirt/by-hand";
const screenPassword = "s3cr-scr";

const opening = `
import { writeFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import * as kvm from "pulumi-kvm";
const sshConfig = new pulumi.Config().require("sshConfig");
const alpha = kvm.Host.get("alpha", { address: "alpha", sshConfig });
`;
const program = `${opening}
const images = kvm.StoragePool.get("images", { host: alpha, name: "by-hand" });
const lan = kvm.Network.get("by-hand-lan", { hosts: [alpha] });
const base = kvm.Disk.get("base", { host: alpha, pool: images, name: "base.qcow2" });
const db = kvm.VirtualMachine.get("db", { host: alpha });

// Managed beside it, of what isn't.
const layer = new kvm.Disk("layer", { host: alpha, pool: images, size: "32MiB", backing: base });
new kvm.VirtualMachine("web", {
  host: alpha, memory: "64MiB", powerState: "stopped", disks: [{ disk: layer }], interfaces: [{ network: lan }],
});
// A host that isn't known before the disk is made.
const later: kvm.HostRef = { name: "later", connection: layer.path.apply(() => ({ address: "alpha", sshConfig })) };
const again = kvm.VirtualMachine.get("again", { host: later, name: "db" });

function seen(name: string, values: Record<string, pulumi.Input<unknown>>) {
  pulumi.output(values).apply((known) => writeFileSync(\`seen-\${name}.json\`, JSON.stringify(known)));
}
seen("host", { uuid: alpha.uuid, cpus: alpha.cpus, kvm: alpha.kvm });
seen("pool", { type: images.type, path: images.path, autostart: images.autostart, uuids: images.uuids });
seen("network", { mode: lan.mode, bridges: lan.bridges, hosts: lan.hosts.apply(Object.keys) });
seen("disk", { path: base.path, format: base.format, sizeBytes: base.sizeBytes, pool: base.pool });
seen("db", { uuid: db.uuid, state: db.state, cpus: db.cpus, memory: db.memory, macAddresses: db.macAddresses });
seen("again", { uuid: again.uuid, state: again.state });
export const state = db.state;
`;

/** All that could tell that somebody was there; when files were last read and how often a network is used change by themselves. */
async function traces(host: LabHost): Promise<Record<string, string>> {
  const virsh = async (...args: string[]) =>
    (await host.virsh(...args)).replace(/<atime>.*<\/atime>/, "").replace(/ connections='\d+'/, "");
  return {
    live: await virsh("dumpxml", "db", "--security-info"),
    persistent: await virsh("dumpxml", "db", "--inactive", "--security-info"),
    network: await virsh("net-dumpxml", "by-hand-lan"),
    pool: (await virsh("pool-dumpxml", "by-hand")).replace(/<(allocation|available) .*/g, ""),
    volume: await virsh("vol-dumpxml", "base.qcow2", "by-hand"),
    content: await host.shell(`sha256sum ${folder}/base.qcow2`),
  };
}

describe.skipIf(!available)(`getters${lacking}`, () => {
  let lab: Lab;
  let alpha: LabHost;
  let project: PulumiProject;
  let before: Record<string, string>;
  let uuid: string;
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 1, prefix: "getters" });
    alpha = lab.host("alpha");
    const { kernelPath, initrdPath } = tickGuest();
    await alpha.writeFile(
      "/run/db.xml",
      `<domain type='qemu'><name>db</name><memory unit='MiB'>128</memory><vcpu>2</vcpu>
      <os><type arch='x86_64' machine='q35'>hvm</type><kernel>${kernelPath}</kernel><initrd>${initrdPath}</initrd></os>
      <devices>
        <interface type='network'><mac address='52:54:00:aa:bb:01'/><source network='by-hand-lan'/></interface>
        <graphics type='vnc' port='-1' autoport='yes' passwd='${screenPassword}'/>
      </devices></domain>`,
    );
    await alpha.writeFile("/run/lan.xml", "<network><name>by-hand-lan</name></network>");
    await alpha.shell(`mkdir ${folder} && qemu-img create -q -f qcow2 ${folder}/base.qcow2 16M`);
    await alpha.virsh("pool-create-as", "by-hand", "dir", "--target", folder);
    await alpha.virsh("net-define", "/run/lan.xml");
    await alpha.virsh("net-start", "by-hand-lan");
    await alpha.virsh("define", "/run/db.xml");
    await alpha.virsh("start", "db");
    uuid = (await alpha.virsh("domuuid", "db")).trim();
    before = await traces(alpha);
    project = await PulumiProject.create({ program, config: { sshConfig: lab.sshConfigPath } });
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  async function seen(name: string): Promise<Record<string, unknown> | undefined> {
    const text = await readFile(join(project.folder, `seen-${name}.json`), "utf8").catch(() => undefined);
    return text === undefined ? undefined : JSON.parse(text);
  }

  it("read what isn't managed in a preview, and leave no trace of an up, a refresh and a destroy", async () => {
    await project.preview();
    expect(await seen("host")).toEqual({
      uuid: alpha.uuid,
      cpus: expect.any(Number),
      kvm: expect.any(Boolean),
    });
    expect(await seen("pool")).toEqual({
      ...{ type: "dir", path: folder, autostart: false },
      uuids: { alpha: expect.any(String) },
    });
    expect(await seen("network")).toEqual({
      ...{ mode: "isolated", hosts: ["alpha"] },
      bridges: { alpha: expect.stringMatching(/^virbr\d+$/) },
    });
    expect(await seen("disk")).toEqual({
      ...{ path: `${folder}/base.qcow2`, format: "qcow2", sizeBytes: 2 ** 24, pool: "by-hand" },
    });
    const db = { uuid, state: "running" };
    expect(await seen("db")).toEqual({
      ...{ ...db, cpus: 2, memory: 2 ** 27, macAddresses: ["52:54:00:aa:bb:01"] },
    });
    expect(await seen("again")).toBeUndefined();
    expect(await traces(alpha)).toEqual(before);

    await project.up();
    expect(await seen("again")).toEqual(db);
    expect(await alpha.shell(`qemu-img info ${folder}/layer`)).toContain("base.qcow2");
    expect(await traces(alpha)).toEqual(before);
    await project.preview({ args: ["--refresh", "--expect-no-changes"] });
    const state = JSON.stringify(await project.export({ showSecrets: true }));
    expect(state).toContain(uuid);
    expect(state).not.toContain(screenPassword);

    await project.destroy();
    expect(await traces(alpha)).toEqual(before);
    expect((await alpha.shell(`ls -A ${folder}`)).trim()).toBe("base.qcow2");
    expect((await alpha.virsh("list", "--all", "--name")).trim()).toBe("db");
  });

  it("say which name isn't there", async () => {
    await project.setProgram(`${opening}\nkvm.VirtualMachine.get("nobody", { host: alpha });\n`);
    const refused = await project.preview({ expectSuccess: false });
    expect(refused.exitCode).not.toBe(0);
    expectNoStackTraces(refused);
    expect(errorsOf(refused).join("\n")).toContain(
      'VirtualMachine nobody: there is no virtual machine "nobody" on alpha; there is "db"\n',
    );
  });
});
