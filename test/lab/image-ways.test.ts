import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { virtualMachine } from "../../provider/resources/virtual-machine/index.js";
import { labAvailable } from "../hosts/lab.js";
import { sha256 } from "./image-server.js";
import { ImageWorld } from "./image-world.js";
import { Declared, Deployed } from "./storage-world.js";

const { available, missing } = labAvailable();
const MIB = 2 ** 20;

describe.skipIf(!available)(`images come to hosts ${missing.join("; ")}`, () => {
  let world: ImageWorld;
  beforeAll(async () => {
    world = await ImageWorld.up("ways", { user: "ops" });
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  afterEach(() => world?.clear());

  const volumeOf = (name: string, content: Buffer) => `${name}-${sha256(content).slice(0, 16)}`;

  it("once a host, whoever asks, and go with the last who needs them", async () => {
    const { server } = world;
    const content = randomBytes(2 * MIB);
    const source = server.serve("once.raw", content, { rate: MIB });
    const sum = { sha256: sha256(content) };
    await using first = new Deployed();
    await using second = new Deployed();
    const hosts = ["alpha", "beta"];
    // Two of one deployment, one of them under another name; and a third by another program, all at the same time.
    const inputs = [
      world.inputsOf("base", { source, ...sum }, hosts),
      world.inputsOf("twin", { source, ...sum }, ["alpha"]),
      {
        ...world.inputsOf("base", { source, ...sum }, hosts),
        pulumiUrn: "urn:pulumi:other::test::pulumi-kvm:Image::base",
      },
    ] as const;
    const images = [world.declared(first), world.declared(first), world.declared(second)] as const;
    await Promise.all(images.map((image, i) => image.up(inputs[i] ?? {})));
    expect(
      server
        .transfers("once.raw")
        .map(({ from }) => from)
        .sort(),
    ).toEqual(world.storage.lab.hosts.map(({ address }) => address).sort());
    expect(first.said.concat(second.said)).toContainEqual(
      expect.stringMatching(/^Image \w+: (?:.*; )?\w+: downloading, [12] MiB of 2 MiB \(\d+%\)/),
    );
    const [base, twin] = [volumeOf("base", content), volumeOf("twin", content)];
    expect(await world.files()).toEqual([base, twin]);
    expect(await world.files("beta")).toEqual([base]);
    const links = await world.storage.host("alpha").shell(`stat -c %h ${world.folder}/${base}`);
    expect(links.trim()).toBe("2");
    for (const [i, image] of images.entries())
      expect(await image.preview(inputs[i] ?? {})).toMatchObject({ effects: [], diff: { changes: false } });
    await images[0].remove();
    expect(await world.files()).toEqual([base, twin]);
    expect(await images[2].preview(inputs[2])).toMatchObject({ effects: [], diff: { changes: false } });
    await images[1].remove();
    await images[2].remove();
    for (const host of hosts) expect(await world.ls(host)).toEqual([]);
  });

  it("through this machine where the host has no way to the source, compressed or not, with its progress", async () => {
    const { server } = world;
    const alpha = world.storage.host("alpha");
    const content = Buffer.concat([randomBytes(2 * MIB), Buffer.alloc(4 * MIB)]);
    await world.write("sent.raw", content);
    const packed = await world.made("sent.raw.xz", "xz -k0 sent.raw");
    // As OpenWrt's are: more than gzip reads at once comes after what is packed.
    const signed = await world.made(
      "signed.raw.gz",
      "{ gzip -c sent.raw; head -c 1000000 sent.raw; } >signed.raw.gz",
    );
    await alpha.shell(
      `iptables -w -A OUTPUT -p tcp --dport ${server.port} -j REJECT --reject-with tcp-reset`,
    );
    const ways: [string, Record<string, unknown>][] = [
      // Cut off as well, on its way to this machine.
      [
        "sent",
        {
          source: server.serve("sent.raw", content, { rate: 4 * MIB, cuts: [MIB] }),
          sha256: sha256(content),
        },
      ],
      ["packed", { source: server.serve("sent.raw.xz", packed), sha256: sha256(packed) }],
      ["signed", { source: server.serve("signed.raw.gz", signed), sha256: sha256(signed) }],
    ];
    try {
      for (const [name, more] of ways) {
        const sent = world.declared();
        await sent.up(world.inputsOf(name, more));
        expect(await world.sha256(String(sent.state.volume))).toBe(sha256(content));
        expect(sent.said).toContainEqual(
          expect.stringMatching(
            /^Image \w+: alpha doesn't download the image itself \(it has no way to .*\): this machine does/,
          ),
        );
        if (name === "sent")
          expect(sent.said).toContainEqual(
            expect.stringMatching(/alpha: sending, [1-5] MiB of 6 MiB \(\d+%\)$/),
          );
      }
      expect(server.transfers("sent.raw").map(({ from, range }) => [from, range])).toEqual([
        [world.storage.lab.gateway, undefined],
        [world.storage.lab.gateway, `bytes=${MIB}-`],
      ]);
      const wrong = world.declared();
      await expect(
        wrong.up(world.inputsOf("wrong", { source: server.url("sent.raw"), sha256: sha256("other") })),
      ).rejects.toThrow(
        `as this machine downloaded it, has the sha256 sum ${sha256(content)} and should have`,
      );
    } finally {
      await alpha.shell(`iptables -w -F OUTPUT`);
    }
    expect(await world.files()).toHaveLength(3);
  });

  it("from a file of this machine, and as it changes", async () => {
    const content = randomBytes(6 * MIB);
    await world.write("local.raw", content);
    const packed = await world.made("local.raw.gz", "gzip -k local.raw");
    const path = `${world.scratch}/local.raw`;
    const inputs = world.inputsOf("local", { source: path });
    const local = world.declared();
    await world.storage.host("alpha").netem({ rateMbit: 24 });
    expect(await local.up(inputs)).toEqual([
      `fetch image ${volumeOf("local", content)} (local.raw) into pool images on alpha (new)`,
    ]);
    expect(local.said).toContainEqual(
      expect.stringMatching(/^Image local: alpha: sending, \d MiB of 6 MiB \(\d+%\)$/),
    );
    await world.storage.host("alpha").heal();
    expect(await world.sha256(String(local.state.volume))).toBe(sha256(content));
    // The same disk in another file is no other disk: but its volume has the name of what was sent.
    await world.declared().up(world.inputsOf("gz", { source: `${path}.gz`, sha256: sha256(packed) }));
    expect(await world.sha256(volumeOf("gz", packed))).toBe(sha256(content));
    const other = randomBytes(MIB);
    await world.write("local.raw", other);
    expect((await local.up(inputs)).map((effect) => effect.slice(0, 29))).toEqual([
      `fetch image ${volumeOf("local", other).slice(0, 17)}`,
      `remove image ${volumeOf("local", content).slice(0, 16)}`,
    ]);
    expect(await world.files()).toEqual([volumeOf("gz", packed), volumeOf("local", other)].sort());
    // Without the file what is there stays as it is.
    await world.made("gone", "rm local.raw; : >gone");
    expect(await local.preview(inputs)).toMatchObject({
      effects: [],
      refusals: [],
      diff: { changes: false },
    });
    const missing = await world.declared().preview(world.inputsOf("none", { source: path }));
    expect(missing.refusals).toEqual([`source: there is no file ${path}`]);
  });

  it("through libvirt alone where the user may not write into the pool", async () => {
    const { server, storage } = world;
    const content = Buffer.concat([
      randomBytes(MIB),
      Buffer.alloc(3 * MIB),
      randomBytes(MIB),
      Buffer.alloc(MIB),
    ]);
    await world.write("ops.raw", content);
    const packed = await world.made("ops.raw.zst", "zstd -q ops.raw");
    const image = await world.made("ops.qcow2", "qemu-img convert -O qcow2 ops.raw ops.qcow2");
    const asOps = (name: string, more: Record<string, unknown>) => {
      const inputs = world.inputsOf(name, more);
      return { ...inputs, hosts: { alpha: { ...storage.connection("alpha"), user: "ops" } } };
    };
    const ways: Record<string, Record<string, unknown>> = {
      url: { source: server.serve("ops.raw", content, { rate: 6 * MIB }), sha256: sha256(content) },
      unsummed: { source: server.serve("ops.qcow2", image) },
      packed: { source: server.serve("ops.raw.zst", packed), sha256: sha256(packed) },
      file: { source: `${world.scratch}/ops.qcow2` },
    };
    for (const [name, more] of Object.entries(ways)) {
      const declared = world.declared();
      const inputs = asOps(name, more);
      await declared.up(inputs);
      await world.expectSame(String(declared.state.volume), "ops.raw");
      const { said } = declared;
      expect(await declared.preview(inputs)).toMatchObject({ effects: [], diff: { changes: false } });
      if (name === "url")
        expect(said).toContainEqual(expect.stringMatching(/alpha: sending, \d MiB of 6 MiB \(\d+%\)$/));
    }
    expect(await world.files()).toHaveLength(4);
    const wrong = world.declared();
    await expect(
      wrong.up(asOps("wrong", { source: server.url("ops.raw"), sha256: sha256("other") })),
    ).rejects.toThrow(`has the sha256 sum ${sha256(content)} and should have ${sha256("other")}`);
    const vmdk = server.serve(
      "ops.vmdk",
      await world.made("ops.vmdk", "qemu-img convert -O vmdk ops.raw ops.vmdk"),
    );
    expect(
      (await world.declared().preview(asOps("vmdk", { source: vmdk, format: "qcow2" }))).refusals,
    ).toEqual([
      `vmdk can't be converted to qcow2 on alpha: the user there may not write into ${world.folder}; let it, or give an image that is qcow2 already`,
    ]);
    expect(await world.files()).toHaveLength(4);
  });

  it("again when their files are deleted or cut short there, and not while VMs stand on them away", async () => {
    const { server, storage } = world;
    const alpha = storage.host("alpha");
    const content = randomBytes(2 * MIB);
    const inputs = world.inputsOf("base", { source: server.serve("drift.raw", content) }, ["alpha", "beta"]);
    const base = world.declared();
    await base.up(inputs);
    const volume = volumeOf("base", content);
    const path = `${world.folder}/${volume}`;
    const vm = new Declared(virtualMachine, [storage.ref("alpha")]);
    const machine = {
      pulumiUrn: "urn:pulumi:lab::test::pulumi-kvm:VirtualMachine::web",
      ...{
        name: "web",
        host: "alpha",
        connection: storage.connection("alpha"),
        credentials: storage.credentials,
      },
      ...{ memory: "64MiB", powerState: "stopped" },
      disks: [
        {
          image: { name: "base", pool: "images", volume, sizeBytes: 2 * MIB },
          pool: "images",
          name: "root",
        },
      ],
    };
    await vm.up(machine);

    for (const damage of [`rm ${path}`, `truncate -s 1M ${path}`]) {
      await alpha.shell(damage);
      expect(await base.read()).not.toBe("");
      expect(base.state.paths).toEqual({ beta: path });
      expect(base.state).toMatchObject({ sizeBytes: 2 * MIB, volumeFormat: "raw" });
      const why = damage.startsWith("rm")
        ? "it is gone"
        : "its file was changed: 1048576 bytes instead of 2097152";
      const effects = [
        `fetch image ${volume} (drift.raw from ${new URL(server.url("")).host}) into pool images on alpha (${why})`,
      ];
      expect(await base.preview(inputs)).toEqual({ effects, refusals: [], diff: { changes: true } });
      expect(await base.up(inputs)).toEqual(effects);
      expect(await world.sha256(volume)).toBe(sha256(content));
      expect(base.state.paths).toEqual({ alpha: path, beta: path });
    }

    const away = await base.preview({
      ...inputs,
      hosts: { beta: storage.connection("beta") },
      credentials: { beta: storage.credentials },
    });
    expect(away.refusals).toEqual([
      `image ${volume} can't leave alpha while it is used there by volume web-root in pool images (domain web); move or delete that first, and take the host from the image's hosts in a second deployment`,
    ]);
    const renamed = await base.preview({ ...inputs, name: "other" });
    expect(renamed.refusals).toEqual([
      `another name replaces image ${volume}, which is used on alpha by volume web-root in pool images (domain web); delete that first, or set retainOnDelete: true (and deploy that) to leave the image there`,
    ]);
    await expect(base.remove()).rejects.toThrow(
      `image ${volume} in pool images on alpha can't be deleted while it is used by volume web-root in pool images (domain web)`,
    );
    for (const host of ["alpha", "beta"]) expect(await world.files(host)).toContain(volume);
    // Another content: the former stays until the VM that stands on it is gone.
    const other = randomBytes(MIB);
    const changed = { ...inputs, source: server.serve("drift2.raw", other) };
    await base.up(changed);
    expect(await world.files()).toEqual([volume, volumeOf("base", other), "web-root"].sort());
    expect(await world.files("beta")).toEqual([volumeOf("base", other)]);
    await vm.remove();
    expect(await base.up(changed)).toEqual([
      `remove image ${volume} from pool images on alpha (another content is declared)`,
    ]);
    await base.remove();
    for (const host of ["alpha", "beta"]) expect(await world.ls(host)).toEqual([]);
  });
});
