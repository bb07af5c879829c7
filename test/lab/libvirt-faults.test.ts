import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";
import { dialLocal, Libvirt, type StreamChunk } from "../../provider/libvirt/index.js";
import { type LibvirtDaemon, startLibvirtDaemon } from "./libvirt-daemon.js";
import { guestXml } from "./libvirt-guest-xml.js";

const keepalive = { intervalMs: 300, count: 3 };

let daemon: LibvirtDaemon;
let libvirt: Libvirt;

function open(socketPath = daemon.socketPath): Promise<Libvirt> {
  return Libvirt.open({ dial: () => dialLocal(socketPath), hostName: "alpha", keepalive });
}

beforeEach(async () => {
  daemon = await startLibvirtDaemon();
  libvirt = await open();
});

afterEach(async () => {
  await libvirt?.close();
  await daemon?.stop();
});

async function pidOf(guest: string): Promise<number> {
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (command.includes("qemu-system") && command.includes(`guest=${guest},`)) return Number(pid);
  }
  throw new Error(`no QEMU runs ${guest}`);
}

it("notices a daemon that hangs, and says so in every call", async () => {
  const pid = await daemon.pid();
  process.kill(pid, "SIGSTOP");
  try {
    const start = performance.now();
    await expect(libvirt.domains.observeAll()).rejects.toMatchObject({ kind: "connectionLost", sent: true });
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(await libvirt.closed).toMatchObject({ kind: "keepalive" });
    await expect(libvirt.host.hostname()).rejects.toMatchObject({ kind: "connectionLost", sent: false });
  } finally {
    process.kill(pid, "SIGCONT");
  }
  const again = await open();
  expect(await again.domains.observeAll()).toEqual([]);
  await again.close();
});

it("notices a daemon that is killed", async () => {
  process.kill(await daemon.pid(), "SIGKILL");
  expect(await libvirt.closed).toBeInstanceOf(Error);
  await expect(libvirt.host.hostname()).rejects.toMatchObject({ kind: "connectionLost" });
});

it("goes on while a guest's QEMU hangs: reads answer, what blocks ends at its deadline, nothing is cut off", async () => {
  const uuid = randomUUID();
  const name = `hung-${uuid}`;
  await libvirt.domains.define(guestXml(name, uuid));
  await libvirt.domains.start(uuid);
  const pid = await pidOf(name);
  process.kill(pid, "SIGSTOP");
  try {
    const blocked = Array.from({ length: 8 }, () => libvirt.domains.suspend(uuid, { timeoutMs: 2_500 }));
    const results = Promise.allSettled(blocked);
    await delay(500);
    const start = performance.now();
    expect(await libvirt.domains.observe({ uuid })).toMatchObject({ state: "running" });
    expect(performance.now() - start).toBeLessThan(500);
    for (const result of await results) expect(result).toMatchObject({ reason: { kind: "timeout" } });
    // The daemon still works on three of them; the way to end them is not barred.
    await libvirt.domains.destroy(uuid);
    expect(await libvirt.domains.observe({ uuid })).toMatchObject({ state: "shutOff" });
    // Longer than keepalive's patience: the daemon still reads our pings.
    await delay(1_500);
    expect(await libvirt.domains.list()).toHaveLength(1);
  } finally {
    await libvirt.domains.destroy(uuid).catch(() => {});
  }
});

it("survives a reader that takes longer than keepalive's patience", async () => {
  const pool = await libvirt.pools.define(
    `<pool type='dir'><name>slow</name><target><path>/var/lib/libvirt/slow</path></target></pool>`,
  );
  await libvirt.pools.build(pool.uuid);
  await libvirt.pools.start(pool.uuid);
  const mib = 1024 * 1024;
  await libvirt.volumes.create("slow", `<volume><name>v</name><capacity unit='MiB'>32</capacity></volume>`);
  async function* contents(): AsyncGenerator<StreamChunk> {
    for (let number = 0; number < 32; number++) yield { kind: "bytes", bytes: Buffer.alloc(mib, number) };
  }
  await libvirt.volumes.upload("slow", "v", contents());
  let bytes = 0;
  for await (const chunk of libvirt.volumes.download("slow", "v")) {
    if (bytes === 0) await delay(3_000);
    if (chunk.kind !== "bytes") throw new Error("a hole");
    expect(chunk.bytes[0]).toBe(Math.floor(bytes / mib));
    bytes += chunk.bytes.byteLength;
  }
  expect(bytes).toBe(32 * mib);

  const late = async () => {
    for await (const _chunk of libvirt.volumes.download("slow", "v", { timeoutMs: 300 })) await delay(400);
  };
  await expect(late()).rejects.toMatchObject({
    kind: "timeout",
    operation: "download volume v of pool slow",
  });
});

it("says that a disk is full", async () => {
  const folder = "/var/lib/libvirt/small";
  const inside = ["-t", String(await daemon.pid()), "-m"];
  await promisify(execFile)("nsenter", [...inside, "mkdir", folder]);
  await promisify(execFile)("nsenter", [...inside, "mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]);
  const pool = await libvirt.pools.define(
    `<pool type='dir'><name>small</name><target><path>${folder}</path></target></pool>`,
  );
  await libvirt.pools.start(pool.uuid);
  const volume = (name: string, allocated: string) =>
    `<volume><name>${name}</name><capacity unit='MiB'>8</capacity>${allocated}</volume>`;
  await expect(libvirt.volumes.create("small", volume("full", ""))).rejects.toMatchObject({
    kind: "noSpace",
  });
  await libvirt.volumes.create("small", volume("sparse", "<allocation>0</allocation>"));
  async function* contents(): AsyncGenerator<Uint8Array> {
    for (let number = 0; number < 8; number++) yield Buffer.alloc(1024 * 1024, 1);
  }
  await expect(libvirt.volumes.upload("small", "sparse", contents())).rejects.toMatchObject({
    kind: "noSpace",
  });
});

it("fails an upload whose source breaks or is too long, and the next one works", async () => {
  const pool = await libvirt.pools.define(
    `<pool type='dir'><name>shm</name><target><path>/dev/shm/pool</path></target></pool>`,
  );
  await libvirt.pools.build(pool.uuid);
  await libvirt.pools.start(pool.uuid);
  await libvirt.volumes.create("shm", `<volume><name>v</name><capacity unit='MiB'>1</capacity></volume>`);
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(1_000);
    throw new Error("the file is gone");
  }
  await expect(libvirt.volumes.upload("shm", "v", failing())).rejects.toThrow("the file is gone");
  async function* tooMuch(): AsyncGenerator<Uint8Array> {
    for (;;) yield Buffer.alloc(1024 * 1024);
  }
  await expect(
    libvirt.volumes.upload("shm", "v", tooMuch(), { lengthBytes: 1024 * 1024 }),
  ).rejects.toMatchObject({ operation: "upload to volume v of pool shm" });
  async function* fits(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(1024 * 1024, 5);
  }
  await libvirt.volumes.upload("shm", "v", fits());
  expect(await libvirt.volumes.observe("shm", "v")).toMatchObject({ capacityBytes: 1024 * 1024 });
});

it("notices a wire that carries nothing any more", async () => {
  // A wire that stops carrying anything without either side being told.
  const carried: Socket[] = [];
  const server: Server = createServer((client) => {
    const upstream = createConnection(daemon.socketPath);
    carried.push(client, upstream);
    client.on("error", () => {}).pipe(upstream);
    upstream.on("error", () => {}).pipe(client);
  });
  const path = join(daemon.folder, "wire");
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const overWire = await open(path);
  await overWire.host.hostname();
  for (const socket of carried) {
    socket.unpipe();
    socket.pause();
  }
  expect(await overWire.closed).toMatchObject({ kind: "keepalive" });
  for (const socket of carried) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});
