import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";
import { type DeploymentResult, PulumiProject } from "../support/pulumi.js";
import { contentsOf, filesIn, type HostContents, stateOf, unmarked, volumesIn } from "./contents.js";

const { available, missing } = labAvailable();
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;

const folder = "/var/lib/libvirt/shop";

const program = `
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import * as kvm from "pulumi-kvm";
const config = new pulumi.Config();
const world = { shop: "shop", kind: "Shop", web: "web", ...JSON.parse(readFileSync("world.json", "utf8")) };
const was = (name: string, now: string) => (name === now ? [] : [{ name }]);

interface ShopArgs {
  hosts: pulumi.Input<pulumi.Input<kvm.Host>[]>;
  images: pulumi.Input<kvm.StoragePool>;
  data: pulumi.Input<kvm.Disk>;
  lan: pulumi.Input<kvm.Network>;
}
class Shop extends pulumi.ComponentResource {
  readonly uuids: pulumi.Output<string[]>;
  constructor(name: string, { hosts, images, data, lan }: ShopArgs, opts?: pulumi.ComponentResourceOptions) {
    super("test:index:" + world.kind, name, {}, opts);
    const parent = this;
    const [alpha, beta] = [0, 1].map((i) => pulumi.output(hosts).apply((list) => list[i] as kvm.Host));
    const off = { memory: world.memory ?? "64MiB", powerState: "stopped" as const };
    // Every way to hand something on: itself, an Output of it, in a list, in an Output of a list.
    const web = new kvm.VirtualMachine(world.web, {
      host: alpha!, name: "web", memory: "128MiB",
      kernel: config.require("kernel"), initrd: config.require("initrd"), commandLine: "${tickCommandLine}",
      disks: pulumi.output(data).apply((disk) => [{ disk }, { size: "1MiB", pool: images }]),
      interfaces: [pulumi.output({ network: lan })],
    }, { parent, aliases: was("web", world.web) });
    const db = new kvm.VirtualMachine("db", {
      ...off, host: alpha!, name: "db",
      disks: pulumi.output([{ size: "1MiB", pool: images, name: "rows" }]),
      interfaces: pulumi.output(lan).apply((network) => [{ network: network.name }]),
    }, { parent, protect: world.protect === true });
    const mail = new kvm.VirtualMachine("mail", {
      ...off, host: beta!, name: "mail", ...world.mail,
      disks: [pulumi.output({ size: "1MiB", pool: pulumi.output(images).apply((pool) => pool.name) })],
    }, { parent, retainOnDelete: world.retain === true });
    this.uuids = pulumi.all([web.uuid, db.uuid, mail.uuid]);
    this.registerOutputs({ uuids: this.uuids });
  }
}

const sshConfig = config.require("sshConfig");
const alpha = new kvm.Host("alpha", { address: "alpha", sshConfig });
const beta = new kvm.Host("beta", { address: "beta", sshConfig });
const hosts = pulumi.output([alpha, pulumi.output(beta)]);
const images = new kvm.StoragePool("images", { hosts: hosts, path: "${folder}" });
const lan = new kvm.Network("lan", { hosts: [pulumi.output(alpha), beta], mode: "isolated", cidr: "10.97.0.1/24" });
const data = new kvm.Disk("data", { host: pulumi.output(alpha), pool: pulumi.output(images), size: "1MiB" });
const spare = new kvm.Disk("spare", { host: alpha, pool: images, size: "1MiB", backing: pulumi.output(data) });
if (world.shop !== undefined && world.shop !== null) {
  const shop = new Shop(world.shop, { hosts: hosts, images, data: pulumi.output(data), lan: Promise.resolve(lan) }, {
    aliases: world.kind === "Shop" ? was("shop", world.shop) : [{ name: "shop", type: "test:index:Shop" }],
  });
  module.exports = { uuids: shop.uuids };
}
`;

function errorsOf({ diagnostics }: DeploymentResult): string {
  return diagnostics
    .filter(({ severity }) => severity === "error")
    .map(({ message }) => message)
    .join("\n");
}

/** What each resource of ours is said to do, those that stay as they are left out. */
function effectsOf({ steps }: DeploymentResult): Record<string, unknown> {
  return Object.fromEntries(
    steps
      .filter(({ op, type }) => op !== "same" && /kvm:/.test(type))
      .map(({ name, op, newInputs }) => [`${op} ${name}`, newInputs?.effects]),
  );
}

describe.skipIf(!available)(`a component of VMs, and what Pulumi can do with resources${lacking}`, () => {
  let lab: Lab;
  let alpha: LabHost;
  let beta: LabHost;
  let project: PulumiProject;
  let bare: HostContents[];
  const contents = () => Promise.all(lab.hosts.map((host) => contentsOf(host)));
  let names = {};
  const declare = (world: Record<string, unknown> = {}) =>
    project.write("world.json", JSON.stringify({ ...names, ...world }));
  const urnOf = async (name: string) =>
    (await project.resources()).find(({ urn }) => urn.endsWith(`::${name}`))?.urn ?? "";
  const uuids = async () =>
    Object.fromEntries(
      await Promise.all(
        (["web", "db"] as const).map(async (name) => [name, (await alpha.virsh("domuuid", name)).trim()]),
      ),
    ) as Record<"web" | "db", string>;
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 2, prefix: "component" });
    alpha = lab.host("alpha");
    beta = lab.host("beta");
    const { kernelPath, initrdPath } = tickGuest();
    const config = { sshConfig: lab.sshConfigPath, kernel: kernelPath, initrd: initrdPath };
    project = await PulumiProject.create({ program, config, files: { "world.json": "{}" } });
    bare = await contents();
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  it("is built from hosts, disks and networks handed on in every way", async () => {
    await project.preview();
    await project.up();
    expect(await contents()).toMatchObject([
      { domains: { web: "running", db: "shut off" }, networks: ["lan"], pools: ["images"] },
      { domains: { mail: "shut off" }, networks: ["lan"], pools: ["images"] },
    ]);
    expect(await volumesIn(alpha, folder)).toEqual(["data", "db-rows", "spare", "web-1"]);
    expect(await volumesIn(beta, folder)).toEqual(["mail-0"]);
    expect(Object.values(await uuids())).toEqual(((await project.outputs()).uuids as string[]).slice(0, 2));
    expect(await urnOf("web")).toContain("test:index:Shop$pulumi-nodejs:dynamic/kvm:VirtualMachine::web");
    await project.preview({ args: ["--expect-no-changes"] });
  });

  it("takes new names for the component and a VM, and touches nothing but the record", async () => {
    const dump = async () => ({
      uuids: await uuids(),
      qemu: await alpha.qemuPid("web"),
      volumes: await alpha.shell(`cd ${folder}; stat -c '%n %i %s' *`),
      definitions: await Promise.all(
        ["web", "db"].map((name) => unmarked(alpha, "dumpxml", "--inactive", name)),
      ),
    });
    const before = await dump();
    names = { shop: "mall", kind: "Mall", web: "front" };
    await declare();
    const preview = await project.preview();
    expect(preview.changes).toMatchObject({ update: 3 });
    expect(Object.values(effectsOf(preview)).flat().sort()).toEqual([
      'record the owner of db (it was "db" of Pulumi stack test/dev), no guest notices',
      'record the owner of mail (it was "mail" of Pulumi stack test/dev), no guest notices',
      'record the owner of web (it was "web" of Pulumi stack test/dev), no guest notices',
    ]);
    await project.up();
    expect(await dump()).toEqual(before);
    expect(await alpha.virsh("dumpxml", "web")).toContain('name="front"');
    await project.preview({ args: ["--expect-no-changes"] });
  });

  it("changes the VM that --target names, and no other", async () => {
    await declare({ memory: "96MiB" });
    await project.up({ args: ["--target", await urnOf("db")] });
    const memory = async (host: LabHost, name: string) =>
      /Max memory: +(\d+)/.exec(await host.virsh("dominfo", name))?.[1];
    expect([await memory(alpha, "db"), await memory(beta, "mail")]).toEqual(["98304", "65536"]);
    await project.up();
    expect(await memory(beta, "mail")).toBe("98304");
    await declare();
  });

  it("makes the VMs that --replace names anew, with the disks that are theirs, and leaves one of each", async () => {
    const before = await uuids();
    const marks = await filesIn(alpha, folder);
    const data = () => alpha.shell(`stat -c '%i %Y' ${folder}/data`);
    const dataBefore = await data();
    const names = ["--replace", await urnOf("db"), "--replace", await urnOf("front")];
    const replaced = await project.up({ args: names });
    expect(replaced.changes).toMatchObject({ replace: 2 });
    const after = await uuids();
    expect([after.db, after.web]).not.toContain(before.db);
    expect([after.db, after.web]).not.toContain(before.web);
    expect(await stateOf(alpha, "web")).toBe("running");
    expect(await data()).toBe(dataBefore);
    expect(await volumesIn(alpha, folder)).toEqual(["data", "db-rows", "spare", "web-1"]);
    const made = (await filesIn(alpha, folder)).filter((name) => !marks.includes(name));
    expect(made.map((name) => name.replace(/^.*\./, "")).sort()).toEqual(["db-rows", "web-1"]);
    expect(await filesIn(alpha, folder)).toHaveLength(marks.length);
    await project.preview({ args: ["--expect-no-changes"] });
  });

  it("makes the Disk that --replace names anew, unless something needs it", async () => {
    const marks = async () => (await filesIn(alpha, folder)).filter((name) => name.startsWith("."));
    const before = await marks();
    await project.up({ args: ["--replace", await urnOf("spare")] });
    const after = await marks();
    expect(after).toHaveLength(before.length);
    expect(after.filter((mark) => !before.includes(mark))).toEqual([expect.stringMatching(/spare$/)]);

    const refused = await project.up({ args: ["--replace", await urnOf("data")], expectSuccess: false });
    expect(errorsOf(refused)).toMatch(
      /disk data in pool images on alpha can't be deleted while domain web uses it/,
    );
    expect(await stateOf(alpha, "web")).toBe("running");
    expect(await marks()).toEqual(after);
    await project.preview({ args: ["--expect-no-changes"] });
  });

  it("leaves with retainOnDelete what is declared no longer, and finds it again", async () => {
    await declare({ retain: true });
    await project.up();
    const uuid = (await beta.virsh("domuuid", "mail")).trim();
    await declare({ shop: null });
    await project.up();
    expect(await contents()).toMatchObject([{ domains: {} }, { domains: { mail: "shut off" } }]);
    expect(await volumesIn(beta, folder)).toEqual(["mail-0"]);
    expect(await volumesIn(alpha, folder)).toEqual(["data", "spare"]);

    await declare();
    await project.up();
    expect((await beta.virsh("domuuid", "mail")).trim()).toBe(uuid);
    await project.preview({ args: ["--expect-no-changes"] });
  });

  it("goes on after a create that failed", async () => {
    await declare({ shop: null });
    await project.up();
    const serialPorts = [{ type: "file", path: "/var/lib/libvirt/to-come/port" }];
    await declare({ mail: { powerState: "running", serialPorts } });
    const failed = await project.up({ expectSuccess: false });
    expect(errorsOf(failed)).toMatch(/to-come\/port/);
    expect(await stateOf(beta, "mail")).toBe("shut off");
    const uuid = (await beta.virsh("domuuid", "mail")).trim();
    await beta.shell("mkdir /var/lib/libvirt/to-come");
    await project.up();
    expect(await stateOf(beta, "mail")).toBe("running");
    expect((await beta.virsh("domuuid", "mail")).trim()).toBe(uuid);
    expect(await volumesIn(beta, folder)).toEqual(["mail-0"]);
    await project.preview({ args: ["--expect-no-changes"] });
    await beta.shell("rm -r /var/lib/libvirt/to-come");
  });

  it("is destroyed once it is protected no longer, and a second time without complaint", async () => {
    await declare({ protect: true, mail: { forceStop: true, shutdownTimeout: "1s" } });
    await project.up();
    const refused = await project.destroy({ expectSuccess: false });
    expect(refused.exitCode).not.toBe(0);
    expect(await stateOf(alpha, "db")).toBe("shut off");
    await project.expect(["state", "unprotect", "--all", "--yes"]);
    await project.destroy();
    expect(await contents()).toEqual(bare);
    const again = await project.destroy();
    expect(again.changes).toEqual({});
    expect(await contents()).toEqual(bare);
  });
});
