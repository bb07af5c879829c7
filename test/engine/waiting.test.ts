import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConsoleWatch } from "../hosts/console-watch.mjs";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import {
  changedBy,
  consoleLog,
  DeclaredProject,
  effectsOf,
  errorsOf,
  expectNoStackTraces,
  labHosts,
  tickMachine,
  warningsOf,
} from "./declared.js";

const { available, missing } = labAvailable();
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;

const networkXml = `<network><name>lan</name><forward mode='nat'/><ip address='192.168.50.1' netmask='255.255.255.0'>
  <dhcp><range start='192.168.50.10' end='192.168.50.99'/></dhcp></ip></network>`;

describe.skipIf(!available)(`waiting for a guest${lacking}`, () => {
  let lab: Lab;
  let alpha: LabHost;
  let project: DeclaredProject;
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 2, prefix: "waiting" });
    alpha = lab.host("alpha");
    for (const host of lab.hosts) {
      await host.writeFile("/run/lan.xml", networkXml);
      await host.virsh("net-define", "/run/lan.xml");
      await host.virsh("net-start", "lan");
    }
    project = await DeclaredProject.create({
      hosts: labHosts(lab),
      machines: {
        web: tickMachine("web", "alpha", {
          interfaces: [{ network: "lan" }],
          waitFor: "ssh",
          waitTimeout: "10s",
        }),
        mute: tickMachine("mute", "alpha", {
          interfaces: [{ network: "lan", link: "down" }],
          waitFor: "ipAddress",
          waitTimeout: "3s",
        }),
      },
    });
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  async function outputsOf(name: string): Promise<Record<string, unknown>> {
    const resources = await project.pulumi.resources();
    return resources.find(({ urn }) => urn.endsWith(`::${name}`))?.outputs ?? {};
  }

  it("fails when the time is over, says what was missing, and keeps the guest and its state", async () => {
    const failed = await project.pulumi.up({ expectSuccess: false });
    expect(failed.exitCode).not.toBe(0);
    const errors = errorsOf(failed).join("\n");
    expect(errors).toMatch(
      /guest web: waited 10 s for the guest's SSH server, in vain: .*; it runs on as it is, and the next deployment goes on waiting/,
    );
    expect(errors).toMatch(
      /guest mute: waited 3 s for the guest's address, in vain: no address \(neither a DHCP lease/,
    );
    expectNoStackTraces(failed);
    expect(await outputsOf("web")).toMatchObject({ state: "running" });
    expect(await outputsOf("web")).not.toHaveProperty("ready");
    expect(await outputsOf("mute")).toMatchObject({ state: "running", ipAddresses: [] });
  });

  it("goes on waiting, also after a refresh, and hasn't touched the guest", async () => {
    await project.change("mute", { waitFor: "running" });
    // As after it has said something on its link: neither a lease nor an agent tells of that.
    const [mac = ""] = /52:54:00(?::\w\w){3}/.exec(await alpha.virsh("domiflist", "mute")) ?? [];
    await alpha.shell(`ip neigh replace 192.168.50.200 lladdr ${mac} dev virbr0 nud permanent`);
    await project.pulumi.refresh();
    expect(await outputsOf("mute")).toMatchObject({ ipAddress: "192.168.50.200" });
    const preview = await project.pulumi.preview();
    expect(changedBy(preview)).toMatchObject({ web: "update" });
    expect(warningsOf(preview).join("\n")).toMatch(
      /web: no deployment has seen its guest ready yet: "pulumi up" waits for the guest's SSH server/,
    );
    const failed = await project.pulumi.up({ expectSuccess: false });
    const errors = errorsOf(failed).join("\n");
    expect(errors).toMatch(
      /guest web: waited 10 s for the guest's SSH server, in vain: 192\.168\.50\.\d+: .*refused/,
    );
    expect(errors).not.toMatch(/mute/);
    await using web = await ConsoleWatch.start([alpha], consoleLog("web"), { fromStart: true });
    await web.untilTicks(2);
    expect(web.report()).toMatchObject({ first: 0, missing: [], repeated: [], restarts: 0 });
  });

  it("is done once the guest answers, and doesn't wait again when there is nothing to do", async () => {
    const { ipAddress } = await outputsOf("web");
    expect(ipAddress).toMatch(/^192\.168\.50\./);
    // The guest has no SSH server; what is sent to its port reaches the host's own.
    await alpha.shell(
      `iptables -w -t nat -A OUTPUT -d ${ipAddress} -p tcp --dport 22 -j REDIRECT --to-ports 22`,
    );
    await project.pulumi.up();
    expect(await outputsOf("web")).toMatchObject({ ipAddress, ready: { goal: "ssh", address: ipAddress } });
    await project.expectSettled();
  });

  it("waits after a start, also where the server forbids forwarding", async () => {
    await alpha.virsh("destroy", "web");
    await alpha.configureSshd("AllowTcpForwarding no");
    const preview = await project.pulumi.preview();
    expect(effectsOf(preview)).toEqual({
      web: ["start (it is off)", "wait for the guest's SSH server, at most 10 s"],
    });
    await project.pulumi.up();
    expect(await outputsOf("web")).toMatchObject({ state: "running", ready: { goal: "ssh" } });
    await alpha.configureSshd("");
  });

  it("waits for more when more is asked for, and not for less", async () => {
    await project.change("web", { waitFor: "agent", waitTimeout: "2s" });
    const failed = await project.pulumi.up({ expectSuccess: false });
    expect(errorsOf(failed).join("\n")).toMatch(
      /waited 2 s for the guest's agent, in vain: no agent has opened its channel \(is qemu-guest-agent installed/,
    );
    await project.change("web", { waitFor: "ipAddress" });
    await project.pulumi.up();
    await project.expectSettled();
  });

  it("knows the address of a guest that has moved while it ran, before the new host has heard of it", async () => {
    const { ipAddress } = await outputsOf("web");
    expect(ipAddress).toMatch(/^192\.168\.50\./);
    await project.change("web", { on: "beta" });
    await project.pulumi.up();
    expect(await lab.host("beta").virsh("net-dhcp-leases", "lan")).not.toContain(ipAddress);
    expect(await outputsOf("web")).toMatchObject({ host: "beta", ipAddress, ipAddresses: [ipAddress] });
    await project.expectSettled();
    // The host that it has left is switched off.
    await alpha.freeze("libvirtd");
    await alpha.freeze("sshd");
    await project.pulumi.refresh({ expectSuccess: false });
    await alpha.thaw("sshd");
    await alpha.thaw("libvirtd");
    expect(await outputsOf("web")).toMatchObject({ host: "beta", ipAddress });
    // What the new host knows counts, also where it is another address.
    const [mac = ""] = /52:54:00(?::\w\w){3}/.exec(await lab.host("beta").virsh("domiflist", "web")) ?? [];
    await lab.host("beta").shell(`ip neigh replace 192.168.50.201 lladdr ${mac} dev virbr0 nud permanent`);
    await project.pulumi.refresh();
    expect(await outputsOf("web")).toMatchObject({ ipAddresses: ["192.168.50.201"] });
  });

  it("waits after a move of one that was off, which leaves where it is to be recorded as well", async () => {
    await lab.host("beta").virsh("destroy", "web");
    await project.change("web", { on: "alpha" });
    await project.pulumi.up();
    expect(await outputsOf("web")).toMatchObject({
      ...{ host: "alpha", state: "running" },
      ready: { goal: "ipAddress" },
    });
    await project.expectSettled();
    await project.pulumi.destroy();
  });
});
