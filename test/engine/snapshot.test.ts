import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConsoleWatch } from "../hosts/console-watch.mjs";
import { Lab, labAvailable } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";
import { PulumiProject } from "../support/pulumi.js";
import { changedBy, consoleLog, effectsOf } from "./declared.js";

const { available, missing } = labAvailable();
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;

const program = `
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import * as kvm from "pulumi-kvm";
const config = new pulumi.Config();
const world = JSON.parse(readFileSync("world.json", "utf8"));
const alpha = new kvm.Host("alpha", { address: "alpha", sshConfig: config.require("sshConfig") });
const pool = new kvm.StoragePool("images", { host: alpha, path: "/var/lib/libvirt/snapped" });
const web = new kvm.VirtualMachine("web", {
  host: alpha, memory: world.memory ?? "128MiB",
  kernel: config.require("kernel"), initrd: config.require("initrd"), commandLine: "${tickCommandLine}",
  console: { log: "${consoleLog("web")}" },
  disks: [{ size: "48MiB", pool }],
});
for (const [name, args] of Object.entries<any>(world.snapshots ?? {}))
  new kvm.Snapshot(name, { vm: world.later ? pulumi.output(web) : web, ...args });
if (world.byName) new kvm.Snapshot("named", { vm: { host: alpha, name: web.name }, type: "external" });
`;

describe.skipIf(!available)(`snapshots in a program${lacking}`, () => {
  let lab: Lab;
  let project: PulumiProject;
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 1, prefix: "snapshot" });
    const { kernelPath: kernel, initrdPath: initrd } = tickGuest();
    project = await PulumiProject.create({
      program,
      // The VM and its first snapshot come in one deployment.
      files: { "world.json": JSON.stringify({ snapshots: { first: {} } }) },
      config: { sshConfig: lab.sshConfigPath, kernel, initrd },
    });
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await lab?.close();
  });
  const world = (contents: object) => project.write("world.json", JSON.stringify(contents));

  it("are taken, reverted to and merged, as the preview said", async () => {
    const alpha = lab.host("alpha");
    await using watch = await ConsoleWatch.start([alpha], consoleLog("web"));
    const first =
      "take snapshot first of web on alpha (new): internal, with the memory of a guest that runs, which stands still while that is written";
    expect(effectsOf(await project.preview()).first).toEqual([first]);
    expect(effectsOf(await project.up()).first).toEqual([first]);
    await project.preview({ args: ["--expect-no-changes"] });
    await project.up({ args: ["--refresh", "--expect-no-changes"] });
    await watch.untilTicks(2);

    await world({ snapshots: { first: { revert: 1 } }, later: true });
    const { number } = watch.ticks.at(-1) ?? { number: 0 };
    const revert = await project.up();
    expect(effectsOf(revert)).toEqual({
      first: [
        expect.stringMatching(
          /^revert web on alpha to snapshot first of \S+: the running guest is back in that moment at once; what its memory, /,
        ),
      ],
    });
    await watch.untilTicks(1);
    expect(watch.ticks.at(-1)?.number).toBeLessThan(number + 400);
    await project.preview({ args: ["--expect-no-changes"] });

    // One type gives way to the other only when it is gone.
    await world({ snapshots: { first: { revert: 1 } }, byName: true });
    const refused = await project.preview({ expectSuccess: false });
    expect(refused.stdout).toMatch(/there is first, which is internal/);
    await world({});
    expect(changedBy(await project.up())).toEqual({ first: "delete" });
    await world({ byName: true });
    const named = await project.up();
    expect(effectsOf(named)).toEqual({
      named: ["take snapshot named of web on alpha (new): external; the guest runs on"],
    });
    expect((await alpha.shell("ls /var/lib/libvirt/snapped")).trim().split("\n")).toEqual([
      "web-0",
      "web-0.named",
    ]);
    await project.preview({ args: ["--expect-no-changes"] });
    const before = watch.ticks.length;
    await project.destroy();
    expect(watch.ticks.length).toBeGreaterThan(before);
    expect(await alpha.virsh("list", "--all", "--name")).toBe("");
    expect(await alpha.exec(["test", "-e", "/var/lib/libvirt/snapped"])).toMatchObject({ exitCode: 1 });
  });
});
