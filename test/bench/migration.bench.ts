import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../hosts/command.js";
import { ConsoleWatch } from "../hosts/console-watch.mjs";
import { Lab, labAvailable } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";
import { PulumiProject } from "../support/pulumi.js";
import { type Comparison, printComparisons } from "./comparison.js";

const { available, missing } = labAvailable();
const ROUNDS = 3;
const CONSOLE = "/var/log/libvirt/qemu/web-console.log";

const program = `
import * as pulumi from "@pulumi/pulumi";
import * as kvm from "pulumi-kvm";
const config = new pulumi.Config();
const sshConfig = config.require("sshConfig");
const hosts: Record<string, kvm.Host> = {
  alpha: new kvm.Host("alpha", { address: "alpha", sshConfig }),
  beta: new kvm.Host("beta", { address: "beta", sshConfig }),
};
const web = new kvm.VirtualMachine("web", {
  host: hosts[config.require("on")], memory: "128MiB",
  kernel: config.require("kernel"), initrd: config.require("initrd"), commandLine: "${tickCommandLine}",
  console: { log: "${CONSOLE}" },
});
export const lastMigration = web.lastMigration;
`;

describe.skipIf(!available)(
  `a live migration${missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`}`,
  () => {
    let lab: Lab;
    let project: PulumiProject;
    const comparisons: Comparison[] = [];

    beforeAll(async () => {
      lab = await Lab.up({ hosts: 2, prefix: "bench" });
      const { kernelPath, initrdPath } = tickGuest();
      project = await PulumiProject.create({
        program,
        config: { sshConfig: lab.sshConfigPath, on: "alpha", kernel: kernelPath, initrd: initrdPath },
      });
      await project.up();
      await using web = await ConsoleWatch.start(lab.hosts, CONSOLE, { fromStart: true });
      await web.untilLine(/^tick 8 /);
    });
    afterAll(async () => {
      printComparisons(
        "a live migration of 128 MiB without disks, against the command virsh migrate, its connecting included",
        comparisons,
      );
      await project?.[Symbol.asyncDispose]();
      await lab?.close();
    });

    it("takes about as long as with virsh", async () => {
      for (let round = 1; round <= ROUNDS; round++) {
        // There by us, back by virsh, with the same options: both drive it from here.
        await project.setConfig("on", "beta");
        await project.up();
        const { lastMigration } = await project.outputs();
        const { totalMs } = lastMigration as { totalMs: number };
        const startedAt = performance.now();
        const back = await run([
          "virsh",
          "-c",
          lab.libvirtUri(lab.host("beta")),
          "migrate",
          "--live",
          "--persistent",
          "--undefinesource",
          "--auto-converge",
          "web",
          lab.libvirtUri(lab.host("alpha")),
          "--migrateuri",
          `tcp://${lab.host("alpha").address}`,
        ]);
        expect(back.exitCode, back.stderr).toBe(0);
        comparisons.push({ what: `round ${round}`, oursMs: totalMs, baseMs: performance.now() - startedAt });
        await project.setConfig("on", "alpha");
        await project.up();
      }
      expect(comparisons).toHaveLength(ROUNDS);
    });
  },
);
