import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lab, labAvailable } from "../hosts/lab.js";
import { type DeploymentResult, PulumiProject } from "../support/pulumi.js";
import { type Comparison, printComparisons } from "./comparison.js";

const { available, missing } = labAvailable();
const COUNT = 50;

/** As many resources that do nothing: what Pulumi itself takes. */
const floorProgram = `
import * as pulumi from "@pulumi/pulumi";
const provider: pulumi.dynamic.ResourceProvider = {
  create: async (inputs) => ({ id: "x", outs: inputs }),
  diff: async (_id, olds, news) => ({ changes: olds.memory !== news.memory }),
  update: async (_id, _olds, news) => ({ outs: news }),
};
class Nothing extends pulumi.dynamic.Resource {
  constructor(name: string, memory: string) { super(provider, name, { memory }); }
}
const memory = new pulumi.Config().require("memory");
for (let i = 0; i < ${COUNT}; i++) { new Nothing("disk" + i, "1GiB"); new Nothing("vm" + i, memory); }
`;

/** Defined, not running: what is measured is us, not QEMU. */
const program = `
import * as pulumi from "@pulumi/pulumi";
import * as kvm from "pulumi-kvm";
const config = new pulumi.Config();
const host = new kvm.Host("alpha", { address: "alpha", sshConfig: config.require("sshConfig") });
const pool = new kvm.StoragePool("bench", { host, path: "/var/lib/libvirt/bench" });
const memory = config.require("memory");
for (let i = 0; i < ${COUNT}; i++) {
  const disk = new kvm.Disk("disk" + i, { host, pool, size: "1GiB" });
  new kvm.VirtualMachine("vm" + i, { host, memory, disks: [{ disk }], powerState: "stopped" });
}
`;

const parallel = ["--parallel", "64"];

describe.skipIf(!available)(
  `${COUNT} disks and ${COUNT} defined VMs${missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`}`,
  () => {
    let lab: Lab;
    let floor: PulumiProject;
    let project: PulumiProject;
    const comparisons: Comparison[] = [];

    beforeAll(async () => {
      lab = await Lab.up({ hosts: 1, prefix: "bench" });
      const config = { memory: "128MiB" };
      floor = await PulumiProject.create({ program: floorProgram, name: "floor", config });
      project = await PulumiProject.create({
        program,
        name: "bench",
        config: { ...config, sshConfig: lab.sshConfigPath },
      });
    });
    afterAll(async () => {
      printComparisons("against as many Pulumi resources that do nothing", comparisons);
      await project?.[Symbol.asyncDispose]();
      await floor?.[Symbol.asyncDispose]();
      await lab?.close();
    });

    /** The same on both, one right after the other: the machine's speed changes, its ratio hardly. */
    async function compare(
      what: string,
      act: (on: PulumiProject) => Promise<DeploymentResult>,
    ): Promise<DeploymentResult> {
      const base = await act(floor);
      const ours = await act(project);
      comparisons.push({ what, oursMs: ours.durationMs, baseMs: base.durationMs });
      return ours;
    }

    it("are created", async () => {
      await compare("up: create", (on) => on.up({ args: parallel }));
      const domains = await lab.host("alpha").virsh("list", "--all", "--name");
      expect(domains.split("\n").filter((name) => name !== "")).toHaveLength(COUNT);
    });

    it("are previewed, unchanged", async () => {
      await compare("preview: nothing changed", (on) =>
        on.preview({ args: [...parallel, "--expect-no-changes"] }),
      );
    });

    it("are refreshed", async () => {
      await compare("refresh", (on) => on.refresh({ args: parallel }));
    });

    it("get more memory", async () => {
      for (const on of [floor, project]) await on.setConfig("memory", "256MiB");
      await compare("up: memory of all VMs changed", (on) => on.up({ args: parallel }));
      expect(await lab.host("alpha").virsh("dominfo", "vm7")).toMatch(/Max memory:\s+262144 KiB/);
    });

    it("are destroyed", async () => {
      await compare("destroy", (on) => on.destroy({ args: parallel }));
      expect(await lab.host("alpha").virsh("list", "--all", "--name")).toBe("");
    });
  },
);
