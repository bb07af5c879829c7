import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { storagePool } from "../../provider/resources/storage-pool/index.js";
import { labAvailable } from "../hosts/lab.js";
import { StorageGuest } from "./storage-guest.js";
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
    expect(pool.state).toMatchObject({
      madeFolder: { alpha: true, beta: true },
      type: "dir",
    });
    expect(await pool.preview(inputs)).toEqual({ effects: [], refusals: [], diff: { changes: false } });
    expect(await pool.read()).toBe("made");
    await pool.remove();
    for (const host of ["alpha", "beta"]) {
      expect(await poolNames(host)).not.toContain("made");
      expect(await world.exists(host, "/var/lib/libvirt/made")).toBe(false);
    }
    await pool.remove();
  });

  it("stays where the one that replaces it has taken it over before", async () => {
    const pool = new Declared(storagePool);
    const inputs = inputsOf("late", {}, ["alpha"]);
    await pool.up(inputs);
    expect(await pool.replaceLate(inputs)).toContainEqual(
      expect.stringContaining("isn't deleted: what replaces it, made before, is the same"),
    );
    expect(await poolInfo("alpha", "late")).toMatch(/State:\s+running/);
    await pool.remove();
    expect(await poolNames("alpha")).not.toContain("late");
  });

  it("takes its folder along under a host's other name", async () => {
    const pool = new Declared(storagePool);
    const inputs = inputsOf("renamed", {}, ["alpha"]);
    await pool.up(inputs);
    const renamed = {
      ...inputs,
      ...{ hosts: { node1: world.connection("alpha") }, credentials: { node1: world.credentials } },
    };
    await pool.up(renamed);
    expect(await pool.preview(renamed)).toEqual({ effects: [], refusals: [], diff: { changes: false } });
    expect(await poolNames("alpha")).toContain("renamed");
    await pool.remove();
    expect(await poolNames("alpha")).not.toContain("renamed");
    expect(await world.exists("alpha", "/var/lib/libvirt/renamed")).toBe(false);
  });

  it("isn't in its own way when its resource gets another name with it", async () => {
    const pool = new Declared(storagePool);
    const path = "/var/lib/libvirt/stays";
    await pool.up(inputsOf("before", { path }, ["alpha"]));
    expect((await pool.preview(inputsOf("after", { path }, ["alpha"]))).replacement?.refusals).toEqual([]);
    await pool.remove();
  });

  it("starts a pool that was stopped and defines one that was undefined by hand", async () => {
    const pool = new Declared(storagePool);
    const inputs = inputsOf("mended");
    await pool.up(inputs);
    const alpha = world.host("alpha");
    const beta = world.host("beta");
    await alpha.virsh("pool-destroy", "mended");
    await alpha.virsh("pool-autostart", "mended", "--disable");
    await beta.virsh("pool-destroy", "mended");
    await beta.virsh("pool-undefine", "mended");
    await beta.shell("echo kept > /var/lib/libvirt/mended/kept");
    expect(await pool.read()).toBe("mended");
    expect(await pool.preview(inputs)).toMatchObject({ diff: { changes: true } });
    expect(await pool.up(inputs)).toEqual([
      "start storage pool mended on alpha (it is stopped)",
      "start storage pool mended with its host, on alpha",
      "create storage pool mended on beta (it is gone)",
    ]);
    for (const host of ["alpha", "beta"]) {
      const info = await poolInfo(host, "mended");
      expect(info).toMatch(/State:\s+running/);
      expect(info).toMatch(/Autostart:\s+yes/);
      expect(info).toContain((pool.state.uuids as Record<string, string>)[host]);
    }
    expect((await beta.virsh("vol-list", "mended")).trim()).toContain("kept");
    // Running without a definition, it would be gone when its libvirt starts again.
    await beta.shell(
      "virsh pool-dumpxml mended >/run/mended.xml; virsh pool-destroy mended; virsh pool-undefine mended; virsh pool-create /run/mended.xml",
    );
    expect(await poolInfo("beta", "mended")).toMatch(/Persistent:\s+no/);
    expect(await pool.up(inputs)).toEqual([
      "create storage pool mended on beta (it runs without a definition)",
    ]);
    expect(await poolInfo("beta", "mended")).toMatch(/Persistent:\s+yes/);
    expect(await pool.preview(inputs)).toEqual({ effects: [], refusals: [], diff: { changes: false } });
    await beta.shell("rm /var/lib/libvirt/mended/kept");
    await pool.remove();
    expect(await world.exists("beta", "/var/lib/libvirt/mended")).toBe(false);
  });

  it("makes the folder again when it was deleted under a stopped pool", async () => {
    const pool = new Declared(storagePool);
    const inputs = inputsOf("refoldered", {}, ["alpha"]);
    await pool.up(inputs);
    await world.host("alpha").virsh("pool-destroy", "refoldered");
    await world.host("alpha").shell("rmdir /var/lib/libvirt/refoldered");
    await pool.preview(inputs);
    expect(pool.said).toEqual([
      expect.stringContaining(
        "folder /var/lib/libvirt/refoldered of storage pool refoldered isn't on alpha any more",
      ),
      "StoragePool refoldered: start storage pool refoldered on alpha (it is stopped)",
    ]);
    await pool.up(inputs);
    await pool.preview(inputs);
    expect(pool.said).toEqual([]);
    expect(await poolInfo("alpha", "refoldered")).toMatch(/State:\s+running/);
    await world.host("alpha").virsh("pool-destroy", "refoldered");
    await world.host("alpha").shell("rmdir /var/lib/libvirt/refoldered");
    await pool.remove();
    expect(await poolNames("alpha")).not.toContain("refoldered");
  });

  it("refuses a pool that somebody else made, takes it over when told to, and leaves its folder", async () => {
    const alpha = world.host("alpha");
    await alpha.shell("mkdir /var/lib/libvirt/theirs0");
    await alpha.virsh("pool-define-as", "theirs", "dir", "--target", "/var/lib/libvirt/theirs0");
    const uuid = (await alpha.virsh("pool-uuid", "theirs")).trim();
    const pool = new Declared(storagePool);
    const inputs = inputsOf("theirs", { path: "/var/lib/libvirt/theirs0/" }, ["alpha"]);
    await expect(pool.up(inputs)).rejects.toThrow(/there is a storage pool theirs on alpha already/);
    await expect(pool.apply({ ...inputs, effects: [] })).rejects.toThrow(
      /there is a storage pool theirs on alpha already/,
    );
    expect(pool.id).toBeUndefined();
    await expect(pool.up({ ...inputs, path: "/var/lib/libvirt/other", adopt: true })).rejects.toThrow(
      /can't be taken over: it is a dir pool at \/var\/lib\/libvirt\/theirs0/,
    );
    expect(await poolInfo("alpha", "theirs")).toMatch(/State:\s+inactive/);
    const adopting = { ...inputs, adopt: true };
    expect(await pool.up(adopting)).toEqual([
      "take over storage pool theirs on alpha as it is, no guest notices",
      "start storage pool theirs on alpha (it is stopped)",
    ]);
    expect(await poolInfo("alpha", "theirs")).toMatch(/Autostart:\s+no/);
    expect(pool.state).toMatchObject({ uuids: { alpha: uuid }, madeFolder: { alpha: false } });
    expect(await pool.preview(adopting)).toEqual({ effects: [], refusals: [], diff: { changes: false } });
    // Once it is on record, the word isn't needed any more.
    await pool.up(inputs);
    expect(await pool.preview(inputs)).toEqual({ effects: [], refusals: [], diff: { changes: false } });
    // The same machine under another name has the same pool.
    const connection = world.connection("alpha");
    const renamed = {
      ...inputs,
      ...{ hosts: { node1: connection }, credentials: { node1: world.credentials } },
    };
    expect(await pool.up(renamed)).toEqual(["record changed hosts, credentials, no guest notices"]);
    expect(pool.state).toMatchObject({ uuids: { node1: uuid } });
    await pool.remove();
    expect(await poolNames("alpha")).not.toContain("theirs");
    expect(await world.exists("alpha", "/var/lib/libvirt/theirs0")).toBe(true);
  });

  it("refuses a folder that another pool stands on", async () => {
    const pool = new Declared(storagePool);
    await pool.up(inputsOf("first", {}, ["alpha"]));
    const second = new Declared(storagePool);
    const inputs = inputsOf("second", { path: "/var/lib/libvirt/first" }, ["alpha"]);
    await expect(second.up(inputs)).rejects.toThrow(
      /folder \/var\/lib\/libvirt\/first on alpha is that of another storage pool, first/,
    );
    expect(await poolNames("alpha")).not.toContain("second");
    await pool.remove();
  });

  it("isn't deleted with a volume that others made in it, unless forced to", async () => {
    const pool = new Declared(storagePool);
    await pool.up(inputsOf("full"));
    const beta = world.host("beta");
    // A mark whose volume was never made is nothing to keep.
    const mark = ".pulumi-kvm.0123456789abcdef.0123456789abcdef.never-made";
    await beta.shell(`touch /var/lib/libvirt/full/{precious,${mark}}`);
    await expect(pool.remove()).rejects.toThrow(
      /storage pool full on beta still has a volume in it: precious; .*forceDestroy: true/,
    );
    for (const host of ["alpha", "beta"]) expect(await poolNames(host)).toContain("full");
    expect(await world.ls("beta", "/var/lib/libvirt/full")).toContain("precious");
    await pool.up(inputsOf("full", { forceDestroy: true }));
    await pool.remove();
    for (const host of ["alpha", "beta"]) {
      expect(await poolNames(host)).not.toContain("full");
      expect(await world.exists(host, "/var/lib/libvirt/full")).toBe(false);
    }
  });

  it("keeps a volume that a domain uses, even when forced to go", async () => {
    const pool = new Declared(storagePool);
    await pool.up(inputsOf("used", { forceDestroy: true }, ["alpha"]));
    const alpha = world.host("alpha");
    await alpha.virsh("vol-create-as", "used", "root", "16M", "--format", "qcow2");
    {
      await using _guest = await StorageGuest.define(alpha, "pool-user", "/var/lib/libvirt/used/root");
      await expect(pool.remove()).rejects.toThrow(/has volume root, which domain pool-user uses/);
      expect(await world.ls("alpha", "/var/lib/libvirt/used")).toEqual(["root"]);
    }
    await pool.remove();
    expect(await world.exists("alpha", "/var/lib/libvirt/used")).toBe(false);
  });

  it("leaves a host that isn't named any more, but not with volumes that only it has", async () => {
    const pool = new Declared(storagePool);
    await pool.up(inputsOf("leaving"));
    const mark = ".pulumi-kvm.0123456789abcdef.0123456789abcdef.only";
    for (const [name, size] of [
      ["only", "1M"],
      [mark, "0"],
    ] as const)
      await world.host("beta").virsh("vol-create-as", "leaving", name, size);
    const one = inputsOf("leaving", {}, ["alpha"]);
    await expect(pool.up(one)).rejects.toThrow(/can't leave beta while volumes are in it.*: only;/);
    for (const name of ["only", mark]) await world.host("beta").virsh("vol-delete", name, "leaving");
    expect(await pool.up(one)).toEqual([
      "remove storage pool leaving on beta (the host isn't named any more)",
    ]);
    expect(await poolNames("beta")).not.toContain("leaving");
    expect(await world.exists("beta", "/var/lib/libvirt/leaving")).toBe(false);
    expect(Object.keys(pool.state.uuids as object)).toEqual(["alpha"]);
    expect(await pool.preview(one)).toEqual({ effects: [], refusals: [], diff: { changes: false } });
    await pool.remove();
  });

  it("leaves one of two hosts that share the folder with the volumes in it", async () => {
    const pool = new Declared(storagePool);
    const path = `${world.lab.sharedPath}/pool`;
    const both = inputsOf("shared", { path });
    await pool.up(both);
    await world.host("beta").virsh("vol-create-as", "shared", "common", "1M");
    await pool.up(inputsOf("shared", { path }, ["alpha"]));
    expect(await poolNames("beta")).not.toContain("shared");
    expect(await world.ls("alpha", path)).toEqual(["common"]);
    await pool.up(both);
    await world.host("alpha").virsh("vol-delete", "common", "shared");
    await pool.remove();
    expect(await world.exists("alpha", path)).toBe(false);
    for (const host of ["alpha", "beta"]) expect(await poolNames(host)).not.toContain("shared");
  });

  it("is made anew for another folder or name, and stays itself when its resource is renamed", async () => {
    const pool = new Declared(storagePool);
    const inputs = inputsOf("moved", {}, ["alpha"]);
    await pool.up(inputs);
    expect(await pool.preview({ ...inputs, path: "/var/lib/libvirt/moved2" })).toMatchObject({
      effects: ["replace, for path"],
      diff: { replaces: ["path"], deleteBeforeReplace: true },
    });
    expect((await pool.preview({ ...inputs, name: "moved2" })).diff?.replaces).toEqual(["name"]);
    // What Pulumi asks of a replacement while the old pool is still there.
    const successor = new Declared(storagePool);
    expect(await successor.preview({ ...inputs, path: "/var/lib/libvirt/moved2" })).toEqual({
      effects: ["create storage pool moved on alpha (new)"],
      refusals: [],
    });
    const uuids = pool.state.uuids;
    const renamed = { ...inputs, pulumiUrn: inputs.pulumiUrn.replace(/moved$/, "renamed") };
    expect(await pool.preview(renamed)).toEqual({ effects: [], refusals: [], diff: { changes: false } });
    await pool.apply({ ...renamed, effects: [] });
    expect(pool.state.uuids).toEqual(uuids);
    expect(await pool.preview(renamed)).toEqual({ effects: [], refusals: [], diff: { changes: false } });
    await pool.remove();
    expect(await poolNames("alpha")).not.toContain("moved");
  });

  it("changes nothing while one of its hosts doesn't answer", async () => {
    const pool = new Declared(storagePool);
    const inputs = inputsOf("silent");
    await world.host("beta").freeze("sshd");
    try {
      const preview = await pool.preview(inputs);
      expect(preview.effects.join()).toMatch(/not known: host beta is unreachable/);
      await expect(pool.up(inputs)).rejects.toThrow(
        /host beta is unreachable.*nothing was assumed or changed/,
      );
      expect(await poolNames("alpha")).not.toContain("silent");
    } finally {
      await world.host("beta").thaw("sshd");
    }
    await pool.up(inputs);
    await pool.remove();
  });
});
