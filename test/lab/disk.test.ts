import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import * as lifecycle from "../../provider/engine/lifecycle.js";
import { sidecarName } from "../../provider/hosts/volume-mark.js";
import { identityHash, identityOfUrn } from "../../provider/planning/owner.js";
import { disk } from "../../provider/resources/disk/index.js";
import { virtualMachine } from "../../provider/resources/virtual-machine/index.js";
import { ConsoleWatch } from "../hosts/console-watch.mjs";
import { labAvailable } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";
import { StorageGuest } from "./storage-guest.js";
import { Declared, Deployed, StorageWorld } from "./storage-world.js";

const { available, missing } = labAvailable();
const MIB = 2 ** 20;
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

  const inputsOf = (
    name: string,
    more: { adopt?: boolean; [input: string]: unknown } = {},
    host = "alpha",
  ) => ({
    pulumiUrn: `urn:pulumi:lab::test::pulumi-kvm:Disk::${name}`,
    ...{ name, host, connection: world.connection(host), credentials: world.credentials },
    ...{ pool: "images", size: "64MiB", ...more },
  });
  const filesOf = async (name: string, host = "alpha") =>
    (await world.ls(host, folder)).filter((file) => file.endsWith(name));

  const sizeOf = async (name: string) => {
    const json = await world.host("alpha").shell(`qemu-img info -U --output=json ${folder}/${name}`);
    return (JSON.parse(json) as { "virtual-size": number })["virtual-size"];
  };

  it("is made, found unchanged, and leaves nothing", async () => {
    const data = new Declared(disk);
    const inputs = inputsOf("made");
    expect(await data.up(inputs)).toEqual(["create disk made (64 MiB, qcow2) in pool images on alpha"]);
    expect(data.id).toBe("images/made");
    expect(data.state).toMatchObject({
      path: `${folder}/made`,
      key: `${folder}/made`,
      sizeBytes: 64 * MIB,
      host: "alpha",
      format: "qcow2",
    });
    // Spelled out, the default is the same.
    expect(await data.preview({ ...inputs, format: "qcow2" })).toMatchObject({ diff: { changes: false } });
    expect(await world.host("alpha").shell(`qemu-img info ${folder}/made`)).toContain("file format: qcow2");
    expect(await data.preview(inputs)).toEqual({ effects: [], refusals: [], diff: { changes: false } });
    expect(await filesOf("made")).toHaveLength(2);
    await data.remove();
    expect(await filesOf("made")).toEqual([]);
    await data.remove();
  });

  it("grows in its file while nobody uses it, and never shrinks", async () => {
    const data = new Declared(disk);
    await data.up(inputsOf("grown"));
    expect(await data.up(inputsOf("grown", { size: "96MiB" }))).toEqual(["disk grown 64 MiB -> 96 MiB"]);
    expect(data.state.sizeBytes).toBe(96 * MIB);
    expect(await sizeOf("grown")).toBe(96 * MIB);
    const shrunk = await data.preview(inputsOf("grown", { size: "32MiB" }));
    expect(shrunk.refusals).toEqual([expect.stringMatching(/can't shrink from 96 MiB to 32 MiB/)]);
    expect(await sizeOf("grown")).toBe(96 * MIB);
    await data.remove();
  });

  it("grows under a running guest, which sees it, and isn't deleted while the guest has it", async () => {
    const data = new Declared(disk);
    await data.up(inputsOf("live"));
    {
      await using guest = await StorageGuest.define(world.host("alpha"), "live-user", `${folder}/live`);
      await using watch = await guest.watch(world.lab);
      await guest.start();
      await watch.untilLine(new RegExp(`^disk vda ${64 * MIB}$`));
      expect(await data.up(inputsOf("live", { size: "128MiB" }))).toEqual([
        "disk live 64 MiB -> 128 MiB, live",
      ]);
      await watch.untilLine(new RegExp(`^disk vda ${128 * MIB}$`));
      expect(data.state.sizeBytes).toBe(128 * MIB);
      expect(watch.report()).toMatchObject({ restarts: 0, missing: [] });
      const same = inputsOf("live", { size: "128MiB" });
      expect(await data.preview(same)).toEqual({ effects: [], refusals: [], diff: { changes: false } });
      const raw = await data.preview({ ...same, format: "raw" });
      expect(raw.refusals).toEqual([
        expect.stringMatching(/made anew for its changed format, and domain live-user uses it/),
      ]);
      const elsewhere = await data.preview({ ...same, name: "other" });
      expect(elsewhere.refusals).toEqual([expect.stringMatching(/domain live-user uses it/)]);
      await expect(data.remove()).rejects.toThrow(/can't be deleted while domain live-user uses it/);
      expect(await filesOf("live")).toHaveLength(2);
    }
    await data.remove();
    expect(await filesOf("live")).toEqual([]);
  });

  it("grows under every running guest that shares it", async () => {
    const data = new Declared(disk);
    await data.up(inputsOf("shared", { format: "raw" }));
    {
      const define = (name: string) =>
        StorageGuest.define(world.host("alpha"), name, `${folder}/shared`, "raw", "", "<shareable/>");
      await using one = await define("shares-one");
      await using other = await define("shares-other");
      await using watchOne = await one.watch(world.lab);
      await using watchOther = await other.watch(world.lab);
      const sees = (sizeBytes: number) =>
        Promise.all(
          [watchOne, watchOther].map((watch) => watch.untilLine(new RegExp(`^disk vda ${sizeBytes}$`))),
        );
      await Promise.all([one.start(), other.start()]);
      await sees(64 * MIB);
      await data.up(inputsOf("shared", { format: "raw", size: "128MiB" }));
      await sees(128 * MIB);
    }
    await data.remove();
  });

  it("stays on storage that hosts share while a guest of another host uses it", async () => {
    const hosts = [world.host("alpha"), world.host("beta")];
    const common = `${world.lab.sharedPath}/disks`;
    for (const host of hosts) {
      await host.shell(`mkdir -p ${common}`);
      await host.virsh("pool-create-as", "common", "dir", "--target", common);
    }
    const data = new Declared(disk, [world.ref("alpha"), world.ref("beta")]);
    const inputs = inputsOf("everyones", { format: "raw", pool: "common" });
    await data.up(inputs);
    let removing: Promise<void>;
    {
      await using _user = await StorageGuest.define(
        world.host("beta"),
        "far-user",
        `${common}/everyones`,
        "raw",
      );
      await data.preview({ ...inputs, size: "96MiB" });
      expect(data.said.join("\n")).toContain(
        "domain far-user on beta has disk everyones too, and sees the new size at its next boot",
      );
      expect((await data.preview({ ...inputs, pool: "images" })).refusals).toEqual([
        expect.stringMatching(/storage that hosts share, and domain far-user on beta would lose it/),
      ]);
      for (const [change, reason] of [
        [{ format: "qcow2" }, "format"],
        [{ name: "nobodys" }, "name"],
      ] as const)
        expect((await data.preview({ ...inputs, ...change })).refusals).toEqual([
          `disk everyones in pool common on alpha would be deleted and made anew for its changed ${reason}, and on storage that hosts share domain far-user on beta would lose it; remove it from there first, or keep its ${reason}`,
        ]);
      removing = data.remove();
      await expect
        .poll(() => data.said, { timeout: 30_000 })
        .toContainEqual(
          expect.stringContaining("waiting until it isn't used any more: domain far-user on beta has it"),
        );
      expect(await world.ls("alpha", common)).toContain("everyones");
    }
    await removing;
    expect(await world.ls("alpha", common)).toEqual([]);
    for (const host of hosts) await host.virsh("pool-destroy", "common");
  });

  it("is waited for while another guest has yet to let go of it, by a guest that runs and by one that starts", async () => {
    const data = new Declared(disk);
    const machine = new Declared(virtualMachine, [world.ref("alpha")]);
    const { kernelPath, initrdPath } = tickGuest();
    const heirWith = (more: Record<string, unknown>) => ({
      pulumiUrn: "urn:pulumi:lab::test::pulumi-kvm:VirtualMachine::heir",
      ...{
        name: "heir",
        host: "alpha",
        connection: world.connection("alpha"),
        credentials: world.credentials,
      },
      ...{ memory: "128MiB", kernel: kernelPath, initrd: initrdPath, commandLine: tickCommandLine },
      ...{ emulation: "qemu", forceStop: true, shutdownTimeout: "1s", ...more },
    });
    const disks = [{ disk: { host: "alpha", pool: "images", name: "left", format: "qcow2" } }];
    await data.up(inputsOf("left"));
    {
      await using former = await StorageGuest.define(world.host("alpha"), "former", `${folder}/left`);
      const afterFormer = async (inputs: Record<string, unknown>) => {
        await former.start();
        const up = machine.up(inputs);
        await vi.waitFor(
          () => expect(machine.said.join("\n")).toContain("waiting for domain former to let go of a disk"),
          30_000,
        );
        await world.host("alpha").virsh("destroy", "former");
        await up;
      };
      await machine.up(heirWith({}));
      await former.start();
      await machine.preview(heirWith({ disks }));
      expect(machine.said.join("\n")).not.toContain("former");
      await world.host("alpha").virsh("suspend", "former");
      await machine.preview(heirWith({ disks }));
      expect(machine.said.join("\n")).toMatch(
        /disks\[0\]: disk left in pool images is open in domain former, which is paused and lets go of nothing before it runs again or is off/,
      );
      await world.host("alpha").virsh("destroy", "former");
      await afterFormer(heirWith({ disks }));
      await machine.up(heirWith({ disks, powerState: "stopped" }));
      await afterFormer(heirWith({ disks }));
      expect(await world.host("alpha").virsh("domstate", "heir")).toMatch(/running/);
    }
    await machine.remove();
    await data.remove();
  });

  it("is deleted once a guest that runs with it, and isn't defined with it any more, is off", async () => {
    const data = new Declared(disk);
    await data.up(inputsOf("parted"));
    await using guest = await StorageGuest.define(world.host("alpha"), "parting", `${folder}/parted`);
    await guest.start();
    await world.host("alpha").virsh("suspend", "parting");
    await expect(data.remove()).rejects.toThrow("can't be deleted while domain parting uses it");
    const xml = await world.host("alpha").virsh("dumpxml", "--inactive", "parting");
    await world
      .host("alpha")
      .writeFile(
        "/run/parting.xml",
        xml.replace(/<disk type='file' device='disk'>[\s\S]*?parted[\s\S]*?<\/disk>/, ""),
      );
    await world.host("alpha").virsh("define", "/run/parting.xml");
    const removal = data.remove();
    await vi.waitFor(
      () => expect(data.said.join("\n")).toContain("waiting for domain parting to let go of it"),
      10_000,
    );
    expect(await filesOf("parted")).not.toEqual([]);
    await world.host("alpha").virsh("destroy", "parting");
    await removal;
    expect(await filesOf("parted")).toEqual([]);
  });

  it("is made anew for another format, name or backing", async () => {
    const data = new Declared(disk);
    const inputs = inputsOf("anew");
    await data.up(inputs);
    for (const change of [{ format: "raw" }, { name: "anew2" }, { backing: "anew-base" }])
      expect((await data.preview({ ...inputs, ...change })).diff).toEqual({
        changes: true,
        replaces: Object.keys(change),
        deleteBeforeReplace: true,
      });
    // What Pulumi asks of the replacement while the old volume is still there.
    const smaller = { ...inputs, format: "raw", size: "32MiB" };
    expect((await data.preview(smaller)).replacement).toEqual({
      effects: ["create disk anew (32 MiB, raw) in pool images on alpha"],
      refusals: [],
    });
    // With nothing on record it may be one that goes on, or what --replace makes anew: that isn't told.
    expect(await new Declared(disk).preview(smaller)).toEqual({
      effects: [
        expect.stringMatching(/^record disk anew .* goes on with as it is \(--replace makes it anew\)/),
      ],
      refusals: [],
    });
    await data.remove();
  });

  it("refuses a volume that somebody else made, also one that came since libvirt last looked", async () => {
    const alpha = world.host("alpha");
    await alpha.virsh("vol-create-as", "images", "theirs", "64M", "--format", "raw");
    const data = new Declared(disk);
    await expect(data.up(inputsOf("theirs"))).rejects.toThrow(/there is a volume theirs in pool images/);
    await expect(data.apply({ ...inputsOf("theirs"), effects: [] })).rejects.toThrow(
      /there is a volume theirs/,
    );
    expect(data.id).toBeUndefined();
    await expect(data.up(inputsOf("theirs", { adopt: true }))).rejects.toThrow(
      /it is raw and qcow2 is declared/,
    );
    expect(await filesOf("theirs")).toEqual(["theirs"]);

    await alpha.shell(`echo precious > ${folder}/unseen`);
    await expect(data.up(inputsOf("unseen"))).rejects.toThrow(/unseen' already exists/);
    expect(data.id).toBeUndefined();
    expect(await alpha.shell(`cat ${folder}/unseen`)).toBe("precious\n");
    await expect(data.up(inputsOf("unseen"))).rejects.toThrow(/there is a volume unseen in pool images/);
    expect(await filesOf("unseen")).toEqual(["unseen"]);

    const adopting = inputsOf("theirs", { adopt: true, format: "raw", size: "80MiB" });
    expect(await data.up(adopting)).toEqual([
      "take over disk theirs in pool images on alpha as it is, no guest notices",
      "disk theirs 64 MiB -> 80 MiB",
    ]);
    expect(await filesOf("theirs")).toHaveLength(2);
    const { adopt: _, ...kept } = adopting;
    await data.up(kept);
    expect(await data.preview(kept)).toEqual({ effects: [], refusals: [], diff: { changes: false } });
    await data.remove();
    expect(await filesOf("theirs")).toEqual([]);
    await alpha.shell(`rm ${folder}/unseen`);
    await alpha.virsh("pool-refresh", "images");
  });

  it("continues a creation that was cut off between the mark and the volume", async () => {
    const inputs = inputsOf("cut");
    const owner = identityOfUrn(inputs.pulumiUrn);
    if (owner === undefined) throw new Error("no URN");
    const nonce = "00112233445566ff";
    const mark = sidecarName({ identityHash: identityHash(owner), nonce, volume: "cut" });
    await world.host("alpha").shell(`touch ${folder}/${mark}`);
    await world.host("alpha").virsh("pool-refresh", "images");
    const data = new Declared(disk);
    await data.up(inputs);
    expect((await filesOf("cut")).sort()).toEqual([mark, "cut"]);
    expect(data.state.nonce).toBe(nonce);
    // The same, cut off after the volume: the program makes it again and finds it.
    const again = new Declared(disk);
    await again.up(inputs);
    expect(again.state.nonce).toBe(nonce);
    expect((await filesOf("cut")).sort()).toEqual([mark, "cut"]);
    await again.remove();
    expect(await filesOf("cut")).toEqual([]);
  });

  it("isn't recorded as another format than the volume has that was left there", async () => {
    const inputs = inputsOf("left");
    const first = new Declared(disk);
    await first.up(inputs);
    const second = new Declared(disk);
    const other = { ...inputs, format: "raw" };
    const refused =
      "disk left in pool images on alpha is qcow2, made by a run that was cut off or left there";
    // As when it is made anew for its format, and the engine leaves the former one where it is (retainOnDelete).
    await expect(second.apply(other)).rejects.toThrow(refused);
    expect(second.id).toBeUndefined();
    await expect(second.apply(other)).rejects.toThrow(refused);
    await second.up(inputs);
    await second.remove();
    expect(await filesOf("left")).toEqual([]);
  });

  it("is made again when its volume was deleted by hand", async () => {
    const data = new Declared(disk);
    const inputs = inputsOf("lost");
    await data.up(inputs);
    const { nonce } = data.state;
    // libvirt doesn't see that.
    await world.host("alpha").shell(`rm ${folder}/lost`);
    expect(await data.preview(inputs)).toMatchObject({
      effects: ["create disk lost (64 MiB, qcow2) in pool images on alpha"],
      diff: { changes: true },
    });
    await data.up(inputs);
    expect(data.state.nonce).toBe(nonce);
    expect(await filesOf("lost")).toHaveLength(2);
    await world.host("alpha").virsh("vol-delete", "lost", "images");
    expect(await data.read()).toBe("");
    await data.remove();
    expect(await filesOf("lost")).toEqual([]);
  });

  it("leaves its volume when told to, and a namesake's alone", async () => {
    const data = new Declared(disk);
    await data.up(inputsOf("kept", { retainOnDelete: true }));
    await data.remove();
    expect(await filesOf("kept")).toEqual(["kept"]);
    const successor = new Declared(disk);
    await successor.up(inputsOf("kept", { adopt: true }));
    await data.remove();
    data.state = { ...data.state, retainOnDelete: false };
    await data.remove();
    expect(await filesOf("kept")).toHaveLength(2);
    await successor.remove();
    expect(await filesOf("kept")).toEqual([]);
  });

  it("is a layer over another disk, which isn't deleted before it", async () => {
    const base = new Declared(disk);
    await base.up(inputsOf("base", { format: "raw" }));
    const layer = new Declared(disk);
    const inputs = inputsOf("layer", { backing: { pool: "images", volume: "base" } });
    await layer.up(inputs);
    expect(await world.host("alpha").shell(`qemu-img info ${folder}/layer`)).toContain(
      `backing file: ${folder}/base`,
    );
    expect(await layer.preview(inputs)).toMatchObject({ diff: { changes: false } });
    await expect(base.remove()).rejects.toThrow(/while volume layer is a layer over it/);
    await layer.remove();
    await base.remove();
    expect(await filesOf("base")).toEqual([]);
  });

  it("takes its owner's new name", async () => {
    const data = new Declared(disk);
    const inputs = inputsOf("renamed");
    await data.up(inputs);
    const renamed = { ...inputs, pulumiUrn: inputs.pulumiUrn.replace(/renamed$/, "newname") };
    expect(await data.up(renamed)).toEqual([
      "record the owner of renamed (its resource, or its stack, has another name now), no guest notices",
    ]);
    expect(await filesOf("renamed")).toHaveLength(2);
    expect(await data.preview(renamed)).toEqual({ effects: [], refusals: [], diff: { changes: false } });
    await data.remove();
    expect(await filesOf("renamed")).toEqual([]);
  });

  it("isn't taken for gone while its pool is stopped or undefined", async () => {
    const data = new Declared(disk);
    const inputs = inputsOf("hidden", { pool: "sometimes" });
    const alpha = world.host("alpha");
    await alpha.shell("mkdir /var/lib/libvirt/sometimes");
    const define = () =>
      alpha.virsh("pool-define-as", "sometimes", "dir", "--target", "/var/lib/libvirt/sometimes");
    expect(await data.preview(inputs)).toMatchObject({ refusals: [] });
    await expect(data.up(inputs)).rejects.toThrow(/pool sometimes isn't there on alpha/);
    await define();
    await expect(data.up(inputs)).rejects.toThrow(/pool sometimes is stopped on alpha/);
    expect(data.id).toBeUndefined();
    await alpha.virsh("pool-start", "sometimes");
    await data.up(inputs);
    const { nonce } = data.state;
    await alpha.virsh("pool-destroy", "sometimes");
    expect(await data.read()).toBe("sometimes/hidden");
    await expect(data.remove()).rejects.toThrow(/pool sometimes on alpha is stopped/);
    expect(await data.preview(inputs)).toMatchObject({ refusals: [], diff: { changes: true } });
    await expect(data.up(inputs)).rejects.toThrow(/pool sometimes is stopped on alpha/);
    await alpha.virsh("pool-undefine", "sometimes");
    expect(await data.read()).toBe("sometimes/hidden");
    await define();
    await alpha.virsh("pool-start", "sometimes");
    await data.up(inputs);
    expect(data.state.nonce).toBe(nonce);
    expect(await data.preview(inputs)).toMatchObject({ diff: { changes: false } });
    await data.remove();
    expect(await world.ls("alpha", "/var/lib/libvirt/sometimes")).toEqual([]);
  });

  it("moves with the machine that uses it, and is made nowhere else meanwhile", async () => {
    const { alpha, beta } = { alpha: world.host("alpha"), beta: world.host("beta") };
    const declared = [world.ref("alpha"), world.ref("beta")];
    const data = new Declared(disk, declared);
    await data.up(inputsOf("moving"));
    const { nonce } = data.state;
    const there = inputsOf("moving", {}, "beta");
    {
      await using _guest = await StorageGuest.define(alpha, "mover", `${folder}/moving`);
      expect(await data.up(there)).toEqual(["moves alpha -> beta with virtual machine mover"]);
      expect(data.id).toBe("images/moving");
      expect(data.state).toMatchObject({ host: "beta", nonce, formerly: { host: "alpha" } });
      expect(await filesOf("moving", "beta")).toEqual([]);
      // The machine's move failed: a later run still knows, also one that has seen no other host.
      expect(await data.up(there)).toEqual(["moves alpha -> beta with virtual machine mover"]);
      expect(await data.read()).toBe("images/moving");
      await using run = new Deployed();
      const diff = await lifecycle.diff(disk, run.deployment, data.id ?? "", data.state, there);
      expect(diff).toEqual({ changes: true });
      expect(await filesOf("moving", "beta")).toEqual([]);
      // One whose former host is silent isn't made anew.
      await alpha.freeze("sshd");
      try {
        await expect(data.apply({ ...there, effects: [] })).rejects.toThrow(/host alpha is unreachable/);
      } finally {
        await alpha.thaw("sshd");
      }
      expect(await filesOf("moving", "beta")).toEqual([]);
    }
    // The machine has moved, with the volume and its mark.
    for (const file of await filesOf("moving")) {
      await beta.writeFile(`${folder}/${file}`, await readFile(alpha.outsidePath(`${folder}/${file}`)));
      await alpha.shell(`rm ${folder}/${file}`);
    }
    for (const host of [alpha, beta]) await host.virsh("pool-refresh", "images");
    await data.up(there);
    expect(data.state).toMatchObject({ host: "beta", nonce, path: `${folder}/moving` });
    expect(data.state.formerly).toBeUndefined();
    expect(await data.preview(there)).toEqual({ effects: [], refusals: [], diff: { changes: false } });
    // Found on the host to which it should go back, and removed there.
    expect(await data.preview(inputsOf("moving"))).toMatchObject({
      effects: ["move disk moving beta -> alpha"],
      refusals: [],
    });
    await data.remove();
    expect(await filesOf("moving", "beta")).toEqual([]);
  });

  it("goes with a virtual machine that migrates live, and back, and grows in between", async () => {
    const { kernelPath, initrdPath } = tickGuest();
    const declared = [world.ref("alpha"), world.ref("beta")];
    const data = new Declared(disk, declared);
    const machine = new Declared(virtualMachine, declared);
    const machineOn = (host: string) => ({
      pulumiUrn: "urn:pulumi:lab::test::pulumi-kvm:VirtualMachine::carrier",
      ...{ name: "carrier", host, connection: world.connection(host), credentials: world.credentials },
      ...{
        memory: "128MiB",
        kernel: kernelPath,
        initrd: initrdPath,
        commandLine: tickCommandLine,
      },
      emulation: "qemu",
      disks: [{ disk: { host, pool: "images", name: "carried", format: "qcow2" } }],
      console: { log: "/var/log/libvirt/qemu/carrier-console.log" },
    });
    await data.up(inputsOf("carried"));
    const { nonce } = data.state;
    const marked = await filesOf("carried");
    await using watch = await ConsoleWatch.start(
      world.lab.hosts,
      "/var/log/libvirt/qemu/carrier-console.log",
    );
    await machine.up(machineOn("alpha"));
    await watch.untilLine(/^tick 4 /);

    expect(await data.up(inputsOf("carried", {}, "beta"))).toEqual([
      "moves alpha -> beta with virtual machine carrier",
    ]);
    await machine.up(machineOn("beta"));
    expect(await filesOf("carried")).toEqual([]);
    expect((await filesOf("carried", "beta")).sort()).toEqual(marked.sort());
    const grown = inputsOf("carried", { size: "96MiB" }, "beta");
    expect(await data.up(grown)).toEqual(["disk carried 64 MiB -> 96 MiB, live"]);
    await watch.untilLine(new RegExp(`^disk vda ${96 * MIB}$`));
    expect(data.state).toMatchObject({ host: "beta", nonce, sizeBytes: 96 * MIB });
    expect(data.state.formerly).toBeUndefined();
    expect(await data.preview(grown)).toMatchObject({ effects: [], diff: { changes: false } });

    await data.up(inputsOf("carried", { size: "96MiB" }));
    await machine.up(machineOn("alpha"));
    await watch.untilTicks(4);
    expect(watch.report()).toMatchObject({ missing: [], repeated: [], restarts: 0 });
    expect(await filesOf("carried", "beta")).toEqual([]);
    await machine.remove();
    await data.remove();
    for (const host of ["alpha", "beta"]) expect(await filesOf("carried", host)).toEqual([]);
  });

  it("doesn't move to where another volume has its name", async () => {
    const data = new Declared(disk);
    await data.up(inputsOf("clash"));
    await world.host("beta").virsh("vol-create-as", "images", "clash", "1M");
    await using _guest = await StorageGuest.define(world.host("alpha"), "clasher", `${folder}/clash`);
    expect((await data.preview(inputsOf("clash", { adopt: true }, "beta"))).refusals).toEqual([
      expect.stringMatching(/there is a volume clash in pool images on beta already/),
    ]);
  });
});
