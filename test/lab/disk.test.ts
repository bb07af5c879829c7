import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { disk } from "../../provider/resources/disk/index.js";
import { labAvailable } from "../hosts/lab.js";
import { Declared, StorageWorld } from "./storage-world.js";

const { available, missing } = labAvailable();
const folder = "/var/lib/libvirt/images";

describe.skipIf(!available)(`disks on real hosts ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  beforeAll(async () => {
    world = await StorageWorld.up("disks");
    for (const { name } of world.lab.hosts) {
      await world.host(name).virsh("pool-define-as", "images", "dir", "--target", folder);
      await world.host(name).virsh("pool-start", "images");
    }
  });
  afterAll(() => world?.lab.close());

  const inputsOf = (name: string, more: object = {}, host = "alpha") => ({
    pulumiUrn: `urn:pulumi:lab::test::pulumi-kvm:Disk::${name}`,
    ...{ name, host, connection: world.connection(host), credentials: world.credentials },
    ...{ pool: "images", size: "64MiB", ...more },
  });
  const filesOf = async (name: string, host = "alpha") =>
    (await world.ls(host, folder)).filter((file) => file.endsWith(name));

  it("is made, found unchanged, and leaves nothing", async () => {
    const data = new Declared(disk);
    const inputs = inputsOf("made");
    expect(await data.up(inputs)).toEqual(["create disk made (64 MiB, qcow2) in pool images on alpha"]);
    expect(data.id).toBe("images/made");
    expect(data.state).toMatchObject({
      path: `${folder}/made`,
      key: `${folder}/made`,
      sizeBytes: 64 * 2 ** 20,
      host: "alpha",
    });
    expect(await world.host("alpha").shell(`qemu-img info ${folder}/made`)).toContain("file format: qcow2");
    expect(await data.preview(inputs)).toEqual({ effects: [], refusals: [], diff: { changes: false } });
    expect(await filesOf("made")).toHaveLength(2);
    await data.remove();
    expect(await filesOf("made")).toEqual([]);
    await data.remove();
  });
});
