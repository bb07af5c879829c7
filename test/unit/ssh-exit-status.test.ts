import { once } from "node:events";
import { connect, createServer } from "node:net";
import ssh2 from "ssh2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SshConnection } from "../../provider/ssh/index.js";

/** One of some two hundred that ssh2 makes it can't read: a zero at the beginning is lost. */
function keyPair(): ReturnType<typeof ssh2.utils.generateKeyPairSync> {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync("ed25519");
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}

/** A server whose commands end as soon as they began; with OpenSSH it happens now and then. */
const keys = { host: keyPair(), user: keyPair() };
const server = new ssh2.Server({ hostKeys: [keys.host.private] }, (client) => {
  client.on("error", () => undefined);
  client.on("authentication", (login) => login.accept());
  client.on("session", (accept) => {
    accept().on("exec", (acceptCommand, _, request) => {
      const channel = acceptCommand();
      if (request.command.includes("says")) channel.write("said");
      channel.exit(request.command.includes("fails") ? 7 : 0);
      channel.end();
    });
  });
});
// Nagle's algorithm would hold back all but the first packet.
const door = createServer({ noDelay: true }, (socket) => server.injectSocket(socket));

/** A way to the server on which what it sends within a moment arrives in one piece. */
const gatherer = createServer((near) => {
  const far = connect(portOf(door.address()), "127.0.0.1");
  let gathered: Buffer[] = [];
  far.on("data", (chunk) => {
    if (gathered.push(chunk) > 1) return;
    setTimeout(() => {
      near.write(Buffer.concat(gathered));
      gathered = [];
    }, 20);
  });
  near.pipe(far);
  for (const socket of [near, far]) socket.on("error", () => undefined);
  far.on("close", () => near.destroy());
});
let connection: SshConnection;

function portOf(address: ReturnType<typeof gatherer.address>): number {
  return typeof address === "object" && address !== null ? address.port : 0;
}

beforeAll(async () => {
  await once(door.listen(0, "127.0.0.1"), "listening");
  await once(gatherer.listen(0, "127.0.0.1"), "listening");
  connection = await SshConnection.open(
    {
      address: "127.0.0.1",
      port: portOf(gatherer.address()),
      user: "anyone",
      privateKey: keys.user.private,
      hostKey: keys.host.public,
      sshConfig: false,
    },
    { environment: {}, homeDirectory: "/nowhere" },
  );
});
afterAll(async () => {
  await connection?.close();
  door.close();
  gatherer.close();
});

test("a command's exit status isn't lost when it comes with the answer to the request", async () => {
  for (let round = 0; round < 5; round++) {
    expect(await connection.exec(["fails"])).toEqual({ exitCode: 7, stdout: "", stderr: "" });
    expect(await connection.exec(["says"])).toEqual({ exitCode: 0, stdout: "said", stderr: "" });
  }
});

test("nor that of a command's stream", async () => {
  for (let round = 0; round < 5; round++) {
    const good = await connection.openCommandStream(["says"]);
    let text = "";
    for await (const chunk of good) text += chunk;
    expect(text).toBe("said");
    const bad = await connection.openCommandStream(["fails"]);
    bad.resume();
    const [error] = await once(bad, "error");
    expect(error).toMatchObject({ kind: "streamRefused", exitCode: 7 });
  }
});
