import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dialLocal, Libvirt, type StreamChunk } from "../../provider/libvirt/index.js";
import { type LibvirtDaemon, startLibvirtDaemon } from "./libvirt-daemon.js";
import { guestXml } from "./libvirt-guest-xml.js";

const MIB = 1024 * 1024;

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

describe("the host", () => {
  it("says what it is", async () => {
    expect(await libvirt.host.hostname()).not.toBe("");
    expect(await libvirt.host.libvirtVersion()).toMatch(/^\d+\.\d+\.\d+$/);
    expect(await libvirt.host.hypervisorVersion()).toMatch(/^\d+\.\d+\.\d+$/);
    expect(await libvirt.host.capabilitiesXml()).toContain("<host>");
    expect(await libvirt.host.domainCapabilitiesXml({ virtType: "qemu" })).toContain("<domainCapabilities>");
    const node = await libvirt.host.nodeInfo();
    expect(node.architecture).toBe("x86_64");
    expect(node.memoryBytes).toBeGreaterThan(await libvirt.host.freeMemoryBytes());
  });

  it("compares CPUs", async () => {
    const query = { virtType: "qemu", architecture: "x86_64" } as const;
    const old = "<cpu mode='custom' match='exact'><model fallback='forbid'>qemu64</model></cpu>";
    expect(await libvirt.host.compareCpu(old, query)).toBe("superset");
    const amd = "<cpu mode='custom' match='exact'><model fallback='forbid'>EPYC-Milan</model></cpu>";
    expect(await libvirt.host.compareCpu(amd, query)).toBe("incompatible");
  });
});

describe("domains", () => {
  it("are defined, seen, started, changed, stopped and undefined", async () => {
    const uuid = randomUUID();
    const vnc = "<graphics type='vnc' port='-1' passwd='secret12'/>";
    expect(await libvirt.domains.define(guestXml("wéb 1", uuid, vnc))).toMatchObject({
      uuid,
    });
    const off = await libvirt.domains.observe({ uuid });
    expect(off).toMatchObject({ state: "shutOff", id: -1, persistent: true, autostart: false });
    expect(off?.liveXml).toBeUndefined();
    expect(off?.persistentXml).toContain("secret12");

    await libvirt.domains.setAutostart(uuid, true);
    await libvirt.domains.setMetadata(uuid, {
      uri: "urn:test",
      key: "t",
      xml: "<mark owner='a'/>",
      persistent: true,
    });
    await libvirt.domains.start(uuid);
    const running = (await libvirt.domains.observeAll()).find((each) => each.uuid === uuid);
    expect(running).toMatchObject({
      state: "running",
      reasonName: "booted",
      autostart: true,
      hasManagedSave: false,
    });
    expect(running?.id).toBeGreaterThan(0);
    expect(running?.liveXml).toContain("<domain type='qemu' id=");
    // An update of a running guest's graphics repeats its password.
    expect(running?.liveXml).toContain("secret12");
    expect(await libvirt.domains.metadata(uuid, { uri: "urn:test" })).toContain("owner");
    expect(await libvirt.domains.metadata(uuid, { uri: "urn:other" })).toBeUndefined();

    await libvirt.domains.suspend(uuid);
    expect(await libvirt.domains.observe({ uuid })).toMatchObject({ state: "paused", reasonName: "user" });
    await libvirt.domains.resume(uuid);
    expect((await libvirt.domains.jobStats(uuid)).state).toBe("none");

    await libvirt.domains.destroy(uuid);
    expect(await libvirt.domains.observe({ uuid })).toMatchObject({
      state: "shutOff",
      reasonName: "destroyed",
    });
    await libvirt.domains.rename(uuid, "renamed");
    expect(await libvirt.domains.observe({ name: "renamed" })).toMatchObject({ uuid });
    await libvirt.domains.undefine(uuid);
    expect(await libvirt.domains.observe({ uuid })).toBeUndefined();
    expect(await libvirt.domains.observe({ name: "renamed" })).toBeUndefined();
  });
});

describe("pools and volumes", () => {
  it("upload and download sparse contents unchanged", async () => {
    const { uuid } = await libvirt.pools.define(
      `<pool type='dir'><name>images</name><target><path>${daemon.folder}/images</path></target></pool>`,
    );
    await libvirt.pools.build(uuid);
    await libvirt.pools.start(uuid);
    await libvirt.pools.setAutostart(uuid, true);
    expect(await libvirt.pools.observe({ name: "images" })).toMatchObject({
      uuid,
      active: true,
      autostart: true,
      persistent: true,
    });
    const created = await libvirt.volumes.create(
      "images",
      `<volume><name>disk</name><capacity unit='MiB'>64</capacity><allocation>0</allocation></volume>`,
    );
    expect(created).toMatchObject({ pool: "images", name: "disk", type: "file", capacityBytes: 64 * MIB });

    const head = Buffer.alloc(3 * MIB, 1);
    const tail = Buffer.alloc(MIB, 2);
    const progress: number[] = [];
    await libvirt.volumes.upload("images", "disk", sparse(), {
      sparse: true,
      onProgress: (doneBytes) => progress.push(doneBytes),
    });
    async function* sparse(): AsyncGenerator<StreamChunk> {
      yield { kind: "bytes", bytes: head };
      yield { kind: "hole", lengthBytes: BigInt(60 * MIB) };
      yield { kind: "bytes", bytes: tail };
    }
    expect(progress.at(-1)).toBe(64 * MIB);
    expect((await libvirt.volumes.observe("images", "disk"))?.allocationBytes).toBeLessThan(8 * MIB);

    let position = 0;
    let holes = 0;
    for await (const chunk of libvirt.volumes.download("images", "disk", { sparse: true })) {
      if (chunk.kind === "hole") {
        holes += Number(chunk.lengthBytes);
        position += Number(chunk.lengthBytes);
      } else {
        const expected = position < 3 * MIB ? 1 : 2;
        expect(chunk.bytes.every((byte) => byte === expected)).toBe(true);
        position += chunk.bytes.byteLength;
      }
    }
    expect(position).toBe(64 * MIB);
    expect(holes).toBe(60 * MIB);
  });
});
