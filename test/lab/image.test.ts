import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { image } from "../../provider/resources/image/index.js";
import { labAvailable } from "../hosts/lab.js";
import { ImageServer, sha256 } from "./image-server.js";
import { Declared, StorageWorld } from "./storage-world.js";

const { available, missing } = labAvailable();
const folder = "/var/lib/libvirt/images";

describe.skipIf(!available)(`images on real hosts ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  let server: ImageServer;
  beforeAll(async () => {
    world = await StorageWorld.up("images");
    server = await ImageServer.start(world.lab.gateway);
    for (const { name } of world.lab.hosts) {
      await world.host(name).virsh("pool-define-as", "images", "dir", "--target", folder);
      await world.host(name).virsh("pool-start", "images");
    }
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await world?.lab.close();
  });

  const inputsOf = (name: string, more: Record<string, unknown>, hosts: string[] = ["alpha"]) => ({
    pulumiUrn: `urn:pulumi:lab::test::pulumi-kvm:Image::${name}`,
    hosts: Object.fromEntries(hosts.map((host) => [host, world.connection(host)])),
    credentials: Object.fromEntries(hosts.map((host) => [host, world.credentials])),
    ...{ name, pool: "images", ...more },
  });

  it("is downloaded by both hosts, found unchanged, and leaves nothing", async () => {
    const content = randomBytes(3 * 2 ** 20);
    const source = server.serve("a.raw", content);
    const inputs = inputsOf("base", { source, sha256: sha256(content) }, ["alpha", "beta"]);
    const base = new Declared(image);
    const volume = `base-${sha256(content).slice(0, 16)}`;
    const where = `fetch image ${volume} (a.raw from ${world.lab.gateway}:${server.port}) into pool images on`;
    expect(await base.preview(inputs)).toEqual({
      effects: [`${where} alpha (new)`, `${where} beta (new)`],
      refusals: [],
    });
    expect(await base.up(inputs)).toEqual([`${where} alpha (new)`, `${where} beta (new)`]);
    expect(base.state).toMatchObject({
      volume,
      sizeBytes: content.length,
      volumeFormat: "raw",
      checksum: `sha256:${sha256(content)}`,
      paths: { alpha: `${folder}/${volume}`, beta: `${folder}/${volume}` },
    });
    expect(
      server
        .transfers("a.raw")
        .map(({ from }) => from)
        .sort(),
    ).toEqual(world.lab.hosts.map(({ address }) => address).sort());
    for (const host of ["alpha", "beta"]) {
      expect(await world.host(host).shell(`sha256sum ${folder}/${volume}`)).toContain(sha256(content));
      expect(await world.ls(host, folder)).toHaveLength(2);
    }
    expect(await base.preview(inputs)).toEqual({ effects: [], refusals: [], diff: { changes: false } });
    await base.remove();
    for (const host of ["alpha", "beta"]) expect(await world.ls(host, folder)).toEqual([]);
  });
});
