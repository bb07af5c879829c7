import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { labAvailable } from "../hosts/lab.js";
import { tickCommandLine } from "../hosts/tick-guest.js";
import { StorageWorld } from "./storage-world.js";
import { WalkedMachine } from "./walked-machine.js";

const { available, missing } = labAvailable();

// What the tick guest does when it is woken up differs: under emulation most firmware starts it anew.
describe.skipIf(!available)(`a guest that suspends itself to RAM ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  beforeAll(async () => {
    world = await StorageWorld.up("asleep");
  });
  afterAll(() => world?.lab.close());

  const stateOn = async (host: string, name: string) => {
    const { stdout } = await world.host(host).exec(["virsh", "-q", "-c", "qemu:///system", "domstate", name]);
    return stdout.trim();
  };
  const untilAsleep = (name: string) =>
    expect.poll(() => stateOn("alpha", name), { timeout: 60_000 }).toBe("pmsuspended");
  const wakes = "resume (it is asleep: its guest has suspended it to RAM)";

  it("is woken up by a deployment, which then moves it; else it is left to itself, and isn't moved", async () => {
    await using vm = new WalkedMachine(world, "drowsy", {
      ...{ commandLine: `${tickCommandLine} sleep=8`, disks: [] },
    });
    await vm.start();
    await untilAsleep("drowsy");
    expect((await vm.declared.preview(vm.inputs)).effects).toEqual([wakes]);
    const leave = { ...vm.inputs, onGuestShutdown: "leave" };
    expect((await vm.declared.preview(leave)).effects).toEqual([
      "record changed onGuestShutdown, no guest notices",
    ]);
    expect((await vm.declared.preview({ ...leave, ...world.onHost("beta") })).refusals).toEqual([
      expect.stringMatching(/its guest sleeps .*virsh dompmwakeup drowsy.* onGuestShutdown: "start"/),
    ]);
    expect(await vm.declared.up({ ...vm.inputs, ...world.onHost("beta") })).toEqual([
      wakes,
      "migrate alpha -> beta, live",
    ]);
    expect(await stateOn("alpha", "drowsy")).toBe("");
    expect(vm.declared.state).toMatchObject({ host: "beta", state: "running" });
  });

  it("stays where it is when it falls asleep on the way, and is woken up to be shut down", async () => {
    await using vm = new WalkedMachine(world, "tired", {
      ...{ commandLine: `${tickCommandLine} sleep=30`, migration: { bandwidthMibPerSecond: 1 } },
    });
    await vm.start();
    await expect(vm.declared.up({ ...vm.inputs, ...world.onHost("beta") })).rejects.toThrow(
      /its guest sleeps \(suspended to RAM\).*deploy again, which wakes it up first; it stays on alpha/,
    );
    expect(await stateOn("alpha", "tired")).toBe("pmsuspended");
    expect(await stateOn("beta", "tired")).toBe("");
    const stopped = { ...vm.inputs, powerState: "stopped", forceStop: false, shutdownTimeout: "90s" };
    expect(await vm.declared.up(stopped)).toContain("shut down the guest");
    expect(await stateOn("alpha", "tired")).toBe("shut off");
  });
});
