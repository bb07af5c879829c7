import { Duplex } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { encodeFields, encodeType } from "../../provider/libvirt/rpc/codec.js";
import { buildFrame, MESSAGE, STATUS } from "../../provider/libvirt/rpc/frame.js";
import { events, procedures } from "../../provider/libvirt/rpc/generated/procedures.js";
import { RpcConnection, RpcError } from "../../provider/libvirt/rpc/index.js";
import type { EventName, ProcedureName } from "../../provider/libvirt/rpc/procedure.js";
import { runs } from "../support/runs.js";

// The million: KVM_TEST_RUNS=10 npx vitest run --project fast test/property/rpc-fuzz.test.ts
const FRAMES = runs(100_000);
const SEED = Number(process.env.KVM_FUZZ_SEED ?? 20_260_101);
const MEMORY_GROWTH_LIMIT_BYTES = 16 * 1024 * 1024;

const DOMAIN = { name: "web", uuid: "00112233-4455-6677-8899-aabbccddeeff", id: 3 };
const XML = `<domain type='qemu'>${"<disk/>".repeat(200)}</domain>`;

/** A small fast generator (mulberry32), so that a failure can be had again from its seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function reply(serial: number, name: ProcedureName, result: object): Buffer {
  const { program, number, result: fields } = procedures[name];
  const header = { program, procedure: number, type: MESSAGE.reply, serial, status: STATUS.ok } as const;
  return buildFrame(header, encodeFields(fields, result));
}

function event(name: EventName, payload: object): Buffer {
  const { program, number, payload: type } = events[name];
  const header = { program, procedure: number, type: MESSAGE.event, serial: 0, status: STATUS.ok } as const;
  return buildFrame(header, encodeType(type, payload));
}

// What a daemon could send to the calls that each connection below makes (serials 1 to 5).
const param = { field: "memory_total", type: "uhyper", value: 5n };
const SEEDS: readonly Buffer[] = [
  reply(1, "DomainGetXMLDesc", { xml: XML }),
  reply(2, "ConnectListAllDomains", { domains: [DOMAIN, DOMAIN, DOMAIN], ret: 3 }),
  reply(3, "DomainGetJobStats", { type: 1, params: [param, { field: "x", type: "string", value: "y" }] }),
  reply(4, "StorageVolDownload", {}),
  buildFrame(
    { program: "remote", procedure: 14, type: MESSAGE.reply, serial: 5, status: STATUS.error },
    encodeType("remote_error", {
      code: 42,
      optDomain: 10,
      message: "no",
      level: 2,
      dom: DOMAIN,
      str1: "a",
      int1: 1,
      int2: 2,
    }),
  ),
  buildFrame(
    { program: "remote", procedure: 209, type: MESSAGE.stream, serial: 4, status: STATUS.continue },
    Buffer.alloc(500, 1),
  ),
  buildFrame(
    { program: "remote", procedure: 209, type: MESSAGE.streamHole, serial: 4, status: STATUS.continue },
    Buffer.alloc(12),
  ),
  buildFrame(
    { program: "remote", procedure: 209, type: MESSAGE.stream, serial: 4, status: STATUS.ok },
    Buffer.alloc(0),
  ),
  buildFrame(
    { program: "keepalive", procedure: 1, type: MESSAGE.event, serial: 0, status: STATUS.ok },
    Buffer.alloc(0),
  ),
  event("DomainEventCallbackLifecycle", { callbackID: 1, msg: { dom: DOMAIN, event: 2, detail: 0 } }),
  event("DomainEventCallbackJobCompleted", { callbackID: 1, dom: DOMAIN, params: [param, param] }),
];

function mutated(random: (below: number) => number): Buffer {
  const pick = () => SEEDS[random(SEEDS.length)] as Buffer;
  const bytes = Buffer.from(pick());
  switch (random(8)) {
    case 0: {
      for (let flips = 1 + random(8); flips > 0; flips--) {
        const at = random(bytes.length);
        bytes[at] = (bytes[at] as number) ^ (1 << random(8));
      }
      return bytes;
    }
    case 1:
      // A word of the header or of the payload becomes an extreme.
      bytes.writeUInt32BE(
        [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x0200_0004][random(6)] as number,
        random(bytes.length - 4) & ~3,
      );
      return bytes;
    case 2:
      return bytes.subarray(0, random(bytes.length));
    case 3: {
      // Cut short, with a length that fits again.
      const shorter = bytes.subarray(0, Math.max(28, random(bytes.length)));
      shorter.writeUInt32BE(shorter.length, 0);
      return shorter;
    }
    case 4: {
      const spliced = Buffer.concat([bytes.subarray(0, 28 + random(bytes.length - 27)), pick().subarray(28)]);
      spliced.writeUInt32BE(spliced.length, 0);
      return spliced;
    }
    case 5: {
      // A right header before random bytes: what gets past the framing.
      for (let at = 28; at < bytes.length; at++) bytes[at] = random(256);
      return bytes;
    }
    case 6: {
      const noise = Buffer.alloc(1 + random(200));
      for (let at = 0; at < noise.length; at++) noise[at] = random(256);
      return noise;
    }
    default:
      return bytes;
  }
}

/** A wire that swallows what the client says and sends it what it is told to. */
function wire(): Duplex {
  return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
}

async function fuzzOne(random: (below: number) => number): Promise<number> {
  const duplex = wire();
  const connection = new RpcConnection(duplex, { closeTimeoutMs: 0 });
  connection.on("DomainEventCallbackLifecycle", () => {});
  connection.on("DomainEventCallbackJobCompleted", () => {});
  const settled = Promise.allSettled([
    connection.call("DomainGetXMLDesc", { dom: DOMAIN, flags: 0 }),
    connection.call("ConnectListAllDomains", { needResults: 1, flags: 0 }),
    connection.call("DomainGetJobStats", { dom: DOMAIN, flags: 0 }),
    connection.openStream("StorageVolDownload", {
      vol: { pool: "p", name: "v", key: "" },
      offset: 0n,
      length: 0n,
      flags: 0,
    }),
    connection.call("DomainGetXMLDesc", { dom: DOMAIN, flags: 0 }),
  ]);
  let frames = 0;
  while (connection.open && frames < 12) {
    const bytes = mutated(random);
    const cut = random(bytes.length + 1);
    duplex.emit("data", bytes.subarray(0, cut));
    if (connection.open) duplex.emit("data", bytes.subarray(cut));
    frames++;
  }
  duplex.destroy();
  for (const result of await settled) {
    if (result.status === "rejected") expect(result.reason).toBeInstanceOf(RpcError);
  }
  const reason = await connection.closed;
  if (reason !== undefined) expect(reason).toBeInstanceOf(RpcError);
  return frames;
}

function memoryBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, arrayBuffers, external } = process.memoryUsage();
  return heapUsed + arrayBuffers + external;
}

it(
  `survives ${FRAMES} random and mutated frames: every call settles, nothing else is thrown, memory does not grow`,
  async () => {
    const random = randomFrom(SEED);
    const warm = FRAMES / 5;
    let before: number | undefined;
    let sent = 0;
    let slowestMs = 0;
    while (sent < FRAMES) {
      const start = performance.now();
      sent += await fuzzOne(random);
      slowestMs = Math.max(slowestMs, performance.now() - start);
      if (before === undefined && sent >= warm) before = memoryBytes();
    }
    const growth = memoryBytes() - (before ?? 0);
    expect(growth).toBeLessThan(MEMORY_GROWTH_LIMIT_BYTES);
    expect(slowestMs).toBeLessThan(10_000);
    if (process.env.KVM_TEST_RUNS !== undefined) {
      console.log(
        `${sent} frames, slowest connection ${slowestMs.toFixed(0)} ms, memory growth ${(growth / 1024).toFixed(0)} KiB`,
      );
    }
  },
  Math.max(60_000, FRAMES),
);
