import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { MESSAGE, STATUS } from "../../provider/libvirt/rpc/frame.js";
import { RpcConnection, type RpcStream, type StreamChunk } from "../../provider/libvirt/rpc/index.js";
import { errorBytes, Peer, settle } from "./libvirt-peer.js";

const TRANSFER = { vol: { pool: "p", name: "v", key: "" }, offset: 0n, length: 0n, flags: 0 };

function connect(): { peer: Peer; connection: RpcConnection } {
  const peer = new Peer();
  peer.onCall = ({ serial, name }) => peer.reply(serial, name);
  return { peer, connection: new RpcConnection(peer.clientSide, { closeTimeoutMs: 50 }) };
}

async function open(
  options: Parameters<RpcConnection["openStream"]>[2] = {},
): Promise<{ peer: Peer; connection: RpcConnection; stream: RpcStream; serial: number }> {
  const { peer, connection } = connect();
  const stream = await connection.openStream("StorageVolDownload", TRANSFER, options);
  return { peer, connection, stream, serial: peer.calls[0]?.serial ?? 0 };
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

function streamFrames(peer: Peer) {
  return peer.frames.filter((frame) => frame.type === MESSAGE.stream || frame.type === MESSAGE.streamHole);
}

describe("a stream from the host", () => {
  it("yields data and holes, and is finished by both sides", async () => {
    const { peer, stream, serial } = await open();
    peer.stream(serial, "StorageVolDownload", STATUS.continue, Buffer.from("abc"));
    peer.send(
      { program: "remote", procedure: 209, type: MESSAGE.streamHole, serial, status: STATUS.continue },
      Buffer.from("000000000000100000000000", "hex"),
    );
    peer.stream(serial, "StorageVolDownload", STATUS.continue);
    peer.onFrame = (frame) => {
      if (frame.type === MESSAGE.stream) peer.stream(serial, "StorageVolDownload", STATUS.ok);
    };
    const chunks: StreamChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks).toEqual([
      { kind: "bytes", bytes: Buffer.from("abc") },
      { kind: "hole", lengthBytes: 4096n },
    ]);
    expect(streamFrames(peer).map(({ status }) => status)).toEqual([STATUS.ok]);
  });

  it("fails with the host's error", async () => {
    const { peer, connection, stream, serial } = await open();
    peer.stream(serial, "StorageVolDownload", STATUS.error, errorBytes(38, "cannot read: I/O error"));
    await expect(stream.read()).rejects.toMatchObject({ kind: "remote", code: 38 });
    expect(connection.open).toBe(true);
  });

  it("that is left early is broken off at the host, and what still arrives is dropped", async () => {
    const { peer, connection, stream, serial } = await open();
    peer.stream(serial, "StorageVolDownload", STATUS.continue, Buffer.from("abc"));
    for await (const _chunk of stream) break;
    await settle();
    expect(streamFrames(peer).map(({ status }) => status)).toEqual([STATUS.error]);
    peer.stream(serial, "StorageVolDownload", STATUS.continue, Buffer.from("late"));
    peer.stream(serial, "StorageVolDownload", STATUS.ok);
    await settle();
    expect(connection.open).toBe(true);
  });

  it("stops reading the wire while nobody takes the data, and loses none of it", async () => {
    const { peer, stream, serial } = await open();
    const packet = Buffer.alloc(200_000);
    for (let number = 0; number < 60; number++) {
      packet.writeUInt32BE(number);
      peer.stream(serial, "StorageVolDownload", STATUS.continue, Buffer.from(packet));
    }
    peer.stream(serial, "StorageVolDownload", STATUS.continue);
    await settle();
    expect(peer.wire.writableLength).toBeGreaterThan(6_000_000);
    for (let number = 0; number < 60; number++) {
      const chunk = await stream.read();
      expect(chunk?.kind === "bytes" && Buffer.from(chunk.bytes).readUInt32BE()).toBe(number);
    }
    expect(await stream.read()).toBeUndefined();
    expect(peer.wire.writableLength).toBe(0);
  });

  it("does not wait longer than it may", async () => {
    const { stream } = await open({ idleTimeoutMs: 20 });
    await expect(stream.read()).rejects.toMatchObject({ kind: "timeout" });
  });

  it("stops on abort", async () => {
    const controller = new AbortController();
    const { peer, stream } = await open({ signal: controller.signal });
    const read = stream.read();
    controller.abort();
    await expect(read).rejects.toMatchObject({ kind: "aborted" });
    await settle();
    expect(streamFrames(peer).map(({ status }) => status)).toEqual([STATUS.error]);
  });

  it("ends with its connection", async () => {
    const { peer, stream } = await open();
    const read = stream.read();
    peer.wire.end();
    await expect(read).rejects.toMatchObject({ kind: "closed" });
  });

  it("that opens after its caller gave up is broken off", async () => {
    const peer = new Peer();
    const connection = new RpcConnection(peer.clientSide);
    const opening = connection.openStream("StorageVolDownload", TRANSFER, { timeoutMs: 20 });
    await expect(opening).rejects.toMatchObject({ kind: "timeout" });
    const sentBefore = streamFrames(peer).length;
    peer.reply(peer.calls[0]?.serial ?? 0, "StorageVolDownload");
    await settle();
    expect(
      streamFrames(peer)
        .slice(sentBefore)
        .map(({ status }) => status),
    ).toEqual([STATUS.error]);
    expect(connection.open).toBe(true);
  });
});

describe("a stream to the host", () => {
  async function* pieces(...chunks: StreamChunk[]): AsyncGenerator<StreamChunk> {
    yield* chunks;
  }

  it("is sent in packets that every libvirt takes, and waits for the confirmation", async () => {
    const { peer, connection } = connect();
    let confirmed = false;
    peer.onFrame = (frame) => {
      if (frame.type !== MESSAGE.stream || frame.status !== STATUS.ok) return;
      setTimeout(() => {
        confirmed = true;
        peer.stream(frame.serial, "StorageVolUpload", STATUS.ok);
      }, 20);
    };
    const bytes = Buffer.alloc(600_000, 7);
    await connection.upload(
      "StorageVolUpload",
      TRANSFER,
      pieces({ kind: "bytes", bytes }, { kind: "hole", lengthBytes: 4096n }),
    );
    expect(confirmed).toBe(true);
    const frames = streamFrames(peer);
    expect(frames.map(({ type }) => type)).toEqual([3, 3, 3, 6, 3]);
    expect(Buffer.concat(frames.slice(0, 3).map(({ payload }) => payload)).equals(bytes)).toBe(true);
    expect(Math.max(...frames.map(({ payload }) => payload.length + 28))).toBeLessThanOrEqual(256 * 1024 + 4);
    expect(frames[3]?.payload.toString("hex")).toBe("000000000000100000000000");
  });

  it("fails as soon as the host says so, though the source hangs", async () => {
    const { peer, connection } = connect();
    peer.onFrame = (frame) => {
      if (frame.type === MESSAGE.stream) {
        peer.stream(
          frame.serial,
          "StorageVolUpload",
          STATUS.error,
          errorBytes(38, "No space left on device"),
        );
      }
    };
    async function* hanging(): AsyncGenerator<StreamChunk> {
      yield { kind: "bytes", bytes: Buffer.from("x") };
      await new Promise(() => {});
    }
    await expect(connection.upload("StorageVolUpload", TRANSFER, hanging())).rejects.toMatchObject({
      code: 38,
    });
  });

  it("is broken off at the host when the source fails", async () => {
    const { peer, connection } = connect();
    async function* failing(): AsyncGenerator<StreamChunk> {
      yield { kind: "bytes", bytes: Buffer.from("x") };
      throw new Error("the file is gone");
    }
    await expect(connection.upload("StorageVolUpload", TRANSFER, failing())).rejects.toThrow(
      "the file is gone",
    );
    await settle();
    expect(streamFrames(peer).at(-1)?.status).toBe(STATUS.error);
  });

  it("keeps nothing of what was sent", async () => {
    const { peer, connection } = connect();
    peer.onFrame = (frame) => {
      peer.frames.length = 0;
      if (frame.type === MESSAGE.stream && frame.status === STATUS.ok)
        peer.stream(frame.serial, "StorageVolUpload", STATUS.ok);
    };
    const sent: WeakRef<Uint8Array>[] = [];
    let stillThere = 0;
    async function* large(): AsyncGenerator<StreamChunk> {
      for (let piece = 0; piece < 40; piece++) {
        const bytes = Buffer.alloc(256 * 1024);
        sent.push(new WeakRef(bytes));
        yield { kind: "bytes", bytes };
      }
      await settle();
      collectGarbage();
      stillThere = sent.filter((each) => each.deref() !== undefined).length;
    }
    await connection.upload("StorageVolUpload", TRANSFER, large());
    expect(stillThere).toBeLessThan(5);
  });

  it("waits while the wire takes no more", async () => {
    const { peer, connection } = connect();
    let produced = 0;
    async function* endless(): AsyncGenerator<StreamChunk> {
      for (;;) {
        produced++;
        await new Promise((resolve) => setImmediate(resolve));
        yield { kind: "bytes", bytes: Buffer.alloc(100_000) };
      }
    }
    const controller = new AbortController();
    const upload = connection.upload("StorageVolUpload", TRANSFER, endless(), { signal: controller.signal });
    await settle();
    peer.wire.pause();
    await settle();
    const before = produced;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(produced - before).toBeLessThan(3);
    controller.abort();
    await expect(upload).rejects.toMatchObject({ kind: "aborted" });
  });
});
