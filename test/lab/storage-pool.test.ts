import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { storagePool } from "../../provider/resources/storage-pool/index.js";
import { labAvailable } from "../hosts/lab.js";
import { Declared, StorageWorld } from "./storage-world.js";

const { available, missing } = labAvailable();

describe.skipIf(!available)(`storage pools on real hosts ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  beforeAll(async () => {
    world = await StorageWorld.up("pools");
  });
  afterAll(() => world?.lab.close());

  const inputsOf = (name: string, more: object = {}, hosts = ["alpha", "beta"]) => ({
    pulumiUrn: `urn:pulumi:lab::test::pulumi-kvm:StoragePool::${name}`,
    name,
    hosts: Object.fromEntries(hosts.map((host) => [host, world.connection(host)])),
    credentials: Object.fromEntries(hosts.map((host) => [host, world.credentials])),
    path: `/var/lib/libvirt/${name}`,
    ...more,
  });
  const poolInfo = (host: string, name: string) => world.host(host).virsh("pool-info", name);
  const poolNames = async (host: string) =>
    (await world.host(host).virsh("-q", "pool-list", "--all", "--name")).split("\n").map((s) => s.trim());

  it("makes the pool and its folder on each host, and leaves nothing of it", async () => {
    const pool = new Declared(storagePool);
    const inputs = inputsOf("made");
    expect(await pool.up(inputs)).toEqual([
      "create storage pool made on alpha (new)",
      "create storage pool made on beta (new)",
    ]);
    expect(pool.id).toBe("made");
    for (const host of ["alpha", "beta"]) {
      const info = await poolInfo(host, "made");
      expect(info).toMatch(/State:\s+running/);
      expect(info).toMatch(/Autostart:\s+yes/);
      expect(info).toContain((pool.state.uuids as Record<string, string>)[host]);
      expect((pool.state.capacityBytes as Record<string, number>)[host]).toBeGreaterThan(2 ** 20);
    }
    expect(pool.state.madeFolder).toEqual({ alpha: true, beta: true });
    expect(await pool.preview(inputs)).toEqual({ effects: [], refusals: [], diff: { changes: false } });
    expect(await pool.read()).toBe("made");
    await pool.remove();
    for (const host of ["alpha", "beta"]) {
      expect(await poolNames(host)).not.toContain("made");
      expect(await world.exists(host, "/var/lib/libvirt/made")).toBe(false);
    }
    await pool.remove();
  });
});
