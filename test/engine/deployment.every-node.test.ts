import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConsoleWatch } from "../hosts/console-watch.mjs";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";
import { PulumiProject } from "../support/pulumi.js";
import { consoleLog, effectsOf } from "./declared.js";

const { available, missing } = labAvailable();
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;

const program = `
import * as pulumi from "@pulumi/pulumi";
import * as kvm from "pulumi-kvm";
const config = new pulumi.Config();
const alpha = new kvm.Host("alpha", { address: "alpha", sshConfig: config.require("sshConfig") });
const images = new kvm.StoragePool("images", { host: alpha, path: "/var/lib/libvirt/every-node" });
const lan = new kvm.Network("lan", { host: alpha, mode: "nat", cidr: "10.79.0.1/24", dhcp: true });
const data = new kvm.Disk("data", { host: alpha, pool: images, size: config.require("size") });
const web = new kvm.VirtualMachine("web", {
  host: alpha,
  memory: config.require("memory"),
  kernel: config.require("kernel"),
  initrd: config.require("initrd"),
  commandLine: "${tickCommandLine}",
  disks: [{ disk: data }],
  interfaces: [{ network: lan }],
  console: { log: "${consoleLog("web")}" },
});
export const node = process.version;
export const state = web.state;
export const pendingRestart = web.pendingRestart;
export const screenPort = web.vncPort; // It has none.
`;

describe.skipIf(!available)(
  `a deployment from its first day to its last, Node.js ${process.version}${lacking}`,
  () => {
    let lab: Lab;
    let alpha: LabHost;
    let project: PulumiProject;
    beforeAll(async () => {
      lab = await Lab.up({ hosts: 1, prefix: "every-node" });
      alpha = lab.host("alpha");
      const { kernelPath, initrdPath } = tickGuest();
      const guest = { kernel: kernelPath, initrd: initrdPath, memory: "128MiB", size: "16MiB" };
      project = await PulumiProject.create({
        program,
        config: { ...guest, sshConfig: lab.sshConfigPath },
        typeCheck: true,
      });
    });
    afterAll(async () => {
      await project?.[Symbol.asyncDispose]();
      await lab?.close();
    });

    it("builds a guest that runs, has nothing more to do, changes it while it runs, and leaves the host bare", async () => {
      await project.up();
      await using web = await ConsoleWatch.start([alpha], consoleLog("web"), { fromStart: true });
      await web.untilLine(/^disk vda 16777216$/);
      await web.untilLine(/^address 10\.79\.0\./);
      expect(await project.outputs()).toEqual({
        node: process.version,
        state: "running",
        pendingRestart: [],
      });
      const { steps } = await project.preview({ args: ["--expect-no-changes"] });
      const stack = steps.find(({ urn }) => urn.includes("pulumi:pulumi:Stack"));
      expect(stack?.newOutputs).toEqual(await project.outputs());

      await project.setConfig("size", "32MiB");
      await project.setConfig("memory", "160MiB");
      const preview = await project.preview();
      expect(effectsOf(preview)).toEqual({
        data: ["disk data 16 MiB -> 32 MiB, live"],
        web: ["memory 128 MiB -> 160 MiB, at the next boot"],
      });
      await project.up();
      await web.untilLine(/^disk vda 33554432$/);
      expect(await project.outputs()).toMatchObject({ pendingRestart: ["memory 128 MiB -> 160 MiB"] });
      await project.refresh();
      await project.preview({ args: ["--expect-no-changes"] });
      await web.untilTicks(2);
      expect(web.report()).toMatchObject({ missing: [], repeated: [], restarts: 0 });

      await project.destroy();
      expect(await project.resources()).toEqual([]);
      for (const list of ["list", "pool-list", "net-list"])
        expect((await alpha.virsh(list, "--all", "--name")).trim()).toBe("");
      expect(await alpha.shell("ls -A /var/lib/libvirt /var/log/libvirt/qemu")).not.toMatch(/every-node|web/);
    });
  },
);
