import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConsoleWatch } from "../hosts/console-watch.mjs";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";
import { PulumiProject } from "../support/pulumi.js";
import { contentsOf, filesIn, type HostContents, stateOf, volumesIn } from "./contents.js";
import { unlock, until, upUntil } from "./kill.js";

const { available, missing } = labAvailable();
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;

/** A lease lasts a minute when its holder is gone; nobody may be kept waiting for it. */
const shorterThanLease = 45_000;
const folder = "/var/lib/libvirt/killed";
const program = `
import * as pulumi from "@pulumi/pulumi";
import * as kvm from "pulumi-kvm";
const config = new pulumi.Config();
const sshConfig = config.require("sshConfig");
const hosts: Record<string, kvm.Host> = {};
for (const address of ["alpha", "beta"]) hosts[address] = new kvm.Host(address, { address, sshConfig });
const images = new kvm.StoragePool("images", { hosts: Object.values(hosts), path: "${folder}" });
const console = (name: string) => ({
  kernel: config.require("kernel"), initrd: config.require("initrd"), commandLine: "${tickCommandLine}",
  console: { log: \`/var/log/libvirt/qemu/\${name}-console.log\` },
});
for (const { name, on, ...args } of config.getObject<any[]>("machines") ?? [])
  new kvm.VirtualMachine(name, {
    host: hosts[on], memory: "128MiB", ...(args.deaf ? {} : console(name)),
    disks: [{ size: "32MiB", pool: images }, { size: "1MiB", pool: images, name: "logs" }],
    ...args.inputs,
  });
`;

interface Machine {
  name: string;
  on: string;
  deaf?: boolean;
  inputs?: Record<string, unknown>;
}

describe.skipIf(!available)(`a deployment that is killed${lacking}`, () => {
  let lab: Lab;
  let alpha: LabHost;
  let project: PulumiProject;
  let bare: HostContents[];
  const contents = () => Promise.all(lab.hosts.map((host) => contentsOf(host)));
  const declare = (...machines: Machine[]) => project.setConfig("machines", JSON.stringify(machines));
  const log = "/var/log/libvirt/qemu/mover-console.log";
  const mover = (on: string, bandwidthMibPerSecond?: number): Machine => ({
    name: "mover",
    on,
    inputs: bandwidthMibPerSecond === undefined ? {} : { migration: { bandwidthMibPerSecond } },
  });
  const untilCopying = (source: LabHost) =>
    until("some of the memory is copied", async () =>
      /Memory processed: +[1-9][0-9.]* MiB/.test(
        (await source.exec(["virsh", "domjobinfo", "mover"])).stdout,
      ),
    );
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 2, prefix: "killed" });
    alpha = lab.host("alpha");
    const { kernelPath, initrdPath } = tickGuest();
    const config = { sshConfig: lab.sshConfigPath, kernel: kernelPath, initrd: initrdPath };
    project = await PulumiProject.create({ program, config });
    bare = await contents();
    await project.up();
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  describe("while it creates a VM", () => {
    const stopped = { on: "alpha", inputs: { powerState: "stopped" } };
    it.each([
      ["before anything is there", { name: "a", ...stopped }, "DomainDefineXMLFlags:before"],
      ["when it was defined and nobody heard of it", { name: "b", ...stopped }, "DomainDefineXMLFlags:sent"],
      ["between a disk's mark and the disk", { name: "c", ...stopped }, "StorageVolCreateXML:after:1"],
      ["between the disks", { name: "d", ...stopped }, "StorageVolCreateXML:after:2"],
      [
        "when it was started and nobody heard of it",
        { name: "e", on: "alpha" },
        "DomainCreateWithFlags:sent",
      ],
    ])("%s", async (_when, machine: Machine, moment) => {
      await declare(machine);
      await upUntil(project, moment);
      await project.killAll();
      await unlock(project);
      const up = await project.up();
      const { name } = machine;
      const said = up.diagnostics.map(({ message }) => message).join("");
      expect(said).toContain(`VirtualMachine::${name}, interrupted while creating`);
      const isThere = !moment.startsWith("DomainDefineXMLFlags:before");
      expect(said.includes("goes on with what it made before, as it is")).toBe(isThere);
      expect((await contents())[0]).toMatchObject({
        domains: { [name]: machine.inputs === undefined ? "running" : "shut off" },
      });
      expect(await volumesIn(alpha, folder)).toEqual([`${name}-0`, `${name}-logs`]);
      expect(await filesIn(alpha, folder)).toHaveLength(4);
    });

    it("has nothing to do afterwards, and nothing pending once the CLI was told to forget it", async () => {
      await project.preview({ args: ["--expect-no-changes"] });
      await project.refresh({ args: ["--clear-pending-creates"] });
      const preview = await project.preview({ args: ["--expect-no-changes"] });
      expect(preview.stdout).not.toContain("pending operations");
    });
  });

  describe("by a signal to the CLI alone", () => {
    it("stops within seconds, and a new up isn't kept waiting", async () => {
      // Without an operating system nobody hears the power button.
      const deaf = { name: "deaf", on: "alpha", deaf: true };
      await declare(deaf);
      await project.up();
      await declare({ ...deaf, inputs: { powerState: "stopped", shutdownTimeout: "10m" } });
      const up = project.start(["up", "--yes", "--skip-preview"]);
      await up.waitForOutput("waiting for the guest to shut down (its power button was pressed (ACPI))");
      const providers = await project.providers();
      expect(providers).toHaveLength(1);
      up.kill("SIGKILL");
      await up.done;
      const gone = await until("the provider ends", async () => (await project.providers()).length === 0);
      expect(gone).toBeLessThan(10_000);
      expect(await alpha.virsh("dumpxml", "deaf")).not.toContain("lease");
      expect(await stateOf(alpha, "deaf")).toBe("running");

      await project.killAll();
      await unlock(project);
      await declare({ ...deaf, inputs: { powerState: "stopped", shutdownTimeout: "1s", forceStop: true } });
      const again = await project.up();
      expect(again.durationMs).toBeLessThan(shorterThanLease);
      expect(await stateOf(alpha, "deaf")).toBe("shut off");
    });
  });

  describe("while it migrates", () => {
    beforeAll(async () => {
      await declare(mover("alpha"));
      await project.up();
    });

    it.each([
      ["in Prepare", "alpha", "beta", "DomainMigratePrepare3Params:sent"],
      ["in Perform", "beta", "alpha", "DomainMigratePerform3Params:sent"],
      ["between Finish and Confirm", "alpha", "beta", "DomainMigrateConfirm3Params:before"],
    ])("%s", async (when, from, to, moment) => {
      const [source, target] = [lab.host(from), lab.host(to)];
      await using watch = await ConsoleWatch.start(lab.hosts, log);
      await watch.untilTicks(2);
      await declare(mover(to, when === "in Perform" ? 8 : undefined));
      await upUntil(project, moment);
      if (when === "in Perform") await untilCopying(source);
      await project.killAll();
      await unlock(project);

      const up = await project.up();
      expect(up.durationMs).toBeLessThan(shorterThanLease);
      await watch.untilTicks(4);
      expect(watch.ticks.at(-1)?.host).toBe(to);
      // The guest that ticked before: neither started anew nor running twice.
      expect(watch.report()).toMatchObject({ missing: [], repeated: [], restarts: 0 });
      expect(await contentsOf(target)).toMatchObject({ domains: { mover: "running" } });
      expect(await volumesIn(target, folder)).toEqual(["mover-0", "mover-logs"]);
      expect(await contentsOf(source)).toMatchObject({ domains: {} });
      expect(await filesIn(source, folder)).toEqual([]);
      for (const which of [[], ["--inactive"]])
        expect(await target.virsh("dumpxml", ...which, "mover")).not.toMatch(/kvm-(?:lease|migration)/);
      await project.preview({ args: ["--expect-no-changes"] });
    });
  });

  it("gives the migration up when the CLI alone is killed, and the guest runs on where it is", async () => {
    await using watch = await ConsoleWatch.start(lab.hosts, log);
    const source = lab.host("beta");
    const target = lab.host("alpha");
    await declare(mover("alpha", 8));
    const up = project.start(["up", "--yes", "--skip-preview"]);
    await untilCopying(source);
    up.kill("SIGKILL");
    await up.done;
    await until("the provider ends", async () => (await project.providers()).length === 0, 20_000);
    expect(await contentsOf(target)).toMatchObject({ domains: {} });
    expect(await filesIn(target, folder)).toEqual([]);
    expect(await contentsOf(source)).toMatchObject({ domains: { mover: "running" } });
    expect(await source.virsh("dumpxml", "mover")).not.toMatch(/kvm-(?:lease|migration)/);
    await watch.untilTicks(2);
    expect(watch.ticks.at(-1)?.host).toBe("beta");

    await project.killAll();
    await unlock(project);
    await declare(mover("alpha"));
    await project.up();
    await watch.untilTicks(4);
    expect(watch.ticks.at(-1)?.host).toBe("alpha");
    expect(watch.report()).toMatchObject({ missing: [], repeated: [], restarts: 0 });
  });

  it("leaves nothing behind when it is destroyed in the end", async () => {
    await project.destroy();
    expect(await contents()).toEqual(bare);
  });
});
