import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConsoleWatch } from "../hosts/console-watch.mjs";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";
import { type DeploymentResult, PulumiProject } from "../support/pulumi.js";
import { contentsOf, filesIn, type HostContents, unmarked, volumesIn } from "./contents.js";

const { available, missing } = labAvailable();
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;

const folder = "/var/lib/libvirt/shop/images";

/** Declares what the configuration names, each taken over when `adopt` is set. */
const program = `
import * as pulumi from "@pulumi/pulumi";
import * as kvm from "pulumi-kvm";
const config = new pulumi.Config();
const declared = new Set(config.require("declared").split(" "));
const adopt = config.getBoolean("adopt");
const running = config.getBoolean("running");
const alpha = new kvm.Host("alpha", { address: "alpha", sshConfig: config.require("sshConfig") });
const images = declared.has("images") && new kvm.StoragePool("images", { host: alpha, path: "${folder}", adopt });
const lan = declared.has("lan") && new kvm.Network("lan", { host: alpha, mode: "isolated", cidr: "10.99.0.1/24", adopt });
const data = declared.has("data") && new kvm.Disk("data", { host: alpha, pool: images || "images", size: "1MiB", format: "raw", adopt });
// By one way to the host a preview would refuse them.
const again = declared.has("twins") ? new kvm.Host("again", { address: "alpha", sshConfig: config.require("sshConfig"), user: "root" }) : alpha;
for (const twin of declared.has("twins") ? ["one", "two"] : []) {
  const host = twin === "one" ? alpha : again;
  const after = { dependsOn: [alpha, again, ...(images ? [images] : [])] };
  new kvm.StoragePool("pool-" + twin, { host, path: "${folder}-" + twin, name: "twin" }, after);
  new kvm.Network("net-" + twin, { host, mode: "isolated", name: "twin" }, after);
  new kvm.Disk("disk-" + twin, { host, pool: "images", size: "1MiB", name: "twin" }, after);
  new kvm.VirtualMachine("vm-" + twin, { host, memory: "64MiB", powerState: "stopped", name: "twin",
    disks: [{ size: "1MiB", pool: "images", name: "own" }] }, after);
}
if (declared.has("web")) new kvm.VirtualMachine("web", {
  host: alpha, memory: "128MiB", adopt, powerState: running ? "running" : "stopped",
  kernel: config.require("kernel"), initrd: config.require("initrd"), commandLine: "${tickCommandLine}",
  ...(adopt ? {} : { console: { log: "/var/log/libvirt/qemu/web-console.log" }, autostart: true }),
  disks: [{ size: "1MiB", pool: images || "images" }, { size: "1MiB", pool: images || "images", name: "logs" }, ...(data ? [{ disk: data }] : [])],
  interfaces: [{ network: lan || "lan" }],
});
`;

async function projectOn(lab: Lab, name: string): Promise<PulumiProject> {
  const { kernelPath, initrdPath } = tickGuest();
  const config = { declared: "none", sshConfig: lab.sshConfigPath, kernel: kernelPath, initrd: initrdPath };
  return PulumiProject.create({ name, program, config });
}

function errorsOf({ diagnostics }: DeploymentResult): string {
  return diagnostics
    .filter(({ severity }) => severity === "error")
    .map(({ message }) => message)
    .join("\n");
}

function effectsOf({ steps }: DeploymentResult): Record<string, unknown> {
  return Object.fromEntries(
    steps.filter(({ type }) => /kvm:(?!Host)/.test(type)).map((step) => [step.name, step.newInputs?.effects]),
  );
}

describe.skipIf(!available)(`what is whose${lacking}`, () => {
  let lab: Lab;
  let alpha: LabHost;
  let shop: PulumiProject;
  let office: PulumiProject;
  let bare: HostContents;
  const contents = () => contentsOf(alpha, ["/var/lib/libvirt/shop"]);
  const everything = "images lan data web";
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 1, prefix: "ownership" });
    alpha = lab.host("alpha");
    await alpha.shell("mkdir -p /var/lib/libvirt/shop/elsewhere");
    [shop, office] = await Promise.all([projectOn(lab, "shop"), projectOn(lab, "office")]);
    bare = await contents();
  });
  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]();
    await office?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  async function refusal(project: PulumiProject, declared: string): Promise<string> {
    await project.setConfig("declared", declared);
    const refused = await project.preview({ expectSuccess: false });
    expect(refused.exitCode).not.toBe(0);
    return errorsOf(refused);
  }

  /** Made by hand, as a program might describe it; the domain has more than a program can say. */
  async function makeByHand(...what: ("images" | "lan" | "volumes" | "web")[]): Promise<void> {
    const { kernelPath, initrdPath } = tickGuest();
    const disk = (file: string, type: string, target: string) =>
      `<disk type='file' device='disk'><driver name='qemu' type='${type}'/><source file='${folder}/${file}'/><target dev='${target}' bus='virtio'/></disk>`;
    if (what.includes("images")) {
      await alpha.virsh("pool-define-as", "images", "dir", "--target", folder);
      await alpha.shell(
        "virsh -q pool-build images; virsh -q pool-start images; virsh -q pool-autostart images",
      );
    }
    if (what.includes("lan")) {
      const dns = "<dns><host ip='10.99.0.9'><hostname>printer</hostname></host></dns>";
      await alpha.writeFile(
        "/run/lan.xml",
        `<network><name>lan</name>${dns}<ip address='10.99.0.1' prefix='24'/></network>`,
      );
      await alpha.shell(
        "virsh -q net-define /run/lan.xml; virsh -q net-start lan; virsh -q net-autostart lan; rm /run/lan.xml",
      );
    }
    if (what.includes("volumes")) {
      for (const [name, format] of [
        ["web-0", "qcow2"],
        ["web-logs", "qcow2"],
        ["data", "raw"],
        ["photos", "qcow2"],
      ] as const)
        await alpha.virsh("vol-create-as", "images", name, "1MiB", "--format", format);
      await alpha.shell(`printf kept | dd of=${folder}/data conv=notrunc status=none`);
    }
    if (what.includes("web")) {
      await alpha.writeFile(
        "/run/web.xml",
        `<domain type='qemu'><name>web</name><uuid>${randomUUID()}</uuid><title>made by hand</title><memory unit='MiB'>128</memory><vcpu>1</vcpu>
        <os><type arch='x86_64' machine='q35'>hvm</type><kernel>${kernelPath}</kernel><initrd>${initrdPath}</initrd><cmdline>${tickCommandLine}</cmdline></os>
        <features><acpi/></features><on_crash>restart</on_crash>
        <devices>${disk("web-0", "qcow2", "vda")}${disk("web-logs", "qcow2", "vdb")}${disk("data", "raw", "vdc")}${disk("photos", "qcow2", "vdd")}
        <interface type='network'><mac address='52:54:00:aa:bb:cc'/><source network='lan'/><model type='virtio'/></interface>
        <serial type='pty'><log file='/var/log/libvirt/qemu/by-hand.log' append='on'/></serial><input type='tablet' bus='usb'/><watchdog model='i6300esb' action='reset'/></devices></domain>`,
      );
      await alpha.shell("virsh -q define /run/web.xml; virsh -q start web; rm /run/web.xml");
    }
  }

  it("refuses what somebody else has made, by name and with the way out, in the preview and in up", async () => {
    await makeByHand("images", "lan", "volumes");
    expect(await refusal(shop, "images")).toMatch(
      /there is a storage pool images on alpha already, which this program didn't make.*set adopt: true to take it over/,
    );
    expect(await refusal(shop, "lan")).toMatch(
      /there is a network lan on alpha already, which this program didn't make.*set adopt: true to take it over/,
    );
    expect(await refusal(shop, "data")).toMatch(
      /there is a volume data in pool images on alpha already, which this disk didn't make.*set adopt: true to take it over/,
    );
    expect(await refusal(shop, "web")).toMatch(
      /there is a volume web-0 in pool images on alpha already, which this virtual machine didn't make.*set adopt: true to take it over/,
    );
    await makeByHand("web");
    const before = await contents();
    expect(await refusal(shop, "web")).toMatch(
      /there is a domain web on alpha already, which this program didn't make.*set adopt: true to take it over/,
    );
    const refused = await shop.up({ expectSuccess: false });
    expect(errorsOf(refused)).toContain("there is a domain web on alpha already");
    expect(await contents()).toEqual(before);
  });

  it("takes over what is described, and changes nothing but the mark", async () => {
    await using ticks = await ConsoleWatch.start([alpha], "/var/log/libvirt/qemu/by-hand.log");
    const dumps = () =>
      Promise.all([
        unmarked(alpha, "dumpxml", "web"),
        unmarked(alpha, "dumpxml", "--inactive", "web"),
        unmarked(alpha, "net-dumpxml", "lan"),
        unmarked(alpha, "net-dumpxml", "--inactive", "lan"),
        alpha.virsh("pool-dumpxml", "--inactive", "images"),
        alpha.shell(`cd ${folder}; stat -c '%n %i %s %Y' *; sha256sum data`),
        alpha.shell("pgrep -f 'guest=web'"),
      ]);
    const before = await dumps();
    await shop.setConfig("declared", everything);
    await shop.setConfig("adopt", "true");
    await shop.setConfig("running", "true");
    const preview = await shop.preview();
    expect(effectsOf(preview)).toEqual({
      images: ["take over storage pool images on alpha as it is, no guest notices"],
      lan: ["take over lan on alpha as it is, no guest notices"],
      data: ["take over disk data in pool images on alpha as it is, no guest notices"],
      web: ["take over web on alpha as it is, no guest notices"],
    });
    await shop.up();
    expect(await dumps()).toEqual(before);
    expect(await volumesIn(alpha, folder)).toEqual(["data", "photos", "web-0", "web-logs"]);
    await shop.preview({ args: ["--expect-no-changes"] });
    await ticks.untilTicks(4);
    expect(ticks.report()).toMatchObject({ missing: [], repeated: [], restarts: 0 });
  });

  it("refuses what another stack has made, and names that stack", async () => {
    const stack = '"SUBJECT" of Pulumi stack shop/dev';
    for (const name of ["web", "lan"])
      expect(await refusal(office, name)).toContain(`belongs to ${stack.replace("SUBJECT", name)}`);
    expect(await refusal(office, "data")).toContain("there is a volume data in pool images on alpha already");
  });

  it("leaves alone what another stack has taken over, when its former owner is destroyed", async () => {
    await office.setConfig("declared", "lan data web");
    await office.setConfig("adopt", "true");
    await office.setConfig("running", "true");
    await office.up();
    const destroyed = await shop.destroy({ expectSuccess: false });
    // The pool has no mark, and what is in it isn't this stack's any more.
    expect(errorsOf(destroyed)).toMatch(/storage pool images.*(?:data|photos|web-0)/);
    expect((await shop.resources()).map(({ urn }) => urn.split("::").at(-1))).toEqual(["alpha", "images"]);
    expect(await contents()).toMatchObject({
      domains: { web: "running" },
      networks: ["lan"],
      pools: ["images"],
    });
    expect(await volumesIn(alpha, folder)).toEqual(["data", "photos", "web-0", "web-logs"]);
    await office.preview({ args: ["--expect-no-changes"] });

    await office.destroy();
    expect(await filesIn(alpha, folder)).toEqual(["photos"]);
    await alpha.virsh("vol-delete", "--pool", "images", "photos");
    await shop.destroy();
    // The folder was there before the pool was ours.
    await alpha.shell(`rmdir ${folder}; rm /var/log/libvirt/qemu/by-hand.log`);
    expect(await contents()).toEqual(bare);
  });

  it("destroys all that it made, and nothing else", async () => {
    await shop.setConfig("adopt", "false");
    await shop.setConfig("declared", everything);
    await shop.up();
    await alpha.virsh("vol-create-as", "images", "photos", "1MiB", "--format", "qcow2");
    await alpha.shell(
      `qemu-img create -q -f qcow2 /var/lib/libvirt/shop/elsewhere/extra.qcow2 1M; printf mine >> ${folder}/photos`,
    );
    await alpha.virsh(
      "attach-disk",
      "web",
      "/var/lib/libvirt/shop/elsewhere/extra.qcow2",
      "vdz",
      "--subdriver",
      "qcow2",
      "--config",
    );
    await alpha.writeFile(
      "/run/db.xml",
      `<domain type='qemu'><name>db</name><memory unit='MiB'>64</memory><os><type>hvm</type></os><devices><disk type='file'><source file='${folder}/photos'/><target dev='vda'/></disk><interface type='network'><source network='lan'/></interface></devices></domain>`,
    );
    await alpha.shell("virsh -q define /run/db.xml; rm /run/db.xml");
    const kept = () =>
      alpha.shell(
        `sha256sum ${folder}/photos /var/lib/libvirt/shop/elsewhere/extra.qcow2; virsh -q dumpxml db`,
      );
    const before = await kept();

    const destroyed = await shop.destroy({ expectSuccess: false });
    expect(errorsOf(destroyed)).toMatch(/storage pool images.*photos/);
    expect(await kept()).toBe(before);
    const left = await contents();
    expect(left).toMatchObject({ domains: { db: "shut off" }, networks: [], pools: ["images"] });
    expect(await filesIn(alpha, folder)).toEqual(["photos"]);

    await alpha.virsh("undefine", "db");
    await alpha.virsh("vol-delete", "--pool", "images", "photos");
    await alpha.shell("rm /var/lib/libvirt/shop/elsewhere/extra.qcow2");
    await shop.destroy();
    expect(await contents()).toEqual(bare);
  });

  it("has nothing against what was deleted by hand before", async () => {
    await shop.setConfig("running", "false");
    await shop.up();
    await alpha.virsh("undefine", "web");
    for (const volume of ["web-0", "data"]) await alpha.virsh("vol-delete", "--pool", "images", volume);
    await alpha.shell("virsh -q net-destroy lan; virsh -q net-undefine lan");
    await shop.destroy();
    expect(await contents()).toEqual(bare);

    await shop.up();
    await alpha.shell("virsh -q undefine web; virsh -q net-destroy lan; virsh -q net-undefine lan");
    await alpha.shell(`virsh -q pool-destroy images; virsh -q pool-undefine images; rm -r ${folder}`);
    await shop.destroy();
    expect(await contents()).toEqual(bare);
  });

  it("gives a name that two resources want to one of them, and refuses the other", async () => {
    await shop.setConfig("declared", "images twins");
    const refusals = {
      pool: /StoragePool.*pool-(?:one|two).* there is a storage pool twin on (?:alpha|again) already/,
      net: /Network.*net-(?:one|two).* there is a network twin on (?:alpha|again) already/,
      disk: /Disk.*disk-(?:one|two).* .*twin/,
      vm: /VirtualMachine.*vm-(?:one|two).* .*twin/,
    };
    const deploy = async (...targets: string[]) =>
      errorsOf(await shop.up({ expectSuccess: false, args: ["--continue-on-error", ...targets] }));
    const errors = await deploy();
    for (const [kind, said] of Object.entries(refusals)) {
      // A check that refuses, because the other one is there before it, ends a deployment for all: what it has not come to is asked by itself.
      const own = said.test(errors) ? errors : await deploy("--target", `**::${kind}-*`);
      expect(own).toMatch(said);
    }
    const recorded = (await shop.resources()).map(({ urn }) => urn.split("::").at(-1) ?? "");
    for (const kind of ["pool", "net", "disk", "vm"])
      expect(recorded.filter((name) => name.startsWith(`${kind}-`))).toHaveLength(1);
    expect(await contents()).toMatchObject({
      domains: { twin: "shut off" },
      networks: ["twin"],
      pools: ["images", "twin"],
    });
    // One mark a volume: the loser left none.
    expect(await volumesIn(alpha, folder)).toEqual(["twin", "twin-own"]);
    expect(await filesIn(alpha, folder)).toHaveLength(4);

    await shop.destroy();
    expect(await contents()).toEqual(bare);
  });
});
