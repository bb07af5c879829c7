import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { validateInputs } from "../../provider/engine/validate.js";
import { buildPool } from "../../provider/libvirt/xml/index.js";
import { disk } from "../../provider/resources/disk/index.js";
import { declaredModel } from "../../provider/resources/storage-pool/desired.js";
import { storagePool } from "../../provider/resources/storage-pool/index.js";
import type { Inputs } from "../../provider/resources/storage-pool/schema.js";
import { startGlusterfs } from "../hosts/glusterfs.js";
import { labAvailable } from "../hosts/lab.js";
import { LoopDevice } from "../hosts/loop-device.js";
import { StorageGuest } from "./storage-guest.js";
import { Declared, StorageWorld } from "./storage-world.js";

const { available, missing } = labAvailable(
  ["glusterd", "glusterfs-server"],
  ["vgs", "lvm2"],
  ["mkfs.ext4", "e2fsprogs"],
);

describe.skipIf(!available)(`storage pools of every type on real hosts ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  beforeAll(async () => {
    world = await StorageWorld.up("pooltypes");
    const both = [world.host("alpha"), world.host("beta")];
    await startGlusterfs(world.host("alpha"), "shared", both);
  });
  afterAll(() => world?.lab.close());

  const inputsOf = (name: string, more: object, hosts = ["alpha"]) => ({
    pulumiUrn: `urn:pulumi:lab::test::pulumi-kvm:StoragePool::${name}`,
    name,
    hosts: Object.fromEntries(hosts.map((host) => [host, world.connection(host)])),
    credentials: Object.fromEntries(hosts.map((host) => [host, world.credentials])),
    ...more,
  });
  const diskOf = (name: string, pool: string, more: object = {}) => ({
    pulumiUrn: `urn:pulumi:lab::test::pulumi-kvm:Disk::${name}`,
    ...{ name, pool, size: "16MiB", host: "alpha" },
    connection: world.connection("alpha"),
    credentials: world.credentials,
    ...more,
  });
  const unchanged = { effects: [], refusals: [], diff: { changes: false } };
  const mounts = (host: string) => world.host(host).shell("cat /proc/mounts");

  it("mounts a server's folder on every host, and leaves what is on the server", async () => {
    const [alpha, beta] = [world.host("alpha"), world.host("beta")];
    const pool = new Declared(storagePool);
    const path = "/var/lib/libvirt/netfs";
    const inputs = (source: object, more: object = {}) =>
      inputsOf(
        "net",
        { type: "netfs", path, source: { dir: "shared", format: "glusterfs", ...source }, ...more },
        ["alpha", "beta"],
      );
    const byName = inputs({ host: "alpha" });
    expect(await pool.up(byName)).toEqual([
      "create storage pool net on alpha (new)",
      "create storage pool net on beta (new)",
    ]);
    expect(pool.state.madeFolder).toEqual({ alpha: true, beta: true });
    expect(await pool.preview(byName)).toEqual(unchanged);
    for (const host of ["alpha", "beta"]) expect(await mounts(host)).toContain(`${path} fuse.glusterfs`);
    expect((pool.state.capacityBytes as Record<string, number>).beta).toBeGreaterThan(2 ** 20);
    const data = new Declared(disk);
    await data.up(diskOf("data", "net"));
    expect(await world.ls("beta", path)).toContain("data");
    // Unmounted and stopped by hand.
    await beta.virsh("pool-destroy", "net");
    expect(await pool.up(byName)).toEqual(["start storage pool net on beta (it is stopped)"]);
    expect(await mounts("beta")).toContain(`${path} fuse.glusterfs`);
    const byAddress = inputs({ hosts: [alpha.address] });
    {
      await using guest = await StorageGuest.define(alpha, "netuser", `${path}/data`);
      await guest.start();
      expect((await pool.preview(byAddress)).refusals).toEqual([
        `storage pool net on alpha has to stop for source.hosts [{"name":"alpha"}] -> [{"name":"${alpha.address}"}], and netuser runs from disks in it; stop it first, or make another pool and move the disks there`,
      ]);
    }
    expect(await pool.up(byAddress)).toEqual(
      ["alpha", "beta"].map(
        (host) =>
          `restart storage pool net on ${host} for source.hosts [{"name":"alpha"}] -> [{"name":"${alpha.address}"}]`,
      ),
    );
    expect(await mounts("beta")).toContain(`${alpha.address}:shared ${path}`);
    expect(await pool.preview(byAddress)).toEqual(unchanged);
    await expect(pool.up(inputs({ host: "192.0.2.1" }))).rejects.toThrow(
      /storage pool net on alpha can't start as declared, and is as before/,
    );
    expect(await mounts("alpha")).toContain(`${alpha.address}:shared ${path}`);
    const other = inputs({ host: "alpha", dir: "other" });
    expect((await pool.preview(other)).refusals).toEqual(
      ["alpha", "beta"].map((host) =>
        expect.stringContaining(
          `storage pool net on ${host} can't be replaced for source.dir while volumes are in it: data`,
        ),
      ),
    );
    await expect(pool.remove()).rejects.toThrow(/still has a volume in it: data/);
    await data.remove();
    expect((await pool.preview(other)).diff?.replaces).toEqual(["source.dir"]);
    await pool.remove();
    for (const host of ["alpha", "beta"]) {
      expect(await mounts(host)).not.toContain("fuse.glusterfs");
      expect(await world.exists(host, path)).toBe(false);
    }
    expect(await world.exists("alpha", "/var/lib/libvirt/glusterfs/brick/.glusterfs")).toBe(true);
  }, 120_000);

  it("mounts a device, formats a blank one only when told to, and never one that holds something", async () => {
    const alpha = world.host("alpha");
    await using device = await LoopDevice.make(alpha, 64);
    const pool = new Declared(storagePool);
    const path = "/var/lib/libvirt/device";
    const inputs = (more: object = {}, format = "ext4") =>
      inputsOf("device", { type: "fs", path, source: { device: device.path, format }, ...more });
    const blank = await device.checksum();
    await expect(pool.up(inputs())).rejects.toThrow(
      /if its devices are blank and a file system is to be made on them, set build: true/,
    );
    expect(await device.checksum()).toBe(blank);
    // The failed run left its definition; this one goes on from there.
    await pool.up(inputs({ build: true }));
    expect(await mounts("alpha")).toContain(`${device.path} ${path} ext4`);
    expect(await pool.preview(inputs({ build: true }))).toEqual(unchanged);
    const data = new Declared(disk);
    await data.up(diskOf("data", "device"));
    await data.remove();
    await alpha.shell(`echo precious >${path}/note`);
    await alpha.virsh("pool-refresh", "device");
    await expect(pool.remove()).rejects.toThrow(/still has/);
    // What libvirt doesn't take for a volume.
    await alpha.shell(`mkdir ${path}/lost+found/folder && mv ${path}/note ${path}/lost+found/folder/`);
    await pool.remove();
    expect(await mounts("alpha")).not.toContain(path);
    const written = await device.checksum();
    const other = new Declared(storagePool);
    await expect(other.up(inputs({ build: true }, "xfs"))).rejects.toThrow(/device/);
    expect(await device.checksum()).toBe(written);
    await other.remove();
    // What was there before is there again.
    const again = new Declared(storagePool);
    await again.up(inputs());
    expect(await alpha.shell(`cat ${path}/lost+found/folder/note`)).toBe("precious\n");
    await again.remove();
  }, 60_000);

  it("makes a volume group when told to, leaves it when it goes, and has no room for marks", async () => {
    const alpha = world.host("alpha");
    await using device = await LoopDevice.make(alpha, 64);
    await using full = await LoopDevice.make(alpha, 16);
    await alpha.shell(`mkfs.ext4 -q ${full.path}`);
    const inputs = (source: object, more: object = {}) =>
      inputsOf("volumes", { type: "logical", source: { name: "labvg", ...source }, ...more });
    const pool = new Declared(storagePool);
    const before = await full.checksum();
    await expect(pool.up(inputs({ devices: [full.path] }, { build: true }))).rejects.toThrow(/volumes/);
    expect(await full.checksum()).toBe(before);
    await pool.remove();
    const group = new Declared(storagePool);
    const blank = inputs({ devices: [device.path] }, { build: true });
    expect(await group.up(blank)).toEqual(["create storage pool volumes on alpha (new)"]);
    expect(await alpha.shell("vgs --noheadings -o vg_name")).toContain("labvg");
    expect((group.state.availableBytes as Record<string, number>).alpha).toBeGreaterThan(2 ** 20);
    expect(await group.preview(blank)).toEqual(unchanged);
    const refused =
      "disk data can't be made or taken over in pool volumes on alpha: it is a logical pool, whose volumes have no room for the mark that says whose they are; give a pool of files (dir, fs, netfs)";
    expect((await new Declared(disk).preview(diskOf("data", "volumes"))).refusals).toEqual([refused]);
    // Another pool over the same group.
    expect(
      (
        await new Declared(storagePool).preview(
          inputsOf("second", { type: "logical", source: { name: "labvg" } }),
        )
      ).refusals,
    ).toEqual([
      "the storage of this logical pool of labvg on alpha is that of another storage pool, volumes: two pools over one storage lose track of its volumes; use that pool, or give another source",
    ]);
    await group.remove();
    expect(await alpha.shell("vgs --noheadings -o vg_name")).toContain("labvg");
    // Made by hand, taken over as it is.
    await alpha.virsh(
      "pool-define-as",
      "volumes",
      "logical",
      "--source-name",
      "labvg",
      "--target",
      "/dev/labvg",
    );
    await alpha.virsh("pool-start", "volumes");
    await alpha.virsh("pool-autostart", "volumes");
    const definition = await alpha.virsh("pool-dumpxml", "volumes");
    const adopted = new Declared(storagePool);
    expect(await adopted.up(inputs({}, { adopt: true }))).toEqual([
      "take over storage pool volumes on alpha as it is, no guest notices",
    ]);
    expect(await alpha.virsh("pool-dumpxml", "volumes")).toBe(definition);
    await adopted.remove();
    expect(await alpha.shell("vgs --noheadings -o vg_name")).toContain("labvg");
    await alpha.shell("vgremove -f labvg");
  }, 60_000);

  const others: [string, object][] = [
    ["dir", { path: "/a b" }],
    ["fs", { path: "/a", source: { device: "/dev/sdb1", format: "ext4" } }],
    [
      "netfs",
      {
        path: "/a",
        source: { host: { name: "fd00::1", port: 2049 }, dir: "/x", format: "nfs", protocolVersion: "4.2" },
      },
    ],
    ["netfs", { path: "/a", source: { host: "h", dir: "share", format: "cifs" } }],
    ["logical", { source: { name: "vg0", devices: ["/dev/sdb", "/dev/sdc"] } }],
    [
      "iscsi",
      {
        source: {
          ...{ host: "h", device: "iqn.2026-01.net.example:images", initiator: "iqn.2026-01.net.example:me" },
          auth: { username: "u", secret: { usage: "chap" } },
        },
      },
    ],
    ["zfs", { source: { name: "tank", device: "sdb" } }],
    [
      "rbd",
      {
        source: {
          ...{ name: "images", hosts: ["m1", { name: "m2", port: 6789 }] },
          auth: { username: "u", secret: { uuid: "7FD7C0A5-6A3C-4F0E-9C0E-8F3A5D1C2B3A" } },
        },
      },
    ],
  ];
  it.each(others)("has a definition of type %s that fits libvirt's schema: %j", async (type, more) => {
    const alpha = world.host("alpha");
    const { problems, inputs } = validateInputs(
      storagePool.shape,
      inputsOf(`fit-${type}`, { type, ...more }),
      storagePool.crossChecks,
    );
    expect(problems).toEqual([]);
    await alpha.writeFile("/run/pool.xml", buildPool(declaredModel(inputs as Inputs)));
    const command = ["virsh", "-q", "-c", "test:///default", "pool-define", "--validate", "/run/pool.xml"];
    expect((await alpha.exec(command)).stderr.trim()).toBe("");
  });

  it("says what a host lacks for a pool, and goes on once it is there or gives up", async () => {
    const pool = new Declared(storagePool);
    const source = { host: "192.0.2.1", device: "iqn.2026-01.net.example:images" };
    const failure = /StoragePool luns: .*alpha/;
    await expect(pool.up(inputsOf("luns", { type: "iscsi", source }))).rejects.toThrow(failure);
    await pool.remove();
    expect(await world.host("alpha").virsh("pool-list", "--all", "--name")).not.toContain("luns");
  });
});
