import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildDomain, parseDomain } from "../../provider/libvirt/xml/index.js";
import { desiredModel } from "../../provider/resources/virtual-machine/desired.js";
import { virtualMachine } from "../../provider/resources/virtual-machine/index.js";
import { allEnlightenments, withOsDefaults } from "../../provider/resources/virtual-machine/os-defaults.js";
import { labAvailable } from "../hosts/lab.js";
import { Declared, Deployed, StorageWorld } from "./storage-world.js";

const { available, missing } = labAvailable();

describe.skipIf(!available)(`Windows ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  beforeAll(async () => {
    world = await StorageWorld.up("windows");
  });
  afterAll(() => world?.lab.close());

  const named = (name: string) => ({
    pulumiUrn: `urn:pulumi:lab::test::pulumi-nodejs:dynamic/kvm:VirtualMachine::${name}`,
    host: "alpha",
    connection: world.connection("alpha"),
    credentials: world.credentials,
    name,
    memory: "256MiB",
  });

  it("starts under firmware with Secure Boot, SMM and a TPM 2.0, with the devices that it knows", async () => {
    const alpha = world.host("alpha");
    const folder = "/var/lib/libvirt/images";
    const log = "/var/log/libvirt/qemu/win-console.log";
    await alpha.shell(`truncate -s 1M ${folder}/virtio-win.iso ${folder}/windows.iso`);
    const vm = new Declared(virtualMachine);
    const inputs = {
      ...named("win"),
      os: { type: "windows", version: "2025" },
      cdroms: [{ source: `${folder}/windows.iso`, bootOrder: 1 }],
      console: { log },
    };
    expect(await vm.preview(inputs)).toMatchObject({ refusals: [] });
    await vm.up(inputs);
    const xml = await alpha.virsh("dumpxml", "win");
    for (const part of [
      /<smm state='on'/,
      /secure='yes'/,
      /<tpm model='tpm-crb'>\s*<backend type='emulator' version='2.0'/,
      /<clock offset='localtime'>/,
      /<timer name='hpet' present='no'\/>/,
      /<input type='tablet' bus='usb'>/,
      /<model type='vga'/,
      /<libosinfo:os id=["']http:\/\/microsoft.com\/win\/2k25/,
    ])
      expect(xml).toMatch(part);
    expect(xml).not.toMatch(/<hyperv|hypervclock/);
    expect(await vm.preview(inputs)).toMatchObject({ effects: [], refusals: [] });
    // With the keys that are enrolled: the variables have Microsoft's, and the firmware goes on to boot devices.
    const file = />([^<]*_VARS[^<]*)<\/nvram>/.exec(xml)?.[1];
    const variables = await alpha.shell(`strings -el '${file}'; strings '${file}'`);
    expect(variables).toMatch(/Microsoft/);
    expect(variables).toMatch(/SecureBootEnable/);
    await expect
      .poll(() => alpha.shell(`cat ${log}`), { timeout: 180_000, interval: 2_000 })
      .toMatch(/BdsDxe/);
    expect(await alpha.virsh("domstate", "win")).toContain("running");
    expect(await alpha.shell("ls /run/libvirt/qemu/swtpm")).toContain("win-swtpm.pid");
    const monitor = await alpha.virsh("qemu-monitor-command", "win", "--hmp", "info tpm");
    expect(monitor).toContain("tpm-crb");

    // Another version has another need; what is declared comes before what the system stands for.
    const other = {
      ...inputs,
      os: { type: "windows", version: "2019", virtioDrivers: `${folder}/virtio-win.iso` },
      clock: { offset: "utc" },
    };
    const seen = await vm.preview(other);
    expect(seen.refusals).toEqual([]);
    expect(seen.effects).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^os "http:.*2k25" -> "http:.*2k19"/),
        expect.stringMatching(/^tpm tpm-crb 2.0 -> none, at the next boot/),
        expect.stringMatching(/^clock localtime, .* -> utc, /),
        expect.stringMatching(/^video vga -> virtio, at the next boot/),
      ]),
    );
    await vm.up({ ...other, powerState: "stopped", forceStop: true, shutdownTimeout: "1s" });
    expect(
      await vm.preview({ ...other, powerState: "stopped", forceStop: true, shutdownTimeout: "1s" }),
    ).toMatchObject({ effects: [] });
    expect(await alpha.virsh("dumpxml", "--inactive", "win")).toContain(`${folder}/virtio-win.iso`);
    await vm.remove();
  });

  it("has all Hyper-V enlightenments where there is KVM: as libvirt and QEMU take them", async () => {
    const alpha = world.host("alpha");
    // What a host with KVM is given, declared for one without, which libvirt defines and QEMU wouldn't start.
    await using deployed = new Deployed([world.ref("alpha")]);
    const facts = await deployed.deployment.hosts.get(world.ref("alpha")).observations.facts();
    const made = {
      ...named("enlightened"),
      memory: 2 ** 28,
      os: { type: "windows" as const, version: "11" },
    };
    const filled = withOsDefaults(made, allEnlightenments);
    const model = desiredModel(filled, undefined, undefined, { uuid: randomUUID(), facts });
    const xml = buildDomain(model);
    await alpha.shell(`cat > /tmp/enlightened.xml <<'X'\n${xml}\nX`);
    await alpha.virsh("define", "--validate", "/tmp/enlightened.xml");
    const back = parseDomain(await alpha.virsh("dumpxml", "--inactive", "enlightened"));
    expect(back.hyperv).toEqual(model.hyperv);
    expect(back.clock).toEqual(model.clock);
    const native = await alpha.virsh("domxml-to-native", "qemu-argv", "/tmp/enlightened.xml");
    for (const flag of [
      "relaxed",
      "vapic",
      "spinlocks=0x1fff",
      "vpindex",
      "runtime",
      "synic",
      "stimer",
      "stimer-direct",
      "reset",
      "frequencies",
      "tlbflush",
      "ipi",
      "time",
    ])
      expect(native).toContain(`hv-${flag}`);
    expect(native).toMatch(/-rtc base=localtime,driftfix=slew/);
    expect(native).toMatch(/smm=on/);
    await alpha.virsh("undefine", "--nvram", "enlightened");
  });
});
