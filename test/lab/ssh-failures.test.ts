import { createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SshConnection, SshError, type SshTarget } from "../../provider/ssh/index.js";
import { childrenOf, freePort, publicKey, SshScratch, SshServer } from "./ssh-server.js";

const scratch = new SshScratch();
const user = scratch.key("user");
const host = scratch.key("host");
let server: SshServer;
const listeners: Server[] = [];

beforeAll(async () => {
  server = await SshServer.start(scratch, { hostKeys: [host], authorized: [user] });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  for (const listener of listeners) listener.close();
  scratch[Symbol.dispose]();
});

function open(target: Partial<SshTarget> = {}, signal?: AbortSignal): Promise<SshConnection> {
  return SshConnection.open(
    {
      address: "127.0.0.1",
      port: server.port,
      sshConfig: false,
      identityFile: user,
      hostKey: publicKey(host),
      ...target,
    },
    { environment: {}, homeDirectory: scratch.home, ...(signal !== undefined && { signal }) },
  );
}

/** A TCP port where `serve` has each connection. */
async function listen(serve: (socket: Socket) => void): Promise<number> {
  const listener = createServer((socket) => {
    socket.on("error", () => undefined);
    serve(socket);
  });
  listeners.push(listener);
  const port = await freePort();
  await new Promise<void>((resolve) => listener.listen(port, "127.0.0.1", resolve));
  return port;
}

async function failure(connection: Promise<SshConnection>): Promise<{ error: SshError; tookMs: number }> {
  const startedAt = performance.now();
  const error = await connection.then(
    () => Promise.reject(new Error("connected")),
    (reason: unknown) => reason,
  );
  if (!(error instanceof SshError)) throw error;
  return { error, tookMs: performance.now() - startedAt };
}

describe("unreachable", () => {
  test("a port where nobody listens, with its cause", async () => {
    const { error } = await failure(open({ port: await freePort() }));
    expect(error.kind).toBe("unreachable");
    expect(error.message).toContain("ECONNREFUSED");
    expect(error.cause).toMatchObject({ code: "ECONNREFUSED" });
  });

  test("a name that doesn't exist", async () => {
    const { error } = await failure(open({ address: "no-such-host.invalid" }));
    expect(error.kind).toBe("unreachable");
    expect(error.message).toContain("cannot be resolved");
  });

  test("a peer that isn't SSH, talks nonsense or hangs up", async () => {
    const http = "HTTP/1.1 400 Bad Request\r\n\r\n";
    const serves: ((socket: Socket) => void)[] = [
      (socket) => socket.end(http),
      (socket) => socket.end(),
      (socket) => socket.resetAndDestroy(),
      (socket) => socket.write(Buffer.alloc(100_000, 0x41)),
      (socket) => socket.write(Buffer.concat([Buffer.from("SSH-2.0-x\r\n"), Buffer.alloc(50_000, 0xff)])),
      (socket) => socket.end("SSH-1.5-old\r\n"),
    ];
    for (const serve of serves) {
      const { error } = await failure(open({ port: await listen(serve), connectTimeoutMs: 3_000 }));
      expect(["unreachable", "timeout"]).toContain(error.kind);
    }
  });
});

describe("the time for connecting", () => {
  test("bounds a server that accepts and never answers", async () => {
    let accepted = 0;
    const port = await listen((socket) => {
      accepted++;
      socket.resume().once("close", () => accepted--);
    });
    const { error, tookMs } = await failure(open({ port, connectTimeoutMs: 600 }));
    expect(error.kind).toBe("timeout");
    expect(error.message).toContain("0.6 s");
    expect(tookMs).toBeGreaterThan(500);
    expect(tookMs).toBeLessThan(2_000);
    // Nothing of ours stays open.
    await expect.poll(() => accepted).toBe(0);
  });

  test("bounds a silent server behind a jump host too, and leaves no session there", async () => {
    const blackHole = await listen(() => undefined);
    const knownHosts = scratch.write("jump-known", `[127.0.0.1]:${server.port} ${publicKey(host)}\n`);
    const { error, tookMs } = await failure(
      open({ port: blackHole, proxyJump: `127.0.0.1:${server.port}`, knownHosts, connectTimeoutMs: 1_500 }),
    );
    expect(error.kind).toBe("timeout");
    expect(tookMs).toBeLessThan(4_000);
    await expect.poll(() => server.sessionPids.length, { timeout: 5_000 }).toBe(0);
  });

  test("comes from the configuration when the target has none", async () => {
    const port = await listen(() => undefined);
    const sshConfig = scratch.write("timeout.conf", "ConnectTimeout 1\n");
    const { error, tookMs } = await failure(open({ port, sshConfig }));
    expect(error.kind).toBe("timeout");
    expect(tookMs).toBeLessThan(3_000);
  });

  test("the caller's signal ends it at once, before and while connecting", async () => {
    const port = await listen(() => undefined);
    expect((await failure(open({ port }, AbortSignal.abort()))).error.kind).toBe("aborted");
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 200);
    const { error, tookMs } = await failure(open({ port }, controller.signal));
    expect(error.kind).toBe("aborted");
    expect(tookMs).toBeLessThan(1_500);
  });
});

describe("hundreds of hosts at once", () => {
  test("are all reached in time, though one thread does the cryptography of all", async () => {
    const opened = await Promise.allSettled(
      Array.from({ length: 240 }, () => open({ connectTimeoutMs: 3_000 })),
    );
    const late = opened.filter(({ status }) => status === "rejected");
    await Promise.all(opened.map((one) => one.status === "fulfilled" && one.value.close()));
    expect(late).toEqual([]);
  });

  test("of which some accept and never answer: the time of those behind them begins when it is their turn", async () => {
    const port = await listen((socket) => void socket.resume());
    const silent = Array.from({ length: 40 }, () => failure(open({ port, connectTimeoutMs: 700 })));
    const answering = Array.from({ length: 3 }, () => open({ connectTimeoutMs: 700 }));
    const gaveUp = failure(open({}, AbortSignal.timeout(300)));
    await Promise.all((await Promise.all(answering)).map((connection) => connection.close()));
    expect((await gaveUp).error.kind).toBe("aborted");
    for (const { error } of await Promise.all(silent)) expect(error.kind).toBe("timeout");
  });
});

describe("a connection that is lost", () => {
  test("by a killed session: streams, commands and `closed` tell", async () => {
    const connection = await open();
    const stream = await connection.openCommandStream(["cat"]);
    const streamError = new Promise((resolve) => stream.once("error", resolve));
    const command = connection.exec(["sleep", "300"]).then(
      () => undefined,
      (error: unknown) => error,
    );
    await expect.poll(() => server.sessionPids.length).toBe(1);
    for (const pid of server.sessionPids.flatMap((each) => [...childrenOf(each), each])) {
      process.kill(pid, "SIGKILL");
    }
    expect(await connection.closed).toMatchObject({ name: "SshError", kind: "closed" });
    expect(await streamError).toMatchObject({ kind: "closed" });
    expect(await command).toMatchObject({ kind: "closed" });
    await expect(connection.openUnixStream("/x")).rejects.toMatchObject({ kind: "closed" });
    await connection.close();
    // A new one works.
    await using again = await open();
    expect((await again.exec(["echo", "back"])).stdout).toBe("back\n");
  });

  test("while a write waits for the peer: the write fails instead of waiting for ever", async () => {
    const connection = await open();
    const stream = await connection.openCommandStream(["sleep", "300"]);
    stream.on("error", () => undefined);
    const writes = Promise.allSettled(
      Array.from(
        { length: 8 },
        () =>
          new Promise<void>((resolve, reject) => {
            stream.write(Buffer.alloc(1024 * 1024), (error) => (error ? reject(error) : resolve()));
          }),
      ),
    );
    await expect.poll(() => server.sessionPids.length).toBe(1);
    for (const pid of server.sessionPids.flatMap((each) => [...childrenOf(each), each])) {
      process.kill(pid, "SIGKILL");
    }
    const outcomes = await writes;
    expect(outcomes.at(-1)?.status).toBe("rejected");
    expect(await connection.closed).toMatchObject({ kind: "closed" });
  });

  test("by a server that stops answering: keepalive notices", async () => {
    const sshConfig = scratch.write("alive.conf", "ServerAliveInterval 1\nServerAliveCountMax 2\n");
    const connection = await open({ sshConfig });
    const stream = await connection.openCommandStream(["cat"]);
    const failed = new Promise((resolve) => stream.once("error", resolve));
    const pids = server.sessionPids.flatMap((each) => [...childrenOf(each), each]);
    expect(pids.length).toBeGreaterThan(0);
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    try {
      const startedAt = performance.now();
      const reason = await connection.closed;
      expect(reason).toMatchObject({ kind: "closed", message: expect.stringContaining("Keepalive") });
      expect(performance.now() - startedAt).toBeLessThan(6_000);
      expect(await failed).toMatchObject({ kind: "closed" });
    } finally {
      for (const pid of pids) process.kill(pid, "SIGKILL");
    }
  });

  test("an idle connection with keepalive stays", async () => {
    const sshConfig = scratch.write("idle.conf", "ServerAliveInterval 1\nServerAliveCountMax 1\n");
    await using connection = await open({ sshConfig });
    await new Promise((resolve) => setTimeout(resolve, 4_500));
    expect((await connection.exec(["echo", "still here"])).stdout).toBe("still here\n");
  });
});

describe("keys are exchanged anew in mid-stream without harm", () => {
  test.each(["aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes256-ctr"])(
    "%s",
    async (cipher) => {
      await using often = await SshServer.start(scratch, {
        hostKeys: [host],
        authorized: [user],
        config: ["RekeyLimit 1M", `Ciphers ${cipher}`],
      });
      await using connection = await open({ port: often.port });
      const stdin = Buffer.alloc(12 * 1024 * 1024, "0123456789");
      const { stdout } = await connection.exec(["cat"], { stdin });
      expect(Buffer.from(stdout).equals(stdin)).toBe(true);
      expect((await connection.exec(["wc", "-c"], { stdin })).stdout.trim()).toBe(String(stdin.length));
    },
  );
});
