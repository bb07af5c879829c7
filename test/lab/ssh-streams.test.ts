import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SshConnection, type SshTarget } from "../../provider/ssh/index.js";
import { publicKey, SshScratch, SshServer } from "./ssh-server.js";

const scratch = new SshScratch();
const user = scratch.key("user");
const host = scratch.key("host");
let server: SshServer;
let connection: SshConnection;
const listeners: Server[] = [];

beforeAll(async () => {
  server = await SshServer.start(scratch, {
    hostKeys: [host],
    authorized: [user],
    config: ["MaxSessions 5"],
  });
  connection = await open();
});
afterAll(async () => {
  await connection?.close();
  await server?.[Symbol.asyncDispose]();
  for (const listener of listeners) listener.close();
  scratch[Symbol.dispose]();
});

function open(target: Partial<SshTarget> = {}): Promise<SshConnection> {
  return SshConnection.open(
    {
      address: "127.0.0.1",
      port: server.port,
      sshConfig: false,
      identityFile: user,
      hostKey: publicKey(host),
      ...target,
    },
    { environment: {}, homeDirectory: scratch.home },
  );
}

/** A UNIX socket whose every connection is given to `serve`. */
async function listen(name: string, serve: (socket: Socket) => void): Promise<string> {
  const path = scratch.path(name);
  const listener = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    serve(socket);
  });
  listeners.push(listener);
  listener.listen(path);
  await once(listener, "listening");
  return path;
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe("a stream to a UNIX socket", () => {
  test("carries bytes both ways, whole and in order", async () => {
    const path = await listen("echo.sock", (socket) => socket.pipe(socket));
    const stream = await connection.openUnixStream(path);
    const sent = randomBytes(24 * 1024 * 1024);
    const received = createHash("sha256");
    const reading = (async () => {
      for await (const chunk of stream) received.update(chunk as Buffer);
    })();
    for (let at = 0; at < sent.length; at += 77_777) {
      if (!stream.write(sent.subarray(at, at + 77_777))) await once(stream, "drain");
    }
    stream.end();
    await reading;
    expect(received.digest("hex")).toBe(createHash("sha256").update(sent).digest("hex"));
  });

  test("half-closes: our end reaches the peer, who can still answer", async () => {
    const path = await listen("half.sock", (socket) => {
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk;
      });
      socket.on("end", () => socket.end(`got ${text}`));
    });
    const stream = await connection.openUnixStream(path);
    stream.end("question");
    expect(await textOf(stream)).toBe("got question");
  });

  test("the peer's end is an end, without an error; writing on is one", async () => {
    const path = await listen("ends.sock", (socket) => {
      socket.end("bye");
      socket.once("finish", () => socket.destroy());
    });
    const stream = await connection.openUnixStream(path);
    let text = "";
    stream.on("data", (chunk) => {
      text += chunk;
    });
    await once(stream, "end");
    expect(text).toBe("bye");
    // The host learns that the peer is gone altogether by writing to it.
    const closed = once(stream, "close");
    stream.write("late");
    await closed;
    const failed = await new Promise((resolve) => stream.write("later", (error) => resolve(error)));
    expect(failed).toBeInstanceOf(Error);
  });

  test("a peer that doesn't read stops the writer, and a reader that doesn't read stops the peer", async () => {
    let peer: Socket | undefined;
    let peerSent = 0;
    const path = await listen("slow.sock", (socket) => {
      peer = socket;
      socket.pause();
      const pump = () => {
        while (peerSent < 200 * 1024 * 1024 && socket.write(Buffer.alloc(64 * 1024))) peerSent += 64 * 1024;
      };
      socket.on("drain", pump);
      pump();
    });
    const stream = await connection.openUnixStream(path);
    let sent = 0;
    while (stream.write(Buffer.alloc(64 * 1024))) sent += 64 * 1024;
    const drained = once(stream, "drain");
    await delay(700);
    for (let round = 0; round < 200 && stream.writableLength < 16 * 1024 * 1024; round++) {
      stream.write(Buffer.alloc(64 * 1024));
      sent += 64 * 1024;
    }
    await delay(300);
    // What is neither in sshd's window nor in the socket's buffers waits here.
    expect(stream.writableLength).toBeGreaterThan(4 * 1024 * 1024);
    expect(stream.writableLength).toBeLessThanOrEqual(sent + 64 * 1024);
    expect(peerSent).toBeLessThan(16 * 1024 * 1024);
    peer?.resume();
    await drained;
    await expect.poll(() => stream.writableLength, { timeout: 10_000 }).toBe(0);
    stream.destroy();
  });

  test("destroying it ends the peer's connection and leaves the others alone", async () => {
    const gone = { count: 0 };
    const path = await listen("gone.sock", (socket) => {
      socket.resume();
      socket.pipe(socket);
      socket.on("close", () => gone.count++);
      socket.on("end", () => socket.end());
    });
    const [first, second] = [await connection.openUnixStream(path), await connection.openUnixStream(path)];
    first.destroy();
    await expect.poll(() => gone.count).toBe(1);
    second.end("still here");
    expect(await textOf(second)).toBe("still here");
  });

  test("fifty at once", async () => {
    const path = await listen("many.sock", (socket) => socket.pipe(socket));
    const streams = await Promise.all(Array.from({ length: 50 }, () => connection.openUnixStream(path)));
    const texts = streams.map(async (stream, index) => {
      stream.end(`stream ${index}`);
      return textOf(stream);
    });
    expect(await Promise.all(texts)).toEqual(streams.map((_, index) => `stream ${index}`));
  });
});

describe("a refused stream says why", () => {
  test("no such socket", async () => {
    await expect(connection.openUnixStream(scratch.path("absent.sock"))).rejects.toMatchObject({
      kind: "streamRefused",
      refusal: "noSuchSocket",
    });
  });

  test("a file that is no socket", async () => {
    await expect(connection.openUnixStream(scratch.write("plain", ""))).rejects.toMatchObject({
      kind: "streamRefused",
      refusal: "noSuchSocket",
    });
  });

  test("a server that forbids it", async () => {
    const path = await listen("forbidden.sock", (socket) => socket.pipe(socket));
    await using strict = await SshServer.start(scratch, {
      hostKeys: [host],
      authorized: [user],
      config: ["AllowStreamLocalForwarding no"],
    });
    await using other = await open({ port: strict.port });
    await expect(other.openUnixStream(path)).rejects.toMatchObject({
      kind: "streamRefused",
      refusal: "notForwarded",
      message: expect.stringContaining("forbids"),
    });
    // The way round it that is left: a command on the host.
    const relayed = await other.openCommandStream(["cat"]);
    relayed.end("relayed");
    expect(await textOf(relayed)).toBe("relayed");
  });

  test("more sessions than the server allows wait for one to end, and short commands not for long ones", async () => {
    await using other = await open();
    const streams = await Promise.all(Array.from({ length: 5 }, () => other.openCommandStream(["cat"])));
    const stream = other.openCommandStream(["cat"]);
    const echoes = Promise.all(Array.from({ length: 20 }, (_, i) => other.exec(["echo", String(i)])));
    const end = async (of: Duplex | undefined) => of !== undefined && (await textOf(of.end()));
    await end(streams[0]);
    expect((await echoes).map(({ stdout }) => stdout.trim())).toEqual(Object.keys([...Array(20)]));
    expect(await Promise.race([stream, "it waits"])).toBe("it waits");
    await end(streams[1]);
    await end(streams[2]);
    expect(await textOf((await stream).end("its turn"))).toBe("its turn");
  });

  test("who waits for a session gives up in time, and when the connection ends", async () => {
    await using other = await open();
    for (let i = 0; i < 5; i++) await other.openCommandStream(["cat"]);
    await expect(other.exec(["true"], { timeoutMs: 300 })).rejects.toMatchObject({
      kind: "timeout",
      message: expect.stringContaining("waiting for a session (MaxSessions)"),
    });
    const waiting = other.openCommandStream(["cat"]);
    const refused = expect(waiting).rejects.toMatchObject({ kind: "closed" });
    await other.close();
    await refused;
  });

  test("a server that allows no sessions at all says so", async () => {
    const sessions = { hostKeys: [host], authorized: [user], config: ["MaxSessions 0"] };
    await using none = await SshServer.start(scratch, sessions);
    await using other = await open({ port: none.port });
    const refused = { kind: "streamRefused", refusal: "sessionLimit" };
    await expect(other.exec(["true"])).rejects.toMatchObject(refused);
  });

  test("what cannot be a socket's path is refused before the host is asked", async () => {
    await expect(connection.openUnixStream("relative")).rejects.toBeInstanceOf(RangeError);
    await expect(connection.openUnixStream("/a\0b")).rejects.toBeInstanceOf(RangeError);
  });
});

describe("a TCP stream", () => {
  test("reaches what the host reaches, and says when it doesn't", async () => {
    const stream = await connection.openTcpStream("127.0.0.1", server.port);
    const [greeting] = (await once(stream, "data")) as [Buffer];
    expect(greeting.toString()).toMatch(/^SSH-2\.0-OpenSSH/);
    stream.destroy();
    await expect(connection.openTcpStream("127.0.0.1", 1)).rejects.toMatchObject({ kind: "streamRefused" });
  });
});

describe("a command's stream", () => {
  test("gives hostile words to the command as they are", async () => {
    const words = ["a b", "it's", "$(id)", "", "*", "\n", "ü"];
    const stream = await connection.openCommandStream(["printf", "%s|", ...words]);
    stream.end();
    expect(await textOf(stream)).toBe(`${words.join("|")}|`);
  });

  test("fails with what the command said when it fails", async () => {
    const stream = await connection.openCommandStream([
      "sh",
      "-c",
      "echo partial; echo no such thing >&2; exit 7",
    ]);
    await expect(textOf(stream)).rejects.toMatchObject({
      kind: "streamRefused",
      refusal: "commandFailed",
      exitCode: 7,
      message: expect.stringContaining("no such thing"),
    });
  });

  test("fails when there is no such command, and when a signal ends it", async () => {
    await expect(textOf(await connection.openCommandStream(["kvm-no-such"]))).rejects.toMatchObject({
      exitCode: 127,
    });
    await expect(textOf(await connection.openCommandStream(["sh", "-c", "kill -9 $$"]))).rejects.toThrow(
      /SIGKILL/,
    );
  });

  test("isn't stopped by a command that talks much on standard error", async () => {
    const script = "head -c 9000000 /dev/zero | tr '\\0' x >&2; echo done";
    const stream = await connection.openCommandStream(["sh", "-c", script]);
    expect(await textOf(stream)).toBe("done\n");
  });

  test("carries megabytes", async () => {
    const stream = await connection.openCommandStream(["cat"]);
    const sent = randomBytes(8 * 1024 * 1024);
    stream.end(sent);
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
  });
});

describe("exec", () => {
  test("gives output, error output and exit status", async () => {
    expect(await connection.exec(["sh", "-c", "echo out; echo err >&2; exit 3"])).toEqual({
      exitCode: 3,
      stdout: "out\n",
      stderr: "err\n",
    });
    expect((await connection.exec(["sh", "-c", "kill -TERM $$"])).exitCode).toBe(143);
    expect((await connection.exec(["kvm-no-such"])).exitCode).toBe(127);
  });

  test("the exit status isn't lost when the output ends long before the command", async () => {
    expect((await connection.exec(["sh", "-c", "exec >&- 2>&-; sleep 0.4; exit 5"])).exitCode).toBe(5);
  });

  test("feeds standard input, also to a command that doesn't want it", async () => {
    expect((await connection.exec(["wc", "-c"], { stdin: "ü".repeat(500_000) })).stdout.trim()).toBe(
      "1000000",
    );
    expect((await connection.exec(["true"], { stdin: Buffer.alloc(8 * 1024 * 1024) })).exitCode).toBe(0);
    expect((await connection.exec(["cat"])).stdout).toBe("");
  });

  test("stops at 16 MiB of output and ends the command", async () => {
    const flood = scratch.path("flood");
    const script = `echo $$ > ${flood}; exec yes`;
    await expect(connection.exec(["sh", "-c", script])).rejects.toMatchObject({ kind: "outputTooLarge" });
    await expectEnded(flood);
  });

  test("stops after its time, and on abort, and ends the command", async () => {
    const slow = scratch.path("slow");
    const script = `echo $$ > ${slow}; exec sleep 300`;
    await expect(connection.exec(["sh", "-c", script], { timeoutMs: 400 })).rejects.toMatchObject({
      kind: "timeout",
    });
    await expectEnded(slow);
    const controller = new AbortController();
    const running = connection.exec(["sh", "-c", script], { signal: controller.signal });
    setTimeout(() => controller.abort(), 300);
    await expect(running).rejects.toMatchObject({ kind: "aborted" });
    await expectEnded(slow);
    await expect(connection.exec(["true"], { signal: AbortSignal.abort() })).rejects.toMatchObject({
      kind: "aborted",
    });
  });

  async function expectEnded(pidFile: string): Promise<void> {
    await expect
      .poll(async () => (await connection.exec(["sh", "-c", `kill -0 $(cat ${pidFile})`])).exitCode, {
        timeout: 5_000,
      })
      .not.toBe(0);
  }
});

test("closing the connection ends all of its streams, and says so", async () => {
  const path = await listen("closing.sock", (socket) => socket.resume());
  const other = await open();
  const streams = [await other.openUnixStream(path), await other.openCommandStream(["cat"])];
  const errors = streams.map((stream) => new Promise((resolve) => stream.once("error", resolve)));
  const running = other.exec(["sleep", "300"]);
  const failed = running.then(
    () => undefined,
    (error: unknown) => error,
  );
  await delay(100);
  await other.close();
  for (const error of [...(await Promise.all(errors)), await failed])
    expect(error).toMatchObject({ kind: "closed" });
  expect(await other.closed).toBeUndefined();
  await expect(other.openUnixStream(path)).rejects.toMatchObject({ kind: "closed" });
  await expect(other.exec(["true"])).rejects.toMatchObject({ kind: "closed" });
  await other.close();
});
