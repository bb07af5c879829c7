import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { virtualMachine } from "../../provider/resources/virtual-machine/index.js";
import { labAvailable } from "../hosts/lab.js";
import { tickCommandLine } from "../hosts/tick-guest.js";
import { Declared, StorageWorld } from "./storage-world.js";
import { WalkedMachine } from "./walked-machine.js";

const { available, missing } = labAvailable();

/** Rows of the table of changes whose effect can't be seen here, and why. */
export const notRunHere = [
  ["cpus, fewer", "live with KVM only, which these hosts lack; the table's test has it"],
  ['cpu.mode "host-passthrough"', "needs KVM; refused at preview here"],
  [
    "memoryTune.hardLimit",
    "libvirt raises QEMU's limit of locked memory, which these hosts aren't allowed to",
  ],
  ["memoryBacking.locked", "as hardLimit"],
  ["cpus, with an agent", "the guest of these tests has none"],
] as const;

describe.skipIf(!available)(`CPUs and memory of a running guest ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  beforeAll(async () => {
    world = await StorageWorld.up("compute");
  });
  afterAll(() => world?.lab.close());

  it("take no change from a preview while the balloon is on its way after a boot", async () => {
    const sizes = { memory: "128MiB", maxMemory: "320MiB", restartPolicy: "whenNeeded" };
    await using vm = new WalkedMachine(world, "booted", sizes);
    const settled = async () => / 131072$/m.test(await vm.host.virsh("dommemstat", "booted"));
    const previewed = async () => {
      const seen = new Set<string>();
      let previews = 0;
      for (let done = false; !done; previews++) {
        done = await settled();
        const { effects, refusals } = await vm.declared.preview(vm.inputs);
        seen.add([...effects, ...refusals].join("; "));
      }
      expect(previews).toBeGreaterThan(2);
      return [...seen];
    };
    await vm.declared.up(vm.inputs);
    expect(await previewed()).toEqual([""]);
    vm.inputs = { ...vm.inputs, watchdog: { model: "i6300esb" } };
    await vm.declared.up(vm.inputs);
    expect(await previewed()).toEqual([""]);
    // What somebody set by hand is told nevertheless.
    await vm.host.virsh("setmem", "booted", "200MiB", "--live");
    await expect
      .poll(() => vm.host.virsh("dominfo", "booted"), { timeout: 30_000 })
      .toMatch(/Used memory: +204800/);
    expect(await vm.declared.preview(vm.inputs)).toMatchObject({
      effects: ["memory 200 MiB -> 128 MiB, live"],
    });
    // QEMU would ask for it at the restart, and the guest would be left off.
    const { refusals } = await vm.declared.preview({ ...vm.inputs, maxMemory: "60TiB" });
    expect(refusals).toEqual([expect.stringMatching(/^maxMemory: 60 TiB is more than alpha has, \d+ MiB, /)]);
  });

  it("change while it counts, as far as QEMU can, and with one restart for the rest", async () => {
    await using vm = new WalkedMachine(world, "computed", {
      memory: "192MiB",
      maxMemory: "256MiB",
      maxCpus: 4,
    });
    await vm.start();
    expect(vm.declared.state.pendingRestart).toEqual([]);

    await vm.change({ inputs: { cpus: 3 }, announced: ["cpus 1 -> 3, live"], prints: [/^cpus 3$/m] });
    await vm.change({
      inputs: { memory: "160MiB" },
      announced: ["memory 192 MiB -> 160 MiB, live"],
      prints: [/^memory \d+$/m],
    });
    // Somebody has paused it: it is resumed first, and restarted for nothing.
    await vm.host.virsh("suspend", "computed");
    await vm.change({
      inputs: { memory: "256MiB", restartPolicy: "whenNeeded" },
      announced: ["resume (it is paused, user)", "memory 160 MiB -> 256 MiB, live"],
      prints: [/^memory \d+$/m],
    });
    vm.inputs = { ...vm.inputs, restartPolicy: "never" };
    const tuned = {
      vcpuPins: [{ vcpu: 1, cpus: 1 }],
      emulatorPin: 0,
      iothreadPins: [{ iothread: 2, cpus: "0" }],
    };
    await vm.change({
      inputs: { iothreads: 2, cpuTune: tuned },
      announced: [
        "iothreads none -> 2, live",
        "cpuTune.vcpuPins none -> 1 on 1, live",
        'cpuTune.emulatorPin none -> "0", live',
        "cpuTune.iothreadPins none -> 2 on 0, live",
      ],
    });
    const qemu = await vm.host.qemuPid("computed");
    expect(
      await vm.host.shell(
        `for t in /proc/${qemu}/task/*; do grep -q "CPU 1/" $t/comm && grep Cpus_allowed_list $t/status || true; done`,
      ),
    ).toMatch(/\t1\n/);
    // This host has no CPU controller: libvirt refuses, and it isn't tried again before the guest's next start.
    await vm.change({
      inputs: { iothreads: 0, cpuTune: { shares: 512 } },
      announced: [
        "iothreads 2 -> none, live",
        "cpuTune.vcpuPins 1 on 1 -> none, live",
        'cpuTune.emulatorPin "0" -> none, live',
        "cpuTune.iothreadPins 2 on 0 -> none, live",
        "cpuTune none -> shares 512, live",
      ],
    });
    expect(vm.declared.state.pendingRestart).toEqual(["cpuTune none -> shares 512"]);

    await vm.change({
      inputs: {
        ...{ cpus: 2, maxCpus: 8, memory: "300MiB", maxMemory: undefined, cpuTune: undefined },
        cpu: {
          mode: "maximum",
          features: [{ name: "aes", policy: "disable" }],
          topology: { cores: 4, threads: 2 },
        },
      },
      announced: [
        "memory 256 MiB -> 300 MiB, at the next boot",
        "cpus 3 -> 2, at the next boot",
        "maxCpus 4 -> 8, at the next boot",
        "cpu the machine type's default -> maximum, at the next boot",
        "cpu.features none -> aes (disable), at the next boot",
        "cpu.topology none -> 1 x 1 x 4 x 2, at the next boot",
        "cpuTune shares 512 -> none",
      ],
    });
    const waiting = [
      "memory 256 MiB -> 300 MiB",
      "cpus 3 -> 2",
      "maxCpus 4 -> 8",
      "cpu the machine type's default -> maximum",
      "cpu.features none -> aes (disable)",
      "cpu.topology none -> 1 x 1 x 4 x 2",
    ];
    expect(vm.declared.state.pendingRestart).toEqual(waiting);
    await vm.declared.read();
    expect(vm.declared.state.pendingRestart).toEqual(waiting);
    // What goes back to what the guest runs with waits no more.
    await vm.change({
      inputs: { cpu: { topology: { cores: 4, threads: 2 } } },
      announced: ["cpu maximum -> the machine type's default", "cpu.features aes (disable) -> none"],
    });
    await vm.change({
      inputs: { restartPolicy: "whenNeeded", cpu: { mode: "maximum", topology: { cores: 4, threads: 2 } } },
      announced: [
        "cpu the machine type's default -> maximum, at the next boot",
        "restart the guest for memory 256 MiB -> 300 MiB, cpus 3 -> 2, maxCpus 4 -> 8, cpu the machine type's default -> maximum, cpu.topology none -> 1 x 1 x 4 x 2, cutting its power if it does not shut down in time",
      ],
      prints: [/^cpus 2$/m],
    });
    expect(vm.declared.state.pendingRestart).toEqual([]);
  });

  it("grow by modules and by virtio-mem beyond what it booted with, shrink, and move along when it migrates", async () => {
    const sizes = { memory: "256MiB", maxMemory: "1GiB", maxCpus: 2, migration: { unsafe: true } };
    await using modules = new WalkedMachine(world, "modules", {
      ...{ ...sizes, memoryHotplug: { type: "dimm", slots: 2 } },
      // Else the guest puts its kernel's own data into a module, and can't let go of it.
      commandLine: `${tickCommandLine} memory_hotplug.online_policy=auto-movable`,
    });
    await modules.start();
    await modules.change({
      inputs: { memory: "384MiB" },
      announced: ["memory 256 MiB -> 384 MiB, live"],
      prints: [/^memory \d+$/m],
    });
    // No module has a size like that; nor is there a slot left for what is more than one module.
    await modules.change({
      inputs: { memory: "400MiB" },
      announced: ["memory 384 MiB -> 400 MiB, at the next boot"],
    });
    expect(modules.declared.state.pendingRestart).toEqual(["memory 384 MiB -> 400 MiB"]);
    await modules.change({ inputs: { memory: "384MiB" }, announced: ["memory 400 MiB -> 384 MiB"] });
    await modules.change({
      inputs: { memory: "320MiB" },
      announced: ["memory 384 MiB -> 320 MiB, live"],
      prints: [/^memory \d+$/m],
    });
    expect(await modules.liveXml()).toMatch(/<memory model='dimm'>/);
    await modules.change({
      inputs: { memory: "256MiB" },
      announced: ["memory 320 MiB -> 256 MiB, live"],
      prints: [/^memory \d+$/m],
    });
    expect(await modules.persistentXml()).toContain("<memory unit='KiB'>262144</memory>");

    await using device = new WalkedMachine(world, "device", {
      ...{ ...sizes, memoryHotplug: { type: "virtio-mem", bootMemory: "256MiB" } },
    });
    await device.start();
    await device.change({
      inputs: { memory: "512MiB", cpus: 2 },
      announced: ["memory 256 MiB -> 512 MiB, live", "cpus 1 -> 2, live"],
      prints: [/^memory \d+$/m, /^cpus 2$/m],
    });
    await device.change({
      inputs: { memory: "384MiB" },
      announced: ["memory 512 MiB -> 384 MiB, live"],
      prints: [/^memory \d+$/m],
    });
    await modules.change({ inputs: { memory: "384MiB" }, announced: ["memory 256 MiB -> 384 MiB, live"] });
    for (const vm of [modules, device]) {
      await vm.change({
        inputs: { host: "beta", connection: world.connection("beta") },
        announced: ["migrate alpha -> beta, live"],
      });
      expect(vm.declared.state).toMatchObject({ host: "beta", pendingRestart: [] });
      expect(await world.host("beta").virsh("dumpxml", vm.name)).toContain(">393216</currentMemory>");
    }
  });

  it("without a driver in the guest change at its next boot, and nothing is tried again", async () => {
    const declared = new Declared(virtualMachine);
    const made = {
      pulumiUrn: "urn:pulumi:lab::test::pulumi-nodejs:dynamic/kvm:VirtualMachine::mute",
      ...{
        name: "mute",
        host: "alpha",
        connection: world.connection("alpha"),
        credentials: world.credentials,
      },
      ...{ memory: "96MiB", maxMemory: "128MiB", forceStop: true, shutdownTimeout: "1s" },
    };
    await declared.up(made);
    // QEMU knows what the guest is to have, and the guest may still come to it.
    expect(declared.state.pendingRestart).toEqual([]);
    expect(await declared.preview(made)).toMatchObject({ effects: [], diff: { changes: false } });
    const less = { ...made, memory: "64MiB" };
    const from = performance.now();
    expect(await declared.up(less)).toEqual(["memory 128 MiB -> 64 MiB, live"]);
    expect(performance.now() - from).toBeLessThan(60_000);
    expect(declared.state.pendingRestart).toEqual(["memory 128 MiB -> 64 MiB"]);
    expect(await declared.preview(less)).toMatchObject({ effects: [], diff: { changes: false } });
    const restarted = { ...less, restartPolicy: "whenNeeded" };
    expect((await declared.preview(restarted)).effects).toEqual([
      "restart the guest for memory 128 MiB -> 64 MiB, cutting its power if it does not shut down in time",
    ]);
    await declared.up(restarted);
    expect(declared.said.join("\n")).toContain("guest mute did not shut down within 1 s: its power is cut");
    await declared.remove();
  });
});
