import { createHash, randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { mustRun } from "../hosts/command.js";
import { labAvailable } from "../hosts/lab.js";
import { sha256 } from "./image-server.js";
import { ImageWorld } from "./image-world.js";
import { Deployed } from "./storage-world.js";

const { available, missing } = labAvailable();
const MIB = 2 ** 20;
const sha512 = (content: Buffer) => createHash("sha512").update(content).digest("hex");

describe.skipIf(!available)(`images on real hosts ${missing.join("; ")}`, () => {
  let world: ImageWorld;
  beforeAll(async () => {
    world = await ImageWorld.up("images");
  });
  afterAll(() => world?.[Symbol.asyncDispose]());
  afterEach(() => world?.clear());

  it("is downloaded by both hosts, found unchanged, and leaves nothing", async () => {
    const { server, folder, storage } = world;
    const content = randomBytes(3 * MIB);
    const source = server.serve("a.raw", content);
    const inputs = world.inputsOf("base", { source, sha256: sha256(content) }, ["alpha", "beta"]);
    const base = world.declared();
    const volume = `base-${sha256(content).slice(0, 16)}`;
    const where = `fetch image ${volume} (a.raw from ${storage.lab.gateway}:${server.port}) into pool images on`;
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
    const asked = server.transfers("a.raw").map(({ from }) => from);
    expect(asked.sort()).toEqual(storage.lab.hosts.map(({ address }) => address).sort());
    for (const host of ["alpha", "beta"]) {
      expect(await world.sha256(volume, host)).toBe(sha256(content));
      expect(await world.ls(host)).toHaveLength(2);
    }
    expect(await base.preview(inputs)).toEqual({ effects: [], refusals: [], diff: { changes: false } });
    await base.remove();
    for (const host of ["alpha", "beta"]) expect(await world.ls(host)).toEqual([]);
  });

  it("is one, on all its hosts, where a deployment that left no record had made it on one of them", async () => {
    const content = randomBytes(MIB);
    const more = { source: world.server.serve("b.raw", content), sha256: sha256(content) };
    await world.declared(undefined, ["beta"]).up(world.inputsOf("base", more, ["beta"]));
    const inputs = world.inputsOf("base", more, ["alpha", "beta"]);
    const base = world.declared();
    await base.up(inputs);
    expect(await base.preview(inputs)).toEqual({ effects: [], refusals: [], diff: { changes: false } });
    await base.remove();
    for (const host of ["alpha", "beta"]) expect(await world.ls(host)).toEqual([]);
  });

  it("is downloaded once into a folder that hosts share, and stays there for the one that keeps it", async () => {
    const { server, storage } = world;
    const folder = `${storage.lab.sharedPath}/common`;
    for (const host of storage.lab.hosts) {
      await host.virsh("pool-define-as", "common", "dir", "--target", folder);
      await host.shell(`mkdir -p ${folder}`);
      await host.virsh("pool-start", "common");
    }
    const content = randomBytes(MIB);
    const source = server.serve("common.raw", content);
    const inputs = (hosts: string[], more: object = {}) =>
      world.inputsOf("common", { source, sha256: sha256(content), pool: "common", ...more }, hosts);
    const common = world.declared();
    await common.up(inputs(["alpha", "beta"]));
    expect(server.transfers("common.raw")).toHaveLength(1);
    const files = await storage.ls("beta", folder);
    expect(files).toHaveLength(2);
    // A layer in a pool that beta doesn't see.
    const [volume] = files.filter((name) => name.startsWith("common-"));
    const layer = `qemu-img create -q -f qcow2 -F raw -b ${folder}/${volume} ${world.folder}/layer`;
    await storage.host("alpha").shell(layer);
    await storage.host("alpha").virsh("pool-refresh", world.pool);
    expect(await common.preview(inputs(["alpha"]))).toMatchObject({ refusals: [] });
    await common.up(inputs(["alpha"]));
    expect(await storage.ls("alpha", folder)).toEqual(files);
    expect(await common.preview(inputs(["alpha"]))).toMatchObject({ diff: { changes: false } });
    await common.up(inputs(["alpha", "beta"]));
    await expect(common.up(inputs(["beta"]))).resolves.toBeDefined();
    await common.up(inputs(["alpha", "beta"]));
    await expect(common.remove()).rejects.toThrow(/while it is used by volume layer in pool images/);
    expect(await storage.ls("beta", folder)).toEqual(files);
    await storage.host("alpha").virsh("vol-delete", "layer", "--pool", world.pool);
    await common.remove();
    expect(await storage.ls("alpha", folder)).toEqual([]);
  });

  it("goes on after cuts where the server can, begins anew where it can't, and is never seen half", async () => {
    const { server } = world;
    // By what the server can do: what the host is to ask for.
    const goesOn = [undefined, "bytes=700000-", "bytes=1000000-"];
    const ways = [
      { name: "ranges", isSummed: true, cuts: [700_000, 300_000], asks: goesOn },
      // It is asked to go on, answers with all of it, and is asked anew.
      {
        ...{ name: "no-ranges", isSummed: true, how: { ranges: false }, cuts: [700_000] },
        asks: [undefined, "bytes=700000-", undefined],
      },
      // A server that doesn't answer for a moment is asked for the rest, not for all of it.
      {
        ...{ name: "no-answer", isSummed: true, cuts: [700_000, 0, 300_000] },
        asks: [undefined, "bytes=700000-", "bytes=700000-", "bytes=1000000-"],
      },
      // Nothing tells whether it is still the same content.
      { name: "unknown", cuts: [700_000, 1_000_000], asks: [undefined, undefined, undefined] },
      { name: "tagged", how: { tag: '"1"' }, cuts: [700_000, 300_000], asks: goesOn },
    ].map((way) => ({ ...way, content: randomBytes(2 * MIB) }));
    await using run = new Deployed();
    const seen: string[] = [];
    let isDone = false;
    const made = Promise.all(
      ways.map(async ({ name, how, isSummed, cuts, content }) => {
        const source = server.serve(`${name}.raw`, content, { ...how, cuts: [...cuts], rate: 3 * MIB });
        const sum = isSummed === true ? { sha256: sha256(content) } : {};
        await world.declared(run).up(world.inputsOf(name, { source, ...sum }));
      }),
    ).finally(() => {
      isDone = true;
    });
    while (!isDone) {
      const listing = await world.storage
        .host("alpha")
        .shell(`find ${world.folder} -type f -printf '%f %s\\n' 2>/dev/null || true`);
      seen.push(...listing.trim().split("\n"));
    }
    await made;
    const volumes = ways.map(({ name, content }) => `${name}-${sha256(content).slice(0, 16)}`);
    for (const file of seen) {
      const [name = ""] = file.split(" ");
      if (volumes.includes(name)) expect(file).toBe(`${name} ${2 * MIB}`);
    }
    expect(seen.filter((file) => /^\.pulumi-kvm\.image\.\w+\.\w+\.part /.test(file))).not.toEqual([]);
    for (const { name, asks } of ways)
      expect([name, server.transfers(`${name}.raw`).map(({ range }) => range)]).toEqual([name, asks]);
    expect(await world.files()).toEqual([...volumes].sort());
    expect(run.said).toContainEqual(expect.stringMatching(/: alpha: curl: .*; trying again$/));
    for (const [i, { content }] of ways.entries())
      expect(await world.sha256(volumes[i] ?? "")).toBe(sha256(content));
  });

  it("is refused with both sums when its own is another, and nothing of it stays", async () => {
    const { server } = world;
    const content = randomBytes(MIB);
    const source = server.serve("wrong.raw", content);
    server.serve("WRONG", `${"0".repeat(128)}  wrong.raw\n`);
    const wrong = [
      { more: { sha256: "0".repeat(64) }, found: sha256(content) },
      { more: { sha512: "0".repeat(128) }, found: sha512(content) },
      { more: { checksumUrl: server.url("WRONG") }, found: sha512(content) },
    ];
    await using run = new Deployed();
    for (const { more, found } of wrong) {
      const base = world.declared(run);
      // What both hosts found is said once.
      const failure = base.up(world.inputsOf("wrong", { source, ...more }, ["alpha", "beta"]));
      await expect(failure).rejects.toThrow(
        new RegExp(
          `^[^;]*wrong.raw from ${new URL(source).host}, as (?:alpha downloaded it and as beta|beta downloaded it and as alpha) downloaded it, has the sha${4 * found.length} sum ${found} and should have ${"0".repeat(found.length)}; nothing of it was kept[^;]*$`,
        ),
      );
      expect(base.id).toBeUndefined();
      for (const host of ["alpha", "beta"]) {
        expect(await world.ls(host)).toEqual([]);
        expect(await world.storage.host(host).virsh("vol-list", world.pool)).not.toContain("pulumi-kvm");
      }
    }
    // What is there doesn't give way to what is wrong, and there is no half file to go on from.
    const base = world.declared(run);
    await base.up(world.inputsOf("wrong", { source, sha256: sha256(content) }));
    server.serve("wrong.raw", randomBytes(MIB));
    await expect(base.up(world.inputsOf("wrong", { source, sha256: sha256("another") }))).rejects.toThrow(
      `should have ${sha256("another")}`,
    );
    expect(await world.files()).toEqual([`wrong-${sha256(content).slice(0, 16)}`]);
  });

  it("isn't half of a qcow2 image, even where nothing but the image itself tells", async () => {
    const path = `${world.scratch}/whole.qcow2`;
    await writeFile(`${path}.raw`, randomBytes(4 * MIB));
    await mustRun(["qemu-img", "convert", "-O", "qcow2", `${path}.raw`, path]);
    const whole = await readFile(path);
    await using run = new Deployed();
    const image = world.declared(run);
    const inputs = world.inputsOf("half", {
      source: world.server.serve("half.qcow2", whole.subarray(0, 2 * MIB)),
    });
    await expect(image.up(inputs)).rejects.toThrow(
      /half\.qcow2 from \S+ is damaged, or was cut off, by what qemu-img check says on alpha: .*exceeding the end of the file.*; nothing of it was kept\. Give another source, or its checksum/,
    );
    expect(await world.ls()).toEqual([]);
    world.server.serve("half.qcow2", whole);
    await image.up(inputs);
    expect(image.state).toMatchObject({ volumeFormat: "qcow2", checksum: `sha256:${sha256(whole)}` });
    await image.remove();
  });

  it("takes its sum from a list in any of the usual forms, and keeps to it", async () => {
    const { server } = world;
    const content = randomBytes(MIB);
    const source = server.serve("listed.raw", content);
    const [short, long] = [sha256(content), sha512(content)];
    const lists: [string | Buffer, string][] = [
      [`${"1".repeat(64)}  other.raw\n${short}  listed.raw\n`, `sha256:${short}`],
      [`${short} *./images/listed.raw\r\n`, `sha256:${short}`],
      [`SHA256 (listed.raw) = ${short}\nSHA512 (listed.raw) = ${long}\n`, `sha512:${long}`],
      [`${long}\n`, `sha512:${long}`],
      [`-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n${short}  listed.raw\n`, `sha256:${short}`],
      [`\uFEFF${short}  listed.raw\n`, `sha256:${short}`],
      [Buffer.from(`\uFEFF${short}  listed.raw\r\n`, "utf16le"), `sha256:${short}`],
    ];
    await using run = new Deployed();
    for (const [list, checksum] of lists) {
      const listed = world.declared(run);
      const inputs = world.inputsOf("listed", { source, checksumUrl: server.serve("SUMS", list) });
      await listed.up(inputs);
      expect(listed.state).toMatchObject({ checksum, volume: `listed-${checksum.slice(7, 23)}` });
      // Another list doesn't make it another image, until somebody says so.
      server.serve("SUMS", `${"1".repeat(64)}  listed.raw\n`);
      expect(await listed.preview(inputs)).toMatchObject({ effects: [], diff: { changes: false } });
      await listed.remove();
    }
    const preview = (list: string) =>
      world
        .declared(run)
        .preview(world.inputsOf("listed", { source, checksumUrl: server.serve("SUMS", list) }))
        .then(({ refusals }) => refusals.map((text) => text.replaceAll(new URL(source).host, "server")));
    expect(await preview("")).toEqual(["checksumUrl: SUMS from server holds no checksums"]);
    expect(await preview(`${short}  other.raw`)).toEqual([
      "checksumUrl: SUMS from server has no line for listed.raw",
    ]);
    expect(await preview(`MD5 (listed.raw) = ${"0".repeat(32)}`)).toEqual([
      "checksumUrl: SUMS from server has no sha256 or sha512 sum for listed.raw, only md5",
    ]);
    expect(await world.ls()).toEqual([]);
  });

  it("stays as it is when its sum is given in another way, or not any more", async () => {
    const { server } = world;
    const content = randomBytes(MIB);
    const source = server.serve("same.raw", content);
    const [short, long] = [sha256(content), sha512(content)];
    const checksumUrl = server.serve("SUMS", `${long}  same.raw\n`);
    await using run = new Deployed();
    const same = world.declared(run);
    const inputs = (sums: object) => world.inputsOf("same", { source, ...sums }, ["alpha", "beta"]);
    await same.up(inputs({ sha256: short }));
    const volume = `same-${short.slice(0, 16)}`;
    expect(server.transfers("same.raw")).toHaveLength(2);
    // Nobody asks the source for what is there.
    server.serve("same.raw", "another");
    const changes: [sums: object, changed: string][] = [
      [{}, "sha256"],
      [{ sha512: long }, "sha512"],
      [{ sha256: short }, "sha256, sha512"],
      [{ checksumUrl }, "sha256, checksumUrl"],
      [{}, "checksumUrl"],
      [{ sha256: short }, "sha256"],
    ];
    for (const [sums, changed] of changes) {
      const effects = [`record changed ${changed}, no guest notices`];
      expect(await same.preview(inputs(sums))).toEqual({ effects, refusals: [], diff: { changes: true } });
      expect(await same.up(inputs(sums))).toEqual(effects);
      expect(same.state).toMatchObject({ volume, sizeBytes: MIB, volumeFormat: "raw" });
      expect(await same.preview(inputs(sums))).toMatchObject({ effects: [], diff: { changes: false } });
    }
    expect(server.transfers("same.raw")).toHaveLength(2);
    const other = "1".repeat(128);
    expect((await same.preview(inputs({ sha512: other }))).effects).toContain(
      `fetch image same-${other.slice(0, 16)} (same.raw from ${new URL(source).host}) into pool images on alpha (changed sha256, sha512)`,
    );
    // Where nothing is there the sum that was once declared says nothing.
    await world.clear();
    expect((await same.preview(inputs({}))).effects).toEqual([
      expect.stringMatching(/^fetch image same \(.* on alpha \(changed sha256\)$/),
      expect.stringMatching(/^fetch image same \(.* on beta \(changed sha256\)$/),
    ]);
  });

  it("is unpacked, and converted, into the same disk by whatever way it comes", async () => {
    const { server } = world;
    await world.made("disk.raw", "head -c 1200000 /dev/urandom >disk.raw; truncate -s 8M disk.raw");
    const made: [file: string, line: string, more: Record<string, unknown>, format: string][] = [
      ["disk.raw", "", {}, "raw"],
      ["disk.qcow2", "qemu-img convert -O qcow2 disk.raw disk.qcow2", {}, "qcow2"],
      ["disk.raw.gz", "gzip -k disk.raw", {}, "raw"],
      ["signed.raw.gz", "{ gzip -c disk.raw; echo signature; } >signed.raw.gz", {}, "raw"],
      ["disk.raw.xz", "xz -k0 disk.raw", {}, "raw"],
      ["disk.qcow2.zst", "zstd -q disk.qcow2", {}, "qcow2"],
      ["disk.qcow2.bz2", "bzip2 -k disk.qcow2", {}, "qcow2"],
      ["packed.qcow2", "qemu-img convert -c -O qcow2 disk.raw packed.qcow2", { format: "raw" }, "raw"],
      ["disk.vhdx", "qemu-img convert -O vhdx disk.raw disk.vhdx", { format: "qcow2" }, "qcow2"],
      ["disk.vdi", "qemu-img convert -O vdi disk.raw disk.vdi", { format: "qcow2" }, "qcow2"],
      [
        "stream.vmdk",
        "qemu-img convert -O vmdk -o subformat=streamOptimized disk.raw stream.vmdk",
        { format: "raw" },
        "raw",
      ],
      [
        "sparse.vmdk.gz",
        "qemu-img convert -O vmdk disk.raw sparse.vmdk; gzip -k sparse.vmdk",
        { format: "qcow2" },
        "qcow2",
      ],
      [
        "all.tar.xz",
        "tar cf all.tar sparse.vmdk disk.vhdx; xz -k0 all.tar",
        { format: "qcow2", member: "disk.vhdx" },
        "qcow2",
      ],
      ["all.tar", "", { format: "qcow2", member: "sparse.vmdk" }, "qcow2"],
    ];
    await using run = new Deployed();
    const served: [string, string, Record<string, unknown>, string][] = [];
    for (const [file, line, more, format] of made) {
      const content = await world.made(file, line);
      // VHD and its kin, but for raw, say no name: what is in them counts.
      served.push([file, server.serve(`get/${file}`, content), { sha256: sha256(content), ...more }, format]);
    }
    await Promise.all(
      served.map(async ([file, source, more, format]) => {
        const disk = world.declared(run);
        const inputs = world.inputsOf(file, { source, ...more });
        await disk.up(inputs);
        expect([file, disk.state]).toMatchObject([file, { volumeFormat: format, sizeBytes: 8 * MIB }]);
        expect(await world.info(String(disk.state.volume))).toMatchObject({
          format,
          "virtual-size": 8 * MIB,
        });
        await world.expectSame(String(disk.state.volume), "disk.raw");
      }),
    );
    expect(await world.files()).toHaveLength(made.length);
    // Zeros take no room.
    const sparse = await world.storage.host("alpha").shell(`du -k ${world.folder}/disk.raw.gz-*`);
    expect(Number.parseInt(sparse, 10)).toBeLessThan(3000);
  });

  it("is refused when QEMU would open other files for it, when it is cut off, or is no disk", async () => {
    const { server } = world;
    await world.made(
      "data.qcow2",
      `qemu-img create -q -f qcow2 -b /etc/passwd -F raw backed.qcow2 1M
       qemu-img create -q -f qcow2 -o data_file=secret.raw data.qcow2 1M
       qemu-img create -q -f vmdk -o subformat=monolithicFlat flat.vmdk 1M
       qemu-img create -q -f qcow2 whole.qcow2 1M
       gzip -k whole.qcow2; head -c 100 whole.qcow2.gz >cut.qcow2.gz
       qemu-img create -q -f qcow2 -b /etc/shadow -F raw wrapped.qcow2 1M; xz -k0 wrapped.qcow2; gzip -k wrapped.qcow2.xz; gzip -k backed.qcow2
       qemu-img create -q -f vmdk plain.vmdk 1M; qemu-img create -q -f vmdk -b plain.vmdk -F vmdk delta.vmdk`,
    );
    const bad: [file: string, more: Record<string, unknown>, says: string, at: "preview" | "up"][] = [
      [
        "backed.qcow2",
        {},
        'is the difference to another image (backing file "/etc/passwd"), which QEMU would open on the host',
        "preview",
      ],
      ["backed.qcow2", { format: "raw" }, 'backing file "/etc/passwd"', "preview"],
      ["backed.qcow2.gz", {}, 'backing file "/etc/passwd"', "up"],
      ["wrapped.qcow2.xz.gz", {}, 'backing file "/etc/shadow"', "up"],
      ["data.qcow2", { format: "qcow2" }, "keeps its data in another file (external data file)", "preview"],
      ["flat.vmdk", { format: "qcow2" }, "is a VMDK whose data is in other files", "preview"],
      ["cut.qcow2.gz", {}, "unpacking on alpha failed: gzip: stdin: unexpected end of file", "up"],
      [
        "delta.vmdk",
        { format: "qcow2" },
        'is the difference to another image (parent "plain.vmdk")',
        "preview",
      ],
    ];
    await using run = new Deployed();
    for (const [file, more, says, at] of bad) {
      const source = server.serve(file, await readFile(`${world.scratch}/${file}`));
      const disk = world.declared(run);
      const inputs = world.inputsOf("bad", { source, ...more });
      const { refusals } = await disk.preview(inputs);
      if (at === "preview") expect([file, refusals]).toEqual([file, [expect.stringContaining(says)]]);
      else {
        expect([file, refusals]).toEqual([file, []]);
        await expect(disk.up(inputs)).rejects.toThrow(says);
      }
      expect([file, await world.ls()]).toEqual([file, []]);
    }
    const vmdk = await world.declared(run).preview(
      world.inputsOf("bad", {
        source: server.serve("x.vmdk", await world.made("plain.vmdk", "")),
      }),
    );
    expect(vmdk.refusals).toEqual([
      expect.stringContaining('is a vmdk image: set format: "qcow2" (or "raw")'),
    ]);
    const gone = await world.declared(run).preview(world.inputsOf("bad", { source: server.url("nothing") }));
    expect(gone.refusals).toEqual([expect.stringContaining("the server answers 404; is the address right")]);
    const cert = await world.made(
      "cert.pem",
      "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=mirror.example 2>/dev/null",
    );
    const mirror = createServer({ cert, key: await readFile(`${world.scratch}/key.pem`) });
    await new Promise<void>((resolve) => mirror.listen(0, world.storage.lab.gateway, resolve));
    const address = `https://${world.storage.lab.gateway}:${(mirror.address() as AddressInfo).port}/a.raw`;
    await expect(world.declared(run).up(world.inputsOf("bad", { source: address }))).rejects.toThrow(
      /alpha doesn't trust the server's certificate, or can't agree with it: curl: \(60\) SSL certificate problem: [^;]*; have that host trust whoever signed it/,
    );
    mirror.close();
  });
});
