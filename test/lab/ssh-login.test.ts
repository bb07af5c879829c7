import { execFileSync, spawn } from "node:child_process";
import { createServer } from "node:net";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SshConnection, SshError, type SshTarget } from "../../provider/ssh/index.js";
import { fingerprint, publicKey, SshScratch, SshServer, textOf } from "./ssh-server.js";

const scratch = new SshScratch();
const PASSPHRASE = "correct horse battery staple";
let server: SshServer;
let hostKey: string;
const keys = {
  ed25519: scratch.key("user-ed25519"),
  ecdsa: scratch.key("user-ecdsa", "ecdsa"),
  rsa: scratch.key("user-rsa", "rsa"),
  locked: scratch.key("user-locked", "ed25519", { passphrase: PASSPHRASE }),
  lockedPem: scratch.key("user-locked-pem", "rsa", { passphrase: PASSPHRASE, format: "PEM" }),
  pkcs8: scratch.key("user-pkcs8", "ecdsa", { format: "PKCS8" }),
  stranger: scratch.key("stranger"),
  lockedStranger: scratch.key("locked-stranger", "ed25519", { passphrase: PASSPHRASE }),
};

beforeAll(async () => {
  hostKey = scratch.key("host");
  server = await SshServer.start(scratch, {
    hostKeys: [hostKey],
    authorized: [keys.ed25519, keys.ecdsa, keys.rsa, keys.locked, keys.lockedPem, keys.pkcs8],
  });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  scratch[Symbol.dispose]();
});

function open(
  target: Partial<SshTarget>,
  options: { environment?: NodeJS.ProcessEnv; homeDirectory?: string } = {},
): Promise<SshConnection> {
  return SshConnection.open(
    { address: "127.0.0.1", port: server.port, sshConfig: false, hostKey: publicKey(hostKey), ...target },
    { environment: {}, homeDirectory: scratch.home, ...options },
  );
}

/** The connection works: the host runs what it is told to. */
async function expectLogin(connection: Promise<SshConnection>): Promise<void> {
  await using opened = await connection;
  expect((await opened.exec(["id", "-un"])).stdout.trim()).toBe(scratch.user);
}

async function refusalOf(connection: Promise<SshConnection>): Promise<SshError> {
  const error = await connection.then(
    async (opened) => {
      await opened.close();
      return undefined;
    },
    (reason: unknown) => reason,
  );
  if (!(error instanceof SshError)) throw new Error(`not refused: ${inspect(error)}`);
  return error;
}

describe("keys", () => {
  test.each(["ed25519", "ecdsa", "rsa", "pkcs8"] as const)("%s, from a file and inline", async (name) => {
    await expectLogin(open({ identityFile: keys[name] }));
    await expectLogin(open({ privateKey: textOf(keys[name]) }));
  });

  test.each(["locked", "lockedPem"] as const)("%s, with its passphrase", async (name) => {
    await expectLogin(open({ identityFile: keys[name], passphrase: PASSPHRASE }));
    await expectLogin(open({ privateKey: textOf(keys[name]), passphrase: PASSPHRASE }));
  });

  test("an inline key with Windows line ends and without a last one", async () => {
    await expectLogin(open({ privateKey: textOf(keys.ed25519).trimEnd().replaceAll("\n", "\r\n") }));
  });

  test("the default keys of the home directory", async () => {
    using other = new SshScratch();
    other.write("home/.ssh/id_ed25519", textOf(keys.ed25519));
    await expectLogin(open({}, { homeDirectory: other.home }));
  });

  test("the configuration's keys", async () => {
    const sshConfig = scratch.write(
      "keys.conf",
      `Host 127.*\n  IdentityFile ${keys.stranger}\n  IdentityFile ${keys.rsa}\n`,
    );
    await expectLogin(open({ sshConfig }));
  });
});

describe("keys that cannot be used", () => {
  test.each([
    [() => ({ privateKey: "nonsense" }), "no private key"],
    [() => ({ privateKey: textOf(keys.locked) }), "encrypted"],
    [() => ({ privateKey: textOf(keys.locked), passphrase: "wrong" }), "passphrase doesn't open"],
    [() => ({ identityFile: keys.locked }), "encrypted"],
    [() => ({ identityFile: scratch.path("absent") }), "absent"],
    [() => ({ privateKey: textOf(`${keys.ed25519}.pub`) }), "only the public key"],
    [() => ({ identityFile: scratch.write("open-key", textOf(keys.ed25519), 0o644) }), "others may read it"],
  ])("named by the target: an error before anything is sent (%#)", async (target, said) => {
    const connections = server.log.match(/Connection from/g)?.length;
    const error = await refusalOf(open(target()));
    expect(error.kind).toBe("keyInvalid");
    expect(error.message).toContain(said);
    expect(server.log.match(/Connection from/g)?.length).toBe(connections);
  });

  test("of the configuration: skipped with a note, and the others are tried", async () => {
    const lines = [keys.lockedStranger, scratch.path("absent"), keys.stranger].map(
      (path) => `IdentityFile ${path}\n`,
    );
    const error = await refusalOf(open({ sshConfig: scratch.write("skips.conf", lines.join("")) }));
    expect(error.kind).toBe("authRefused");
    expect(error.attempts).toEqual([
      `publickey ssh-ed25519 ${fingerprint(keys.stranger)} (${keys.stranger})`,
    ]);
    expect(error.message).toContain(`${keys.lockedStranger}: encrypted`);
    expect(error.message).not.toContain("absent");
  });
});

describe("a refused login", () => {
  test("names each key by fingerprint and path, and what the server would accept", async () => {
    const error = await refusalOf(open({ privateKey: textOf(keys.stranger), user: scratch.user }));
    expect(error.kind).toBe("authRefused");
    expect(error.message).toContain(fingerprint(keys.stranger));
    expect(error.message).toContain("the server accepts publickey");
    expect(error.message).toContain(`user ${scratch.user}`);
  });

  test("says when there was no key at all", async () => {
    const error = await refusalOf(open({}));
    expect(error).toMatchObject({ kind: "authRefused", attempts: [] });
    expect(error.message).toContain("no key was there to try");
  });

  test("says when the server gave up after too many keys", async () => {
    await using strict = await SshServer.start(scratch, {
      hostKeys: [hostKey],
      authorized: [keys.ed25519],
      config: ["MaxAuthTries 2"],
    });
    const names = ["stranger", "ecdsa", "rsa", "ed25519"] as const;
    const lines = names.map((name) => `IdentityFile ${keys[name]}\n`);
    const sshConfig = scratch.write("many.conf", lines.join(""));
    const error = await refusalOf(open({ port: strict.port, sshConfig }));
    expect(error.kind).toBe("authRefused");
    expect(error.message).toMatch(/too many|gave up/i);
    expect(error.attempts.length).toBeGreaterThan(0);
  });

  test("says when a key was accepted but isn't enough", async () => {
    await using twofold = await SshServer.start(scratch, {
      hostKeys: [hostKey],
      authorized: [keys.ed25519],
      config: ["AuthenticationMethods publickey,keyboard-interactive", "KbdInteractiveAuthentication yes"],
    });
    const error = await refusalOf(open({ port: twofold.port, identityFile: keys.ed25519 }));
    expect(error.kind).toBe("authRefused");
    expect(error.message).toContain("wants a further method");
  });

  test("a server that wants two keys gets two", async () => {
    await using twofold = await SshServer.start(scratch, {
      hostKeys: [hostKey],
      authorized: [keys.ed25519, keys.ecdsa],
      config: ["AuthenticationMethods publickey,publickey"],
    });
    const lines = [keys.ed25519, keys.ecdsa].map((path) => `IdentityFile ${path}\n`);
    await expectLogin(open({ port: twofold.port, sshConfig: scratch.write("two.conf", lines.join("")) }));
  });

  test("no error tells a secret, at any depth", async () => {
    const secrets = (path: string) => textOf(path).split("\n").slice(1, -2);
    const errors = [
      await refusalOf(open({ privateKey: textOf(keys.stranger), passphrase: PASSPHRASE })),
      await refusalOf(open({ privateKey: textOf(keys.locked), passphrase: `${PASSPHRASE}x` })),
      await refusalOf(open({ privateKey: textOf(keys.locked).slice(0, -40), passphrase: PASSPHRASE })),
      await refusalOf(open({ privateKey: textOf(keys.stranger), hostKey: publicKey(keys.rsa) })),
    ];
    for (const error of errors) {
      const told = inspect(error, { depth: 20, showHidden: true, maxStringLength: null }) + error.stack;
      for (const secret of [...secrets(keys.stranger), ...secrets(keys.locked), PASSPHRASE]) {
        expect(told).not.toContain(secret);
      }
    }
  });
});

describe("agents", () => {
  let agent: ReturnType<typeof spawn>;
  let socket: string;

  beforeAll(async () => {
    socket = scratch.path("agent.sock");
    agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: ["ignore", "pipe", "ignore"] });
    await new Promise((resolve) => agent.stdout?.once("data", resolve));
    for (const path of [keys.stranger, keys.rsa, keys.ed25519]) add(path);
    // ssh-add asks for a passphrase by a program.
    const askpass = scratch.write("askpass", `#!/bin/sh\necho '${PASSPHRASE}'\n`, 0o700);
    add(keys.locked, { SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: "force", DISPLAY: "none" });
  });
  afterAll(() => {
    agent.kill("SIGTERM");
  });

  function add(path: string, environment: Record<string, string> = {}): void {
    execFileSync("ssh-add", ["-q", path], {
      env: { ...process.env, SSH_AUTH_SOCK: socket, ...environment },
      stdio: "ignore",
    });
  }

  test("SSH_AUTH_SOCK, a path, and the configuration's IdentityAgent", async () => {
    const environment = { SSH_AUTH_SOCK: socket };
    await expectLogin(open({}, { environment }));
    await expectLogin(open({ agent: true }, { environment }));
    await expectLogin(open({ agent: socket }));
    await expectLogin(open({ sshConfig: scratch.write("agent.conf", `IdentityAgent ${socket}\n`) }));
  });

  test("each type of key signs", async () => {
    for (const path of [keys.rsa, keys.ed25519]) {
      const sshConfig = scratch.write("only.conf", `IdentitiesOnly yes\nIdentityFile ${path}.pub\n`);
      await expectLogin(open({ sshConfig }, { environment: { SSH_AUTH_SOCK: socket } }));
    }
  });

  test("false uses none", async () => {
    const error = await refusalOf(open({ agent: false }, { environment: { SSH_AUTH_SOCK: socket } }));
    expect(error).toMatchObject({ kind: "authRefused", attempts: [] });
  });

  test("IdentitiesOnly offers only the keys that are named", async () => {
    const sshConfig = scratch.write("ids.conf", `IdentitiesOnly yes\nIdentityFile ${keys.stranger}\n`);
    const error = await refusalOf(open({ sshConfig }, { environment: { SSH_AUTH_SOCK: socket } }));
    expect(error.attempts).toEqual([
      `publickey ssh-ed25519 ${fingerprint(keys.stranger)} (${keys.stranger}, by the agent)`,
    ]);
  });

  test("holds the key of an encrypted file, so that no passphrase is needed", async () => {
    await expectLogin(open({ identityFile: keys.locked }, { environment: { SSH_AUTH_SOCK: socket } }));
    await expectLogin(
      open({ identityFile: `${keys.locked}.pub` }, { environment: { SSH_AUTH_SOCK: socket } }),
    );
  });

  test("the target's own key is offered alone", async () => {
    const error = await refusalOf(
      open(
        { privateKey: textOf(keys.lockedStranger), passphrase: PASSPHRASE },
        { environment: { SSH_AUTH_SOCK: socket } },
      ),
    );
    expect(error.attempts).toHaveLength(1);
  });

  test("one that isn't there or never answers is a note, and costs at most its own time", async () => {
    const mute = createServer(() => undefined).listen(scratch.path("mute.sock"));
    try {
      for (const path of [scratch.path("mute.sock"), scratch.path("gone.sock")]) {
        const lines = `IdentityAgent ${path}\nIdentityFile ${keys.ed25519}\n`;
        const startedAt = performance.now();
        await expectLogin(open({ sshConfig: scratch.write("mute.conf", lines) }));
        expect(performance.now() - startedAt).toBeLessThan(6_000);
        expect((await refusalOf(open({ agent: path }))).message).toContain(path);
      }
    } finally {
      mute.close();
    }
  });

  test("a key that the agent won't sign with is noted, and the next one is tried", async () => {
    using other = new SshScratch();
    const otherSocket = other.path("agent.sock");
    const confirming = spawn("ssh-agent", ["-D", "-a", otherSocket], {
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, SSH_ASKPASS: "/bin/false", DISPLAY: "none", SSH_ASKPASS_REQUIRE: "force" },
    });
    try {
      await new Promise((resolve) => confirming.stdout?.once("data", resolve));
      const env = { ...process.env, SSH_AUTH_SOCK: otherSocket };
      execFileSync("ssh-add", ["-q", "-c", keys.rsa], { env, stdio: "ignore" });
      const refused = await refusalOf(open({ agent: otherSocket }));
      expect(refused.kind).toBe("authRefused");
      expect(refused.message).toMatch(/sign|agent responded/i);
      execFileSync("ssh-add", ["-q", keys.ed25519], { env, stdio: "ignore" });
      await expectLogin(open({ agent: otherSocket }));
    } finally {
      confirming.kill("SIGTERM");
    }
  });
});

test("the user of the target, else of the configuration", async () => {
  const sshConfig = scratch.write("user.conf", `User nobody-here\nIdentityFile ${keys.ed25519}\n`);
  expect((await refusalOf(open({ sshConfig }))).message).toContain("user nobody-here");
  await expectLogin(open({ sshConfig, user: scratch.user }));
});

test("the scratch keys are what they claim to be", () => {
  expect(textOf(keys.pkcs8)).toContain("BEGIN PRIVATE KEY");
  expect(textOf(keys.lockedPem)).toContain("Proc-Type: 4,ENCRYPTED");
});
