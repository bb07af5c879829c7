import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lab, labAvailable } from "../hosts/lab.js";
import { PulumiProject } from "../support/pulumi.js";

const { available, missing } = labAvailable();
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;

/** Declares and deploys in one process, as services do that offer virtual machines. */
const service = `
const { LocalWorkspace } = require("@pulumi/pulumi/automation");
const kvm = require("pulumi-kvm");
const [memory, ...actions] = process.argv.slice(2);
const program = async () => {
  const alpha = new kvm.Host("alpha", { address: "alpha", sshConfig: process.env.SSH_CONFIG });
  const images = new kvm.StoragePool("images", { hosts: [alpha], path: "/var/lib/libvirt/inline" });
  const web = new kvm.VirtualMachine("web", {
    ...{ host: alpha, memory, powerState: "stopped" },
    disks: [{ size: "16MiB", pool: images }],
  });
  return { host: web.host, effects: web.effects };
};
(async () => {
  const stack = await LocalWorkspace.createOrSelectStack({ stackName: "inline", projectName: "service", program });
  const said = [];
  for (const action of actions) {
    const result = await stack[action]();
    said.push(result.changeSummary ?? result.summary.resourceChanges);
  }
  const outputs = Object.entries(await stack.outputs()).map(([name, { value }]) => [name, value]);
  process.stdout.write(JSON.stringify({ said, outputs: Object.fromEntries(outputs) }));
})();
`;

describe.skipIf(!available)(`a program inside the process that deploys it${lacking}`, () => {
  let lab: Lab;
  let project: PulumiProject;
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 1, prefix: "automation" });
    project = await PulumiProject.create({ program: "", files: { "service.cjs": service } });
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  async function deploy(...args: string[]): Promise<{ said: unknown[]; outputs: Record<string, unknown> }> {
    const { stdout } = await promisify(execFile)("node", ["service.cjs", ...args], {
      cwd: project.folder,
      env: { ...project.env, SSH_CONFIG: lab.sshConfigPath },
    });
    return JSON.parse(stdout);
  }

  it("previews, deploys, has nothing more to do, changes and destroys, several times in one life", async () => {
    expect(await deploy("64MiB", "preview", "up", "preview")).toEqual({
      said: [{ create: 4 }, { create: 4 }, { same: 4 }],
      outputs: {
        host: "alpha",
        effects: [
          "create virtual machine web on alpha (new)",
          "create disk web-0 (16 MiB, qcow2) in pool images on alpha",
        ],
      },
    });
    const alpha = lab.host("alpha");
    expect(await alpha.virsh("dumpxml", "web")).toContain("<memory unit='KiB'>65536</memory>");

    const changed = await deploy("96MiB", "up", "up");
    expect(changed.said).toEqual([{ same: 3, update: 1 }, { same: 4 }]);
    expect(await alpha.virsh("dumpxml", "web")).toContain("<memory unit='KiB'>98304</memory>");

    expect((await deploy("96MiB", "destroy")).said).toEqual([{ delete: 4 }]);
    expect((await alpha.virsh("list", "--all", "--name")).trim()).toBe("");
  });
});
