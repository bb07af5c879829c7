import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { disk } from "../../provider/resources/disk/index.js";
import { snapshot } from "../../provider/resources/snapshot/index.js";
import { virtualMachine } from "../../provider/resources/virtual-machine/index.js";
import { ConsoleWatch } from "../hosts/console-watch.mjs";
import { labAvailable } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";
import { StorageGuest } from "./storage-guest.js";
import { Declared, StorageWorld } from "./storage-world.js";
import { WalkedMachine } from "./walked-machine.js";

const { available, missing } = labAvailable();
const folders = {
  images: "/var/lib/libvirt/images",
  fast: "/var/lib/libvirt/fast",
  tiny: "/var/lib/libvirt/tiny",
};
type Pool = keyof typeof folders;
/** Fresh, and the beginning of what is on the disks. */
const content = randomBytes(12 * 2 ** 20);
const unchanged = { effects: [], refusals: [], diff: { changes: false } };

describe.skipIf(!available)(`disks that move ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  beforeAll(async () => {
    world = await StorageWorld.up("moves");
    for (const host of world.lab.hosts) {
      await host.shell(`mkdir -p ${folders.tiny}; mount -t tmpfs -o size=6m tmpfs ${folders.tiny}`);
      for (const [pool, folder] of Object.entries(folders)) {
        await host.shell(`mkdir -p ${folder}`);
        await host.virsh("pool-define-as", pool, "dir", "--target", folder);
        await host.virsh("pool-start", pool);
      }
      await host.writeFile("/run/content", content);
      await host.shell("truncate -s 64M /run/content");
    }
  });
  afterAll(() => world?.lab.close());

  const inputsOf = (name: string, more: Record<string, unknown> = {}, host = "alpha") => ({
    pulumiUrn: `urn:pulumi:lab::test::pulumi-kvm:Disk::${name}`,
    ...{ name, host, connection: world.connection(host), credentials: world.credentials },
    ...{ pool: "images", size: "64MiB", ...more },
  });
  const filesOf = async (name: string, pool: Pool, host = "alpha") =>
    (await world.ls(host, folders[pool])).filter((file) => file.endsWith(name)).sort();
  /** The volume and its mark, and nothing else of it in any pool of any host. */
  const expectOnlyIn = async (name: string, pool: Pool, host = "alpha") => {
    for (const { name: other } of world.lab.hosts)
      for (const each of Object.keys(folders) as Pool[]) {
        const files = await filesOf(name, each, other);
        if (other === host && each === pool)
          expect(files).toEqual([expect.stringMatching(/^\.pulumi-kvm\.[0-9a-f]{16}\./), name]);
        else expect([other, each, files]).toEqual([other, each, []]);
      }
  };
  const fill = (path: string, format = "qcow2", host = "alpha") =>
    world.host(host).shell(`qemu-img convert -n -f raw -O ${format} /run/content ${path}`);
  /** The content is what it was, but for the line that the guest wrote. */
  const expectContent = (path: string, format = "qcow2", host = "alpha", written?: string) =>
    world.host(host).shell(
      `qemu-img convert -f ${format} -O raw ${path} /run/now; cp --sparse=always /run/content /run/expected
       ${written === undefined ? "" : `echo ${written} | dd of=/run/expected bs=1M seek=40 conv=notrunc status=none`}
       cmp /run/now /run/expected; rm /run/now /run/expected`,
    );

  it.each(["qcow2", "raw"])(
    "of a running guest (%s) go over to another pool without its noticing",
    async (format) => {
      const name = `live-${format}`;
      const data = new Declared(disk);
      const inputs = inputsOf(name, { format });
      await data.up(inputs);
      const { nonce } = data.state;
      const old = `${folders.images}/${name}`;
      const made = `${folders.fast}/${name}`;
      await fill(old, format);
      {
        await using guest = await StorageGuest.define(
          world.host("alpha"),
          `user-${format}`,
          old,
          format,
          `write=vda@40:${name}`,
        );
        await using watch = await guest.watch(world.lab);
        await guest.start();
        await watch.untilTicks(3);
        const moved = inputsOf(name, { format, pool: "fast" });
        const line = `move disk ${name} from pool images to pool fast on alpha, live: user-${format} runs on`;
        expect((await data.preview(moved)).effects).toEqual([line]);
        expect(await data.up(moved)).toEqual([line]);
        expect(data.state).toMatchObject({ path: made, pool: "fast", nonce, sizeBytes: 2 ** 26 });
        for (const more of [[], ["--inactive"]]) {
          const xml = await world.host("alpha").virsh("dumpxml", guest.name, ...more);
          expect(xml).toContain(`<source file='${made}'`);
          expect(xml).not.toContain(old);
        }
        await expectOnlyIn(name, "fast");
        await watch.untilTicks(4);
        expect(watch.report()).toMatchObject({ restarts: 0, missing: [], repeated: [] });
        expect(watch.report().largestGapMs).toBeLessThan(2_000);
        expect(await data.preview(moved)).toEqual(unchanged);
        // What grows afterwards is the copy.
        const larger = inputsOf(name, { format, pool: "fast", size: "80MiB" });
        expect(await data.up(larger)).toEqual([`disk ${name} 64 MiB -> 80 MiB, live`]);
        await watch.untilLine(new RegExp(`^disk vda ${80 * 2 ** 20}$`));
        await data.up({ ...larger, pool: "images" });
        await world.host("alpha").virsh("destroy", guest.name);
        await world.host("alpha").shell(`qemu-img resize -f ${format} --shrink ${old} 64M`);
        await expectContent(old, format, "alpha", name);
      }
      await data.remove();
      expect(await filesOf(name, "images")).toEqual([]);
    },
  );

  it("of a domain that is off take its definition along, and stay layers", async () => {
    const alpha = world.host("alpha");
    const base = new Declared(disk);
    await base.up(inputsOf("base", { format: "raw" }));
    await fill(`${folders.images}/base`, "raw");
    const layer = new Declared(disk);
    const inputs = inputsOf("layer", { backing: { pool: "images", volume: "base" } });
    await layer.up(inputs);
    await alpha.shell(`qemu-io -c 'write -P 7 30M 1M' ${folders.images}/layer`);
    {
      await using guest = await StorageGuest.define(alpha, "off-user", `${folders.images}/layer`);
      expect(await layer.up({ ...inputs, pool: "fast" })).toEqual([
        "move disk layer from pool images to pool fast on alpha",
      ]);
      expect(await alpha.virsh("dumpxml", guest.name)).toContain(`<source file='${folders.fast}/layer'/>`);
      await expectOnlyIn("layer", "fast");
      expect(await alpha.shell(`qemu-img info ${folders.fast}/layer`)).toContain(
        `backing file: ${folders.images}/base`,
      );
      expect(await layer.preview({ ...inputs, pool: "fast" })).toEqual(unchanged);
      // Live, a layer stays a layer too.
      await guest.start();
      await layer.up(inputs);
      expect(await alpha.shell(`qemu-img info -U ${folders.images}/layer`)).toContain(
        `backing file: ${folders.images}/base`,
      );
      const { refusals } = await base.preview(inputsOf("base", { format: "raw", pool: "fast" }));
      expect(refusals).toEqual([expect.stringMatching(/volume layer is a layer over it and would lose it/)]);
    }
    await alpha.shell(`qemu-io -r -c 'read -P 7 30M 1M' ${folders.images}/layer`);
    await layer.remove();
    await base.remove();
    expect(await filesOf("layer", "images")).toEqual([]);
  });

  it.each([
    ["qcow2", {}],
    ["raw", {}],
    ["qcow2", { backing: { pool: "images", volume: "lower" } }],
  ])("that nobody uses move to another host whole and sparse (%s %o)", async (format, more) => {
    const declared = [world.ref("alpha"), world.ref("beta")];
    const lower = new Declared(disk);
    await lower.up(inputsOf("lower"));
    await fill(`${folders.images}/lower`);
    const data = new Declared(disk, declared);
    const inputs = inputsOf("far", { format, ...more });
    await data.up(inputs);
    const { nonce } = data.state;
    if (!("backing" in more)) await fill(`${folders.images}/far`, format);
    const there = { ...inputsOf("far", { format, ...more, pool: "fast" }, "beta") };
    expect(await data.up(there)).toEqual(["move disk far alpha -> beta (pool images -> fast)"]);
    await expectOnlyIn("far", "fast", "beta");
    expect(data.state).toMatchObject({ host: "beta", path: `${folders.fast}/far`, nonce });
    await expectContent(`${folders.fast}/far`, format, "beta");
    const kib = Number.parseInt(await world.host("beta").shell(`du -k ${folders.fast}/far`), 10);
    expect(kib).toBeLessThan(16 * 1024);
    expect(await data.preview(there)).toEqual(unchanged);
    await data.remove();
    await lower.remove();
    for (const pool of ["images", "fast"] as const)
      expect([await filesOf("far", pool), await filesOf("far", pool, "beta")]).toEqual([[], []]);
  });

  it("that are encrypted stay so: they move and grow where that doesn't take the key from them", async () => {
    const alpha = world.host("alpha");
    const { kernelPath, initrdPath } = tickGuest();
    const secret = "2f6d6b3e-3f0f-4a57-9a6c-0d6e1f5f8a10";
    for (const host of world.lab.hosts) {
      await host.writeFile("/run/secret.xml", `<secret ephemeral="no"><uuid>${secret}</uuid></secret>`);
      await host.virsh("secret-define", "/run/secret.xml");
      await host.virsh("secret-set-value", secret, Buffer.from("key").toString("base64"));
    }
    // On busy cores it may not find out how fast they are.
    const make = (file: string, format: string, prefix: string) =>
      `until qemu-img create -q --object secret,id=k,data=key -f ${format} -o ${prefix}key-secret=k,${prefix}iter-time=10 ${folders.images}/${file} 4M; do sleep 0.1; done`;
    await alpha.shell(`${make("safe.raw", "luks", "")}
      ${make("safe.qcow2", "qcow2", "encrypt.format=luks,encrypt.")}`);
    await alpha.virsh("pool-refresh", "images");
    const disks = [
      { volume: "safe.raw", format: "raw", pool: "images", size: "4MiB" },
      { volume: "safe.qcow2", pool: "images", size: "4MiB" },
    ];
    const encryption = `<encryption format='luks'><secret type='passphrase' uuid='${secret}'/></encryption>`;
    const described = disks.map(
      ({ volume, format = "qcow2" }, i) =>
        `<disk type='file' device='disk'><driver name='qemu' type='${format}'/><source file='${folders.images}/${volume}'>${encryption}</source><target dev='vd${"ab"[i]}' bus='virtio'/></disk>`,
    );
    const log = "/var/log/libvirt/qemu/safe-console.log";
    await alpha.writeFile(
      "/run/safe.xml",
      `<domain type='qemu'><name>safe</name><memory unit='MiB'>160</memory><vcpu>1</vcpu><features><acpi/></features>
        <os><type arch='x86_64' machine='q35'>hvm</type><kernel>${kernelPath}</kernel><initrd>${initrdPath}</initrd><cmdline>${tickCommandLine} read=vda write=vda:hidden</cmdline></os>
        <devices>${described.join("")}<serial type='file'><source path='${log}'/></serial></devices></domain>`,
    );
    await alpha.virsh("define", "/run/safe.xml");
    await alpha.virsh("start", "safe");
    const inputs = {
      ...{ pulumiUrn: "urn:pulumi:lab::test::pulumi-kvm:VirtualMachine::safe", name: "safe", adopt: true },
      ...{ ...world.onHost("alpha"), memory: "160MiB", disks },
    };
    const vm = new Declared(virtualMachine, [world.ref("alpha"), world.ref("beta")]);
    const onAll = (more: object) => disks.map((each) => ({ ...each, ...more }));
    await vm.up(inputs);
    await using watch = await ConsoleWatch.start([alpha], log);
    await watch.untilTicks(2);
    const refusals = async (more: object) => (await vm.preview({ ...inputs, ...more })).refusals;
    const wayOut =
      'it is encrypted, and a copy under a running guest wouldn\'t be; stop safe first (powerState: "stopped"): then its file is copied as it is';
    expect(await refusals({ disks: onAll({ pool: "fast" }) })).toEqual(
      disks.map(
        ({ volume }) => `disk ${volume} can't move from pool images to pool fast on alpha: ${wayOut}`,
      ),
    );
    expect(await refusals(world.onHost("beta"))).toEqual(
      disks.map(
        ({ volume }) =>
          `virtual machine safe is on alpha and should be on beta, but volume ${volume} can't be copied: ${wayOut}`,
      ),
    );
    const taken = { pulumiUrn: "urn:pulumi:lab::test::pulumi-kvm:Snapshot::safe", vm: "safe", name: "one" };
    expect(
      (await new Declared(snapshot).preview({ ...taken, ...world.onHost("alpha"), type: "internal" }))
        .refusals,
    ).toContainEqual(expect.stringMatching(/disk vda, disk vdb are encrypted: .* QEMU ends/));
    await vm.up({ ...inputs, disks: onAll({ size: "8MiB" }) });
    await watch.untilLine(/^disk vdb 8388608/);
    const off = { ...inputs, powerState: "stopped", disks: onAll({ size: "8MiB" }) };
    await vm.up(off);
    const larger = onAll({ size: "16MiB" });
    expect((await vm.preview({ ...off, disks: larger })).refusals).toEqual(
      disks.map(
        ({ volume }) =>
          `disk ${volume} can't grow from 8 MiB to 16 MiB while no guest runs with it: it is encrypted, and libvirt has its key in a running guest alone; start the virtual machine first (powerState: "running"), then it grows at once`,
      ),
    );
    const files = (folder: string, host = alpha) => host.shell(`cd ${folder}; sha256sum safe.raw safe.qcow2`);
    const before = await files(folders.images);
    await vm.up({ ...off, disks: onAll({ size: "8MiB", pool: "fast" }) });
    expect(await files(folders.fast)).toBe(before);
    const there = { ...off, ...world.onHost("beta"), disks: onAll({ size: "8MiB", pool: "fast" }) };
    await vm.up(there);
    const beta = world.host("beta");
    expect(await files(folders.fast, beta)).toBe(before);
    await using second = await ConsoleWatch.start([beta], log);
    await vm.up({ ...there, powerState: "running" });
    await second.untilLine(/^content vda hidden/);
    await vm.remove();
  });

  it("stay where they are, and nothing of them elsewhere, when a copy fails", async () => {
    const alpha = world.host("alpha");
    const data = new Declared(disk);
    await data.up(inputsOf("big"));
    await fill(`${folders.images}/big`);
    const away = inputsOf("big", { pool: "tiny" });
    expect((await data.preview(away)).refusals).toEqual([
      expect.stringMatching(/it takes \d+ KiB, and that pool has \d\S* MiB left/),
    ]);
    await alpha.shell(`dd if=/dev/urandom of=${folders.fast}/big bs=1M count=1 status=none`);
    await expect(data.up(inputsOf("big", { pool: "fast" }))).rejects.toThrow(
      /there is a volume big in pool fast on alpha already, which isn't this disk's/,
    );
    expect(await filesOf("big", "fast")).toEqual(["big"]);
    await alpha.shell(`rm ${folders.fast}/big`);
    await alpha.virsh("pool-refresh", "fast");
    await alpha.shell(`qemu-io -c 'write -P 7 8M 24M' ${folders.images}/big`);
    await alpha.virsh("pool-refresh", "images");
    {
      await using guest = await StorageGuest.define(alpha, "big-user", `${folders.images}/big`);
      await using watch = await guest.watch(world.lab);
      await guest.start();
      await watch.untilTicks(2);
      const small = new Declared(disk);
      Object.assign(small, { id: data.id, state: { ...data.state } });
      const resize = (size: string) => alpha.shell(`mount -o remount,size=${size} ${folders.tiny}`);
      await resize("40m");
      await alpha.virsh("pool-refresh", "tiny");
      await resize("6m");
      // What libvirt saw then isn't so any more.
      expect((await data.preview(away)).refusals).toEqual([expect.stringMatching(/that pool has .* left/)]);
      await resize("40m");
      const copying = small.up(inputsOf("big", { pool: "tiny", move: { bandwidthMibPerSecond: 4 } }));
      copying.catch(() => undefined);
      await alpha.shell(`timeout 20 sh -c 'until [ -s ${folders.tiny}/big ]; do sleep 0.05; done'`);
      // QEMU copies up to 16 MiB before it heeds the limit.
      await alpha.shell(`! cat /dev/zero >${folders.tiny}/filler`);
      await expect(copying).rejects.toThrow(/ended before it was complete/);
      await alpha.shell(`rm ${folders.tiny}/filler`);
      await expectOnlyIn("big", "images");
      await guest.snapshot("before");
      expect((await data.preview(inputsOf("big", { pool: "fast" }))).refusals).toEqual([
        expect.stringMatching(/snapshots of domain big-user/),
      ]);
      await watch.untilTicks(2);
      expect(watch.report()).toMatchObject({ restarts: 0, missing: [], repeated: [] });
    }
    await data.remove();
  });

  it("are the way out for a guest that finds no room, which neither goes on nor moves to another host before", async () => {
    const alpha = world.host("alpha");
    const disks = [{ size: "16MiB", pool: "tiny" }];
    const commandLine = `${tickCommandLine} write=vda@8:choked`;
    await using vm = new WalkedMachine(world, "choked", { disks, commandLine, powerState: "stopped" });
    await vm.declared.up(vm.inputs);
    await alpha.shell(`! cat /dev/zero >${folders.tiny}/filler`);
    await alpha.virsh("start", "choked");
    const state = () => alpha.virsh("domstate", "choked", "--reason");
    await expect.poll(state, { timeout: 60_000 }).toContain("paused (I/O error)");

    const running = { ...vm.inputs, powerState: "running" };
    const why = /I\/O error pauses it again: there is no room left to write to disk vda \(.*tiny\/choked-0\)/;
    await expect(vm.declared.up(running)).rejects.toThrow(why);
    const given = { ...vm.inputs, forceStop: false, shutdownTimeout: "3s" };
    await expect(vm.declared.up(given)).rejects.toThrow(why);
    const away = { ...running, host: "beta", connection: world.connection("beta") };
    expect((await vm.declared.preview(away)).refusals).toEqual([
      expect.stringMatching(/I\/O error has paused it, .* put its storage on alpha right/),
    ]);
    const elsewhere = { ...running, disks: [{ size: "16MiB", pool: "images" }] };
    await vm.declared.preview({ ...elsewhere, commandLine: tickCommandLine });
    const explained = vm.declared.said.find((text) => text.includes("the definition changes"));
    // A disk that moves keeps its place.
    expect(explained).toMatch(/^\+ .*images\/choked-0/m);
    expect(explained).not.toMatch(/^[-+] *<(target|address)/m);
    await vm.declared.up(elsewhere);
    expect(await state()).toContain("running");
    await alpha.shell(`rm ${folders.tiny}/filler`);
    await expectOnlyIn("choked-0", "images");
  });
});
