import { createHmac, generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fingerprintOf, parsePin, preferKeyTypes } from "../../provider/ssh/host-key.js";
import { HostKeyVerifier } from "../../provider/ssh/host-key-verifier.js";
import { isAbout, parseKnownHosts } from "../../provider/ssh/known-hosts.js";
import type { HostKeySettings } from "../../provider/ssh/settings.js";

/** A public key in SSH's wire format; only ed25519's is a real one. */
function keyOf(type: string): Buffer {
  const { x } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  return Buffer.concat([field(Buffer.from(type)), field(Buffer.from(x ?? "", "base64url"))]);
}

function field(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function line(hosts: string, key: Buffer, marker = ""): string {
  const type = key.toString("latin1", 4, 4 + key.readUInt32BE(0));
  return `${marker}${hosts} ${type} ${key.toString("base64")} comment\n`;
}

function hashed(name: string): string {
  const salt = randomBytes(20);
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
}

const ed = keyOf("ssh-ed25519");
const otherEd = keyOf("ssh-ed25519");
const rsa = keyOf("ssh-rsa");
const ecdsa = keyOf("ecdsa-sha2-nistp256");

let folder: string;
let file: string;
let warnings: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kvm-hostkeys-"));
  file = join(folder, "known_hosts");
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function verifier(
  text: string | undefined,
  settings: Partial<HostKeySettings> = {},
): Promise<HostKeyVerifier> {
  if (text !== undefined) writeFileSync(file, text);
  const all: HostKeySettings = {
    lookupName: "alpha",
    bareName: undefined,
    userFiles: [file],
    globalFiles: [],
    revokedFile: undefined,
    policy: "strict",
    pin: undefined,
    hashNames: false,
    ...settings,
  };
  return HostKeyVerifier.load(all, "ops@alpha:22", (message) => warnings.push(message));
}

async function verdict(
  text: string | undefined,
  key: Buffer,
  settings: Partial<HostKeySettings> = {},
): Promise<string> {
  const refusal = await (await verifier(text, settings)).refusalOf(key);
  return refusal?.kind ?? "accepted";
}

describe("known_hosts lines", () => {
  test.each([
    ["alpha", "alpha", true],
    ["alpha,beta", "beta", true],
    ["*.lan,!dev.lan", "web.lan", true],
    ["*.lan,!dev.lan", "dev.lan", false],
    ["ALPHA", "alpha", true],
    ["[alpha]:2222", "[alpha]:2222", true],
    ["[alpha]:2222", "alpha", false],
    ["[*.lan]:2222", "[web.lan]:2222", true],
    ["[::1]:22??", "[::1]:2222", true],
    [hashed("alpha"), "alpha", true],
    [hashed("[alpha]:2222"), "[alpha]:2222", true],
    [hashed("alpha"), "beta", false],
    ["|1|AAAA|AAAA", "alpha", false],
    ["|2|AAAA|AAAA", "alpha", false],
    ["|1|", "alpha", false],
  ])("%s is about %s: %s", (hosts, name, expected) => {
    const [entry] = parseKnownHosts(line(hosts, ed), "f");
    expect(entry !== undefined && isAbout(entry, name)).toBe(expected);
  });

  test("markers, blank lines and comments", () => {
    const text = `# c\n\n${line("a", ed)}\r\n\t \n${line("b", rsa, "@revoked ")}${line("*", ed, "@cert-authority ")}`;
    expect(
      parseKnownHosts(text, "f").map(({ lineNumber, marker, hosts }) => [lineNumber, marker, hosts]),
    ).toEqual([
      [3, "none", "a"],
      [6, "revoked", "b"],
      [7, "certAuthority", "*"],
    ]);
  });

  test("a line that is no entry is left out and named", () => {
    const bad: number[] = [];
    const text = `alpha\nalpha ssh-rsa\nalpha ssh-rsa ${ed.toString("base64")}\n@new alpha ssh-ed25519 AAAA\n${line("a", ed)}`;
    expect(parseKnownHosts(text, "f", (number) => bad.push(number))).toHaveLength(1);
    expect(bad).toEqual([1, 2, 3, 4]);
  });
});

describe("the strict policy", () => {
  test("a known key is accepted, by any of the host's lines", async () => {
    expect(await verdict(line("alpha", rsa) + line(hashed("alpha"), ed), ed)).toBe("accepted");
  });

  test("a key of another host, or of a missing file, is unknown", async () => {
    expect(await verdict(line("beta", ed), ed)).toBe("hostKeyUnknown");
    expect(await verdict(undefined, ed)).toBe("hostKeyUnknown");
  });

  test("the error of an unknown key has the fingerprint, the line and the file; the line makes it known", async () => {
    const settings = { lookupName: "[alpha]:2222", bareName: "alpha" };
    const refusal = await (await verifier("", settings)).refusalOf(ed);
    expect(refusal).toMatchObject({
      kind: "hostKeyUnknown",
      fingerprint: fingerprintOf(ed),
      knownHostsFile: file,
    });
    expect(refusal?.message).toContain(fingerprintOf(ed));
    expect(refusal?.message).toContain(`[alpha]:2222 ssh-ed25519 ${ed.toString("base64")}`);
    expect(refusal?.message).toContain(file);
    expect(await verdict(`${refusal?.knownHostsLine}\n`, ed, settings)).toBe("accepted");
  });

  test("a changed key is refused loudly, with both fingerprints and the line", async () => {
    const refusal = await (await verifier(`# one\n${line("alpha", otherEd)}`)).refusalOf(ed);
    expect(refusal).toMatchObject({
      kind: "hostKeyMismatch",
      fingerprint: fingerprintOf(ed),
      expectedFingerprints: [fingerprintOf(otherEd)],
      knownHostsFile: file,
      knownHostsLineNumber: 2,
    });
    expect(refusal?.message).toContain("CHANGED");
    expect(refusal?.message).toContain(fingerprintOf(otherEd));
    expect(refusal?.message).toContain("line 2");
  });

  test("a key of a type that isn't known for a known host is a changed key", async () => {
    expect(await verdict(line("alpha", rsa), ed)).toBe("hostKeyMismatch");
  });

  test("with a port, the bare name's line vouches for a key but contradicts none", async () => {
    const settings = { lookupName: "[alpha]:2222", bareName: "alpha" };
    expect(await verdict(line("alpha", ed), ed, settings)).toBe("accepted");
    expect(await verdict(line("alpha", otherEd), ed, settings)).toBe("hostKeyUnknown");
    expect(await verdict(line("[alpha]:2222", otherEd) + line("alpha", rsa), ed, settings)).toBe(
      "hostKeyMismatch",
    );
  });

  test("a revoked key is refused, whatever else says it is good", async () => {
    const revoked = line("*", ed, "@revoked ");
    const pin = parsePin(fingerprintOf(ed));
    expect(await verdict(line("alpha", ed) + revoked, ed)).toBe("hostKeyRevoked");
    expect(await verdict(revoked, ed, { pin })).toBe("hostKeyRevoked");
    expect(await verdict(revoked, ed, { policy: "acceptNew" })).toBe("hostKeyRevoked");
    expect(await verdict(line("beta", ed, "@revoked ") + line("alpha", ed), ed)).toBe("accepted");
  });

  test("a RevokedHostKeys file revokes for all hosts; a missing or binary one is refused", async () => {
    const revokedFile = join(folder, "revoked");
    writeFileSync(revokedFile, `# list\n${line("", ed).trim()}\n`);
    expect(await verdict(line("alpha", ed), ed, { revokedFile })).toBe("hostKeyRevoked");
    expect(await verdict(line("alpha", rsa), rsa, { revokedFile })).toBe("accepted");
    writeFileSync(revokedFile, "SSHKRL\n\0\0\0\0\x01");
    await expect(verifier("", { revokedFile })).rejects.toMatchObject({ kind: "configInvalid" });
    await expect(verifier("", { revokedFile: join(folder, "no") })).rejects.toMatchObject({
      kind: "configInvalid",
    });
  });

  test("a certificate authority vouches for no plain key, and the error says so", async () => {
    const refusal = await (await verifier(line("alpha", ed, "@cert-authority "))).refusalOf(ed);
    expect(refusal?.kind).toBe("hostKeyUnknown");
    expect(refusal?.message).toContain("certificates are not supported");
  });

  test("a key that changes within a connection is refused", async () => {
    const one = await verifier(line("alpha", ed) + line("alpha", otherEd));
    expect(await one.refusalOf(ed)).toBeUndefined();
    expect(await one.refusalOf(ed)).toBeUndefined();
    expect(await one.refusalOf(otherEd)).toMatchObject({ kind: "hostKeyMismatch" });
  });

  test("what is no key is refused", async () => {
    for (const junk of [Buffer.alloc(0), Buffer.from("junk"), Buffer.alloc(64, 0xff)]) {
      expect(await verdict("", junk, { policy: "acceptNew" })).toBe("hostKeyMismatch");
    }
  });

  test("a known_hosts file that cannot be read is an error, not an empty one", async () => {
    await expect(verifier(undefined, { userFiles: [folder] })).rejects.toMatchObject({
      kind: "configInvalid",
    });
  });
});

describe("pins", () => {
  test.each([
    ["a fingerprint", () => fingerprintOf(ed)],
    ["a padded fingerprint", () => `${fingerprintOf(ed)}=`],
    ["a key", () => `ssh-ed25519 ${ed.toString("base64")}`],
    ["a key with a comment", () => ` ssh-ed25519 ${ed.toString("base64")} root@alpha\n`],
    ["a known_hosts line", () => line("alpha", ed)],
  ])("%s accepts its key and no other, and known_hosts has no say", async (_, pin) => {
    const settings = { pin: parsePin(pin()) };
    expect(await verdict("", ed, settings)).toBe("accepted");
    expect(await verdict(line("alpha", otherEd), ed, settings)).toBe("accepted");
    expect(await verdict(line("alpha", otherEd), otherEd, settings)).toBe("hostKeyMismatch");
    expect(await verdict("", otherEd, { ...settings, policy: "acceptNew" })).toBe("hostKeyMismatch");
  });

  test.each(["", "SHA256:short", "MD5:aa", `ssh-rsa ${"AAAA".repeat(9)}`, "ssh-ed25519", "SHA256:"])(
    "%j is refused",
    (text) => {
      expect(() => parsePin(text)).toThrowError(expect.objectContaining({ kind: "configInvalid" }));
    },
  );
});

describe("algorithms", () => {
  test("those of known keys come first, and RSA never signs with SHA-1", async () => {
    const known = await verifier(line("alpha", rsa) + line("beta", ecdsa));
    expect(known.algorithms.slice(0, 3)).toEqual(["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"]);
    expect(preferKeyTypes(new Set())).not.toContain("ssh-rsa");
    expect((await verifier("", { pin: parsePin(line("x", ecdsa)) })).algorithms[0]).toBe(
      "ecdsa-sha2-nistp256",
    );
  });

  test("after a mismatch with a pinned fingerprint, the types that were shown aren't asked for again", async () => {
    const pinned = await verifier("", { pin: parsePin(fingerprintOf(rsa)) });
    expect(await pinned.refusalOf(ed)).toMatchObject({ kind: "hostKeyMismatch" });
    expect(pinned.canTryOtherTypes).toBe(true);
    expect(pinned.algorithms).not.toContain("ssh-ed25519");
    expect(await pinned.refusalOf(rsa)).toBeUndefined();
  });
});

describe("acceptNew", () => {
  const settings = { policy: "acceptNew" } as const;

  test("writes the new key to the first file, readable by its owner only, and knows it from then on", async () => {
    expect(await verdict(undefined, ed, settings)).toBe("accepted");
    expect(readFileSync(file, "utf8")).toBe(`alpha ssh-ed25519 ${ed.toString("base64")}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(warnings.join()).toContain(fingerprintOf(ed));
    expect(await verdict(undefined, ed)).toBe("accepted");
    expect(await verdict(undefined, otherEd, settings)).toBe("hostKeyMismatch");
  });

  test("keeps what the file holds, also when its last line isn't ended", async () => {
    expect(await verdict(line("beta", rsa).trimEnd(), ed, settings)).toBe("accepted");
    expect(parseKnownHosts(readFileSync(file, "utf8"), file).map((entry) => entry.hosts)).toEqual([
      "beta",
      "alpha",
    ]);
  });

  test("makes the folder, and hashes the name when asked to", async () => {
    const nested = join(folder, "a", "b", "known_hosts");
    expect(await verdict(undefined, ed, { ...settings, userFiles: [nested], hashNames: true })).toBe(
      "accepted",
    );
    expect(readFileSync(nested, "utf8")).toMatch(/^\|1\|/);
    expect(await verdict(undefined, ed, { userFiles: [nested] })).toBe("accepted");
    expect(statSync(join(folder, "a", "b")).mode & 0o777).toBe(0o700);
  });

  test("many at once lose no line and write none twice", async () => {
    const names = Array.from({ length: 40 }, (_, index) => `host${index % 20}`);
    const verdicts = await Promise.all(
      names.map((lookupName) => verdict(undefined, ed, { ...settings, lookupName })),
    );
    expect(new Set(verdicts)).toEqual(new Set(["accepted"]));
    expect(readFileSync(file, "utf8").trim().split("\n")).toHaveLength(20);
  });

  test("two that learn different keys of one host at once: one is refused", async () => {
    const two = await Promise.all([verifier(undefined, settings), verifier(undefined, settings)]);
    const kinds = await Promise.all([two[0]?.refusalOf(ed), two[1]?.refusalOf(otherEd)]);
    expect(kinds.map((refusal) => refusal?.kind)).toEqual([undefined, "hostKeyMismatch"]);
  });

  test("a file that cannot be written is an error, not an acceptance", async () => {
    writeFileSync(join(folder, "plain"), "");
    const refusal = await verdict(undefined, ed, {
      ...settings,
      userFiles: [join(folder, "plain", "known_hosts")],
    });
    expect(refusal).toBe("configInvalid");
    expect(await verdict(undefined, ed, { ...settings, userFiles: [] })).toBe("configInvalid");
  });
});
