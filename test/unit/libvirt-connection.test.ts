import { describe, expect, it } from "vitest";
import { MESSAGE, STATUS } from "../../provider/libvirt/rpc/frame.js";
import { RpcConnection } from "../../provider/libvirt/rpc/index.js";
import { Peer, settle } from "./libvirt-peer.js";

const DOMAIN = { name: "web", uuid: "00112233-4455-6677-8899-aabbccddeeff", id: 3 };

function connect(options: ConstructorParameters<typeof RpcConnection>[1] = {}): {
  peer: Peer;
  connection: RpcConnection;
} {
  const peer = new Peer();
  return { peer, connection: new RpcConnection(peer.clientSide, { closeTimeoutMs: 50, ...options }) };
}

describe("calls", () => {
  it("get their own replies, whatever order these come in", async () => {
    const { peer, connection } = connect();
    const names = ["a", "b", "c"].map((name) => connection.call("DomainLookupByName", { name }));
    await settle();
    for (const call of [...peer.calls].reverse()) {
      peer.reply(call.serial, call.name, { dom: { ...DOMAIN, name: (call.args as { name: string }).name } });
    }
    expect((await Promise.all(names)).map(({ dom }) => dom.name)).toEqual(["a", "b", "c"]);
    expect(connection.callsInFlight).toBe(0);
  });

  it("are refused with libvirt's own error", async () => {
    const { peer, connection } = connect();
    peer.onCall = ({ serial, name }) => peer.refuse(serial, name, 42, "Domain not found");
    await expect(connection.call("DomainLookupByName", { name: "x" })).rejects.toMatchObject({
      kind: "remote",
      code: 42,
      message: "Domain not found",
    });
    expect(connection.open).toBe(true);
  });

  it("that can block are few in flight; reads and what ends the others are not held up", async () => {
    const { peer, connection } = connect();
    const starts = Array.from({ length: 6 }, () => connection.call("DomainCreate", { dom: DOMAIN }));
    const states = Array.from({ length: 50 }, () =>
      connection.call("DomainGetState", { dom: DOMAIN, flags: 0 }),
    );
    await settle();
    const count = (name: string) => peer.calls.filter((call) => call.name === name).length;
    expect(count("DomainCreate")).toBe(3);
    expect(count("DomainGetState")).toBe(50);
    const urgent = [
      connection.call("DomainDestroyFlags", { dom: DOMAIN, flags: 0 }),
      connection.call("DomainAbortJob", { dom: DOMAIN }),
    ];
    await settle();
    expect(count("DomainDestroyFlags")).toBe(1);
    // At five in flight the daemon would stop reading.
    expect(count("DomainAbortJob")).toBe(0);
    peer.reply(peer.calls[0]?.serial ?? 0, "DomainCreate");
    await settle();
    expect(count("DomainCreate")).toBe(4);
    peer.onCall = ({ serial, name }) => peer.reply(serial, name);
    for (const { serial, name } of peer.calls.slice(1)) {
      peer.reply(serial, name, name === "DomainGetState" ? { state: 1, reason: 0 } : {});
    }
    await Promise.all([...starts, ...states, ...urgent]);
    expect(count("DomainCreate")).toBe(6);
  });

  it("end at their deadline but keep their place until the reply", async () => {
    const { peer, connection } = connect({ blockingCalls: 1 });
    const first = connection.call("DomainCreate", { dom: DOMAIN }, { timeoutMs: 20 });
    await expect(first).rejects.toMatchObject({ kind: "timeout", sent: true });
    const second = connection.call("DomainReboot", { dom: DOMAIN, flags: 0 }, { timeoutMs: 20 });
    await expect(second).rejects.toMatchObject({ kind: "timeout", sent: false });
    expect(peer.calls.map(({ name }) => name)).toEqual(["DomainCreate"]);
    const third = connection.call("DomainSuspend", { dom: DOMAIN });
    peer.onCall = ({ serial, name }) => peer.reply(serial, name);
    peer.reply(peer.calls[0]?.serial ?? 0, "DomainCreate");
    await third;
    expect(peer.calls.map(({ name }) => name)).toEqual(["DomainCreate", "DomainSuspend"]);
  });

  it("stop on abort, queued or sent", async () => {
    const { peer, connection } = connect({ blockingCalls: 1 });
    const controller = new AbortController();
    const { signal } = controller;
    const sent = connection.call("DomainCreate", { dom: DOMAIN }, { signal });
    const queued = connection.call("DomainCreate", { dom: DOMAIN }, { signal });
    await settle();
    controller.abort(new Error("enough"));
    await expect(sent).rejects.toMatchObject({ kind: "aborted", sent: true, cause: { message: "enough" } });
    await expect(queued).rejects.toMatchObject({ kind: "aborted", sent: false });
    await expect(connection.call("DomainCreate", { dom: DOMAIN }, { signal })).rejects.toMatchObject({
      kind: "aborted",
    });
    expect(peer.calls).toHaveLength(1);
  });

  it("with arguments that do not fit the protocol are not sent", async () => {
    const { peer, connection } = connect();
    for (const name of ["a\0b", "\ud800", "x".repeat(4 * 1024 * 1024 + 1)]) {
      await expect(connection.call("DomainLookupByName", { name })).rejects.toMatchObject({
        kind: "argument",
      });
    }
    await expect(connection.call("DomainLookupByUUID", { uuid: "no" })).rejects.toThrow(
      /DomainLookupByUUID: uuid: .*no UUID/,
    );
    await expect(connection.call("DomainLookupByID", { id: 2 ** 31 })).rejects.toMatchObject({
      kind: "argument",
    });
    await settle();
    expect(peer.calls).toHaveLength(0);
  });
});

describe("the end of a connection", () => {
  const ends: Record<string, (peer: Peer) => void> = {
    "the peer goes": (peer) => peer.wire.end(),
    "the line breaks": (peer) => peer.clientSide.destroy(new Error("ECONNRESET")),
    "the transport is closed": (peer) => peer.clientSide.destroy(),
  };
  it.each(Object.keys(ends))("rejects everything when %s", async (how) => {
    const { peer, connection } = connect({ blockingCalls: 1 });
    const sent = connection.call("DomainCreate", { dom: DOMAIN });
    const queued = connection.call("DomainCreate", { dom: DOMAIN });
    await settle();
    ends[how]?.(peer);
    await expect(sent).rejects.toMatchObject({ kind: "closed", sent: true });
    await expect(queued).rejects.toMatchObject({ kind: "closed", sent: false });
    expect(await connection.closed).toBeInstanceOf(Error);
    await expect(connection.call("AuthList", {})).rejects.toMatchObject({ kind: "closed", sent: false });
  });

  it("is clean after close: libvirt is told, nothing is an error", async () => {
    const { peer, connection } = connect();
    peer.onCall = ({ serial, name }) => name === "ConnectClose" && peer.reply(serial, name);
    const waiting = connection.call("DomainCreate", { dom: DOMAIN });
    const rejected = expect(waiting).rejects.toMatchObject({ kind: "closed", sent: true });
    await connection.close();
    await rejected;
    expect(await connection.closed).toBeUndefined();
    expect(peer.calls.map(({ name }) => name)).toEqual(["DomainCreate", "ConnectClose"]);
    expect(peer.clientSide.destroyed).toBe(true);
  });

  it("does not wait for a peer that never answers", async () => {
    const { connection } = connect({ closeTimeoutMs: 20 });
    await connection.close();
    expect(await connection.closed).toBeUndefined();
  });

  it("is noticed on a stream that is over from the start", async () => {
    const peer = new Peer();
    peer.clientSide.destroy();
    const connection = new RpcConnection(peer.clientSide);
    expect(await connection.closed).toMatchObject({ kind: "closed" });
  });
});

describe("garbage", () => {
  const garbage: Record<string, (peer: Peer) => void> = {
    "random text": (peer) => peer.wire.write("HTTP/1.1 400 Bad Request\r\n\r\n"),
    "a length of nothing": (peer) => peer.wire.write(Buffer.alloc(4)),
    "a length beyond the limit": (peer) => peer.wire.write(Buffer.from("02000005", "hex")),
    "a reply to no call": (peer) => peer.reply(999, "DomainCreate"),
    "a call": (peer) =>
      peer.send(
        { program: "remote", procedure: 1, type: MESSAGE.call, serial: 1, status: STATUS.ok },
        Buffer.alloc(4),
      ),
    "a reply of another shape": (peer) =>
      peer.send(
        { program: "remote", procedure: 14, type: MESSAGE.reply, serial: 1, status: STATUS.ok },
        Buffer.from("ffffffff", "hex"),
      ),
    "a reply with something left over": (peer) =>
      peer.send(
        { program: "remote", procedure: 14, type: MESSAGE.reply, serial: 1, status: STATUS.ok },
        Buffer.from("0000000000000000", "hex"),
      ),
    "an error that is none": (peer) =>
      peer.send(
        { program: "remote", procedure: 14, type: MESSAGE.reply, serial: 1, status: STATUS.error },
        Buffer.alloc(3),
      ),
  };
  for (const [what, send] of Object.entries(garbage)) {
    it(`ends the connection with a typed error: ${what}`, async () => {
      const { peer, connection } = connect();
      const call = connection.call("DomainGetXMLDesc", { dom: DOMAIN, flags: 0 });
      await settle();
      send(peer);
      await expect(call).rejects.toMatchObject({ kind: "closed", cause: { kind: "protocol" } });
      expect(await connection.closed).toMatchObject({ kind: "protocol" });
      expect(peer.clientSide.destroyed).toBe(true);
    });
  }

  it("that only looks like a huge message costs no more than what arrived", async () => {
    const { peer, connection } = connect();
    const before = process.memoryUsage().arrayBuffers;
    peer.wire.write(Buffer.from("02000004", "hex"));
    for (let byte = 0; byte < 1_000; byte++) peer.wire.write(Buffer.of(0x20));
    await settle();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
    expect(connection.open).toBe(true);
    await connection.close();
  });
});

describe("keepalive", () => {
  const keepalive = { intervalMs: 15, count: 3 };
  const pings = (peer: Peer) =>
    peer.frames.filter((frame) => frame.program === "keepalive" && frame.procedure === 1);
  const pongs = (peer: Peer) =>
    peer.frames.filter((frame) => frame.program === "keepalive" && frame.procedure === 2);

  it("answers pings", async () => {
    const { peer } = connect();
    peer.ping();
    await settle();
    expect(pongs(peer)).toHaveLength(1);
  });

  it("gives a silent peer up", async () => {
    const { peer, connection } = connect();
    connection.startKeepalive(keepalive);
    const call = connection.call("DomainCreate", { dom: DOMAIN });
    await expect(call).rejects.toMatchObject({ kind: "closed", sent: true, cause: { kind: "keepalive" } });
    expect(await connection.closed).toMatchObject({ kind: "keepalive" });
    expect(pings(peer)).toHaveLength(3);
  });

  it("lets a peer be that answers, whatever a call takes", async () => {
    const { peer, connection } = connect();
    peer.onFrame = (frame) => {
      if (frame.program !== "keepalive") return;
      peer.send({ ...frame, procedure: 2 }, frame.payload);
    };
    connection.startKeepalive(keepalive);
    const call = connection.call("DomainCreate", { dom: DOMAIN }, { timeoutMs: 200 });
    await expect(call).rejects.toMatchObject({ kind: "timeout" });
    expect(connection.open).toBe(true);
    await connection.close();
  });

  it("gives a peer up that answers pings, and not a call, where that is asked for", async () => {
    const { peer, connection } = connect();
    peer.onFrame = (frame) => {
      if (frame.program === "keepalive") peer.send({ ...frame, procedure: 2 }, frame.payload);
    };
    peer.onCall = ({ serial, name }) => {
      if (name === "ConnectGetLibVersion") peer.reply(serial, name, { libVer: 0n });
    };
    connection.startKeepalive({ ...keepalive, answersWithinMs: 100 });
    const hung = connection.call(
      "StoragePoolRefresh",
      { pool: { name: "p", uuid: DOMAIN.uuid }, flags: 0 },
      { timeoutMs: 30 },
    );
    await expect(hung).rejects.toMatchObject({ kind: "timeout" });
    while (connection.open) {
      await connection.call("ConnectGetLibVersion", {}).catch(() => undefined);
      await settle();
    }
    const reason = {
      kind: "keepalive",
      message: expect.stringMatching(/left StoragePoolRefresh unanswered/),
    };
    expect(await connection.closed).toMatchObject(reason);
  });

  it("does not take our own slowness for the peer's silence", async () => {
    const { peer, connection } = connect();
    peer.onCall = ({ serial, name }) => peer.reply(serial, name);
    const vol = { pool: "p", name: "v", key: "k" };
    const stream = await connection.openStream("StorageVolDownload", {
      vol,
      offset: 0n,
      length: 0n,
      flags: 0,
    });
    connection.startKeepalive(keepalive);
    const serial = peer.calls[0]?.serial ?? 0;
    for (let packet = 0; packet < 20; packet++) {
      peer.stream(serial, "StorageVolDownload", STATUS.continue, Buffer.alloc(256 * 1024 - 28));
    }
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(connection.open).toBe(true);
    expect(pings(peer).length).toBeGreaterThan(3);
    expect(peer.wire.writableLength).toBeGreaterThan(0);
    stream.abort();
    await connection.close();
  });
});

describe("events", () => {
  it("reach their listeners until these stop; others are passed over", async () => {
    const { peer, connection } = connect();
    const seen: number[] = [];
    const stop = connection.on("DomainEventCallbackLifecycle", ({ msg }) => seen.push(msg.event));
    const event = (number: number) =>
      peer.event("DomainEventCallbackLifecycle", {
        callbackID: 1,
        msg: { dom: DOMAIN, event: number, detail: 0 },
      });
    event(2);
    peer.event("DomainEventCallbackReboot", { callbackID: 2, msg: { dom: DOMAIN } });
    peer.send(
      { program: "remote", procedure: 9_999, type: MESSAGE.event, serial: 0, status: STATUS.ok },
      Buffer.alloc(8),
    );
    await settle();
    stop();
    event(3);
    await settle();
    expect(seen).toEqual([2]);
    expect(connection.open).toBe(true);
  });
});
