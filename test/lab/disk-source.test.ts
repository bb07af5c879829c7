import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { disk } from "../../provider/resources/disk/index.js";
import { virtualMachine } from "../../provider/resources/virtual-machine/index.js";
import { mustRun } from "../hosts/command.js";
import { labAvailable } from "../hosts/lab.js";
import { ProviderProcess } from "./provider-process.js";
import { StorageGuest } from "./storage-guest.js";
import { Declared, StorageWorld } from "./storage-world.js";

const { available, missing } = labAvailable();
const MIB = 2 ** 20;
const folder = "/var/lib/libvirt/images";
const nothing = { effects: [], refusals: [], diff: { changes: false } };

describe.skipIf(!available)(`disks from a local file ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  let files: string;
  beforeAll(async () => {
    world = await StorageWorld.up("disk-source");
    await world.host("alpha").virsh("pool-define-as", "images", "dir", "--target", folder);
    await world.host("alpha").virsh("pool-start", "images");
    files = await mkdtemp(join(tmpdir(), "pulumi-kvm-source-"));
  });
  afterAll(async () => {
    await world?.lab.close();
    await rm(files, { recursive: true, force: true });
  });

  const inputsOf = (name: string, file: string, more: Record<string, unknown> = {}) => ({
    pulumiUrn: `urn:pulumi:lab::test::pulumi-kvm:Disk::${name}`,
    ...{ name, host: "alpha", connection: world.connection("alpha"), credentials: world.credentials },
    ...{ pool: "images", size: "8MiB", source: join(files, file), ...more },
  });
  /** The content of a volume, as far as the file that it came from goes; behind that it is empty. */
  const contentOf = async (name: string, bytes: number) =>
    (await world.host("alpha").shell(`head -c ${bytes} ${folder}/${name} | sha256sum`)).split(" ")[0];
  const sumOf = async (file: string) => (await mustRun(["sha256sum", join(files, file)])).split(" ")[0];

  it("have its content, holes and all, and are made anew for another one", async () => {
    const content = Buffer.concat([randomBytes(MIB), Buffer.alloc(3 * MIB), randomBytes(MIB)]);
    await writeFile(join(files, "a.raw"), content);
    const a = new Declared(disk);
    const inputs = inputsOf("a", "a.raw", { format: "raw" });
    expect(await a.up(inputs)).toEqual([
      `create disk a (8 MiB, raw) in pool images on alpha, with the content of ${files}/a.raw`,
    ]);
    expect(a.state).toMatchObject({ sizeBytes: 8 * MIB, sourceChecksum: `sha256:${await sumOf("a.raw")}` });
    expect(await contentOf("a", content.length)).toBe(await sumOf("a.raw"));
    expect((await world.host("alpha").shell(`stat -c %s ${folder}/a`)).trim()).toBe(String(8 * MIB));
    expect(await world.ls("alpha", folder)).toHaveLength(2);
    expect(await a.preview(inputs)).toEqual(nothing);

    // The same content elsewhere is no other content, nor is that of which the file is gone.
    await mustRun(["mv", join(files, "a.raw"), join(files, "b.raw")]);
    expect(await a.preview(inputs)).toEqual(nothing);
    const moved = await a.preview({ ...inputs, source: join(files, "b.raw") });
    expect(moved.effects).toEqual(["record changed source, no guest notices"]);
    content[0] = (content[0] ?? 0) ^ 1;
    await writeFile(join(files, "a.raw"), content);
    expect(await a.preview(inputs)).toEqual({
      effects: ["replace, for source"],
      refusals: [],
      diff: { changes: true, replaces: ["source"], deleteBeforeReplace: true },
      replacement: {
        effects: [
          `create disk a (8 MiB, raw) in pool images on alpha, with the content of ${join(files, "a.raw")}`,
        ],
        refusals: [],
      },
    });
    {
      await using _ = await StorageGuest.define(world.host("alpha"), "user-of-a", `${folder}/a`, "raw");
      expect((await a.preview(inputs)).refusals).toEqual([
        expect.stringMatching(/made anew for its changed source, and domain user-of-a uses it/),
      ]);
    }
    await a.remove();
    expect(await world.ls("alpha", folder)).toEqual([]);
  });

  it("take a qcow2 image as it is, and say what can't become one", async () => {
    await mustRun(["qemu-img", "create", "-q", "-f", "qcow2", join(files, "b.qcow2"), "16M"]);
    await mustRun(["qemu-io", "-c", "write -P 7 1M 1M", join(files, "b.qcow2")]);
    await mustRun(["qemu-img", "convert", "-O", "vmdk", join(files, "b.qcow2"), join(files, "b.vmdk")]);
    await mustRun(["sh", "-c", `gzip -k "$1"`, "sh", join(files, "b.qcow2")]);
    const b = new Declared(disk);
    await b.up(inputsOf("b", "b.qcow2", { size: "32MiB" }));
    expect(b.state.sizeBytes).toBe(32 * MIB);
    expect(await world.host("alpha").shell(`qemu-io -r -c 'read -P 7 1M 1M' ${folder}/b`)).not.toMatch(
      /fail/i,
    );
    expect(await b.preview(inputsOf("b", "b.qcow2", { size: "32MiB" }))).toEqual(nothing);
    await b.remove();

    for (const [inputs, message] of [
      [inputsOf("no", "b.qcow2"), /b\.qcow2 is a disk of 16 MiB, and size 8 MiB would cut it off/],
      [inputsOf("no", "b.qcow2", { format: "raw" }), /b\.qcow2 is qcow2 and raw is declared/],
      [inputsOf("no", "b.vmdk"), /b\.vmdk is vmdk; convert it to qcow2 with qemu-img convert/],
      [inputsOf("no", "b.qcow2.gz"), /b\.qcow2\.gz is compressed \(gz\); unpack it/],
      [inputsOf("no", "none"), /there is no file .*\/none/],
      [inputsOf("no", "b.qcow2", { backing: "x" }), /source: is not possible together with backing/],
      [{ ...inputsOf("no", ""), source: "https://a/b" }, /must be the path of a file of this machine/],
    ] as const)
      expect((await new Declared(disk).preview(inputs)).refusals).toEqual([expect.stringMatching(message)]);
    expect(await world.ls("alpha", folder)).toEqual([]);
  });

  it("are a VM's own as well, which then stand on what they began with", async () => {
    const content = Buffer.concat([randomBytes(MIB), Buffer.alloc(3 * MIB), randomBytes(MIB)]);
    await writeFile(join(files, "own.raw"), content);
    await mustRun(["qemu-img", "create", "-q", "-f", "qcow2", join(files, "own.qcow2"), "16M"]);
    await mustRun(["qemu-io", "-c", "write -P 9 1M 1M", join(files, "own.qcow2")]);
    const { name: _, size: __, source: ___, ...common } = inputsOf("vm", "");
    const { pool, ...place } = common;
    const inputs = (disks: object[]) => ({
      ...{ ...place, pulumiUrn: "urn:pulumi:lab::test::pulumi-kvm:VirtualMachine::vm", name: "vm" },
      ...{ memory: "64MiB", powerState: "stopped", disks: disks.map((each) => ({ pool, ...each })) },
    });
    const raw = { source: join(files, "own.raw"), format: "raw" };
    const declared = [raw, { source: join(files, "own.qcow2"), size: "24MiB", name: "data" }];
    const vm = new Declared(virtualMachine);
    expect(await vm.up(inputs(declared))).toEqual([
      "create virtual machine vm on alpha (new)",
      `create disk vm-0 (5 MiB, raw) in pool images on alpha, with the content of ${files}/own.raw`,
      `create disk vm-data (24 MiB, qcow2) in pool images on alpha, with the content of ${files}/own.qcow2`,
    ]);
    expect(await contentOf("vm-0", content.length)).toBe(await sumOf("own.raw"));
    const shown = await world
      .host("alpha")
      .shell(`qemu-io -r -c 'read -P 9 1M 1M' -c length ${folder}/vm-data`);
    expect(shown).not.toMatch(/fail/i);
    expect(shown).toMatch(/^24 MiB$/m);
    expect(await world.ls("alpha", folder)).toHaveLength(4);
    // It counts when the disk is made: another content, no file any more, another file.
    await writeFile(join(files, "own.raw"), randomBytes(MIB));
    expect(await vm.preview(inputs(declared))).toEqual(nothing);
    await rm(join(files, "own.raw"));
    expect(await vm.preview(inputs(declared))).toEqual(nothing);
    const other = [{ ...raw, source: join(files, "own.qcow2") }, ...declared.slice(1)];
    expect((await vm.preview(inputs(other))).effects).toEqual(["record changed disks, no guest notices"]);
    expect(await vm.up(inputs([{ ...raw, size: "9MiB" }, ...declared.slice(1)]))).toEqual([
      "disk vm-0 5 MiB -> 9 MiB",
    ]);
    expect(await contentOf("vm-0", MIB)).not.toBe(await sumOf("own.qcow2"));
    for (const [entry, message] of [
      [{ ...raw, name: "x" }, /^disks\[2\]\.source: there is no file .*own\.raw$/],
      [
        { source: join(files, "own.qcow2"), name: "x", size: "8MiB" },
        /own\.qcow2 is a disk of 16 MiB, and size 8 MiB would/,
      ],
      [
        { source: join(files, "own.qcow2"), name: "x", format: "raw" },
        /own\.qcow2 is qcow2 and raw is declared/,
      ],
      [
        { source: join(files, "own.qcow2"), name: "x", backing: "y" },
        /source: and backing both say what the disk/,
      ],
      [{ source: "https://a/b", name: "x" }, /must be the path of a file of this machine/],
    ] as const)
      expect((await vm.preview(inputs([...declared, entry]))).refusals).toEqual([
        expect.stringMatching(message),
      ]);
    // One that somebody deleted is told of, also where its file isn't any more.
    await world.host("alpha").virsh("vol-delete", "--pool", "images", "vm-0");
    const lost = await vm.preview(inputs([{ ...raw, size: "9MiB" }, ...declared.slice(1)]));
    expect(lost.effects).toEqual([expect.stringMatching(/^create disk vm-0 \(9 MiB, raw\)/)]);
    expect(lost.refusals).toEqual([expect.stringMatching(/^disks\[0\]\.source: there is no file/)]);
    await vm.remove();
    expect(await world.ls("alpha", folder)).toEqual([]);
  });

  it("are made whole by the next run when one was killed while it sent them", async () => {
    await writeFile(join(files, "c.raw"), randomBytes(96 * MIB));
    const c = new Declared(disk);
    const inputs = inputsOf("c", "c.raw", { format: "raw", size: "96MiB" });
    const { state } = c;
    const sent = async () =>
      Number(await world.host("alpha").shell(`stat -c %s ${folder}/c 2>/dev/null || echo 0`));
    {
      const task = { kind: "Disk", state, inputs, hosts: [world.ref("alpha")] };
      await using deploying = await ProviderProcess.run("resource-child.mjs", task);
      for (const endMs = Date.now() + 60_000; (await sent()) === 0 && Date.now() < endMs; ) await sleep(10);
      await deploying.kill();
    }
    const half = await sent();
    expect(half).toBeGreaterThan(0);
    expect(half).toBeLessThan(96 * MIB);
    // For everybody it isn't there yet.
    expect(await new Declared(disk).preview(inputs)).toMatchObject({
      effects: [expect.stringMatching(/^create disk c /)],
    });
    await c.up(inputs);
    expect(await contentOf("c", 96 * MIB)).toBe(await sumOf("c.raw"));
    expect(await world.ls("alpha", folder)).toHaveLength(2);
    expect(await c.preview(inputs)).toEqual(nothing);
    await c.remove();
    expect(await world.ls("alpha", folder)).toEqual([]);
  });
});
