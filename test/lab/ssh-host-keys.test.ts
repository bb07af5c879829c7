import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SshConnection, SshError, type SshTarget } from "../../provider/ssh/index.js";
import { fingerprint, type KeyType, publicKey, SshScratch, SshServer, textOf } from "./ssh-server.js";

const scratch = new SshScratch();
const user = scratch.key("user");
const hostKeys: Record<KeyType, string> = {
  ed25519: scratch.key("host-ed25519"),
  ecdsa: scratch.key("host-ecdsa", "ecdsa"),
  rsa: scratch.key("host-rsa", "rsa"),
};
const other = scratch.key("host-other");
const TYPES = Object.keys(hostKeys) as KeyType[];
let server: SshServer;
let ed25519Only: SshServer;

beforeAll(async () => {
  server = await SshServer.start(scratch, { hostKeys: Object.values(hostKeys), authorized: [user] });
  ed25519Only = await SshServer.start(scratch, { hostKeys: [hostKeys.ed25519], authorized: [user] });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await ed25519Only?.[Symbol.asyncDispose]();
  scratch[Symbol.dispose]();
});

function open(target: Partial<SshTarget>, warn?: (message: string) => void): Promise<SshConnection> {
  return SshConnection.open(
    { address: "127.0.0.1", port: server.port, sshConfig: false, identityFile: user, ...target },
    { environment: {}, homeDirectory: scratch.home, ...(warn !== undefined && { warn }) },
  );
}

/** "accepted" when the connection works, or the kind of its error. */
async function verdict(target: Partial<SshTarget>): Promise<string> {
  try {
    await using connection = await open(target);
    return (await connection.exec(["echo", "accepted"])).stdout.trim();
  } catch (error) {
    if (error instanceof SshError) return error.kind;
    throw error;
  }
}

async function errorOf(target: Partial<SshTarget>): Promise<SshError> {
  return open(target).then(
    () => Promise.reject(new Error("not refused")),
    (error: SshError) => error,
  );
}

function knownHosts(name: string, ...lines: string[]): string {
  return scratch.write(name, lines.map((line) => `${line}\n`).join(""));
}

const named = (key: string, port = server.port) => `[127.0.0.1]:${port} ${publicKey(key)}`;

describe("known_hosts", () => {
  test.each(TYPES)("a server with three keys is verified by the one that is known: %s", async (type) => {
    expect(await verdict({ knownHosts: knownHosts(`known-${type}`, named(hostKeys[type])) })).toBe(
      "accepted",
    );
  });

  test("entries that ssh-keygen has hashed", async () => {
    const file = knownHosts("hashed", named(hostKeys.rsa), "# comment", `other.example ${publicKey(other)}`);
    execFileSync("ssh-keygen", ["-H", "-f", file], { stdio: "ignore" });
    expect(textOf(file)).toMatch(/^\|1\|/);
    expect(textOf(file)).not.toContain("127.0.0.1");
    expect(await verdict({ knownHosts: file })).toBe("accepted");
  });

  test("the lines that ssh-keyscan prints", async () => {
    const scanned = execFileSync("ssh-keyscan", ["-p", String(server.port), "127.0.0.1"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    expect(await verdict({ knownHosts: knownHosts("scanned", scanned) })).toBe("accepted");
  });

  test("an entry without the port, and one under an alias", async () => {
    const bare = knownHosts("bare", `127.0.0.1 ${publicKey(hostKeys.ed25519)}`);
    expect(await verdict({ knownHosts: bare })).toBe("accepted");
    const aliased = knownHosts("aliased", `stable ${publicKey(hostKeys.ecdsa)}`);
    const sshConfig = scratch.write("alias.conf", `HostKeyAlias stable\nUserKnownHostsFile ${aliased}\n`);
    expect(await verdict({ sshConfig })).toBe("accepted");
  });

  test("an unknown key: the error's line, written to the file, makes it known", async () => {
    const file = knownHosts("empty");
    const error = await errorOf({ knownHosts: file });
    expect(error.kind).toBe("hostKeyUnknown");
    expect(error.fingerprint).toBe(fingerprint(hostKeys.ed25519));
    expect(error.message).toContain(`add this line to ${file}: ${named(hostKeys.ed25519)}`);
    expect(await verdict({ knownHosts: knownHosts("filled", error.knownHostsLine ?? "") })).toBe("accepted");
    expect(textOf(file)).toBe("");
  });

  test("a wrong key, with both fingerprints and the line; the login isn't even tried", async () => {
    const file = knownHosts("wrong", "# first", named(other));
    const logins = server.log.match(/Accepted publickey/g)?.length;
    const error = await errorOf({ knownHosts: file });
    expect(error).toMatchObject({ kind: "hostKeyMismatch", knownHostsFile: file, knownHostsLineNumber: 2 });
    expect(error.message).toContain(fingerprint(hostKeys.ed25519));
    expect(error.message).toContain(fingerprint(other));
    expect(server.log.match(/Accepted publickey/g)?.length).toBe(logins);
  });

  test("no setting of the configuration switches the check off", async () => {
    const sshConfig = scratch.write("off.conf", "StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\n");
    expect(await verdict({ sshConfig })).toBe("hostKeyUnknown");
  });

  test("a revoked key, in known_hosts and by RevokedHostKeys", async () => {
    const revoked = knownHosts(
      "revoked",
      named(hostKeys.ed25519),
      `@revoked * ${publicKey(hostKeys.ed25519)}`,
    );
    expect(await verdict({ knownHosts: revoked, port: ed25519Only.port })).toBe("hostKeyRevoked");
    const known = knownHosts("known", named(hostKeys.ed25519, ed25519Only.port));
    const list = scratch.write("list", `${publicKey(hostKeys.ed25519)}\n`);
    const sshConfig = scratch.write("revoked.conf", `UserKnownHostsFile ${known}\nRevokedHostKeys ${list}\n`);
    expect(await verdict({ sshConfig, port: ed25519Only.port })).toBe("hostKeyRevoked");
  });

  test("a host with a certificate is refused by name when only its authority is known", async () => {
    const authority = scratch.key("authority");
    const certified = scratch.key("host-certified");
    execFileSync("ssh-keygen", [
      "-q",
      "-s",
      authority,
      "-I",
      "h",
      "-h",
      "-n",
      "127.0.0.1",
      `${certified}.pub`,
    ]);
    await using host = await SshServer.start(scratch, {
      hostKeys: [certified],
      authorized: [user],
      config: [`HostCertificate ${certified}-cert.pub`],
    });
    const line = `@cert-authority * ${publicKey(authority)}`;
    const error = await errorOf({ knownHosts: knownHosts("authority-known", line), port: host.port });
    expect(error.kind).toBe("hostKeyUnknown");
    expect(error.message).toContain("host certificates are not supported");
    const both = knownHosts("both", line, named(certified, host.port));
    expect(await verdict({ knownHosts: both, port: host.port })).toBe("accepted");
  });
});

describe("hostKey", () => {
  test.each(TYPES)("pins the server's %s key, by line and by fingerprint", async (type) => {
    expect(await verdict({ hostKey: publicKey(hostKeys[type]) })).toBe("accepted");
    expect(await verdict({ hostKey: fingerprint(hostKeys[type]) })).toBe("accepted");
  });

  test("refuses every other key, and says which was presented", async () => {
    for (const hostKey of [publicKey(other), fingerprint(other)]) {
      for (const { port } of [server, ed25519Only]) {
        const error = await errorOf({ hostKey, port, hostKeyPolicy: "acceptNew" });
        expect(error.kind).toBe("hostKeyMismatch");
        expect(error.fingerprint).toBe(fingerprint(hostKeys.ed25519));
        expect(error.expectedFingerprints).toEqual([fingerprint(other)]);
      }
    }
  });

  test("needs no known_hosts, and writes none", async () => {
    const file = scratch.path("never-written");
    expect(await verdict({ hostKey: publicKey(hostKeys.ed25519), knownHosts: file })).toBe("accepted");
    expect(existsSync(file)).toBe(false);
  });
});

describe('hostKeyPolicy "acceptNew"', () => {
  test("remembers the key, so that the real ssh knows it too, and refuses another later", async () => {
    const file = scratch.path("new/known_hosts");
    const warnings: string[] = [];
    const target = { knownHosts: file, hostKeyPolicy: "acceptNew" as const, port: ed25519Only.port };
    await (await open(target, (message) => warnings.push(message))).close();
    expect(textOf(file)).toBe(`${named(hostKeys.ed25519, ed25519Only.port)}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(warnings).toEqual([expect.stringContaining(fingerprint(hostKeys.ed25519))]);
    const options = ["UserKnownHostsFile", "StrictHostKeyChecking", "IdentityFile", "BatchMode"];
    const values = [file, "yes", user, "yes"];
    const said = execFileSync(
      "ssh",
      [
        ...["-F", "none", "-p", String(ed25519Only.port)],
        ...options.flatMap((option, index) => ["-o", `${option}=${values[index]}`]),
        ...["127.0.0.1", "echo known"],
      ],
      { encoding: "utf8" },
    );
    expect(said.trim()).toBe("known");
    scratch.write("new/known_hosts", `${named(other, ed25519Only.port)}\n`);
    expect(await verdict(target)).toBe("hostKeyMismatch");
  });

  test("of a known host, takes no key of another type for a new one", async () => {
    const file = knownHosts("known-rsa", named(hostKeys.rsa, ed25519Only.port));
    const target = { knownHosts: file, hostKeyPolicy: "acceptNew" as const, port: ed25519Only.port };
    expect(await verdict(target)).toBe("hostKeyMismatch");
    expect(textOf(file)).toBe(`${named(hostKeys.rsa, ed25519Only.port)}\n`);
  });

  test("ten connections at once write one line", async () => {
    const knownHosts = scratch.path("ten");
    const target = { knownHosts, hostKeyPolicy: "acceptNew" as const };
    expect(await Promise.all(Array.from({ length: 10 }, () => verdict(target)))).toEqual(
      Array(10).fill("accepted"),
    );
    expect(textOf(knownHosts).trim().split("\n")).toHaveLength(1);
  });

  test("the configuration's accept-new counts, unless the target says strict", async () => {
    const file = scratch.path("accept-new");
    const lines = `StrictHostKeyChecking accept-new\nHashKnownHosts yes\nUserKnownHostsFile ${file}\n`;
    const sshConfig = scratch.write("accept-new.conf", lines);
    expect(await verdict({ sshConfig, hostKeyPolicy: "strict" })).toBe("hostKeyUnknown");
    expect(await verdict({ sshConfig })).toBe("accepted");
    expect(textOf(file)).toMatch(/^\|1\|/);
    expect(await verdict({ sshConfig, hostKeyPolicy: "strict" })).toBe("accepted");
  });
});
