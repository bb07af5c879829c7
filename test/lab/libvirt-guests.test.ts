import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { dialLocal, Libvirt } from "../../provider/libvirt/index.js";
import { type LibvirtDaemon, startLibvirtDaemon } from "./libvirt-daemon.js";
import { guestXml } from "./libvirt-guest-xml.js";

let daemon: LibvirtDaemon;
let libvirt: Libvirt;

beforeAll(async () => {
  daemon = await startLibvirtDaemon();
  libvirt = await Libvirt.open({ dial: () => dialLocal(daemon.socketPath), hostName: "alpha" });
});

afterAll(async () => {
  await libvirt?.close();
  await daemon?.stop();
});

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (holds()) return;
    await delay(50);
  }
  throw new Error(`${what}: not within 10 s`);
}

describe("a running guest", () => {
  let uuid: string;

  beforeEach(() => {
    uuid = randomUUID();
  });

  it("is announced by events, and changed live", async () => {
    const lifecycle: string[] = [];
    const devices: string[] = [];
    const subscriptions = [
      await libvirt.events.on(
        "domainLifecycle",
        (event) => event.uuid === uuid && lifecycle.push(event.event),
      ),
      await libvirt.events.on("deviceAdded", (event) => devices.push(`+${event.alias}`)),
      await libvirt.events.on("deviceRemoved", (event) => devices.push(`-${event.alias}`)),
    ];
    await libvirt.domains.define(guestXml("guest", uuid));
    await libvirt.domains.start(uuid);

    const pool = await libvirt.pools.define(
      `<pool type='dir'><name>disks</name><target><path>/var/lib/libvirt/disks</path></target></pool>`,
    );
    await libvirt.pools.build(pool.uuid);
    await libvirt.pools.start(pool.uuid);
    const volume = await libvirt.volumes.create(
      "disks",
      `<volume><name>data.qcow2</name><capacity unit='MiB'>16</capacity><target><format type='qcow2'/></target></volume>`,
    );
    const disk = `<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${volume.path}'/><target dev='sda' bus='usb'/></disk>`;
    await libvirt.domains.attachDevice(uuid, disk, { live: true, persistent: true });
    const grown = 32 * 1024 * 1024;
    await libvirt.domains.blockResize(uuid, "sda", grown);
    expect((await libvirt.volumes.observe("disks", "data.qcow2"))?.capacityBytes).toBe(grown);
    expect((await libvirt.domains.observe({ uuid }))?.liveXml).toContain("dev='sda' bus='usb'");

    await libvirt.domains.detachDevice(uuid, disk, { live: true, persistent: true });
    await until("the device is gone", () => devices.some((each) => each.startsWith("-")));
    expect(devices).toEqual(["+usb-disk0", "-usb-disk0"]);
    const after = await libvirt.domains.observe({ uuid });
    expect(after?.liveXml).not.toContain("dev='sda'");
    expect(after?.persistentXml).not.toContain("dev='sda'");

    await libvirt.domains.setVcpus(uuid, 2, { persistent: true });
    await libvirt.domains.setMemory(uuid, 48 * 1024 * 1024, { persistent: true });
    const changed = await libvirt.domains.observe({ uuid });
    expect(changed?.persistentXml).toContain(">2</vcpu>");
    expect(changed?.persistentXml).toContain("<currentMemory unit='KiB'>49152</currentMemory>");
    expect(changed?.liveXml).toContain("<vcpu placement='static' current='1'>2</vcpu>");

    await libvirt.domains.destroy(uuid);
    await until("the stop is announced", () => lifecycle.includes("stopped"));
    for (const subscription of subscriptions) await subscription.close();
    await libvirt.domains.undefine(uuid);
    // With "resumed" and "shutdown" in between, as QEMU has it; after the subscription's end nothing more.
    expect(
      lifecycle.filter((event) => ["defined", "started", "stopped", "undefined"].includes(event)),
    ).toEqual(["defined", "started", "stopped"]);
  });

  it("can be talked to over its console", async () => {
    await libvirt.domains.define(guestXml("console", uuid).replace("<os>", "<os><bios useserial='yes'/>"));
    await libvirt.domains.start(uuid, { paused: true });
    const serial = await libvirt.domains.openConsole(uuid);
    let text = "";
    serial.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
    });
    await libvirt.domains.resume(uuid);
    await until("the BIOS says something", () => text.includes("SeaBIOS"));
    serial.write("x");
    const closed = new Promise((resolve) => serial.once("close", resolve));
    await libvirt.domains.destroy(uuid);
    await closed;
    await libvirt.domains.undefine(uuid);
  });

  it("is refused with errors that say what is wrong", async () => {
    const nowhere = randomUUID();
    await expect(libvirt.domains.start(nowhere)).rejects.toMatchObject({
      kind: "domainNotFound",
      code: 42,
      hostName: "alpha",
      operation: `start domain ${nowhere}`,
    });
    await libvirt.domains.define(guestXml("taken", uuid));
    await expect(libvirt.domains.define(guestXml("taken", randomUUID()))).rejects.toMatchObject({
      kind: "alreadyExists",
    });
    await expect(libvirt.domains.suspend(uuid)).rejects.toMatchObject({ kind: "operationInvalid" });
    await expect(libvirt.domains.define("<domain/>")).rejects.toMatchObject({ kind: "xmlInvalid" });
    await expect(libvirt.domains.define("no xml")).rejects.toMatchObject({ kind: "xmlInvalid" });
    await expect(libvirt.volumes.observe("no pool", "x")).rejects.toMatchObject({ kind: "poolNotFound" });
    await expect(libvirt.volumes.delete("disks", "none")).rejects.toMatchObject({ kind: "volumeNotFound" });
    await expect(
      libvirt.volumes.create("disks", `<volume><name>data.qcow2</name><capacity>1</capacity></volume>`),
    ).rejects.toMatchObject({ kind: "alreadyExists" });
    await expect(libvirt.networks.start(nowhere)).rejects.toMatchObject({ kind: "networkNotFound" });
    await expect(libvirt.pools.start(nowhere)).rejects.toMatchObject({ kind: "poolNotFound" });
    await libvirt.domains.undefine(uuid);
    await expect(
      Libvirt.open({ dial: () => dialLocal(daemon.socketPath), uri: "nosuch:///x", hostName: "alpha" }),
    ).rejects.toMatchObject({ hostName: "alpha", operation: "connect to nosuch:///x" });
  });
});

describe("networks", () => {
  it("are defined, started, updated live, and leave no bridge behind", async () => {
    const { uuid } = await libvirt.networks.define(
      `<network><name>lan</name><bridge name='virbr7'/><ip address='10.77.0.1' netmask='255.255.255.0'><dhcp><range start='10.77.0.10' end='10.77.0.20'/></dhcp></ip></network>`,
    );
    expect(await libvirt.networks.observe({ name: "lan" })).toMatchObject({
      uuid,
      active: false,
      persistent: true,
    });
    await libvirt.networks.start(uuid);
    await libvirt.networks.setAutostart(uuid, true);
    const reservation = "<host mac='52:54:00:00:00:07' ip='10.77.0.7'/>";
    await libvirt.networks.update(uuid, {
      command: "addLast",
      section: "ipDhcpHost",
      xml: reservation,
      live: true,
      persistent: true,
    });
    const network = (await libvirt.networks.observeAll()).find((each) => each.uuid === uuid);
    expect(network).toMatchObject({ name: "lan", active: true, autostart: true, bridgeName: "virbr7" });
    expect(network?.xml).toContain("ip='10.77.0.7'");
    expect(network?.liveXml).toContain("ip='10.77.0.7'");
    expect(await libvirt.networks.dhcpLeases(uuid)).toEqual([]);
    await libvirt.networks.stop(uuid);
    expect((await libvirt.networks.observe({ uuid }))?.liveXml).toBeUndefined();
    await libvirt.networks.undefine(uuid);
    expect(await libvirt.networks.observe({ uuid })).toBeUndefined();
  });

  it("without a bridge have none", async () => {
    const { uuid } = await libvirt.networks.define(
      `<network><name>direct</name><forward mode='bridge'><interface dev='lo'/></forward></network>`,
    );
    const network = (await libvirt.networks.observeAll()).find((each) => each.uuid === uuid);
    expect(network?.name).toBe("direct");
    expect(network?.bridgeName).toBeUndefined();
    await libvirt.networks.undefine(uuid);
  });
});

describe("pools", () => {
  it("come and go with their volumes", async () => {
    const { uuid } = await libvirt.pools.define(
      `<pool type='dir'><name>more</name><target><path>/var/lib/libvirt/more</path></target></pool>`,
    );
    await libvirt.pools.build(uuid);
    await libvirt.pools.start(uuid);
    await libvirt.volumes.create(
      "more",
      `<volume><name>a &amp; b</name><capacity unit='MiB'>1</capacity></volume>`,
    );
    const copied = await libvirt.volumes.createFrom(
      "more",
      `<volume><name>copy</name><capacity unit='MiB'>1</capacity></volume>`,
      { pool: "more", name: "a & b" },
    );
    await libvirt.volumes.resize("more", "copy", 2 * 1024 * 1024);
    await libvirt.volumes.wipe("more", "copy");
    expect((await libvirt.volumes.observeAll("more")).map(({ name }) => name).sort()).toEqual([
      "a & b",
      "copy",
    ]);
    expect(await libvirt.volumes.byPath(copied.path)).toMatchObject({
      name: "copy",
      capacityBytes: 2 * 1024 * 1024,
    });
    for (const name of ["a & b", "copy"]) await libvirt.volumes.delete("more", name);
    expect(await libvirt.volumes.observeAll("more")).toEqual([]);
    await libvirt.pools.stop(uuid);
    expect(await libvirt.pools.observe({ uuid })).toMatchObject({ active: false });
    await libvirt.pools.delete(uuid);
    await libvirt.pools.undefine(uuid);
    expect(await libvirt.pools.observe({ uuid })).toBeUndefined();
  });
});
