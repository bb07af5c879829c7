import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lab, labAvailable } from "../hosts/lab.js";
import { PulumiProject } from "../support/pulumi.js";

const { available, missing } = labAvailable();

const program = `
import * as pulumi from "@pulumi/pulumi";
import * as kvm from "pulumi-kvm";
const config = new pulumi.Config();
const host = new kvm.Host("alpha", {
  address: config.require("address"),
  user: "root",
  privateKey: config.requireSecret("privateKey"),
  knownHosts: config.require("knownHosts"),
  sshConfig: false,
});
export const uuid = host.uuid;
export const node = process.version;
`;

describe.skipIf(!available)(
  `the installed package in a program of Pulumi's template ${missing.join("; ")}`,
  () => {
    let lab: Lab;
    let project: PulumiProject;
    beforeAll(async () => {
      lab = await Lab.up({ hosts: 1, prefix: "package" });
      const [host] = lab.hosts;
      project = await PulumiProject.create({
        program,
        config: { address: host?.address ?? "", knownHosts: lab.knownHostsPath },
        typeCheck: true,
      });
      await project.setConfig("privateKey", lab.privateKey, { secret: true });
    });
    afterAll(async () => {
      await project?.[Symbol.asyncDispose]();
      await lab?.close();
    });

    it("deploys, and has nothing to do the second time", async () => {
      await project.up();
      expect(await project.outputs()).toEqual({ uuid: lab.hosts[0]?.uuid, node: process.version });
      const again = await project.up({ args: ["--expect-no-changes"] });
      expect(again.changes).toEqual({ same: 2 });
    });

    it("keeps no more of the provider in the state than how to load it by name", async () => {
      const [host] = await project.resources();
      const kept = String(host?.inputs?.__provider);
      expect(kept).toContain('require("pulumi-kvm/provider")');
      expect(kept.length).toBeLessThan(4_000);
      expect(kept).not.toContain(project.folder);
      expect(host?.type).toBe("pulumi-nodejs:dynamic/kvm:Host");
    });

    it("goes without a trace on the host", async () => {
      await project.destroy();
      expect(await project.resources()).toEqual([]);
      expect((await lab.hosts[0]?.virsh("list", "--all"))?.trim()).toBe("");
    });
  },
);
