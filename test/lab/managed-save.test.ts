import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { labAvailable } from "../hosts/lab.js";
import { StorageWorld } from "./storage-world.js";
import { WalkedMachine } from "./walked-machine.js";

const { available, missing } = labAvailable();

describe.skipIf(!available)(`a guest whose state was saved ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  beforeAll(async () => {
    world = await StorageWorld.up("saved", { hosts: 1 });
  });
  afterAll(() => world?.lab.close());

  it("goes on where it was, and the preview says what it lacks, gets and is restarted for", async () => {
    await using vm = new WalkedMachine(world, "saved", { memory: "160MiB" });
    await vm.start();
    await vm.host.virsh("managedsave", "saved");
    // Nothing stands between its definition and its state.
    expect((await vm.declared.preview(vm.inputs)).effects).toEqual([
      "start (it is off) from its saved state",
    ]);
    await vm.change({
      inputs: { maxCpus: 4, onReboot: "destroy" },
      announced: [
        "maxCpus 1 -> 4",
        'onReboot "restart" -> "destroy"',
        "start (it is off) from its saved state, until its next boot without maxCpus 1 -> 4",
        'onReboot "restart" -> "destroy", live',
      ],
    });
    expect(vm.declared.state).toMatchObject({ state: "running", pendingRestart: ["maxCpus 1 -> 4"] });
    await vm.host.virsh("managedsave", "saved");
    await vm.change({
      inputs: { restartPolicy: "whenNeeded" },
      announced: [
        "start (it is off) from its saved state",
        "restart the guest for maxCpus 1 -> 4, cutting its power if it does not shut down in time",
      ],
    });
    expect(vm.declared.state).toMatchObject({ pendingRestart: [] });
  });
});
