import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { disk } from "../../provider/resources/disk/index.js";
import { snapshot } from "../../provider/resources/snapshot/index.js";
import { virtualMachine } from "../../provider/resources/virtual-machine/index.js";
import { ConsoleWatch } from "../hosts/console-watch.mjs";
import type { LabHost } from "../hosts/host.js";
import { labAvailable } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";
import { ProviderProcess } from "./provider-process.js";
import { Declared, StorageWorld } from "./storage-world.js";

const { available, missing } = labAvailable();
const folder = "/var/lib/libvirt/images";
const unchanged = { effects: [], refusals: [], diff: { changes: false } };
type Bag = Record<string, unknown>;

describe.skipIf(!available)(`snapshots on real hosts ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  let alpha: LabHost;
  beforeAll(async () => {
    world = await StorageWorld.up("snapshots");
    alpha = world.host("alpha");
    for (const { name } of world.lab.hosts) {
      await world.host(name).virsh("pool-define-as", "images", "dir", "--target", folder);
      await world.host(name).virsh("pool-start", "images");
    }
  });
  afterAll(() => world?.lab.close());

  const refs = () => [world.ref("alpha"), world.ref("beta")];
  const machineInputs = (name: string, more: Bag = {}, host = "alpha"): Bag => {
    const { kernelPath, initrdPath } = tickGuest();
    return {
      pulumiUrn: `urn:pulumi:lab::test::pulumi-kvm:VirtualMachine::${name}`,
      ...world.onHost(host),
      ...{ name, memory: "128MiB", kernel: kernelPath, initrd: initrdPath, emulation: "qemu" },
      ...{
        commandLine: tickCommandLine,
        console: { log: `/var/log/libvirt/qemu/${name}-console.log` },
      },
      disks: [{ size: "64MiB", pool: "images" }],
      ...more,
    };
  };
  const snapshotInputs = (vm: string, name: string, more: Bag = {}): Bag => ({
    pulumiUrn: `urn:pulumi:lab::test::pulumi-kvm:Snapshot::${vm}-${name}`,
    ...world.onHost("alpha"),
    ...{ vm, name, ...more },
  });
  const watchOf = (name: string) =>
    ConsoleWatch.start(world.lab.hosts, `/var/log/libvirt/qemu/${name}-console.log`);
  const filesOf = async (name: string) =>
    (await world.ls("alpha", folder)).filter((file) => file.startsWith(name)).sort();
  const sourcesOf = async (name: string, ...more: string[]) =>
    [...(await alpha.virsh("dumpxml", name, ...more)).matchAll(/^ {6}<source file='([^']*)'/gm)].map(
      ([, path]) => path?.slice(folder.length + 1),
    );

  it("external: the guest runs on, its VM and disks know, and deleting merges", async () => {
    const vm = "ext";
    const machine = new Declared(virtualMachine, refs());
    const data = new Declared(disk, refs());
    const dataInputs = {
      ...{ pulumiUrn: "urn:pulumi:lab::test::pulumi-kvm:Disk::ext-data", ...world.onHost("alpha") },
      ...{ name: "ext-data", pool: "images", size: "32MiB", format: "raw" },
    };
    await data.up(dataInputs);
    const inputs = machineInputs(vm, {
      disks: [
        { size: "64MiB", pool: "images" },
        { disk: { host: "alpha", pool: "images", name: "ext-data", format: "raw" } },
      ],
    });
    await using watch = await watchOf(vm);
    await machine.up(inputs);
    await watch.untilTicks(2);
    const first = new Declared(snapshot, refs());
    const line = `take snapshot one of ${vm} on alpha (new): external; the guest runs on`;
    const wanted = snapshotInputs(vm, "one", { type: "external", description: "before" });
    expect(await first.up(wanted)).toEqual([line]);
    expect(first.state).toMatchObject({
      state: "disk-snapshot",
      overlays: { vda: `${folder}/ext-0.one`, vdb: `${folder}/ext-data.one` },
    });
    for (const more of [[], ["--inactive"]])
      expect(await sourcesOf(vm, ...more)).toEqual(["ext-0.one", "ext-data.one"]);
    // The VM's and the disk's own plans see no change, and know what they can't do now.
    expect(await machine.preview(inputs)).toEqual(unchanged);
    expect(await data.preview(dataInputs)).toEqual(unchanged);
    // As with --replace, which Pulumi tells nobody of.
    const unrecorded = new Declared(virtualMachine, refs());
    await unrecorded.preview(inputs);
    expect(unrecorded.said.join("\n")).toContain(
      "with --replace the snapshots of ext on alpha go with it: one; Snapshot resources take theirs anew, of the guest that comes in its place",
    );
    expect((await data.preview({ ...dataInputs, size: "48MiB" })).refusals).toEqual([
      expect.stringMatching(/can't grow .* while domain ext has a layer over it that a snapshot made/),
    ]);
    const [own, other] = inputs.disks as Bag[];
    const larger = { ...inputs, disks: [{ ...own, size: "96MiB" }, other] };
    expect((await machine.preview(larger)).refusals).toEqual([
      expect.stringMatching(/can't grow .* delete the snapshot first \(one\)/),
    ]);
    for (const disks of [[own], [own, { ...other, bus: "scsi" }]])
      expect((await machine.preview({ ...inputs, disks })).refusals).toEqual([
        expect.stringMatching(/^disk ext-data can't be taken out, .* delete the snapshot first \(one\)$/),
      ]);
    const limited = { ...inputs, disks: [{ ...own, limits: { iops: 100 } }, other] };
    await machine.up(limited);
    expect(await machine.preview(inputs)).toMatchObject({ refusals: [] });
    await machine.up(inputs);
    const away = { ...machineInputs(vm, {}, "beta"), disks: [own] };
    expect((await machine.preview(away)).refusals).toEqual(
      expect.arrayContaining([expect.stringMatching(/it has snapshots \(one\), which libvirt can't move/)]),
    );
    // What else is changed keeps the snapshot's files.
    await machine.up({ ...inputs, memory: "160MiB" });
    expect(await sourcesOf(vm, "--inactive")).toEqual(["ext-0.one", "ext-data.one"]);
    await machine.up(inputs);

    const second = new Declared(snapshot, refs());
    await second.up(snapshotInputs(vm, "two", { type: "external", disks: ["vda"], memory: true }));
    expect(second.state).toMatchObject({
      ...{ state: "running", parent: "one", overlays: { vda: `${folder}/ext-0.two` } },
      memoryFile: `${folder}/ext.two.memory`,
    });
    expect(await machine.preview(inputs)).toEqual(unchanged);
    expect(await first.up({ ...wanted, description: "changed\nby hand" })).toEqual([
      `note the description of snapshot one of ${vm}, no guest notices`,
    ]);
    expect(await first.preview({ ...wanted, description: "changed\nby hand" })).toEqual(unchanged);
    await first.remove();
    expect(await sourcesOf(vm)).toEqual(["ext-0.two", "ext-data"]);
    await second.remove();
    await second.remove();
    expect(await sourcesOf(vm, "--inactive")).toEqual(["ext-0", "ext-data"]);
    expect(await filesOf(vm)).toEqual(["ext-0", "ext-data"]);
    expect(await machine.preview(inputs)).toEqual(unchanged);
    await data.up({ ...dataInputs, size: "48MiB" });
    await watch.untilTicks(2);
    expect(watch.report()).toMatchObject({ restarts: 0, missing: [], repeated: [] });
    await machine.remove();
    await data.remove();
  });

  it("external, merged by hand: deleting it says how it is forgotten", async () => {
    const machine = new Declared(virtualMachine, refs());
    const one = new Declared(snapshot, refs());
    await machine.up(machineInputs("merged"));
    await one.up(snapshotInputs("merged", "one", { type: "external" }));
    await alpha.virsh("blockcommit", "merged", "vda", "--active", "--pivot", "--wait");
    await expect(one.remove()).rejects.toThrow(
      /a disk of merged isn't a layer over what snapshot one keeps any more, .*: virsh snapshot-delete merged one --metadata$/,
    );
    await alpha.virsh("snapshot-delete", "merged", "one", "--metadata");
    await one.remove();
    await machine.remove();
    await alpha.shell(`rm -f ${folder}/merged-0.one`);
    expect(await filesOf("merged")).toEqual([]);
  });

  it("external: put the disks back, once for each value of revert", async () => {
    const vm = "back";
    const machine = new Declared(virtualMachine, refs());
    const off = machineInputs(vm, { powerState: "stopped" });
    await machine.up(off);
    await alpha.shell(`qemu-io -c 'write -P 1 8M 1M' ${folder}/back-0`);
    const taken = new Declared(snapshot, refs());
    const wanted = (revert: number) => snapshotInputs(vm, "good", { type: "external", revert });
    await taken.up(wanted(1));
    await alpha.shell(`qemu-io -c 'write -P 2 8M 1M' ${folder}/back-0.good`);
    const revertLine = expect.stringMatching(
      /^revert back on alpha to snapshot good of \d{4}-.*: what its disks got since is lost$/,
    );
    expect(await taken.preview(wanted(2))).toMatchObject({ effects: [revertLine], refusals: [] });
    await taken.up(wanted(2));
    const holds = (pattern: number) =>
      alpha.shell(`qemu-io -U -r -c 'read -P ${pattern} 8M 1M' ${folder}/back-0.good`);
    await holds(1);
    expect(await taken.preview(wanted(2))).toEqual(unchanged);
    // Killed anywhere in it, it is done once more, or not: what is written afterwards stays.
    for (const moment of [
      "DomainSetMetadata:after:2", // noted in the domain (the first is the lease)
      "DomainSnapshotCreateXML:after:1", // noted with the snapshot
      "StorageVolDelete:after:1",
      "StorageVolCreateXML:after:1",
      "DomainSetMetadata:after:3", // back, and the note gone
    ]) {
      await alpha.shell(`qemu-io -c 'write -P 3 8M 1M' ${folder}/back-0.good`);
      const again = wanted(Math.random());
      const task = { kind: "Snapshot", id: taken.id, state: taken.state, inputs: again, hosts: refs() };
      await using killed = await ProviderProcess.run("resource-child.mjs", task, moment);
      await killed.stopped();
      await killed.kill();
      const isBack = moment === "DomainSetMetadata:after:3";
      if (isBack) await alpha.shell(`qemu-io -c 'write -P 4 8M 1M' ${folder}/back-0.good`);
      await taken.up(again);
      await holds(isBack ? 4 : 1);
      expect(await alpha.virsh("dumpxml", vm)).not.toContain("urn:pulumi-kvm:revert");
    }
    // A running guest boots from what it goes back to.
    await using watch = await watchOf(vm);
    await machine.up(machineInputs(vm));
    await watch.untilTicks(2);
    await taken.up(wanted(3));
    await watch.untilLine(/^commandline /);
    await watch.untilTicks(2);
    expect(watch.report().restarts).toBe(1);
    expect(await machine.preview(machineInputs(vm))).toEqual(unchanged);
    // A VM that is made anew takes what snapshots have put over its disk along, and they are taken anew.
    const later = new Declared(snapshot, refs());
    const withMemory = snapshotInputs(vm, "later", { type: "external", memory: true });
    await later.up(withMemory);
    expect(await filesOf(vm)).toEqual(["back-0", "back-0.good", "back-0.later", "back.later.memory"]);
    await machine.remove();
    expect(await filesOf(vm)).toEqual(["back.later.memory"]);
    machine.id = undefined;
    machine.state = {};
    await machine.up(machineInputs(vm));
    await taken.up(wanted(3));
    await later.up(withMemory);
    await later.remove();
    await taken.remove();
    await machine.remove();
    expect(await filesOf(vm)).toEqual([]);
  });

  it("internal: take memory along, and go back to it", async () => {
    const vm = "mem";
    const machine = new Declared(virtualMachine, refs());
    const inputs = machineInputs(vm);
    await using watch = await watchOf(vm);
    await machine.up(inputs);
    await watch.untilTicks(2);
    const taken = new Declared(snapshot, refs());
    const wanted = (revert: string) => snapshotInputs(vm, "now", { revert });
    expect(await taken.up(wanted("a"))).toEqual([
      "take snapshot now of mem on alpha (new): internal, with the memory of a guest that runs, which stands still while that is written",
    ]);
    const at = watch.ticks.at(-1)?.number ?? 0;
    expect(taken.state).toMatchObject({ state: "running", overlays: {} });
    expect((await machine.preview({ ...inputs, disks: [] })).refusals).toEqual([
      expect.stringMatching(/^disk vda can't be taken out, .* delete the snapshot first \(now\)$/),
    ]);
    await watch.untilTicks(6);
    expect(watch.report()).toMatchObject({ restarts: 0, missing: [], repeated: [] });
    await machine.up({ ...inputs, description: "newer" });
    expect(await machine.preview({ ...inputs, description: "newer" })).toEqual(unchanged);
    const before = watch.ticks.length;
    await taken.up(wanted("b"));
    await watch.untilTicks(2);
    // It counts on from where it was.
    const after = watch.ticks.slice(before).map(({ number }) => number);
    expect(Math.min(...after.slice(-2))).toBeLessThan(at + 6);
    expect(watch.report().restarts).toBe(0);
    // So did the definition: the next deployment of the VM sets what is declared.
    expect((await machine.preview({ ...inputs, description: "newer" })).effects).toEqual([
      expect.stringMatching(/^description/),
    ]);
    expect(await machine.preview(inputs)).toMatchObject({ refusals: [] });
    expect(await taken.preview(wanted("b"))).toEqual(unchanged);
    await machine.up(inputs);
    // An image that has it can grow all the same.
    const [own] = inputs.disks as Bag[];
    await machine.up({ ...inputs, disks: [{ ...own, size: "96MiB" }] });
    await watch.untilLine(new RegExp(`^disk vda ${96 * 2 ** 20}$`));
    // One that is no more in the image: the guest is ended for nothing, and is as it was defined again; that it went back is not taken for done.
    await alpha.virsh("qemu-monitor-command", vm, "--hmp", "delvm now");
    await machine.up({ ...inputs, disks: [{ ...own, size: "96MiB" }], description: "newest" });
    await expect(taken.up(wanted("c"))).rejects.toThrow(
      /does not exist in one or more devices; guest mem was ended for it, and has been started again/,
    );
    expect(await alpha.virsh("domstate", vm)).toContain("running");
    expect(await alpha.virsh("desc", vm)).toContain("newest");
    expect((await taken.preview(wanted("c"))).effects).toEqual([expect.stringMatching(/^revert mem/)]);
    await taken.remove();
    expect(await alpha.virsh("snapshot-list", vm, "--name")).toBe("");
    await machine.remove();
  });

  it("are found again by their marks, and others' are left alone", async () => {
    const vm = "marks";
    const machine = new Declared(virtualMachine, refs());
    await machine.up(machineInputs(vm, { powerState: "stopped" }));
    // A run that was killed right after it was taken.
    const wanted = snapshotInputs(vm, "mine", { type: "external" });
    const task = { kind: "Snapshot", state: {}, inputs: wanted, hosts: refs() };
    await using killed = await ProviderProcess.run(
      "resource-child.mjs",
      task,
      "DomainSnapshotCreateXML:after:1",
    );
    await killed.stopped();
    await killed.kill();
    const mine = new Declared(snapshot, refs());
    await mine.up(wanted);
    expect(await alpha.virsh("snapshot-list", vm, "--name")).toBe("mine\n");
    // One whose deletion was cut off.
    const deleted = new Declared(snapshot, refs());
    Object.assign(deleted, { id: mine.id, state: { ...mine.state } });
    await mine.remove();
    await deleted.remove();

    await alpha.virsh("snapshot-create-as", vm, "theirs");
    const theirs = new Declared(snapshot, refs());
    await expect(theirs.up(snapshotInputs(vm, "theirs"))).rejects.toThrow(
      /there is a snapshot theirs of marks on alpha already, which this program didn't take/,
    );
    const external = snapshotInputs(vm, "other", { type: "external" });
    expect((await new Declared(snapshot, refs()).preview(external)).refusals).toEqual([
      expect.stringMatching(
        /there is theirs, which is internal, and libvirt doesn't merge what is of both kinds/,
      ),
    ]);
    expect(await theirs.up(snapshotInputs(vm, "theirs", { adopt: true }))).toEqual([
      "take over snapshot theirs of marks on alpha as it is, no guest notices",
    ]);
    // Somebody has taken away the image that it is kept in: nothing goes back to it.
    await alpha.shell(`mv ${folder}/marks-0 /root/`);
    await alpha.virsh("pool-refresh", "images");
    expect((await theirs.preview(snapshotInputs(vm, "theirs", { adopt: true, revert: 2 }))).refusals).toEqual(
      [
        expect.stringMatching(
          /can't be reverted to snapshot theirs: .*marks-0, which it is kept in, is gone/,
        ),
      ],
    );
    await alpha.shell(`mv /root/marks-0 ${folder}/`);
    await alpha.virsh("pool-refresh", "images");
    await theirs.up(snapshotInputs(vm, "theirs", { retainOnDelete: true }));
    await theirs.remove();
    expect(await alpha.virsh("snapshot-list", vm, "--name")).toBe("theirs\n");
    // Of a disk that somebody has taken out: libvirtd doesn't live through deleting it.
    const short = new Declared(snapshot, refs());
    await short.up(snapshotInputs(vm, "short"));
    await alpha.virsh("detach-disk", vm, "vda", "--config");
    await short.remove();
    expect(short.said.join("\n")).toMatch(/disk vda, which snapshot short is of, isn't in marks any more/);
    expect(await alpha.virsh("snapshot-list", vm, "--name")).toBe("theirs\n");
    // The VM takes what is left along, and says so.
    await machine.remove();
    expect(await filesOf(vm)).toEqual([]);
  });

  it("made without libvirt's knowledge are told by their files, and a disk isn't put in under its layer", async () => {
    const vm = "by hand";
    const machine = new Declared(virtualMachine, refs());
    const disks = ["64MiB", "16MiB"].map((size) => ({ size, pool: "images" }));
    const inputs = machineInputs(vm, { powerState: "stopped", disks });
    await machine.up(inputs);
    await alpha.virsh("snapshot-create-as", vm, "hand", "--disk-only", "--no-metadata");
    const layers = ["by hand-0.hand", "by hand-1.hand"];
    expect(await sourcesOf(vm)).toEqual(layers);
    expect(await machine.preview(inputs)).toEqual(unchanged);
    await machine.up({ ...inputs, description: "newer" });
    expect(await sourcesOf(vm)).toEqual(layers);
    await machine.up(inputs);

    await alpha.virsh("detach-disk", vm, "vdb", "--config");
    const [refusal = ""] = (await machine.preview(inputs)).refusals;
    expect(refusal).toContain(
      `disk by hand-1 in pool images can't be put in while ${folder}/by hand-1.hand, of a snapshot or made by hand, is a layer over it`,
    );
    const [, wayOut = "false"] = /\((virsh attach-disk [^)]*)\)/.exec(refusal) ?? [];
    await alpha.shell(wayOut);
    expect(await sourcesOf(vm)).toEqual(layers);
    expect(await machine.preview(inputs)).toEqual(unchanged);

    await alpha.virsh("snapshot-create-as", vm, "known", "--disk-only");
    await alpha.virsh("detach-disk", vm, "vdb", "--config");
    expect((await machine.preview(inputs)).refusals).toEqual([
      expect.stringMatching(
        /^disk by hand-1 .* while \S*by hand-1.known, .* is a layer over it: .*snapshot-delete 'by hand' .*there are known/,
      ),
    ]);
    // What was written since isn't wanted any more.
    await alpha.virsh("snapshot-delete", vm, "known", "--metadata");
    await alpha.shell(`rm ${folder}/'by hand-1'.*`);
    expect((await machine.preview(inputs)).effects).toEqual([
      expect.stringMatching(/^disks\[vdb\] none -> by hand-1 in images/),
    ]);
    await machine.up(inputs);
    expect(await sourcesOf(vm)).toEqual(["by hand-0.known", "by hand-1"]);
    await machine.remove();
    expect(await filesOf(vm)).toEqual([]);
  });
});
