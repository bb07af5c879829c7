import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Hosts } from "../../provider/hosts/hosts.js";
import { moveStopped, settle } from "../../provider/resources/virtual-machine/migration/index.js";
import type { LabHost } from "../hosts/host.js";
import { labAvailable } from "../hosts/lab.js";
import { MigrationProcess, taskOf } from "./migration-process.js";
import {
  MigrationWorld,
  type TestDisk,
  type TestMachine,
  testContext,
  testMachine,
} from "./migration-world.js";

const { available, missing } = labAvailable();
const disks: TestDisk[] = [
  { pool: "default", format: "qcow2", sizeMiB: 128, filled: true },
  { pool: "default", format: "raw", sizeMiB: 256 },
];

/** Where the process is killed, and on which side the VM is to be found in the end. */
const moments = [
  ["before the first volume is made", "StorageVolCreateXML:before", "onSource"],
  ["while a volume is sent", "StorageVolUpload:after", "onSource"],
  ["before the second volume is sent", "StorageVolUpload:before:2", "onSource"],
  ["before it is defined at the target", "DomainDefineXMLFlags:before", "onSource"],
  ["once it is defined at the target", "DomainDefineXMLFlags:after", "onTarget"],
  ["before it is undefined at the source", "DomainUndefineFlags:before", "onTarget"],
  ["once it is undefined at the source", "DomainUndefineFlags:after", "onTarget"],
  ["while the source's volumes are removed", "StorageVolDelete:after:2", "onTarget"],
] as const;

describe.skipIf(!available)(`moving a VM that is off ${missing.join("; ")}`, () => {
  let world: MigrationWorld;
  let hosts: Hosts;
  let alpha: LabHost;
  let beta: LabHost;
  beforeAll(async () => {
    world = await MigrationWorld.up("stopped");
    ({ alpha, beta } = world);
  });
  beforeEach(() => {
    hosts = world.hosts();
    return () => hosts.close();
  });
  afterAll(() => world?.lab.close());

  const sum = async (machine: TestMachine, index: number, host: LabHost) =>
    (await host.shell(`sha256sum '${world.path(machine, index)}'`)).split(" ")[0];

  async function expectOnlyOn(machine: TestMachine, host: LabHost): Promise<void> {
    const other = host === alpha ? beta : alpha;
    expect(await world.state(machine, host)).toBe("shut off");
    expect(await world.state(machine, other)).toBe("absent");
    expect((await world.files(machine, host)).sort()).toEqual(world.expectedFiles(machine));
    expect(await world.files(machine, other)).toEqual([]);
    expect(await world.journals(machine, host)).toEqual([false, false]);
    expect(await world.isAutostarted(machine, host)).toBe(machine.autostart ?? false);
  }

  it("takes its disks along, byte by byte and as sparse as they were, and starts there", async () => {
    const machine = testMachine("off", disks, { autostart: true });
    await world.make(machine, alpha, { start: false });
    const sums = [await sum(machine, 0, alpha), await sum(machine, 1, alpha)];
    const definition = (xml: string) => xml.replace(/\s*<metadata>.*<\/metadata>/s, "");
    const before = definition(await alpha.virsh("dumpxml", machine.uuid, "--inactive", "--security-info"));
    const context = testContext();
    const { totalMs } = await moveStopped(world.plan(machine, hosts), context);
    console.log(`moved ${disks[0]?.sizeMiB} MiB in ${totalMs} ms`);
    await expectOnlyOn(machine, beta);
    expect([await sum(machine, 0, beta), await sum(machine, 1, beta)]).toEqual(sums);
    expect(await world.allocatedKib(machine, 1, beta)).toBeLessThan(1024);
    expect(definition(await beta.virsh("dumpxml", machine.uuid, "--inactive", "--security-info"))).toBe(
      before,
    );
    expect(await beta.virsh("vol-dumpxml", "off-0", "default")).toContain("<format type='qcow2'/>");
    expect(context.lines.some((line) => /^progress: copying off-0: \d+ %, \d+ MiB left/.test(line))).toBe(
      true,
    );
    await using watch = await world.watch(machine);
    await beta.virsh("start", machine.uuid);
    await watch.untilLine(/^tick 1 /, { host: "beta" });
    await world.remove(machine);
  });

  it("moves the definition alone when the storage is shared", async () => {
    const machine = testMachine("offcom", [{ pool: "shared", format: "qcow2", sizeMiB: 64 }]);
    await world.make(machine, alpha, { start: false });
    await moveStopped(world.plan(machine, hosts), testContext());
    expect(await world.state(machine, alpha)).toBe("absent");
    expect(await world.state(machine, beta)).toBe("shut off");
    expect((await world.files(machine, beta)).sort()).toEqual(world.expectedFiles(machine));
    await world.remove(machine);
  });

  it("refuses what would be left behind: a saved state, snapshots, a base image", async () => {
    const machine = testMachine("keeps", [
      { pool: "default", format: "qcow2", sizeMiB: 64, base: "at-home" },
    ]);
    await using watch = await world.watch(machine);
    await world.make(machine, alpha);
    await watch.untilLine(/^tick 1 /);
    await alpha.virsh("managedsave", machine.name);
    const refusal = async () => {
      const fresh = world.hosts();
      const error = await moveStopped(world.plan(machine, fresh), testContext()).catch((e: unknown) => e);
      await fresh.close();
      expect(error).toMatchObject({ kind: "refused" });
      return (error as Error).message;
    };
    expect(await refusal()).toMatch(/saved state.*managedsave-remove/);
    await alpha.virsh("managedsave-remove", machine.name);
    await alpha.virsh("snapshot-create-as", machine.name, "one");
    expect(await refusal()).toMatch(/it has snapshots \(one\)/);
    await alpha.virsh("snapshot-delete", machine.name, "one");
    expect(await refusal()).toMatch(
      new RegExp(`difference to \\S*base-${machine.nonce}, which isn't on beta`),
    );
    await expectOnlyOn(machine, alpha);
    await world.remove(machine);
  });

  it("notices a disk that is written to while it is copied", async () => {
    const machine = testMachine("busy", disks, { autostart: true });
    await world.make(machine, alpha, { start: false });
    const context = testContext();
    let touched: Promise<unknown> | undefined;
    const log = {
      ...context.log,
      progress: () => {
        touched ??= alpha.shell(`echo more >>'${world.path(machine, 0)}'`);
      },
    };
    await expect(moveStopped(world.plan(machine, hosts), { ...context, log })).rejects.toMatchObject({
      kind: "failed",
      message: expect.stringMatching(/busy-0 was written to on alpha while it was copied; it stays on alpha/),
    });
    await touched;
    await expectOnlyOn(machine, alpha);
    await world.remove(machine);
  });

  // libvirt doesn't look at a pool as long as it makes a volume there, as a move of another VM does.
  it("waits for what else is made in the pool", async () => {
    const machine = testMachine("queued", [{ pool: "default", format: "qcow2", sizeMiB: 16 }]);
    await world.make(machine, alpha, { start: false });
    await beta.virsh("vol-create-as", "default", "other", "1M", "--format", "raw");
    // Of what libvirt has it make, one thing takes until it is told to go on.
    await beta.writeFile(
      "/run/slow-qemu-img",
      `#!/bin/sh
case "$*" in */copy*) : >/run/is-making; until [ -e /run/go-on ]; do sleep 0.1; done ;; esac
exec /run/qemu-img "$@"
`,
    );
    await beta.shell(
      "cp /usr/bin/qemu-img /run/qemu-img; chmod +x /run/slow-qemu-img; mount --bind /run/slow-qemu-img /usr/bin/qemu-img",
    );
    const making = beta.shell(
      'echo \'<volume><name>copy</name><capacity unit="MiB">1</capacity><target><format type="qcow2"/></target></volume>\' >/tmp/copy.xml; virsh vol-create-from default /tmp/copy.xml other --inputpool default',
    );
    await Promise.race([beta.shell("until [ -e /run/is-making ]; do sleep 0.1; done"), making]);
    await expect(beta.virsh("pool-refresh", "default")).rejects.toThrow(/asynchronous jobs/);
    const moving = moveStopped(world.plan(machine, hosts), testContext());
    const waits = async () => {
      await expect.poll(() => world.files(machine, beta), { timeout: 60_000 }).not.toEqual([]);
      return sleep(5_000, "waits");
    };
    const first = await Promise.race([moving.catch((error: unknown) => error), waits()]);
    expect(first).toBe("waits");
    await beta.shell(": >/run/go-on");
    await Promise.all([moving, making]);
    await beta.shell("umount /usr/bin/qemu-img");
    expect((await world.files(machine, beta)).sort()).toEqual(world.expectedFiles(machine));
    for (const name of ["other", "copy"]) await beta.virsh("vol-delete", name, "default");
    await world.remove(machine);
  });

  it("stops when the operation is aborted", async () => {
    const machine = testMachine("offabo", disks, { autostart: true });
    await world.make(machine, alpha, { start: false });
    const abort = new AbortController();
    const context = testContext(abort.signal);
    const log = { ...context.log, progress: () => abort.abort() };
    await expect(moveStopped(world.plan(machine, hosts), { ...context, log })).rejects.toMatchObject({
      kind: "aborted",
    });
    await expectOnlyOn(machine, alpha);
    await world.remove(machine);
  });

  it.each(moments)("killed %s, it is on one host with everything", async (title, stopAt, expected) => {
    const number = moments.findIndex(([other]) => other === title);
    const machine = testMachine(`offk${number}`, disks, { autostart: true });
    await world.make(machine, alpha, { start: false });
    const sums = [await sum(machine, 0, alpha), await sum(machine, 1, alpha)];
    await using moving = await MigrationProcess.start(world, taskOf(world, machine, "stopped"), stopAt);
    await moving.stopped();
    await moving.kill();
    const journal = await world.journal(machine);
    if (journal === undefined) throw new Error("there is no journal");
    const { source, target } = world.plan(machine, hosts);
    expect(await settle(source, target, machine.uuid, journal, testContext())).toBe(expected);
    const here = expected === "onSource" ? alpha : beta;
    await expectOnlyOn(machine, here);
    expect([await sum(machine, 0, here), await sum(machine, 1, here)]).toEqual(sums);
    await world.remove(machine);
  });
});
