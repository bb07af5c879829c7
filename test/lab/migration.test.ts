import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Hosts } from "../../provider/hosts/hosts.js";
import { migrateLive } from "../../provider/resources/virtual-machine/migration/index.js";
import { labAvailable } from "../hosts/lab.js";
import { MigrationWorld, testContext, testMachine } from "./migration-world.js";

const { available, missing } = labAvailable();

describe.skipIf(!available)(`live migration ${missing.join("; ")}`, () => {
  let world: MigrationWorld;
  let hosts: Hosts;
  beforeAll(async () => {
    world = await MigrationWorld.up("migration");
    hosts = world.hosts();
  });
  afterAll(async () => {
    await hosts?.close();
    await world?.lab.close();
  });

  it("carries a running guest with copied qcow2 and raw disks", async () => {
    const machine = testMachine(
      "copied",
      [
        { pool: "default", format: "qcow2", sizeMiB: 64, writes: { 0: "first", 33: "middle" } },
        { pool: "default", format: "raw", sizeMiB: 32, writes: { 5: "raw" } },
      ],
      { autostart: true },
    );
    const { alpha, beta } = world;
    await using watch = await world.watch(machine);
    await world.make(machine, alpha);
    await watch.untilLine(/^tick 4 /);
    const context = testContext();
    const figures = await migrateLive(world.plan(machine, hosts), context);
    await watch.untilTicks(8);
    console.log(figures, watch.report(), context.lines);
    expect(await world.state(machine, alpha)).toBe("absent");
    expect(await world.state(machine, beta)).toBe("running");
    expect(await world.files(machine, alpha)).toEqual([]);
    expect((await world.files(machine, beta)).sort()).toEqual(world.expectedFiles(machine));
    expect(await world.journals(machine, beta)).toEqual([false, false]);
    expect(await world.isAutostarted(machine, beta)).toBe(true);
    expect(watch.report()).toMatchObject({ first: 0, missing: [], repeated: [], restarts: 0 });
    expect(watch.report().largestGapMs).toBeLessThan(2000);
    await world.remove(machine);
  });
});
