import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Hosts } from "../../provider/hosts/hosts.js";
import { type Lease, readLease } from "../../provider/libvirt/xml/index.js";
import { acquireLease, type LeaseTiming } from "../../provider/resources/virtual-machine/lease.js";
import { holderOf, holderOfThisProcess } from "../../provider/resources/virtual-machine/lease-holder.js";
import { migrateLive } from "../../provider/resources/virtual-machine/migration/index.js";
import type { LabHost } from "../hosts/host.js";
import { labAvailable } from "../hosts/lab.js";
import { MigrationWorld, type TestMachine, testContext, testMachine } from "./migration-world.js";

const { available, missing } = labAvailable();
const timing: LeaseTiming = { lasts: 4_000, renewEvery: 1_000, lookEvery: 100, jobMayLast: 1_500 };
const elsewhere = "elsewhere/4711";

describe.skipIf(!available)(`the lease on a VM ${missing.join("; ")}`, () => {
  let world: MigrationWorld;
  let hosts: Hosts;
  let alpha: LabHost;
  let beta: LabHost;
  const machine = testMachine("leased", [{ pool: "default", format: "raw", sizeMiB: 64, filled: true }]);
  beforeAll(async () => {
    world = await MigrationWorld.up("lease");
    ({ alpha, beta } = world);
    hosts = world.hosts();
    await world.make(machine, alpha);
  });
  afterAll(async () => {
    await hosts?.close();
    await world?.lab.close();
  });

  const context = (id: string, holder = elsewhere, signal = new AbortController().signal) => ({
    ...testContext(signal),
    run: { id, holder },
  });

  /** Who has the lease, by the running and by the defined document. */
  async function leases(host: LabHost = alpha, of: TestMachine = machine): Promise<(Lease | undefined)[]> {
    const documents = [
      await host.virsh("dumpxml", of.uuid),
      await host.virsh("dumpxml", of.uuid, "--inactive"),
    ];
    return documents.map((xml) => readLease(xml));
  }
  const runs = async (host?: LabHost) => (await leases(host)).map((lease) => lease?.run);
  const acquire = (of: ReturnType<typeof context>, host = alpha) =>
    acquireLease(hosts.get(world.ref(host)), machine.uuid, of, timing);

  it("is noted in both documents, renewed, and taken away in the end", async () => {
    const lease = await acquire(context("one"));
    const [first] = await leases();
    expect(await runs()).toEqual(["one", "one"]);
    await expect
      .poll(async () => (await leases())[1]?.expiresAtMs, { timeout: 5_000 })
      .toBeGreaterThan(first?.expiresAtMs ?? 0);
    await lease.release();
    expect(await runs()).toEqual([undefined, undefined]);
  });

  it("is had by one at a time; the next waits and says for whom", async () => {
    const first = await acquire(context("one"));
    const second = context("two");
    let got = false;
    const waiting = acquire(second).then((lease) => {
      got = true;
      return lease;
    });
    // Longer than it lasts: it was renewed meanwhile.
    await sleep(6_000);
    expect(got).toBe(false);
    expect(second.lines.at(-1)).toMatch(/waiting for elsewhere\/4711, which is at work on leased/);
    await first.release();
    const lease = await waiting;
    expect(await runs()).toEqual(["two", "two"]);
    await lease.release();
  });

  it("is had again by whoever has it", async () => {
    const first = await acquire(context("one"));
    const again = await acquire(context("one"));
    await again.release();
    expect(await runs()).toEqual([undefined, undefined]);
    await first.release();
  });

  it("ends by itself when its holder is gone, and at once when that can be told", async () => {
    const from = context("gone");
    const held = await acquireLease(hosts.get(world.ref(alpha)), machine.uuid, from, {
      ...timing,
      renewEvery: 3_600_000,
    });
    const began = performance.now();
    const next = await acquire(context("next"));
    expect(performance.now() - began).toBeGreaterThan(timing.lasts - 1_000);
    await held.release();
    expect(await runs()).toEqual(["next", "next"]);
    await next.release();

    const child = spawn("sleep", ["60"]);
    const holder = holderOf(child.pid ?? 0);
    await acquireLease(hosts.get(world.ref(alpha)), machine.uuid, context("child", holder), {
      ...timing,
      lasts: 3_600_000,
      renewEvery: 3_600_000,
    });
    const abort = new AbortController();
    const waiting = acquire(context("after", elsewhere, abort.signal));
    waiting.catch(() => undefined);
    await sleep(1_000);
    expect(await runs()).toEqual(["child", "child"]);
    child.kill("SIGKILL");
    const after = await waiting;
    expect(await runs()).toEqual(["after", "after"]);
    await after.release();
  });

  it("goes to one of two that come at once", async () => {
    for (let round = 0; round < 5; round++) {
      const abort = new AbortController();
      const got: string[] = [];
      const both = ["left", "right"].map((id) =>
        acquire(context(id, elsewhere, abort.signal)).then((lease) => {
          got.push(id);
          return lease;
        }),
      );
      for (const one of both) one.catch(() => undefined);
      const winner = await Promise.any(both);
      await sleep(300);
      expect(got).toHaveLength(1);
      expect(await runs()).toEqual([got[0], got[0]]);
      abort.abort();
      await winner.release();
    }
  });

  it("stops waiting when aborted", async () => {
    const first = await acquire(context("one"));
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 500);
    await expect(acquire(context("two", elsewhere, abort.signal))).rejects.toThrow(/abort/i);
    await first.release();
  });

  it("moves along, and counts for as long as the migration lasts", async () => {
    const lease = await acquireLease(
      hosts.get(world.ref(alpha)),
      machine.uuid,
      context("mover", holderOfThisProcess()),
      timing,
    );
    const moving = migrateLive(world.plan(machine, hosts, { bandwidthMibPerSecond: 6 }), testContext());
    await expect.poll(() => world.state(machine, beta), { timeout: 20_000 }).toBe("paused");
    const other = world.hosts();
    const intruder = context("intruder");
    const intruding = acquireLease(other.get(world.ref(alpha)), machine.uuid, intruder, timing);
    await expect(intruding).rejects.toThrow(
      /in the middle of a job on alpha that doesn't end \(started by .*virsh domjobabort/,
    );
    await moving;
    lease.follow(hosts.get(world.ref(beta)));
    expect(await runs(beta)).toEqual(["mover", "mover"]);
    await lease.release();
    expect(await runs(beta)).toEqual([undefined, undefined]);
    await other.close();
  });
});
