import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { labAvailable } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";
import { StorageWorld } from "./storage-world.js";
import { WalkedMachine } from "./walked-machine.js";

const { available, missing } = labAvailable();

describe.skipIf(!available)(`the platform of a running guest ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  beforeAll(async () => {
    world = await StorageWorld.up("platform");
  });
  afterAll(() => world?.lab.close());

  it("changes at the next boot, all at once, and live where QEMU can", async () => {
    await using vm = new WalkedMachine(world, "walked", {
      memory: "256MiB",
      kernel: tickGuest().packedKernelPath,
    });
    await vm.start();
    await vm.change({
      inputs: { os: { type: "linux", version: "debian12" } },
      announced: [/^os none -> "http:\/\/debian/],
    });
    for (const [event, from, to] of [
      ["onPoweroff", "destroy", "restart"],
      ["onPoweroff", "restart", "destroy"],
      ["onReboot", "restart", "destroy"],
      ["onCrash", "destroy", "coredump-destroy"],
    ] as const)
      await vm.change({ inputs: { [event]: to }, announced: [`${event} "${from}" -> "${to}", live`] });
    await vm.change({
      inputs: { inputDevices: [{ type: "tablet" }] },
      announced: ["inputDevices none -> usb tablet, live"],
    });
    await vm.change({ inputs: { inputDevices: [] }, announced: ["inputDevices usb tablet -> none, live"] });
    await vm.change({
      inputs: {
        graphics: { type: "vnc", password: "one" },
        firmware: "uefi",
        tpm: true,
        sound: "ich9",
        clock: { offset: "localtime", timers: { hpet: { present: false } } },
        features: { vmport: false, pmu: false, vmcoreinfo: true },
        serialPorts: [{ type: "pty" }, { type: "unix", path: "/run/walked.sock" }],
        inputDevices: [{ type: "tablet", bus: "virtio" }],
      },
      announced: [
        'firmware "bios" -> "uefi", at the next boot',
        "features.pmu none -> false, at the next boot",
        "features.vmport none -> false, at the next boot",
        "features.vmcoreinfo none -> true, at the next boot",
        "clock none -> localtime, hpet off, at the next boot",
        "tpm none -> tpm-crb 2.0, at the next boot",
        "graphics none -> vnc on 127.0.0.1 with a password, at the next boot",
        "video none -> virtio, at the next boot",
        'sound none -> "ich9", at the next boot',
        "inputDevices none -> virtio tablet, at the next boot",
        "serialPorts none -> pty, unix bind /run/walked.sock, at the next boot",
      ],
    });
    expect(vm.declared.state.pendingRestart).toHaveLength(11);
    await vm.change({ inputs: { restartPolicy: "whenNeeded" }, announced: [/^restart the guest/] });
    expect(vm.declared.state).toMatchObject({ vncPort: expect.any(Number), pendingRestart: [] });
    await vm.change({
      inputs: { graphics: { type: "vnc", password: "two" } },
      announced: ["graphics.password (secret) -> another, live"],
    });
    expect(await vm.host.virsh("dumpxml", "--security-info", "walked")).toContain("passwd='two'");
    expect(JSON.stringify(vm.declared.state.effects)).not.toContain("two");

    // A guest that shuts itself down is started again, or left as it is; what it had goes with it, and what it had once.
    const nvram = "/var/lib/libvirt/qemu/nvram";
    const uuid = vm.declared.id;
    expect(await world.ls("alpha", nvram)).toEqual([`${uuid}_VARS.fd`]);
    await vm.host.virsh("shutdown", "walked");
    await expect.poll(() => vm.host.virsh("domstate", "walked"), { timeout: 60_000 }).toContain("shut off");
    expect(await vm.declared.preview(vm.inputs)).toMatchObject({ effects: ["start (it is off)"] });
    const left = { ...vm.inputs, onGuestShutdown: "leave" };
    expect((await vm.declared.preview(left)).effects).toEqual([
      expect.stringMatching(/^record changed onGuestShutdown/),
    ]);
    const withoutFirmware = { ...left, firmware: undefined, tpm: undefined, name: "renamed" };
    await vm.declared.up({ ...left, name: "renamed" });
    expect(await world.ls("alpha", nvram)).toEqual([`${uuid}_VARS.fd`]);
    await vm.declared.up(withoutFirmware);
    expect(vm.declared.state).toMatchObject({ state: "stopped", name: "renamed" });
    expect(await world.ls("alpha", "/var/lib/libvirt/swtpm")).toEqual([uuid]);
    await vm.declared.remove();
    vm.declared.id = undefined;
    expect(await world.ls("alpha", nvram)).toEqual([]);
    expect(await world.ls("alpha", "/var/lib/libvirt/swtpm")).toEqual([]);
  });

  it("stays as it is when it has crashed and is kept, until there is something to do", async () => {
    await using vm = new WalkedMachine(world, "crashes", {
      commandLine: `${tickCommandLine} unknown_nmi_panic module_blacklist=button`,
      onCrash: "preserve",
      restartPolicy: "whenNeeded",
      xml: [{ xpath: "/domain/devices", append: "<panic model='isa'/>" }],
    });
    await vm.start();
    const crash = async () => {
      await vm.host.virsh("inject-nmi", "crashes");
      await expect.poll(() => vm.host.virsh("domstate", "crashes"), { timeout: 30_000 }).toContain("crashed");
    };
    await crash();
    await vm.declared.up({ ...vm.inputs, powerState: "stopped" });
    expect(vm.declared.state.state).toBe("crashed");
    const start = [
      expect.stringMatching(/^end what is left of the guest on alpha/),
      "start (it has crashed)",
    ];
    expect((await vm.declared.preview(vm.inputs)).effects).toEqual(start);
    // While it is waited for, which ends there.
    const waiting = vm.declared.up({ ...vm.inputs, waitFor: "agent" });
    const inVain = expect(waiting).rejects.toThrow(
      /has crashed while the guest's agent was waited for, and is kept/,
    );
    await vm.watch.untilTicks(2);
    await crash();
    await inVain;
    expect((await vm.declared.preview(vm.inputs)).effects).toEqual(start);
    await vm.declared.up(vm.inputs);
    await vm.watch.untilTicks(2);
    expect(vm.declared.state.state).toBe("running");
    expect(await vm.declared.preview(vm.inputs)).toMatchObject({ effects: [], refusals: [] });

    // Instead of shutting down, too: it does not hear its power button.
    const stopping = vm.declared.up({ ...vm.inputs, powerState: "stopped", forceStop: false });
    const failure = expect(stopping).rejects.toThrow(/has crashed instead of shutting down, and is kept/);
    await expect
      .poll(() => vm.declared.said.join("\n"), { timeout: 10_000 })
      .toMatch(/waiting for the guest/);
    await crash();
    await failure;
    await vm.declared.remove();
    vm.declared.id = undefined;
    expect(await vm.host.virsh("list", "--all", "--name")).not.toContain("crashes");
  });
});
