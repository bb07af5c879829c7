import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { snapshot } from "../../provider/resources/snapshot/index.js";
import { virtualMachine } from "../../provider/resources/virtual-machine/index.js";
import { ensureNewerSystem } from "../../scripts/newer-system.mjs";
import { ConsoleWatch } from "../hosts/console-watch.mjs";
import type { LabHost } from "../hosts/host.js";
import { labAvailable } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";
import { ProviderProcess } from "./provider-process.js";
import { Declared, StorageWorld } from "./storage-world.js";
import { WalkedMachine } from "./walked-machine.js";

const { available, missing } = labAvailable();
const folder = "/var/lib/libvirt/images";
const unchanged = { effects: [], refusals: [], diff: { changes: false } };
type Bag = Record<string, unknown>;

describe.skipIf(!available)(`a newer libvirt and QEMU on one of the hosts ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  let beta: LabHost;
  beforeAll(async () => {
    world = await StorageWorld.up("newer", { systems: { beta: await ensureNewerSystem() } });
    beta = world.host("beta");
    for (const { name } of world.lab.hosts) {
      await world.host(name).virsh("pool-define-as", "images", "dir", "--target", folder);
      await world.host(name).virsh("pool-start", "images");
    }
  });
  afterAll(() => world?.lab.close());

  const refs = () => [world.ref("alpha"), world.ref("beta")];
  const filesOf = async (name: string, host = "beta") =>
    (await world.ls(host, folder)).filter((file) => file.includes(name)).sort();

  it("a guest moves there while it counts, changes, restarts, and moves back; one that was made there doesn't", async () => {
    await using vm = new WalkedMachine(world, "wanderer", {
      // No virtio-mem: QEMU 10.0 fails an assertion of its own when it moves a guest with it under emulation.
      ...{ memory: "256MiB", maxMemory: "512MiB", maxCpus: 2, disks: [{ size: "64MiB", pool: "images" }] },
    });
    await vm.start();
    const machineType = async (host: string) =>
      /machine='([^']*)'/.exec(await world.host(host).virsh("dumpxml", "wanderer"))?.[1];
    const made = await machineType("alpha");
    await vm.change({
      inputs: world.onHost("beta"),
      announced: ["migrate alpha -> beta, live, copying wanderer-0"],
    });
    expect(await machineType("beta")).toBe(made);
    expect(await filesOf("wanderer", "alpha")).toEqual([]);
    await vm.change({
      inputs: {
        memory: "384MiB",
        cpus: 2,
        disks: [
          { size: "64MiB", pool: "images" },
          { size: "32MiB", pool: "images" },
        ],
      },
      announced: [
        "create disk wanderer-1 (32 MiB, qcow2) in pool images on beta",
        "memory 256 MiB -> 384 MiB, live",
        "cpus 1 -> 2, live",
        "disks[vdb] none -> wanderer-1 in images, live",
      ],
      prints: [/^cpus 2$/m, /^disk vdb 33554432$/m],
    });
    await vm.change({
      inputs: { cpu: { mode: "maximum" }, restartPolicy: "whenNeeded" },
      announced: [/^cpu .*at the next boot$/, /^restart the guest for /],
      prints: [/^cpus 2$/m],
    });
    expect(vm.declared.state).toMatchObject({ host: "beta", pendingRestart: [] });
    expect(await machineType("beta")).toBe(made);
    await vm.change({
      inputs: world.onHost("alpha"),
      announced: [/^migrate beta -> alpha, live, copying wanderer-0, wanderer-1$/],
    });
    expect(await filesOf("wanderer", "beta")).toEqual([]);

    await using native = new WalkedMachine(
      world,
      "native",
      { disks: [{ size: "16MiB", pool: "images" }] },
      "beta",
    );
    await native.start();
    const away = await native.declared.preview({ ...native.inputs, ...world.onHost("alpha") });
    expect(away.refusals).toEqual([
      expect.stringMatching(/alpha doesn't know the machine type pc-q35-10\.0 \(QEMU 7\.2/),
    ]);
  });

  const machineInputs = (name: string, more: Bag = {}, host = "beta"): Bag => {
    const { kernelPath, initrdPath } = tickGuest();
    return {
      pulumiUrn: `urn:pulumi:lab::test::pulumi-kvm:VirtualMachine::${name}`,
      ...world.onHost(host),
      ...{ name, memory: "128MiB", kernel: kernelPath, initrd: initrdPath, emulation: "qemu" },
      ...{ commandLine: tickCommandLine, console: { log: `/var/log/libvirt/qemu/${name}-console.log` } },
      ...{ forceStop: true, shutdownTimeout: "10s", disks: [{ size: "64MiB", pool: "images" }] },
      ...more,
    };
  };
  const snapshotInputs = (vm: string, name: string, more: Bag = {}, host = "beta"): Bag => ({
    pulumiUrn: `urn:pulumi:lab::test::pulumi-kvm:Snapshot::${vm}-${name}`,
    ...world.onHost(host),
    ...{ vm, name, ...more },
  });
  /** The file that the guest's disk is in now. */
  const top = async (vm: string) =>
    /^ {6}<source file='([^']*)'/m.exec(await beta.virsh("dumpxml", vm))?.[1] as string;
  const write = async (vm: string, pattern: number) =>
    beta.shell(`qemu-io -c 'write -P ${pattern} 8M 1M' '${await top(vm)}'`);
  /** Rejects where it is something else. */
  const holds = async (vm: string, pattern: number) =>
    beta.shell(`qemu-io -U -r -c 'read -P ${pattern} 8M 1M' '${await top(vm)}'`);

  const watchOf = (name: string) =>
    ConsoleWatch.start(world.lab.hosts, `/var/log/libvirt/qemu/${name}-console.log`);

  it("external snapshots: libvirt takes the guest back itself, once for each value of revert", async () => {
    const vm = "back";
    const machine = new Declared(virtualMachine, refs());
    const off = machineInputs(vm, { powerState: "stopped" });
    await machine.up(off);
    await write(vm, 1);
    const good = new Declared(snapshot, refs());
    const wanted = (revert: unknown) => snapshotInputs(vm, "good", { type: "external", revert });
    const taskOf = (inputs: Bag) => ({
      kind: "Snapshot",
      id: good.id,
      state: good.state,
      inputs,
      hosts: refs(),
    });
    // By a process that has ended: the definition comes back with the lease of whoever took the snapshot.
    await using taking = await ProviderProcess.run("resource-child.mjs", taskOf(wanted(1)));
    const { result } = await taking.outcome();
    const { id, outs } = result as { id: string; outs: Bag };
    Object.assign(good, { id, state: outs });
    await write(vm, 2);
    await good.up(wanted(2));
    await holds(vm, 1);
    expect(await top(vm)).not.toBe(`${folder}/back-0.good`);
    expect(await good.preview(wanted(2))).toEqual(unchanged);
    expect(await machine.preview(off)).toEqual(unchanged);
    for (const moment of ["DomainRevertToSnapshot:before:1", "DomainRevertToSnapshot:after:1"]) {
      await write(vm, 3);
      const again = wanted(moment);
      await using killed = await ProviderProcess.run("resource-child.mjs", taskOf(again), moment);
      await killed.stopped();
      await killed.kill();
      const isBack = moment.includes("after");
      await holds(vm, isBack ? 1 : 3);
      if (isBack) await write(vm, 4);
      await good.up(again);
      await holds(vm, isBack ? 4 : 1);
      expect(await beta.virsh("dumpxml", vm)).not.toContain("urn:pulumi-kvm:revert");
      expect(await good.preview(again)).toEqual(unchanged);
      expect(await machine.preview(off)).toEqual(unchanged);
    }
    await good.remove();
    await holds(vm, 4);
    await machine.remove();
    expect(await filesOf(vm)).toEqual([]);
  });

  it("external snapshots with memory: the guest counts on from where it was, from one on top of another too", async () => {
    const vm = "memory";
    const machine = new Declared(virtualMachine, refs());
    const inputs = machineInputs(vm);
    await using watch = await watchOf(vm);
    await machine.up(inputs);
    await watch.untilTicks(2);
    const lower = new Declared(snapshot, refs());
    const wanted = (name: string, more: Bag) => snapshotInputs(vm, name, { type: "external", ...more });
    await lower.up(wanted("lower", { revert: 1 }));
    const upper = new Declared(snapshot, refs());
    await upper.up(wanted("upper", { memory: true, revert: 1 }));
    expect(upper.state).toMatchObject({ state: "running", parent: "lower" });
    await watch.untilTicks(8);
    expect((await upper.preview(wanted("upper", { memory: true, revert: 2 }))).effects).toEqual([
      expect.stringMatching(
        /: the running guest is back in that moment at once; what its memory, its disks and/,
      ),
    ]);
    await upper.up(wanted("upper", { memory: true, revert: 2 }));
    await watch.untilTicks(2);
    // It has ticked again what it had ticked after the snapshot.
    expect(watch.report().repeated).not.toEqual([]);
    expect(watch.report().restarts).toBe(0);
    expect(await upper.preview(wanted("upper", { memory: true, revert: 2 }))).toEqual(unchanged);
    expect(await lower.preview(wanted("lower", { revert: 1 }))).toEqual(unchanged);
    expect(await machine.preview(inputs)).toEqual(unchanged);
    // To the one below it: it boots, as it was defined then.
    await machine.up({ ...inputs, description: "newer" });
    expect((await lower.preview(wanted("lower", { revert: 2 }))).effects).toEqual([
      expect.stringMatching(
        /: the running guest's power is cut and it boots; what its disks and its definition got since/,
      ),
    ]);
    await lower.up(wanted("lower", { revert: 2 }));
    await expect.poll(() => watch.report().restarts, { timeout: 60_000 }).toBe(1);
    expect(await beta.virsh("desc", vm)).not.toContain("newer");
    // Its definition names a file of which no snapshot says what it is over.
    expect(await machine.preview(inputs)).toMatchObject({ refusals: [] });
    await machine.up(inputs);
    expect(await machine.preview(inputs)).toEqual(unchanged);
    expect(await lower.preview(wanted("lower", { revert: 2 }))).toEqual(unchanged);
    expect(await upper.preview(wanted("upper", { memory: true, revert: 2 }))).toEqual(unchanged);
    expect(await machine.preview(inputs)).toEqual(unchanged);
    // Of a guest that is off not even a live document says it.
    const off = { ...inputs, powerState: "stopped" };
    await machine.up(off);
    expect(await machine.preview(off)).toEqual(unchanged);
    await machine.up(inputs);
    // libvirt deletes the one that the guest is on now only when none is on top of it.
    await expect(lower.remove()).rejects.toThrow(/not a leaf snapshot.*deleted first, .*dependsOn/);
    await upper.remove();
    await lower.remove();
    expect(await machine.preview(inputs)).toEqual(unchanged);
    await machine.remove();
    expect(await filesOf(vm)).toEqual([]);
  });

  it("internal snapshots have the variables of UEFI with them that are in a qcow2 file", async () => {
    const wanted = (vm: string, more: Bag, host = "beta") => snapshotInputs(vm, "now", more, host);
    const machineOf = (vm: string) =>
      machineInputs(vm, { firmware: "uefi", kernel: undefined, initrd: undefined, commandLine: undefined });
    const raw = new Declared(virtualMachine, refs());
    await raw.up(machineOf("raw"));
    expect((await new Declared(snapshot, refs()).preview(wanted("raw", {}))).refusals).toEqual([
      expect.stringMatching(/its variables are in a raw file, .*; use type "external"$/),
    ]);
    await raw.remove();
    const older = new Declared(virtualMachine, refs());
    await older.up({ ...machineOf("older"), ...world.onHost("alpha"), powerState: "stopped" });
    expect((await new Declared(snapshot, refs()).preview(wanted("older", {}, "alpha"))).refusals).toEqual([
      expect.stringMatching(/its firmware is UEFI, and libvirt 9\.0\.0 can't put/),
    ]);
    await older.remove();
    // As Fedora has it.
    await beta.shell(`mkdir -p /etc/qemu/firmware; cd /var/lib/libvirt
      for part in CODE VARS; do qemu-img convert -O qcow2 /usr/share/OVMF/OVMF_"$part"_4M.fd OVMF_"$part"_4M.fd; done
      sed 's#/usr/share/OVMF#/var/lib/libvirt#; s#"raw"#"qcow2"#' /usr/share/qemu/firmware/60-edk2-x86_64.json >/etc/qemu/firmware/30-qcow2.json`);
    const machine = new Declared(virtualMachine, refs());
    const inputs = machineOf("qcow");
    await machine.up(inputs);
    expect(await machine.preview(inputs)).toEqual(unchanged);
    const { uuid } = machine.state as { uuid: string };
    const variables = `/var/lib/libvirt/qemu/nvram/${uuid}_VARS.fd`;
    const taken = new Declared(snapshot, refs());
    await taken.up(wanted("qcow", { revert: 1 }));
    expect(await beta.shell(`qemu-img info -U ${variables}`)).toMatch(/^file format: qcow2[\s\S]*^1 +now /m);
    await machine.up({ ...inputs, powerState: "stopped", description: "newer" });
    // Firmware that the guest has spoilt, so to say.
    await beta.shell(`qemu-io -c 'write -P 9 256K 64K' ${variables}`);
    const sum = () =>
      beta.shell(`qemu-img dd -U -O raw if=${variables} of=/run/variables; md5sum </run/variables`);
    const spoilt = await sum();
    expect((await taken.preview(wanted("qcow", { revert: 2 }))).effects).toEqual([
      expect.stringMatching(
        /: the guest, which is off, is back in that moment; what its memory, its disks and/,
      ),
    ]);
    await taken.up(wanted("qcow", { revert: 2 }));
    expect(await sum()).not.toBe(spoilt);
    expect(await beta.virsh("domstate", "qcow")).toContain("running");
    expect(await taken.preview(wanted("qcow", { revert: 2 }))).toEqual(unchanged);
    await machine.up(inputs);
    expect(await machine.preview(inputs)).toEqual(unchanged);
    await taken.remove();
    expect(await beta.shell(`qemu-img info -U ${variables}`)).not.toContain("Snapshot list");
    await machine.remove();
    expect(await beta.shell("ls /var/lib/libvirt/qemu/nvram")).toBe("");
    expect(await filesOf("qcow")).toEqual([]);
  });
});
