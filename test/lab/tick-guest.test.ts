import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mustRun } from "../hosts/command.js";
import { ConsoleWatch } from "../hosts/console-watch.mjs";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";

const { available, missing } = labAvailable();
const log = "/var/log/libvirt/qemu/ticker-console.log";

function domainXml(commandLine: string): string {
  const { kernelPath, initrdPath } = tickGuest();
  return `<domain type='qemu'><name>ticker</name><uuid>6c1b8a54-7f0a-4d6e-9d0b-0a3c5f1e2d77</uuid>
    <memory unit='MiB'>128</memory><vcpu>1</vcpu>
    <os><type arch='x86_64' machine='q35'>hvm</type><kernel>${kernelPath}</kernel><initrd>${initrdPath}</initrd>
      <cmdline>${tickCommandLine} ${commandLine}</cmdline></os>
    <features><acpi/></features>
    <devices>
      <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/var/lib/libvirt/images/ticker.qcow2'/>
        <target dev='vda' bus='virtio'/></disk>
      <interface type='network'><mac address='52:54:00:11:22:33'/><source network='lan'/><model type='virtio'/></interface>
      <serial type='file'><source path='${log}' append='on'/></serial>
      <memballoon model='virtio'/>
    </devices></domain>`;
}

const networkXml = `<network><name>lan</name><forward mode='nat'/><ip address='192.168.50.1' netmask='255.255.255.0'>
  <dhcp><range start='192.168.50.10' end='192.168.50.99'/></dhcp></ip></network>`;

async function prepare(host: LabHost): Promise<void> {
  await host.writeFile("/run/lan.xml", networkXml);
  await host.virsh("net-define", "/run/lan.xml");
  await host.virsh("net-start", "lan");
  await host.shell("qemu-img create -q -f qcow2 /var/lib/libvirt/images/ticker.qcow2 64M");
}

async function start(host: LabHost, commandLine: string): Promise<void> {
  await host.writeFile("/run/ticker.xml", domainXml(commandLine));
  await host.virsh("create", "/run/ticker.xml");
}

async function stateOf(host: LabHost): Promise<string> {
  const state = await host.exec(["virsh", "-q", "-c", "qemu:///system", "domstate", "ticker"]);
  return state.exitCode === 0 ? state.stdout.trim() : "absent";
}

describe.skipIf(!available)(`the tick guest ${missing.join("; ")}`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 2, prefix: "ticks" });
    for (const host of lab.hosts) await prepare(host);
  });
  afterAll(() => lab?.close());

  it("says what it has, gets an address, and powers off when asked", async () => {
    const alpha = lab.host("alpha");
    await using watch = await ConsoleWatch.start([alpha], log);
    await start(alpha, "write=vda:hello write=vda@7:far read=vda read=vda@7");
    await watch.untilLine(/^tick 3 /);
    const texts = watch.lines.map((line) => line.text);
    expect(texts).toContain("cpus 1");
    expect(texts).toContain(`disk vda ${64 * 1024 * 1024}`);
    expect(texts).toContain("content vda hello");
    expect(texts).toContain("content vda@7 far");
    const [, address] = await watch.untilLine(/^address (.*)$/);
    // dnsmasq writes it down once it has answered the guest.
    await expect
      .poll(() => alpha.virsh("net-dhcp-leases", "lan"), { timeout: 20_000 })
      .toContain(`${address}/24`);

    await alpha.virsh("shutdown", "ticker", "--mode", "acpi");
    await watch.untilLine(/^power button$/, { timeoutMs: 5000 });
    await expect.poll(() => stateOf(alpha), { timeout: 5000 }).toBe("absent");
  });

  it("ticks on across a live migration, and its disk goes along", async () => {
    const [alpha, beta] = [lab.host("alpha"), lab.host("beta")];
    await using watch = await ConsoleWatch.start(lab.hosts, log);
    await start(alpha, "write=vda:travels");
    await watch.untilLine(/^tick 4 /, { host: "alpha" });
    await mustRun([
      ...[
        "virsh",
        "-c",
        lab.libvirtUri(alpha),
        "migrate",
        "--live",
        "--copy-storage-all",
        "ticker",
        lab.libvirtUri(beta),
      ],
      `tcp://${beta.address}`,
    ]);
    await watch.untilTicks(8);
    expect(watch.ticks.at(-1)?.host).toBe("beta");
    expect(watch.report()).toMatchObject({ first: 0, missing: [], repeated: [], restarts: 0 });
    expect(watch.report().largestGapMs).toBeLessThan(2000);
    expect(await stateOf(alpha)).toBe("absent");

    await beta.virsh("destroy", "ticker");
    await start(beta, "read=vda");
    await watch.untilLine(/^content vda travels$/, { host: "beta" });
    await beta.virsh("destroy", "ticker");
  });

  it("falls silent when its host hangs, and is heard again", async () => {
    const alpha = lab.host("alpha");
    await using watch = await ConsoleWatch.start([alpha], log);
    await start(alpha, "");
    await watch.untilLine(/^tick 2 /);
    await alpha.freeze({ qemu: "ticker" });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await alpha.thaw({ qemu: "ticker" });
    await watch.untilTicks(3);
    expect(watch.report().largestGapMs).toBeGreaterThan(1400);
    await alpha.virsh("destroy", "ticker");
  });
});
