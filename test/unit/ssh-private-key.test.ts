import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, expect, test } from "vitest";
import { readKey } from "../../provider/ssh/private-key.js";

/** Key pairs of every supported type, made by Node, so without OpenSSH's tools. */
const PAIRS: Record<string, { privateKey: KeyObject; publicKey: KeyObject }> = {
  ed25519: generateKeyPairSync("ed25519"),
  p256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  p384: generateKeyPairSync("ec", { namedCurve: "P-384" }),
  p521: generateKeyPairSync("ec", { namedCurve: "P-521" }),
  rsa: generateKeyPairSync("rsa", { modulusLength: 2048 }),
};
const NAMES = Object.keys(PAIRS);

function pkcs8(name: string, passphrase?: string): string {
  const cipher = passphrase === undefined ? {} : { cipher: "aes-256-cbc", passphrase };
  return (PAIRS[name]?.privateKey.export({ type: "pkcs8", format: "pem", ...cipher }) ?? "").toString();
}

/** The public half that a reading has, as PEM. */
function publicHalf(name: string, text: string, passphrase?: string): string {
  const reading = readKey(text, passphrase);
  if (reading.kind !== "private") throw new Error(`${name}: ${reading.kind}`);
  const signature = reading.key.sign(Buffer.from("challenge"));
  expect(reading.key.verify(Buffer.from("challenge"), signature)).toBe(true);
  return reading.key.getPublicPEM().replace(/\s/g, "");
}

function expectedHalf(name: string): string {
  return (PAIRS[name]?.publicKey.export({ type: "spki", format: "pem" }) ?? "").toString().replace(/\s/g, "");
}

describe("private keys", () => {
  test.each(NAMES)("PKCS#8 of %s is read and signs", (name) => {
    expect(publicHalf(name, pkcs8(name))).toBe(expectedHalf(name));
  });

  test.each(NAMES)("encrypted PKCS#8 of %s needs its passphrase, and the right one", (name) => {
    const text = pkcs8(name, "correct horse");
    expect(publicHalf(name, text, "correct horse")).toBe(expectedHalf(name));
    expect(readKey(text, undefined)).toEqual({ kind: "encrypted" });
    expect(readKey(text, "wrong")).toEqual({ kind: "wrongPassphrase" });
  });

  test("the older PEM forms are read", () => {
    const rsa = PAIRS.rsa?.privateKey.export({ type: "pkcs1", format: "pem" }).toString() ?? "";
    const ec = PAIRS.p256?.privateKey.export({ type: "sec1", format: "pem" }).toString() ?? "";
    expect(publicHalf("rsa", rsa)).toBe(expectedHalf("rsa"));
    expect(publicHalf("p256", ec)).toBe(expectedHalf("p256"));
  });

  test("a damaged key in OpenSSH's format is unusable, and found to be at once", () => {
    const field = (content: string | Buffer) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(content.length);
      return Buffer.concat([length, Buffer.from(content)]);
    };
    const keyOf = (rounds: number, count = 1) => {
      const numbers = Buffer.alloc(8);
      numbers.writeUInt32BE(rounds);
      numbers.writeUInt32BE(count, 4);
      const options = Buffer.concat([field(Buffer.alloc(16, 7)), numbers.subarray(0, 4)]);
      const head = [Buffer.from("openssh-key-v1\0"), field("aes256-ctr"), field("bcrypt"), field(options)];
      const tail = [numbers.subarray(4), field("a public key"), field(Buffer.alloc(160, 9))];
      return Buffer.concat([...head, ...tail]);
    };
    const armoured = (bytes: Buffer) =>
      `-----BEGIN OPENSSH PRIVATE KEY-----\n${bytes.toString("base64")}\n-----END OPENSSH PRIVATE KEY-----\n`;
    const whole = keyOf(16);
    expect(readKey(armoured(whole), "x")).toEqual({ kind: "wrongPassphrase" });
    for (const bytes of [keyOf(0), keyOf(0x7fffffff), keyOf(16, 0x41414141)])
      expect(readKey(armoured(bytes), "x")).toMatchObject({ kind: "unusable" });
    for (let length = 0; length < whole.length; length++)
      expect(readKey(armoured(whole.subarray(0, length)), "x")).toMatchObject({ kind: "unusable" });
  });

  test.each(["", "nonsense", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])(
    "%j is unusable, and the reason doesn't repeat it",
    (text) => {
      const reading = readKey(text, undefined);
      expect(reading).toMatchObject({ kind: "unusable" });
      expect(JSON.stringify(reading)).not.toContain("nonsense");
    },
  );

  test("what is cut off or damaged anywhere is never taken for a key", () => {
    const text = pkcs8("ed25519");
    for (let length = 0; length < text.length - 30; length += 3) {
      expect(readKey(text.slice(0, length), undefined).kind).toBe("unusable");
    }
  });
});
