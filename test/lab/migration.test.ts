import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Hosts } from "../../provider/hosts/hosts.js";
import { migrateLive } from "../../provider/resources/virtual-machine/migration/index.js";
import type { LabHost } from "../hosts/host.js";
import { labAvailable } from "../hosts/lab.js";
import { MigrationWorld, type TestMachine, testContext, testMachine } from "./migration-world.js";

const { available, missing } = labAvailable();

describe.skipIf(!available)(`live migration ${missing.join("; ")}`, () => {
  let world: MigrationWorld;
  let hosts: Hosts;
  let alpha: LabHost;
  let beta: LabHost;
  beforeAll(async () => {
    world = await MigrationWorld.up("migration");
    ({ alpha, beta } = world);
  });
  beforeEach(() => {
    hosts = world.hosts();
    return () => hosts.close();
  });
  afterAll(() => world?.lab.close());

  /** The guest is on one host with all that is its own, and the other has nothing of it. */
  async function expectOnlyOn(machine: TestMachine, host: LabHost, state = "running"): Promise<void> {
    const other = host === alpha ? beta : alpha;
    expect(await world.state(machine, host)).toBe(state);
    expect(await world.state(machine, other)).toBe("absent");
    const shared = machine.disks.every((disk) => disk.pool === "shared");
    expect((await world.files(machine, host)).sort()).toEqual(world.expectedFiles(machine));
    if (!shared) expect(await world.files(machine, other)).toEqual([]);
    expect(await world.journals(machine, host)).toEqual([false, false]);
    expect(await world.isAutostarted(machine, host)).toBe(machine.autostart ?? false);
  }

  /** Carries the guest over and checks that it never noticed. */
  async function expectToMove(machine: TestMachine, policy = {}): Promise<void> {
    await using watch = await world.watch(machine);
    await world.make(machine, alpha);
    await watch.untilLine(/^tick 4 /);
    const figures = await migrateLive(world.plan(machine, hosts, policy), testContext());
    await watch.untilTicks(8);
    const report = watch.report();
    console.log(machine.name, figures, `largest gap ${Math.round(report.largestGapMs)} ms`);
    await expectOnlyOn(machine, beta);
    expect(watch.ticks.at(-1)?.host).toBe("beta");
    expect(report).toMatchObject({ first: 0, missing: [], repeated: [], restarts: 0 });
    expect(report.largestGapMs).toBeLessThan(2000);
    expect(figures.downtimeMs).toBeGreaterThan(0);
    expect(figures.downtimeMs).toBeLessThan(2000);
    expect(figures.totalMs).toBeGreaterThan(figures.downtimeMs ?? 0);
  }

  it("carries a running guest and its qcow2 and raw disks, whose content and sparseness stay", async () => {
    const machine = testMachine(
      "copied",
      [
        { pool: "default", format: "qcow2", sizeMiB: 256, writes: { 0: "first", 133: "middle" } },
        { pool: "default", format: "raw", sizeMiB: 32, writes: { 5: "raw" } },
      ],
      { autostart: true },
    );
    await expectToMove(machine);
    expect(await world.content(machine, 0, 0, beta)).toBe("first");
    expect(await world.content(machine, 0, 133, beta)).toBe("middle");
    expect(await world.content(machine, 1, 5, beta)).toBe("raw");
    expect(await world.allocatedKib(machine, 0, beta)).toBeLessThan(2048);
    await world.remove(machine);
  });

  it("copies the whole chain of a layered disk into one image", async () => {
    const machine = testMachine("layers", [
      { pool: "default", format: "qcow2", sizeMiB: 64, base: "from-the-base", writes: { 9: "on-top" } },
    ]);
    await expectToMove(machine);
    expect(await world.content(machine, 0, 2, beta)).toBe("from-the-base");
    expect(await world.content(machine, 0, 9, beta)).toBe("on-top");
    await beta.virsh("destroy", machine.name);
    await beta.virsh("start", machine.name);
    expect(await beta.virsh("dumpxml", machine.name)).not.toContain(`base-${machine.nonce}`);
    await world.remove(machine);
  });

  it("leaves shared storage where it is", async () => {
    const machine = testMachine("common", [
      { pool: "shared", format: "qcow2", sizeMiB: 64, writes: { 4: "everywhere" } },
    ]);
    await expectToMove(machine, { unsafe: true });
    expect(await world.content(machine, 0, 4, beta)).toBe("everywhere");
    await world.remove(machine);
  });

  it("doesn't share storage that libvirt doesn't know to be shared, unless told so", async () => {
    const machine = testMachine("unsafe", [{ pool: "shared", format: "qcow2", sizeMiB: 64 }], {
      autostart: true,
    });
    await world.make(machine, alpha);
    await expect(migrateLive(world.plan(machine, hosts), testContext())).rejects.toMatchObject({
      kind: "failed",
      message: expect.stringMatching(/unsafe.*migration\.unsafe: true .* stays on alpha, and beta is clean/i),
    });
    await expectOnlyOn(machine, alpha);
    await world.remove(machine);
  });

  it("keeps a paused guest paused", async () => {
    const machine = testMachine("paused", [{ pool: "default", format: "qcow2", sizeMiB: 64 }]);
    await using watch = await world.watch(machine);
    await world.make(machine, alpha);
    await watch.untilLine(/^tick 2 /);
    await alpha.virsh("suspend", machine.name);
    await migrateLive(world.plan(machine, hosts), testContext());
    await expectOnlyOn(machine, beta, "paused");
    const ticks = watch.ticks.length;
    await beta.virsh("resume", machine.name);
    await watch.untilTicks(4);
    expect(watch.ticks.slice(ticks).every((tick) => tick.host === "beta")).toBe(true);
    expect(watch.report()).toMatchObject({ first: 0, missing: [], repeated: [], restarts: 0 });
    await world.remove(machine);
  });

  it("goes back as well as there", async () => {
    const machine = testMachine("return", [{ pool: "default", format: "raw", sizeMiB: 16 }], {
      autostart: true,
    });
    await expectToMove(machine);
    await migrateLive(world.plan(machine, hosts, {}, { from: beta, to: alpha }), testContext());
    await expectOnlyOn(machine, alpha);
    await world.remove(machine);
  });

  it("leaves a volume at the source that isn't marked as ours", async () => {
    const machine = testMachine("foreign", [
      { pool: "default", format: "raw", sizeMiB: 16, marked: false, writes: { 1: "theirs" } },
    ]);
    await using watch = await world.watch(machine);
    await world.make(machine, alpha);
    await watch.untilLine(/^tick 2 /);
    const context = testContext();
    await migrateLive(world.plan(machine, hosts), context);
    expect(await world.state(machine, beta)).toBe("running");
    expect(await world.files(machine, alpha)).toEqual(["foreign-0"]);
    expect((await world.files(machine, beta)).sort()).toEqual(world.expectedFiles(machine));
    expect(await world.content(machine, 0, 1, beta)).toBe("theirs");
    expect(context.lines.join("\n")).toContain("volume foreign-0 in pool default stays on alpha");
    await world.remove(machine);
  });

  it("goes encrypted, over several connections, with its disk, once the hosts have certificates", async () => {
    const machine = testMachine("secret", [
      { pool: "default", format: "qcow2", sizeMiB: 16, writes: { 3: "sealed" } },
    ]);
    await using watch = await world.watch(machine);
    await world.make(machine, alpha);
    await watch.untilLine(/^tick 2 /);
    const plan = () => world.plan(machine, hosts, { tls: true, parallelConnections: 3 });
    await expect(migrateLive(plan(), testContext())).rejects.toMatchObject({
      kind: "failed",
      message: expect.stringMatching(/ca-cert\.pem.* stays on alpha, and beta is clean/i),
    });
    await world.giveCertificates();
    await hosts.close();
    hosts = world.hosts();
    await migrateLive(plan(), testContext());
    await watch.untilTicks(4);
    await expectOnlyOn(machine, beta);
    expect(watch.report()).toMatchObject({ first: 0, missing: [], repeated: [], restarts: 0 });
    expect(await world.content(machine, 0, 3, beta)).toBe("sealed");
    await world.remove(machine);
  });

  describe("that can't be done", () => {
    const disk = { pool: "default", format: "raw", sizeMiB: 96, filled: true } as const;
    const slow = { bandwidthMibPerSecond: 8 };

    it("keeps to its bandwidth, says how far it is, and stops at its time limit", async () => {
      const machine = testMachine("slow", [disk], { autostart: true });
      await using watch = await world.watch(machine);
      await world.make(machine, alpha);
      await watch.untilLine(/^tick 2 /);
      const context = testContext();
      const began = performance.now();
      const policy = { ...slow, timeoutMs: 4000, maxDowntimeMs: 1234 };
      const moving = migrateLive(world.plan(machine, hosts, policy), context);
      moving.catch(() => undefined);
      const downtime = async () =>
        (await alpha.exec(["virsh", "-q", "migrate-getmaxdowntime", machine.name])).stdout;
      await expect.poll(downtime, { timeout: 4000, interval: 100 }).toMatch(/^1234$/m);
      await expect(moving).rejects.toMatchObject({
        kind: "timedOut",
        message: expect.stringMatching(/not done within 4 s; it stays on alpha, and beta is clean$/),
      });
      expect(performance.now() - began).toBeLessThan(15_000);
      const percents = context.lines.flatMap(
        (line) => /^progress: migrating: (\d+) %, \d+ MiB left/.exec(line)?.[1] ?? [],
      );
      expect(percents.length).toBeGreaterThan(3);
      expect(Math.max(...percents.map(Number))).toBeLessThan(80);
      await watch.untilTicks(4);
      await expectOnlyOn(machine, alpha);
      expect(watch.report()).toMatchObject({ first: 0, missing: [], repeated: [], restarts: 0 });
      expect(watch.report().largestGapMs).toBeLessThan(2000);
      await world.remove(machine);
    });

    it("stops when the operation is aborted", async () => {
      const machine = testMachine("abort", [disk], { autostart: true });
      await using watch = await world.watch(machine);
      await world.make(machine, alpha);
      await watch.untilLine(/^tick 2 /);
      const abort = new AbortController();
      const moving = migrateLive(world.plan(machine, hosts, slow), testContext(abort.signal));
      moving.catch(() => undefined);
      await expect.poll(() => world.state(machine, beta), { timeout: 20_000 }).toBe("paused");
      setTimeout(() => abort.abort(), 1000);
      await expect(moving).rejects.toMatchObject({ kind: "aborted" });
      await watch.untilTicks(4);
      await expectOnlyOn(machine, alpha);
      expect(watch.report()).toMatchObject({ first: 0, missing: [], repeated: [], restarts: 0 });
      await world.remove(machine);
    });

    it("is refused by name before anything is changed", async () => {
      const machine = testMachine("taken", [{ pool: "default", format: "raw", sizeMiB: 16 }], {
        autostart: true,
        devices:
          "<interface type='bridge'><source bridge='br-none'/><mac address='52:54:00:00:00:09'/></interface>",
      });
      await world.make(machine, alpha, { start: false });
      await alpha.shell("ip link add br-none type bridge");
      await alpha.virsh("start", machine.name);
      const namesake = { ...testMachine("other", []), name: "taken" };
      await world.make(namesake, beta, { start: false });
      await beta.shell(`truncate -s 1M '${world.path(machine, 0)}'`);
      await beta.virsh("pool-refresh", "default");
      const moving = migrateLive(world.plan(machine, hosts), testContext());
      const error = await moving.then(
        () => undefined,
        (failure: unknown) => failure,
      );
      expect(error).toMatchObject({ kind: "refused" });
      const { message } = error as Error;
      expect(message).toContain(`the name taken is taken on beta by another domain (UUID ${namesake.uuid})`);
      expect(message).toContain("there is a volume taken-0 in pool default on beta already");
      expect(message).toContain("beta has no bridge br-none");
      expect(await world.state(machine, alpha)).toBe("running");
      expect(await world.journals(machine, alpha)).toEqual([false, false]);
      expect(await world.isAutostarted(machine, alpha)).toBe(true);
      expect(await world.state(namesake, beta)).toBe("shut off");
      expect(await world.files(machine, beta)).toEqual(["taken-0"]);
      await world.remove(machine);
      await world.remove(namesake);
    });
  });
});
