import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { MigrationJournal } from "../../provider/libvirt/xml/index.js";
import { migrateLive, settle } from "../../provider/resources/virtual-machine/migration/index.js";
import type { ConsoleWatch } from "../hosts/console-watch.mjs";
import type { LabHost } from "../hosts/host.js";
import { labAvailable } from "../hosts/lab.js";
import { loseReply } from "./lost-replies.js";
import { MigrationProcess, taskOf } from "./migration-process.js";
import { MigrationWorld, type TestMachine, testContext, testMachine } from "./migration-world.js";

const { available, missing } = labAvailable();
const small = { pool: "default", format: "qcow2", sizeMiB: 64, writes: { 3: "kept" } } as const;
/** With this much to copy and this little bandwidth there is time to break something. */
const large = { pool: "default", format: "raw", sizeMiB: 64, filled: true } as const;
const slow = { bandwidthMibPerSecond: 8 };

describe.skipIf(!available)(`a migration that meets a fault ${missing.join("; ")}`, () => {
  let world: MigrationWorld;
  let alpha: LabHost;
  let beta: LabHost;
  beforeAll(async () => {
    world = await MigrationWorld.up("faults");
    ({ alpha, beta } = world);
  });
  afterEach(() => alpha.heal());
  afterAll(() => world?.lab.close());

  async function started(machine: TestMachine) {
    const watch = await world.watch(machine);
    await world.make(machine, alpha);
    await watch.untilLine(/^tick 1 /);
    return watch;
  }

  async function expectOnlyOn(machine: TestMachine, host: LabHost): Promise<void> {
    const other = host === alpha ? beta : alpha;
    expect(await world.state(machine, host)).toBe("running");
    expect(await world.state(machine, other)).toBe("absent");
    expect((await world.files(machine, host)).sort()).toEqual(world.expectedFiles(machine));
    expect(await world.files(machine, other)).toEqual([]);
    expect(await world.journals(machine, host)).toEqual([false, false]);
    expect(await world.isAutostarted(machine, host)).toBe(true);
  }

  /** There alone, and it has felt nothing. */
  async function expectRunsOn(machine: TestMachine, host: LabHost, watch: ConsoleWatch): Promise<void> {
    await expectOnlyOn(machine, host);
    await watch.untilTicks(4);
    expect(watch.report()).toMatchObject({ first: 0, missing: [], repeated: [], restarts: 0 });
  }

  async function journalOf(machine: TestMachine): Promise<MigrationJournal> {
    return (await world.journal(machine)) ?? expect.fail("there is no journal");
  }

  /** The guest does half its copying. */
  async function untilPerforming(machine: TestMachine): Promise<void> {
    const jobs = async () => (await alpha.exec(["virsh", "domjobinfo", machine.uuid])).stdout;
    await expect
      .poll(jobs, { timeout: 20_000, interval: 200 })
      .toMatch(/Data processed: +([2-9]|\d\d)\.\d+ MiB/);
  }

  const losses = [
    ["Begin isn't answered", "DomainMigrateBegin3Params", "after", "alpha"],
    ["Prepare isn't answered", "DomainMigratePrepare3Params", "after", "alpha"],
    ["Perform isn't answered", "DomainMigratePerform3Params", "after", "alpha"],
    ["Finish isn't sent", "DomainMigrateFinish3Params", "before", "alpha"],
    ["Finish isn't answered", "DomainMigrateFinish3Params", "after", "beta"],
    ["Confirm isn't sent", "DomainMigrateConfirm3Params", "before", "beta"],
    ["Confirm isn't answered", "DomainMigrateConfirm3Params", "after", "beta"],
  ] as const;

  it.each(losses)("when %s, ends with one running copy", async (title, procedure, when, expected) => {
    const machine = testMachine(`lost${losses.findIndex(([other]) => other === title)}`, [small], {
      autostart: true,
    });
    await using watch = await started(machine);
    const hosts = world.hosts();
    using fault = loseReply(procedure, when);
    const moving = migrateLive(world.plan(machine, hosts), testContext());
    if (expected === "beta") await moving;
    else await expect(moving).rejects.toMatchObject({ kind: "failed" });
    expect(fault.lost).toBe(true);
    await expectOnlyOn(machine, world.lab.host(expected));
    await watch.untilTicks(4);
    expect(watch.ticks.at(-1)?.host).toBe(expected);
    expect(watch.report()).toMatchObject({ first: 0, missing: [], repeated: [], restarts: 0 });
    // Settled at once: nobody waits for the next deployment.
    expect(watch.report().largestGapMs).toBeLessThan(5000);
    await hosts.close();
    await world.remove(machine);
  });

  it.each(["target", "source"])("survives the crash of the %s's libvirtd in Perform", async (side) => {
    const machine = testMachine(`crash-${side}`, [large], { autostart: true });
    await using watch = await started(machine);
    const hosts = world.hosts();
    const moving = migrateLive(world.plan(machine, hosts, slow), testContext());
    moving.catch(() => undefined);
    await untilPerforming(machine);
    const crashing = side === "source" ? alpha : beta;
    await crashing.killLibvirtd();
    await sleep(1500);
    await crashing.startLibvirtd();
    await expect(moving).rejects.toMatchObject({
      kind: "failed",
      message: expect.stringContaining("stays on alpha"),
    });
    await expectRunsOn(machine, alpha, watch);
    await hosts.close();
    await world.remove(machine);
  });

  it("says that the guest is off when its QEMU ends in Perform, and leaves nothing at the target", async () => {
    const machine = testMachine("ended", [large], { autostart: true });
    await using _watch = await started(machine);
    const hosts = world.hosts();
    const moving = migrateLive(world.plan(machine, hosts, slow), testContext());
    moving.catch(() => undefined);
    await untilPerforming(machine);
    await alpha.kill(await alpha.qemuPid(machine.name), "KILL");
    await expect(moving).rejects.toMatchObject({
      kind: "failed",
      message: expect.stringMatching(
        /it has ended meanwhile \(crashed\) and is off on alpha, and beta is clean$/,
      ),
    });
    expect(await world.state(machine, alpha)).toBe("shut off");
    expect(await world.state(machine, beta)).toBe("absent");
    expect(await world.files(machine, beta)).toEqual([]);
    expect(await world.journals(machine, alpha)).toEqual([false, false]);
    await hosts.close();
    await world.remove(machine);
  });

  it("changes nothing while a host doesn't answer, and settles when it does again", async () => {
    const machine = testMachine("silent", [large], { autostart: true });
    await using watch = await started(machine);
    await using migrating = await MigrationProcess.start(world, taskOf(world, machine, "live", slow));
    await untilPerforming(machine);
    await alpha.killLibvirtd();
    await migrating.kill();
    // Half the guest is gone from the target with its client, and the source can't say how it is.
    const journal = await journalFromFile(machine);
    let hosts = world.hosts();
    let plan = world.plan(machine, hosts);
    await expect(settle(plan.source, plan.target, machine.uuid, journal, testContext())).rejects.toThrow(
      /alpha is unreachable/,
    );
    expect((await world.files(machine, beta)).length).toBe(2);
    await alpha.startLibvirtd();
    await hosts.close();
    hosts = world.hosts();
    plan = world.plan(machine, hosts);
    expect(await settle(plan.source, plan.target, machine.uuid, journal, testContext())).toBe("onSource");
    await expectRunsOn(machine, alpha, watch);
    await hosts.close();
    await world.remove(machine);
  });

  it("leaves the guest running when the hosts don't reach each other any more, and settles once they do", async () => {
    const machine = testMachine("parted", [large], { autostart: true });
    await using watch = await started(machine);
    const hosts = world.hosts();
    const moving = migrateLive(world.plan(machine, hosts, { ...slow, timeoutMs: 4000 }), testContext());
    moving.catch(() => undefined);
    await untilPerforming(machine);
    await alpha.partition(beta);
    // QEMU waits for its peer, and the job with it. Nothing is forced: the guest runs on.
    await expect(moving).rejects.toMatchObject({ kind: "unsettled" });
    await watch.untilTicks(4);
    await alpha.heal();
    const { source, target } = world.plan(machine, hosts);
    const journal = await journalOf(machine);
    // TCP takes its time to try again; until then the job holds the guest, and settling says so.
    const settled = () =>
      settle(source, target, machine.uuid, journal, testContext()).catch((error: unknown) => {
        expect(error).toMatchObject({ kind: "unsettled", message: expect.stringContaining("doesn't end") });
      });
    await expect.poll(settled, { timeout: 180_000 }).toBe("onSource");
    await expectRunsOn(machine, alpha, watch);
    await hosts.close();
    await world.remove(machine);
  });

  it("is killed in the middle of Perform, and the settling too, and again", async () => {
    const machine = testMachine("twice", [large], { autostart: true });
    await using watch = await started(machine);
    await using migrating = await MigrationProcess.start(world, taskOf(world, machine, "live", slow));
    await untilPerforming(machine);
    await migrating.kill();
    const journal = await journalOf(machine);
    const task = { action: "settle", uuid: machine.uuid, journal } as const;
    for (const stopAt of ["StorageVolDelete:before", "StorageVolDelete:after", "DomainSetMetadata:after"]) {
      await using settling = await MigrationProcess.start(world, task, stopAt);
      await settling.stopped();
      await settling.kill();
    }
    await using settling = await MigrationProcess.start(world, task);
    expect(await settling.outcome()).toEqual({ result: "onSource" });
    await expectRunsOn(machine, alpha, watch);
    await world.remove(machine);
  });

  it("settles what a process left that hangs between Prepare and Perform, half a guest at the target", async () => {
    const machine = testMachine("asleep", [small], { autostart: true });
    await using watch = await started(machine);
    const stopAt = "DomainMigratePerform3Params:before";
    await using migrating = await MigrationProcess.start(world, taskOf(world, machine), stopAt);
    await migrating.stopped();
    migrating.freeze();
    expect(await world.state(machine, beta)).toBe("paused");
    const journal = await journalOf(machine);
    const hosts = world.hosts();
    const { source, target } = world.plan(machine, hosts);
    expect(await settle(source, target, machine.uuid, journal, testContext())).toBe("onSource");
    await expectRunsOn(machine, alpha, watch);
    await hosts.close();
    await world.remove(machine);
  });

  it("waits with what it left at the target until the pool there runs again", async () => {
    const machine = testMachine("nopool", [small], { autostart: true });
    await using watch = await started(machine);
    await using migrating = await MigrationProcess.start(
      world,
      taskOf(world, machine),
      "DomainMigrateBegin3Params:before",
    );
    await migrating.stopped();
    await migrating.kill();
    const journal = await journalOf(machine);
    await beta.virsh("pool-destroy", "default");
    const hosts = world.hosts();
    const { source, target } = world.plan(machine, hosts);
    await expect(settle(source, target, machine.uuid, journal, testContext())).rejects.toMatchObject({
      kind: "unsettled",
      message: expect.stringMatching(
        /guest is on alpha, but not all .*left on beta could be removed.*default/,
      ),
    });
    await watch.untilTicks(2);
    expect(await world.journal(machine)).toEqual(journal);
    await beta.virsh("pool-start", "default");
    expect(await settle(source, target, machine.uuid, journal, testContext())).toBe("onSource");
    await expectOnlyOn(machine, alpha);
    await hosts.close();
    await world.remove(machine);
  });

  it("settles what a hanging process left, once libvirt has given that up; when it wakes it does no harm", async () => {
    const machine = testMachine("frozen", [large], { autostart: true });
    await using watch = await started(machine);
    await using migrating = await MigrationProcess.start(world, taskOf(world, machine, "live", slow));
    await untilPerforming(machine);
    migrating.freeze();
    const journal = await journalOf(machine);
    const hosts = world.hosts();
    const { source, target } = world.plan(machine, hosts);
    expect(await settle(source, target, machine.uuid, journal, testContext())).toBe("onSource");
    await expectOnlyOn(machine, alpha);
    migrating.thaw();
    expect((await migrating.outcome()).error).toMatchObject({ kind: "failed" });
    await expectRunsOn(machine, alpha, watch);
    await hosts.close();
    await world.remove(machine);
  });

  it.each([
    ["DomainMigrateBegin3Params:before", "alpha"],
    ["DomainMigrateConfirm3Params:before", "beta"],
  ] as const)("is settled by several at once (%s)", async (stopAt, expected) => {
    const machine = testMachine(
      `crowd${expected[0]}`,
      [small, { pool: "default", format: "raw", sizeMiB: 8 }],
      {
        autostart: true,
      },
    );
    await using watch = await started(machine);
    await using migrating = await MigrationProcess.start(world, taskOf(world, machine), stopAt);
    await migrating.stopped();
    await migrating.kill();
    const journal = await journalOf(machine);
    const crowd = [world.hosts(), world.hosts(), world.hosts()];
    const settling = crowd.map((hosts) => {
      const { source, target } = world.plan(machine, hosts);
      return settle(source, target, machine.uuid, journal, testContext());
    });
    const sides = (await Promise.allSettled(settling)).flatMap((result) =>
      result.status === "fulfilled" ? [result.value] : [],
    );
    expect(sides.length).toBeGreaterThan(0);
    expect(new Set(sides)).toEqual(new Set([expected === "alpha" ? "onSource" : "onTarget"]));
    await expectRunsOn(machine, world.lab.host(expected), watch);
    await Promise.all(crowd.map((hosts) => hosts.close()));
    await world.remove(machine);
  });

  it("asks a person when both copies run, and touches neither", async () => {
    const machine = testMachine("double", [small], { autostart: true });
    await using _watch = await started(machine);
    await using migrating = await MigrationProcess.start(
      world,
      taskOf(world, machine),
      "DomainMigrateConfirm3Params:before",
    );
    await migrating.stopped();
    await migrating.kill();
    const journal = await journalOf(machine);
    await alpha.virsh("resume", machine.name);
    const hosts = world.hosts();
    const { source, target } = world.plan(machine, hosts);
    await expect(settle(source, target, machine.uuid, journal, testContext())).rejects.toMatchObject({
      kind: "unsettled",
      message: expect.stringMatching(
        /which is newer.*on alpha it is running.*on beta running.*keep the copy/s,
      ),
    });
    expect(await world.state(machine, alpha)).toBe("running");
    expect(await world.state(machine, beta)).toBe("running");
    await hosts.close();
    await world.remove(machine);
  });

  it("tells a host that isn't the machine of the journal", async () => {
    const machine = testMachine("stranger", [small]);
    await using _watch = await started(machine);
    await using migrating = await MigrationProcess.start(
      world,
      taskOf(world, machine),
      "DomainMigrateBegin3Params:before",
    );
    await migrating.stopped();
    await migrating.kill();
    const journal = await journalOf(machine);
    const hosts = world.hosts();
    const { source, target } = world.plan(machine, hosts);
    const context = testContext();
    await expect(settle(source, undefined, machine.uuid, journal, context)).rejects.toThrow(
      /beta isn't among the hosts/,
    );
    await expect(settle(target, source, machine.uuid, journal, context)).rejects.toThrow(
      /isn't the machine that took part/,
    );
    expect(await settle(source, target, machine.uuid, journal, context)).toBe("onSource");
    await hosts.close();
    await world.remove(machine);
  });

  /** While libvirtd is down, what it keeps of the running guest. */
  async function journalFromFile(machine: TestMachine) {
    const { readMigrationJournal } = await import("../../provider/libvirt/xml/index.js");
    const xml = await alpha.readFile(`/etc/libvirt/qemu/${machine.name}.xml`);
    return readMigrationJournal(xml) ?? expect.fail("there is no journal");
  }
});
