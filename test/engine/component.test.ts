import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import { type DeploymentResult, PulumiProject } from "../support/pulumi.js";

const { available, missing } = labAvailable();
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;

const folder = "/var/lib/libvirt/cluster";

/** A component of three VMs; hosts, disks and pools reach them as resources, as Outputs, inside arrays and as Outputs of arrays. */
const program = `
import * as pulumi from "@pulumi/pulumi";
import * as kvm from "pulumi-kvm";
const config = new pulumi.Config();
const sshConfig = config.require("sshConfig");
const renamed = config.getBoolean("renamed") ?? false;
const retain = config.getBoolean("retain") ?? false;

const alpha = new kvm.Host("alpha", { address: "alpha", sshConfig });
const beta = new kvm.Host("beta", { address: pulumi.output("beta"), sshConfig: pulumi.secret(sshConfig) });
const images = new kvm.StoragePool("images", { hosts: pulumi.output([alpha, pulumi.output(beta)]), path: "${folder}" });
const lan = new kvm.Network("lan", { hosts: [alpha, pulumi.output(beta)], mode: "isolated", cidr: "10.97.0.1/24" });

class Cluster extends pulumi.ComponentResource {
  readonly uuids: pulumi.Output<string[]>;
  constructor(name: string, hosts: pulumi.Input<pulumi.Input<kvm.Host>[]>, opts?: pulumi.ComponentResourceOptions) {
    super("test:index:Cluster", name, {}, opts);
    const nth = (i: number) => pulumi.output(hosts).apply((all) => all[i % 2] as kvm.Host);
    const common = { memory: "64MiB", powerState: "stopped" as const };
    const data = new kvm.Disk("data", { host: nth(0), pool: pulumi.output(images), size: "2MiB" }, { parent: this, retainOnDelete: retain });
    const own = { size: "1MiB", pool: images };
    const first = new kvm.VirtualMachine(renamed ? "first" : "one", {
      ...common, host: nth(0), name: "one",
      disks: [{ disk: data }, pulumi.output(own)], interfaces: [{ network: pulumi.output(lan) }],
    }, { parent: this, aliases: renamed ? [{ name: "one" }] : [] });
    const second = new kvm.VirtualMachine("two", { ...common, host: pulumi.output(beta), disks: pulumi.output([own]) }, { parent: this });
    const third = new kvm.VirtualMachine("three", { ...common, host: alpha, memory: config.require("memory") }, { parent: this });
    this.uuids = pulumi.all([first.uuid, second.uuid, third.uuid]);
    this.registerOutputs();
  }
}
const cluster = new Cluster(renamed ? "web" : "shop", [alpha, beta], { aliases: renamed ? [{ name: "shop" }] : [] });
export const uuids = cluster.uuids;
`;

function effectsOf({ steps }: Pick<DeploymentResult, "steps">, name: string): string[] {
  const lines = steps.find((step) => step.name === name)?.newInputs?.effects;
  return Array.isArray(lines) ? lines.map(String) : [];
}

async function names(host: LabHost, ...list: string[]): Promise<string[]> {
  return (await host.virsh(...list))
    .split("\n")
    .filter((name) => name !== "")
    .sort();
}

describe.skipIf(!available)(`a component of three VMs${lacking}`, () => {
  let lab: Lab;
  let alpha: LabHost;
  let beta: LabHost;
  let project: PulumiProject;
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 2, prefix: "component" });
    alpha = lab.host("alpha");
    beta = lab.host("beta");
    project = await PulumiProject.create({
      program,
      config: { sshConfig: lab.sshConfigPath, memory: "64MiB" },
    });
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  const urnOf = async (name: string) => {
    const found = (await project.resources()).find(({ urn }) => urn.endsWith(`::${name}`));
    if (found === undefined) throw new Error(`there is no ${name} in the state`);
    return found.urn;
  };

  it("is built from hosts, pools, disks and networks in whatever wrapping, and is settled then", async () => {
    await project.up();
    expect(await names(alpha, "list", "--all", "--name")).toEqual(["one", "three"]);
    expect(await names(beta, "list", "--all", "--name")).toEqual(["two"]);
    expect((await alpha.shell(`ls ${folder}`)).trim().split("\n")).toEqual(["data", "one-1"]);
    expect((await beta.shell(`ls ${folder}`)).trim().split("\n")).toEqual(["two-0"]);
    await project.preview({ args: ["--expect-no-changes"] });
    await project.refresh();
    await project.preview({ args: ["--expect-no-changes"] });
  });

  it("changes only what is targeted", async () => {
    await project.setConfig("memory", "96MiB");
    const before = await alpha.virsh("dumpxml", "one");
    const result = await project.up({ args: ["--target", await urnOf("three")] });
    expect(effectsOf(result, "three")).toEqual(["memory 64 MiB -> 96 MiB"]);
    expect(await alpha.virsh("dominfo", "three")).toMatch(/Max memory:\s+98304 KiB/);
    expect(await alpha.virsh("dumpxml", "one")).toBe(before);
  });

  it("keeps its machines when it and one of them are renamed: only the owner is recorded", async () => {
    const { uuids } = await project.outputs();
    await project.setConfig("renamed", "true");
    const result = await project.up();
    expect(result.steps.filter(({ op }) => /create|delete|replace/.test(op))).toEqual([]);
    expect((await project.outputs()).uuids).toEqual(uuids);
    expect(effectsOf(result, "first").join()).toMatch(/^record the owner/);
    expect(await names(alpha, "list", "--all", "--name")).toEqual(["one", "three"]);
    expect((await alpha.shell(`ls ${folder}`)).trim().split("\n")).toEqual(["data", "one-1"]);
    await project.preview({ args: ["--expect-no-changes"] });
  });

  it("replaces a VM that it is told to: the new one has nothing of the old", async () => {
    const { uuids } = await project.outputs();
    await project.up({ args: ["--replace", await urnOf("two")] });
    const after = (await project.outputs()).uuids as string[];
    expect(after[1]).not.toBe((uuids as string[])[1]);
    expect(await names(beta, "list", "--all", "--name")).toEqual(["two"]);
    expect((await beta.virsh("domuuid", "two")).trim()).toBe(after[1]);
    expect((await beta.shell(`ls -A ${folder} | wc -l`)).trim()).toBe("2");
    await project.preview({ args: ["--expect-no-changes"] });
  });

  it("refuses to replace a disk under a machine that has it, and says which", async () => {
    const result = await project.up({ args: ["--replace", await urnOf("data")], expectSuccess: false });
    expect(result.exitCode).not.toBe(0);
    expect(result.diagnostics.map(({ message }) => message).join("\n")).toMatch(/data.*one/s);
    expect((await alpha.shell(`ls ${folder}`)).trim().split("\n")).toEqual(["data", "one-1"]);
    await project.refresh();
    await project.up();
    await project.preview({ args: ["--expect-no-changes"] });
  });

  it("is destroyed but for what Pulumi is told to retain, and destroyed again", async () => {
    await project.setConfig("retain", "true");
    await project.up();
    await project.destroy({ expectSuccess: false });
    // The pool still holds what was retained: it stays, and says so.
    expect((await alpha.shell(`ls ${folder}`)).trim().split("\n")).toEqual(["data"]);
    expect(await names(alpha, "list", "--all", "--name")).toEqual([]);
    await alpha.shell(
      `virsh -q vol-delete --pool images data; for mark in ${folder}/.pulumi-kvm.*; do virsh -q vol-delete --pool images "$(basename "$mark")"; done`,
    );
    await project.destroy();
    await project.destroy();
    for (const host of [alpha, beta]) {
      expect(await names(host, "list", "--all", "--name")).toEqual([]);
      expect(await names(host, "pool-list", "--all", "--name")).toEqual([]);
      expect(await names(host, "net-list", "--all", "--name")).toEqual([]);
      expect((await host.exec(["test", "-e", folder])).exitCode).not.toBe(0);
    }
  });
});
