import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SshConnection, SshError, type SshTarget } from "../../provider/ssh/index.js";
import { freePort, publicKey, SshScratch, SshServer, textOf } from "./ssh-server.js";

const scratch = new SshScratch();
/** Each hop has a host key and a user key of its own. */
const hosts = ["outer", "middle", "inner"].map((name) => ({
  name,
  hostKey: scratch.key(`${name}-host`),
  userKey: scratch.key(`${name}-user`),
}));
let servers: SshServer[];
let sshConfig: string;

beforeAll(async () => {
  servers = [];
  for (const { hostKey, userKey } of hosts) {
    servers.push(await SshServer.start(scratch, { hostKeys: [hostKey], authorized: [userKey] }));
  }
  const blocks = hosts.map(({ name, userKey }, index) =>
    [
      `Host ${name}`,
      "  HostName 127.0.0.1",
      `  Port ${portOf(index)}`,
      `  IdentityFile ${userKey}`,
      `  HostKeyAlias ${name}`,
    ].join("\n"),
  );
  const known = scratch.write(
    "known",
    hosts.map(({ name, hostKey }) => `${name} ${publicKey(hostKey)}\n`).join(""),
  );
  sshConfig = scratch.write(
    "jump.conf",
    `${blocks.join("\n")}\nHost *\n  UserKnownHostsFile ${known}\n  IdentitiesOnly yes\n`,
  );
});
afterAll(async () => {
  for (const server of servers ?? []) await server[Symbol.asyncDispose]();
  scratch[Symbol.dispose]();
});

function portOf(index: number): number {
  return servers[index]?.port ?? 0;
}

function open(target: Partial<SshTarget>): Promise<SshConnection> {
  return SshConnection.open(
    { address: "inner", sshConfig, ...target },
    { environment: {}, homeDirectory: scratch.home },
  );
}

async function errorOf(target: Partial<SshTarget>): Promise<SshError> {
  return open(target).then(
    () => Promise.reject(new Error("not refused")),
    (error: SshError) => error,
  );
}

/** The port that the server sees as its own: tells which server answered. */
async function serverPort(connection: SshConnection): Promise<number> {
  const { stdout } = await connection.exec(["sh", "-c", 'echo "$SSH_CONNECTION"']);
  return Number(stdout.trim().split(" ")[3]);
}

function loginsOf(index: number): number {
  return servers[index]?.log.match(/Accepted publickey/g)?.length ?? 0;
}

describe("a chain of jump hosts", () => {
  test("each hop logs in with its own key and verifies its own host key", async () => {
    const before = hosts.map((_, index) => loginsOf(index));
    await using connection = await open({ proxyJump: "outer,middle" });
    expect(await serverPort(connection)).toBe(portOf(2));
    expect(hosts.map((_, index) => loginsOf(index) - (before[index] ?? 0))).toEqual([1, 1, 1]);
  });

  test("the configuration's own chain", async () => {
    const nested = `Host inner\n  ProxyJump middle\nHost middle\n  ProxyJump ${scratch.user}@outer\n${textOf(sshConfig)}`;
    const before = hosts.map((_, index) => loginsOf(index));
    await using connection = await open({ sshConfig: scratch.write("nested.conf", nested) });
    expect(await serverPort(connection)).toBe(portOf(2));
    expect(hosts.map((_, index) => loginsOf(index) - (before[index] ?? 0))).toEqual([1, 1, 1]);
  });

  test("carries megabytes both ways", async () => {
    await using connection = await open({ proxyJump: "outer,middle" });
    const stdin = Buffer.alloc(6 * 1024 * 1024, "0123456789abcdef");
    const { stdout } = await connection.exec(["cat"], { stdin });
    expect(Buffer.from(stdout).equals(stdin)).toBe(true);
  });

  test("closing leaves no session on any hop", async () => {
    const connection = await open({ proxyJump: "outer,middle" });
    expect(servers.map((server) => server.sessionPids.length)).toEqual([1, 1, 1]);
    await connection.close();
    await expect
      .poll(() => servers.map((server) => server.sessionPids.length), { timeout: 5_000 })
      .toEqual([0, 0, 0]);
  });

  test("hosts behind the same share the connection to it, which stays for the last", async () => {
    const before = hosts.map((_, index) => loginsOf(index));
    const gaveUp = SshConnection.open(
      { address: "inner", sshConfig, proxyJump: "outer,middle" },
      { environment: {}, homeDirectory: scratch.home, signal: AbortSignal.timeout(5) },
    );
    const refused = expect(gaveUp).rejects.toMatchObject({ kind: "aborted" });
    const [first, ...others] = await Promise.all(
      Array.from({ length: 12 }, () => open({ proxyJump: "outer,middle" })),
    );
    await refused;
    // The servers write their logs in their own time.
    await expect
      .poll(() => hosts.map((_, index) => loginsOf(index) - (before[index] ?? 0)), { timeout: 5_000 })
      .toEqual([1, 1, 12]);
    await first?.close();
    for (const other of others) expect(await serverPort(other)).toBe(portOf(2));
    await Promise.all(others.map((other) => other.close()));
    await expect
      .poll(() => servers.map((server) => server.sessionPids.length), { timeout: 5_000 })
      .toEqual([0, 0, 0]);
    await using again = await open({ proxyJump: "outer,middle" });
    expect(await serverPort(again)).toBe(portOf(2));
  });

  test("the target's inline key is offered to the hops too", async () => {
    await using gate = await SshServer.start(scratch, {
      hostKeys: [hosts[0]?.hostKey ?? ""],
      authorized: [hosts[2]?.userKey ?? ""],
    });
    await using connection = await open({
      proxyJump: `127.0.0.1:${gate.port}`,
      sshConfig: false,
      address: "127.0.0.1",
      port: portOf(2),
      privateKey: textOf(hosts[2]?.userKey ?? ""),
      knownHosts: scratch.write(
        "inline-known",
        `[127.0.0.1]:${gate.port} ${publicKey(hosts[0]?.hostKey ?? "")}\n[127.0.0.1]:${portOf(2)} ${publicKey(hosts[2]?.hostKey ?? "")}\n`,
      ),
    });
    expect(await serverPort(connection)).toBe(portOf(2));
  });
});

describe("a hop that fails is named", () => {
  test("an unknown host key of a hop", async () => {
    const config = textOf(sshConfig).replace("HostKeyAlias outer", "HostKeyAlias nobody");
    const error = await errorOf({
      proxyJump: "outer,middle",
      sshConfig: scratch.write("unknown.conf", config),
    });
    expect(error.kind).toBe("hostKeyUnknown");
    expect(error.message).toContain(`:${portOf(0)}:`);
  });

  test("a hop that refuses the login, and the hops before it are left", async () => {
    const config = textOf(sshConfig).replace(hosts[1]?.userKey ?? "", hosts[0]?.userKey ?? "");
    const error = await errorOf({
      proxyJump: "outer,middle",
      sshConfig: scratch.write("refuses.conf", config),
    });
    expect(error.kind).toBe("authRefused");
    expect(error.message).toContain(`:${portOf(1)}:`);
    await expect
      .poll(() => servers.map((server) => server.sessionPids.length), { timeout: 5_000 })
      .toEqual([0, 0, 0]);
  });

  test("a target that its jump host cannot reach", async () => {
    const port = await freePort();
    const error = await errorOf({ proxyJump: "outer", port });
    expect(error.kind).toBe("unreachable");
    expect(error.message).toContain(`127.0.0.1:${port}: cannot connect through`);
    expect(error.message).toContain(`:${portOf(0)}`);
  });

  test("a jump host that forbids forwarding", async () => {
    await using closed = await SshServer.start(scratch, {
      hostKeys: [hosts[0]?.hostKey ?? ""],
      authorized: [hosts[0]?.userKey ?? ""],
      config: ["AllowTcpForwarding no"],
    });
    const config = textOf(sshConfig).replace(`Port ${portOf(0)}`, `Port ${closed.port}`);
    const error = await errorOf({ proxyJump: "outer", sshConfig: scratch.write("forbids.conf", config) });
    expect(error).toBeInstanceOf(SshError);
    expect(error.kind).toBe("unreachable");
    expect(error.message).toContain("AllowTcpForwarding");
  });
});

test("when a jump host's session is killed, the connection and its streams end with a reason", async () => {
  const connection = await open({ proxyJump: "outer,middle" });
  const stream = await connection.openCommandStream(["cat"]);
  const failed = new Promise((resolve) => stream.once("error", resolve));
  for (const pid of servers[0]?.sessionPids ?? []) process.kill(pid, "SIGKILL");
  expect(await connection.closed).toMatchObject({ kind: "closed" });
  expect(await failed).toMatchObject({ kind: "closed" });
  await expect(connection.exec(["true"])).rejects.toMatchObject({ kind: "closed" });
  // Who comes after that has another one, though the lost connection hasn't been closed yet.
  await using next = await open({ proxyJump: "outer,middle" });
  expect(await serverPort(next)).toBe(portOf(2));
  await connection.close();
});
