import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConsoleWatch } from "../hosts/console-watch.mjs";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";
import { PulumiProject } from "../support/pulumi.js";
import { changedBy, consoleLog, effectsOf, errorsOf, warningsOf } from "./declared.js";

const { available, missing } = labAvailable();
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;

const program = `
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import * as kvm from "pulumi-kvm";
const config = new pulumi.Config();
const world = JSON.parse(readFileSync("world.json", "utf8"));
const sshConfig = config.require("sshConfig");
const [alpha, beta] = ["alpha", "beta"].map((name) => new kvm.Host(name, { address: name, sshConfig }));
const pools: Record<string, kvm.StoragePool> = {};
for (const name of ["slow", "fast"])
  pools[name] = new kvm.StoragePool(name, { hosts: [alpha!, beta!], path: "/var/lib/libvirt/" + name });
const pool = pools[world.pool];
const on = (name: string | undefined) => (name === "beta" ? beta! : alpha!);
const data = new kvm.Disk("data", { host: on(world.data), pool, size: "32MiB" });
const spare = new kvm.Disk("spare", { host: on(world.spare), pool, size: "16MiB" });
const web = new kvm.VirtualMachine("web", {
  host: on(world.data), memory: "128MiB", migration: { bandwidthMibPerSecond: 20 },
  kernel: config.require("kernel"), initrd: config.require("initrd"), commandLine: "${tickCommandLine}",
  console: { log: "${consoleLog("web")}" },
  disks: [...(world.taker ? [] : [{ disk: data }]), { size: "48MiB", pool, serial: "own", name: "1" }],
});
if (world.taker)
  new kvm.VirtualMachine(
    world.taker,
    { host: on(world.data), memory: "128MiB", disks: [{ disk: data }], powerState: "stopped" },
    { dependsOn: world.waits ? [web] : [] },
  );
`;

describe.skipIf(!available)(`disks whose pool and host change in a program${lacking}`, () => {
  let lab: Lab;
  let alpha: LabHost;
  let project: PulumiProject;
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 2, prefix: "disk-move" });
    alpha = lab.host("alpha");
    const { kernelPath: kernel, initrdPath: initrd } = tickGuest();
    project = await PulumiProject.create({
      program,
      files: { "world.json": JSON.stringify({ pool: "slow" }) },
      config: { sshConfig: lab.sshConfigPath, kernel, initrd },
    });
    await project.up();
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  const filesIn = async (host: string, pool: string) =>
    (await lab.host(host).shell(`ls -A /var/lib/libvirt/${pool}`))
      .split("\n")
      .filter((name) => name !== "" && !name.startsWith("."))
      .sort();

  it("move, and the VM runs on and has nothing left to do", async () => {
    await using watch = await ConsoleWatch.start([alpha], consoleLog("web"));
    await watch.untilTicks(2);
    const paths = () =>
      alpha.shell('virsh -q dumpxml web | grep -o "<source file=\'[^\']*" | cut -d"\'" -f2');
    expect((await paths()).trim().split("\n")).toEqual([
      "/var/lib/libvirt/slow/data",
      "/var/lib/libvirt/slow/web-1",
    ]);
    await project.write("world.json", JSON.stringify({ pool: "fast", spare: "beta" }));
    const expected = {
      data: ["move disk data from pool slow to pool fast on alpha, live: web runs on"],
      spare: ["move disk spare alpha -> beta (pool slow -> fast)"],
      web: ["move disk web-1 from pool slow to pool fast on alpha, live: web runs on"],
    };
    const preview = await project.preview();
    expect(effectsOf(preview)).toEqual(expected);
    const up = await project.up();
    expect(effectsOf(up)).toEqual(expected);
    expect(changedBy(up)).toEqual({ data: "update", spare: "update", web: "update" });
    expect((await paths()).trim().split("\n")).toEqual([
      "/var/lib/libvirt/fast/data",
      "/var/lib/libvirt/fast/web-1",
    ]);
    expect(await filesIn("alpha", "slow")).toEqual([]);
    expect(await filesIn("alpha", "fast")).toEqual(["data", "web-1"]);
    expect(await filesIn("beta", "fast")).toEqual(["spare"]);
    await project.preview({ args: ["--expect-no-changes"] });
    await project.up({ args: ["--refresh", "--expect-no-changes"] });
    expect(await alpha.virsh("dumpxml", "web", "--inactive")).toContain("<serial>own</serial>");
    await watch.untilTicks(2);
    expect(watch.report()).toMatchObject({ restarts: 0, missing: [], repeated: [] });
    await project.destroy();
    for (const host of ["alpha", "beta"])
      for (const pool of ["slow", "fast"])
        expect(await lab.host(host).exec(["test", "-e", `/var/lib/libvirt/${pool}`])).toMatchObject({
          exitCode: 1,
        });
  });

  it("don't come to another VM with the move that brings them, unless that waits for it", async () => {
    await project.write("world.json", JSON.stringify({ pool: "slow", data: "beta" }));
    await project.up();
    await project.write("world.json", JSON.stringify({ pool: "slow", data: "alpha", taker: "hasty" }));
    const preview = await project.preview();
    expect(effectsOf(preview)).toMatchObject({ data: ["moves beta -> alpha with virtual machine web"] });
    expect(warningsOf(preview).join("\n")).toMatch(
      /hasty: disk data is still on beta, where domain web uses it: this virtual machine gets it when it has come to alpha before its own turn, by dependsOn on web, else in another deployment/,
    );
    const failed = await project.up({ expectSuccess: false });
    expect(errorsOf(failed).join("\n")).toMatch(
      /hasty: disk data is still on beta, where domain web uses it; once it has come to alpha another deployment gives it to this virtual machine/,
    );
    await project.up();
    expect(await alpha.virsh("domblklist", "hasty")).toContain("/var/lib/libvirt/slow/data");
    await project.preview({ args: ["--expect-no-changes"] });
    await project.write("world.json", JSON.stringify({ pool: "slow", data: "alpha" }));
    await project.up();
    await project.write(
      "world.json",
      JSON.stringify({ pool: "slow", data: "beta", taker: "calm", waits: 1 }),
    );
    expect(warningsOf(await project.preview()).join("\n")).toMatch(/calm: disk data is still on alpha/);
    await project.up();
    expect(await lab.host("beta").virsh("domblklist", "calm")).toContain("/var/lib/libvirt/slow/data");
    await project.up({ args: ["--refresh", "--expect-no-changes"] });
    await project.destroy();
  });
});
