import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dialLocal, Libvirt } from "../../provider/libvirt/index.js";
import { RpcConnection } from "../../provider/libvirt/rpc/index.js";
import { type LibvirtDaemon, startLibvirtDaemon } from "./libvirt-daemon.js";

const DOMAINS = 1_000;

let daemon: LibvirtDaemon;
let libvirt: Libvirt;

/** libvirt's test driver needs no QEMU: thousands of domains cost nothing. */
function definition(name: string, uuid = randomUUID()): string {
  return `<domain type='test'><name>${name}</name><uuid>${uuid}</uuid><memory unit='MiB'>8</memory><os><type>hvm</type></os></domain>`;
}

beforeAll(async () => {
  daemon = await startLibvirtDaemon();
  libvirt = await Libvirt.open({
    dial: () => dialLocal(daemon.socketPath),
    uri: "test:///default",
    hostName: "alpha",
  });
  await Promise.all(
    Array.from({ length: DOMAINS }, (_, number) =>
      libvirt.domains.define(definition(`vm-${number}`), { validate: false }),
    ),
  );
});

afterAll(async () => {
  await libvirt?.close();
  await daemon?.stop();
});

it(`reads ${DOMAINS} domains with their documents at once`, async () => {
  const start = performance.now();
  const records = await libvirt.domains.observeAll();
  const tookMs = performance.now() - start;
  console.log(`observeAll of ${records.length} domains: ${tookMs.toFixed(0)} ms`);
  expect(records).toHaveLength(DOMAINS + 1);
  expect(records.filter(({ liveXml }) => liveXml !== undefined).map(({ name }) => name)).toEqual(["test"]);
  expect(records.every(({ persistentXml }) => persistentXml?.startsWith("<domain "))).toBe(true);
  expect(tookMs).toBeLessThan(10_000);
});

it("is faster pipelined than one call after the other", async () => {
  const connection = new RpcConnection(await dialLocal(daemon.socketPath));
  await connection.call("AuthList", {});
  await connection.call("ConnectOpen", { name: "test:///default", flags: 0 });
  const { domains } = await connection.call("ConnectListAllDomains", { needResults: 1, flags: 0 });
  const read = (dom: (typeof domains)[number]) => connection.call("DomainGetXMLDesc", { dom, flags: 0 });
  for (const dom of domains) await read(dom);
  const perSecond = async (readAll: () => Promise<unknown>) => {
    const start = performance.now();
    await readAll();
    return (domains.length * 1_000) / (performance.now() - start);
  };
  const oneByOne = await perSecond(async () => {
    for (const dom of domains) await read(dom);
  });
  const pipelined = await perSecond(() => Promise.all(domains.map(read)));
  console.log(`documents a second: ${oneByOne.toFixed(0)} one by one, ${pipelined.toFixed(0)} pipelined`);
  expect(pipelined).toBeGreaterThan(oneByOne);
  await connection.close();
});

it("leaves out domains that vanish while it reads, and never fails over them", async () => {
  let over = false;
  const churn = async (number: number) => {
    for (let round = 0; !over; round++) {
      const { uuid } = await libvirt.domains.define(definition(`churn-${number}-${round}`), {
        validate: false,
      });
      await libvirt.domains.start(uuid);
      await libvirt.domains.destroy(uuid);
      await libvirt.domains.undefine(uuid);
    }
  };
  const churning = Promise.all([0, 1, 2].map(churn));
  for (let round = 0; round < 20; round++) {
    const records = await libvirt.domains.observeAll();
    expect(records.length).toBeGreaterThanOrEqual(DOMAINS + 1);
    for (const record of records) expect(record.liveXml !== undefined).toBe(record.id !== -1);
  }
  over = true;
  await churning;
  expect(await libvirt.domains.observeAll()).toHaveLength(DOMAINS + 1);
});
