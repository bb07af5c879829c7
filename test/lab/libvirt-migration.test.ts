import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dialLocal, Libvirt, MIGRATE } from "../../provider/libvirt/index.js";
import { type LibvirtDaemon, startLibvirtDaemon } from "./libvirt-daemon.js";
import { guestXml } from "./libvirt-guest-xml.js";

const FLAGS = MIGRATE.live | MIGRATE.persistDest | MIGRATE.undefineSource | MIGRATE.changeProtection;

let daemons: LibvirtDaemon[] = [];
let source: Libvirt;
let target: Libvirt;

beforeAll(async () => {
  const first = await startLibvirtDaemon({ hostName: "kvm-rpc-a" });
  daemons = [first];
  daemons.push(await startLibvirtDaemon({ hostName: "kvm-rpc-b", networkOf: first }));
  const open = (daemon: LibvirtDaemon | undefined, hostName: string) =>
    Libvirt.open({ dial: () => dialLocal(daemon?.socketPath ?? ""), hostName });
  source = await open(daemons[0], "alpha");
  target = await open(daemons[1], "beta");
});

afterAll(async () => {
  await source?.close();
  await target?.close();
  for (const daemon of [...daemons].reverse()) await daemon.stop();
});

it("carries a guest over, phase by phase, with its cookies", async () => {
  const uuid = randomUUID();
  await source.domains.define(guestXml("moving", uuid));
  await source.domains.start(uuid);
  const completed: number[] = [];
  const subscription = await source.events.on("jobCompleted", ({ values }) => {
    completed.push(Number(values.downtime));
  });

  const params = { migrateUri: "tcp://127.0.0.1" };
  const begun = await source.domains.migrateBegin3(uuid, { params, flags: FLAGS });
  const prepared = await target.domains.migratePrepare3({
    params: { ...params, destinationXml: begun.xml },
    flags: FLAGS,
    cookie: begun.cookie,
  });
  const performed = await source.domains.migratePerform3(uuid, {
    params: { migrateUri: prepared.uri ?? params.migrateUri },
    flags: FLAGS,
    cookie: prepared.cookie,
  });
  const finished = await target.domains.migrateFinish3({
    params: { destinationName: "moving" },
    flags: FLAGS,
    cookie: performed.cookie,
  });
  expect(finished.domain.uuid).toBe(uuid);
  await source.domains.migrateConfirm3(uuid, {
    params: {},
    flags: FLAGS,
    cookie: finished.cookie,
    cancelled: false,
  });

  expect(await target.domains.observe({ uuid })).toMatchObject({
    state: "running",
    reasonName: "migrated",
    persistent: true,
  });
  expect(await source.domains.observe({ uuid })).toBeUndefined();
  const stats = await target.domains.jobStats(uuid, { completed: true });
  expect(stats).toMatchObject({ state: "completed", operation: "migrationIn" });
  expect(stats.downtimeMs).toBeGreaterThan(0);
  expect(completed).toHaveLength(1);
  await subscription.close();
  await target.domains.destroy(uuid);
  await target.domains.undefine(uuid);
});

it("leaves nothing at the target when it is cancelled after Prepare", async () => {
  const uuid = randomUUID();
  await source.domains.define(guestXml("staying", uuid));
  await source.domains.start(uuid);
  const params = { migrateUri: "tcp://127.0.0.1" };
  const begun = await source.domains.migrateBegin3(uuid, { params, flags: FLAGS });
  await target.domains.migratePrepare3({
    params: { ...params, destinationXml: begun.xml },
    flags: FLAGS,
    cookie: begun.cookie,
  });
  expect(await target.domains.observe({ uuid })).toMatchObject({ state: "paused", persistent: false });
  await target.domains.migrateCancel3({ params: { destinationName: "staying" }, flags: FLAGS });
  expect(await target.domains.observe({ uuid })).toBeUndefined();
  await source.domains.migrateConfirm3(uuid, { params: {}, flags: FLAGS, cancelled: true });
  expect(await source.domains.observe({ uuid })).toMatchObject({ state: "running" });
  await source.domains.destroy(uuid);
  await source.domains.undefine(uuid);
});

it("ends the target's copy when the connections of its migration end", async () => {
  const uuid = randomUUID();
  await source.domains.define(guestXml("orphan", uuid));
  await source.domains.start(uuid);
  const params = { migrateUri: "tcp://127.0.0.1" };
  const begun = await source.domains.migrateBegin3(uuid, { params, flags: FLAGS });
  const other = await Libvirt.open({ dial: () => dialLocal(daemons[1]?.socketPath ?? ""), hostName: "beta" });
  await other.domains.migratePrepare3({
    params: { ...params, destinationXml: begun.xml },
    flags: FLAGS,
    cookie: begun.cookie,
  });
  expect(await target.domains.observe({ uuid })).toMatchObject({ state: "paused" });
  await other.close();
  for (let attempt = 0; attempt < 100; attempt++) {
    if ((await target.domains.observe({ uuid })) === undefined) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(await target.domains.observe({ uuid })).toBeUndefined();
  await source.domains.migrateConfirm3(uuid, { params: {}, flags: FLAGS, cancelled: true });
  await source.domains.destroy(uuid);
  await source.domains.undefine(uuid);
});
