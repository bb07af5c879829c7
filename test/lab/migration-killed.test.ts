import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { settle } from "../../provider/resources/virtual-machine/migration/index.js";
import { labAvailable } from "../hosts/lab.js";
import { MigrationProcess, taskOf } from "./migration-process.js";
import { MigrationWorld, testContext, testMachine } from "./migration-world.js";

const { available, missing } = labAvailable();

/** Where the process is killed, and on which side the guest is to be found in the end. */
const moments = [
  ["before autostart is cleared", "DomainSetAutostart:before", "onSource"],
  ["before the first volume is made", "StorageVolCreateXML:before", "onSource"],
  ["between a volume's mark and the volume", "StorageVolCreateXML:after", "onSource"],
  ["before the last volume", "StorageVolCreateXML:before:4", "onSource"],
  ["before Begin", "DomainMigrateBegin3Params:before", "onSource"],
  ["after Begin", "DomainMigrateBegin3Params:after", "onSource"],
  ["in Prepare", "DomainMigratePrepare3Params:sent", "onSource"],
  ["after Prepare", "DomainMigratePrepare3Params:after", "onSource"],
  ["in Perform", "DomainMigratePerform3Params:sent", "onSource"],
  ["between Perform and Finish", "DomainMigrateFinish3Params:before", "onSource"],
  ["in Finish", "DomainMigrateFinish3Params:sent", "either"],
  ["between Finish and Confirm", "DomainMigrateConfirm3Params:before", "onTarget"],
  ["in Confirm", "DomainMigrateConfirm3Params:sent", "onTarget"],
  ["after Confirm", "DomainMigrateConfirm3Params:after", "onTarget"],
  ["before the source's first volume is removed", "StorageVolDelete:before", "onTarget"],
  ["between a volume and its mark", "StorageVolDelete:after", "onTarget"],
] as const;

describe.skipIf(!available)(`a migration whose process is killed ${missing.join("; ")}`, () => {
  let world: MigrationWorld;
  beforeAll(async () => {
    world = await MigrationWorld.up("killed");
  });
  afterAll(() => world?.lab.close());

  it.each(moments)("%s leaves one running copy and nothing else", async (title, stopAt, expected) => {
    const number = moments.findIndex(([other]) => other === title);
    const machine = testMachine(
      `kill${number}`,
      [
        { pool: "default", format: "qcow2", sizeMiB: 64, writes: { 3: "kept" } },
        { pool: "default", format: "raw", sizeMiB: 16 },
      ],
      { autostart: true },
    );
    const { alpha, beta } = world;
    await using watch = await world.watch(machine);
    await world.make(machine, alpha);
    await watch.untilLine(/^tick 1 /);
    await using migrating = await MigrationProcess.start(world, taskOf(world, machine), stopAt);
    await migrating.stopped();
    await migrating.kill();

    const journal = await world.journal(machine);
    if (journal === undefined) throw new Error("there is no journal");
    const hosts = world.hosts();
    try {
      const plan = world.plan(machine, hosts);
      const side = await settle(plan.source, plan.target, machine.uuid, journal, testContext());
      if (expected !== "either") expect(side).toBe(expected);
      const [here, there] = side === "onSource" ? [alpha, beta] : [beta, alpha];
      expect(await world.state(machine, here)).toBe("running");
      expect(await world.state(machine, there)).toBe("absent");
      expect((await world.files(machine, here)).sort()).toEqual(world.expectedFiles(machine));
      expect(await world.files(machine, there)).toEqual([]);
      expect(await world.journals(machine, here)).toEqual([false, false]);
      expect(await world.isAutostarted(machine, here)).toBe(true);
      await watch.untilTicks(4);
      expect(watch.ticks.at(-1)?.host).toBe(here.name);
      expect(watch.report()).toMatchObject({ first: 0, missing: [], repeated: [], restarts: 0 });
    } finally {
      await hosts.close();
      await world.remove(machine);
    }
  });
});
