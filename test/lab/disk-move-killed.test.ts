import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { disk } from "../../provider/resources/disk/index.js";
import { labAvailable } from "../hosts/lab.js";
import { ProviderProcess } from "./provider-process.js";
import { StorageGuest } from "./storage-guest.js";
import { Declared, StorageWorld } from "./storage-world.js";

const { available, missing } = labAvailable();
const folders = { images: "/var/lib/libvirt/images", fast: "/var/lib/libvirt/fast" };
type Pool = keyof typeof folders;

/** Where the process is killed that moves the disk under a running guest. */
const liveMoments = [
  "StorageVolCreateXML:after:1", // noted at the old place
  "StorageVolCreateXML:after:2", // noted at the new place
  "StorageVolCreateXML:after:3", // the file for the copy is there
  "DomainBlockCopy:sent",
  "DomainBlockCopy:after",
  "DomainBlockJobAbort:before", // the copy is ready
  "DomainBlockJobAbort:sent",
  "DomainBlockJobAbort:after", // the guest has gone over
  "StorageVolCreateXML:after:4", // marked at the new place
  "StorageVolDelete:after:1", // no longer marked at the old one
  "StorageVolDelete:after:2", // the new one is finished
  "StorageVolDelete:after:3", // the old volume is gone
  "StorageVolDelete:after:4",
];
/** While the domain is off. */
const offMoments = [
  "StorageVolCreateXMLFrom:before",
  "StorageVolCreateXMLFrom:sent",
  "StorageVolCreateXMLFrom:after",
  "DomainDefineXMLFlags:before",
  "DomainDefineXMLFlags:after",
  "StorageVolCreateXML:after:3", // marked at the new place
  "StorageVolDelete:after:2",
];
/** To another host, while nobody uses it. */
const farMoments = [
  "StorageVolCreateXML:after:3", // an empty file is there
  "StorageVolCreateXML:before:4", // filled, not yet marked
  "StorageVolCreateXML:after:4",
  "StorageVolDelete:after:1",
  "StorageVolDelete:after:3",
];

describe.skipIf(!available)(`a disk's move whose process is killed ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  beforeAll(async () => {
    world = await StorageWorld.up("moves-killed");
    for (const host of world.lab.hosts)
      for (const [pool, folder] of Object.entries(folders)) {
        await host.shell(`mkdir -p ${folder}`);
        await host.virsh("pool-define-as", pool, "dir", "--target", folder);
        await host.virsh("pool-start", pool);
      }
  });
  afterAll(() => world?.lab.close());

  const inputsOf = (name: string, pool: Pool, host = "alpha") => ({
    pulumiUrn: `urn:pulumi:lab::test::pulumi-kvm:Disk::${name}`,
    ...{ name, host, connection: world.connection(host), credentials: world.credentials },
    ...{ pool, size: "64MiB" },
  });
  const refs = () => [world.ref("alpha"), world.ref("beta")];

  /** A run that is killed; its state stays what it was. */
  async function killedAt(moment: string, data: Declared, inputs: Record<string, unknown>): Promise<void> {
    const task = { kind: "Disk", id: data.id, state: data.state, inputs, hosts: refs() };
    await using deploying = await ProviderProcess.run("resource-child.mjs", task, moment);
    await deploying.stopped();
    await deploying.kill();
  }

  /** The volume and its mark are in one pool, and nothing else of it anywhere. */
  async function expectOnlyIn(name: string, pool: Pool, host: string, at: string): Promise<void> {
    const found: string[] = [];
    for (const { name: other } of world.lab.hosts)
      for (const [each, folder] of Object.entries(folders))
        for (const file of await world.ls(other, folder))
          if (file.endsWith(name)) found.push(`${other} ${each} ${file.replace(/[0-9a-f]{16}/g, "x")}`);
    expect([at, found.sort()]).toEqual([
      at,
      [`${host} ${pool} .pulumi-kvm.x.x.${name}`, `${host} ${pool} ${name}`],
    ]);
  }

  it("leaves one volume under a guest that runs on, whichever way the next run wants it", async () => {
    const alpha = world.host("alpha");
    const data = new Declared(disk, refs());
    await data.up(inputsOf("live", "images"));
    await alpha.shell(`qemu-io -c 'write -P 5 8M 8M' ${folders.images}/live`);
    await using guest = await StorageGuest.define(alpha, "user", `${folders.images}/live`);
    await using watch = await guest.watch(world.lab);
    await guest.start();
    await watch.untilTicks(1);
    let pool: Pool = "images";
    for (const [i, moment] of liveMoments.entries()) {
      const other: Pool = pool === "images" ? "fast" : "images";
      await killedAt(moment, data, inputsOf("live", other));
      // Every other time people have changed their minds meanwhile.
      if (i % 2 === 0) pool = other;
      await data.up(inputsOf("live", pool));
      await expectOnlyIn("live", pool, "alpha", moment);
      for (const more of [[], ["--inactive"]])
        expect(await alpha.virsh("dumpxml", guest.name, ...more)).toContain(
          `<source file='${folders[pool]}/live'`,
        );
      expect(await data.preview(inputsOf("live", pool))).toMatchObject({
        effects: [],
        diff: { changes: false },
      });
    }
    await watch.untilTicks(2);
    expect(watch.report()).toMatchObject({ restarts: 0, missing: [], repeated: [] });
    await alpha.virsh("destroy", guest.name);
    await alpha.shell(`qemu-io -r -c 'read -P 5 8M 8M' ${folders[pool]}/live`);
    await alpha.virsh("undefine", guest.name);
    // Destroyed right after a run that was killed.
    await killedAt("StorageVolDelete:after:1", data, inputsOf("live", pool === "images" ? "fast" : "images"));
    await data.remove();
    for (const folder of Object.values(folders)) expect(await world.ls("alpha", folder)).toEqual([]);
  });

  it("leaves one volume of a domain that is off, and its definition with it", async () => {
    const alpha = world.host("alpha");
    const data = new Declared(disk, refs());
    await data.up(inputsOf("off", "images"));
    await alpha.shell(`qemu-io -c 'write -P 6 8M 8M' ${folders.images}/off`);
    await using guest = await StorageGuest.define(alpha, "off-user", `${folders.images}/off`);
    let pool: Pool = "images";
    for (const [i, moment] of offMoments.entries()) {
      const other: Pool = pool === "images" ? "fast" : "images";
      await killedAt(moment, data, inputsOf("off", other));
      if (i % 2 === 0) pool = other;
      await data.up(inputsOf("off", pool));
      await expectOnlyIn("off", pool, "alpha", moment);
      expect(await alpha.virsh("dumpxml", guest.name)).toContain(`<source file='${folders[pool]}/off'`);
      await alpha.shell(`qemu-io -r -c 'read -P 6 8M 8M' ${folders[pool]}/off`);
    }
    await alpha.virsh("undefine", guest.name);
    await data.remove();
  });

  it("leaves one volume on one of two hosts", async () => {
    const data = new Declared(disk, refs());
    await data.up(inputsOf("far", "images"));
    await world.host("alpha").shell(`qemu-io -c 'write -P 7 8M 8M' ${folders.images}/far`);
    let host = "alpha";
    for (const [i, moment] of farMoments.entries()) {
      const other = host === "alpha" ? "beta" : "alpha";
      await killedAt(moment, data, inputsOf("far", "images", other));
      if (i % 2 === 0) host = other;
      await data.up(inputsOf("far", "images", host));
      await expectOnlyIn("far", "images", host, moment);
      await world.host(host).shell(`qemu-io -r -c 'read -P 7 8M 8M' ${folders.images}/far`);
    }
    await data.remove();
  });
});
