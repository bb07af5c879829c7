import { createHash, createPrivateKey, type KeyObject } from "node:crypto";
import ssh2, { type ParsedKey } from "ssh2";

/** A text that should be a key, as far as it can be read. */
export type KeyReading =
  | { readonly kind: "private"; readonly key: ParsedKey }
  /** Only the public part is readable: a public key file, or an encrypted key in OpenSSH's format without its passphrase. */
  | { readonly kind: "public"; readonly publicKey: Buffer; readonly why: "publicKeyFile" | "encrypted" }
  | { readonly kind: "encrypted" }
  | { readonly kind: "wrongPassphrase" }
  | { readonly kind: "unusable"; readonly reason: string };

const decrypted = new Map<string, KeyReading>();

/**
 * Reads a private key (OpenSSH, PEM of PKCS#1, SEC1 or PKCS#8, PuTTY) or a public one. Reasons carry no key material. A key that takes a
 * passphrase is made to cost time: it is read once a process, not once a host.
 */
export function readKey(text: string, passphrase: string | undefined): KeyReading {
  if (passphrase === undefined) return readAnew(text, undefined);
  const key = createHash("sha256")
    .update(JSON.stringify([text, passphrase]))
    .digest("hex");
  const reading = decrypted.get(key) ?? readAnew(text, passphrase);
  decrypted.set(key, reading);
  return reading;
}

function readAnew(text: string, passphrase: string | undefined): KeyReading {
  const source = fromPkcs8(text, passphrase);
  if (typeof source !== "string") return source;
  const damage = opensshDamage(source);
  if (damage !== undefined) return { kind: "unusable", reason: damage };
  const parsed = ssh2.utils.parseKey(source, passphrase);
  if (!(parsed instanceof Error)) {
    // An OpenSSH file could hold several keys; no tool writes more than one.
    const key = Array.isArray(parsed) ? parsed[0] : parsed;
    if (key === undefined) return { kind: "unusable", reason: "it holds no key" };
    if (key.isPrivateKey()) return { kind: "private", key };
    return { kind: "public", publicKey: key.getPublicSSH(), why: "publicKeyFile" };
  }
  if (isEncrypted(source)) {
    if (passphrase !== undefined) return { kind: "wrongPassphrase" };
    const publicKey = publicPartOf(source);
    return publicKey === undefined ? { kind: "encrypted" } : { kind: "public", publicKey, why: "encrypted" };
  }
  return { kind: "unusable", reason: describeUnusable(text) };
}

function describeUnusable(text: string): string {
  if (/-cert-v01@openssh\.com/.test(text)) return "it is a certificate, which is not supported";
  if (/^sk-/.test(text)) return "it is a security key, which only an agent could use and is not supported";
  return "it is no private key in OpenSSH, PEM or PKCS#8 format of a supported type (ed25519, ecdsa, rsa)";
}

function isEncrypted(text: string): boolean {
  if (/^(Proc-Type: 4,ENCRYPTED|Encryption: (?!none))/m.test(text)) return true;
  const container = opensshContainer(text);
  return container !== undefined && container.readString()?.toString("latin1") !== "none";
}

/** PROTOCOL.key: magic, cipher, kdf, kdf options, number of keys, public key; the public key is never encrypted. */
function publicPartOf(text: string): Buffer | undefined {
  const container = opensshContainer(text);
  if (container === undefined) return undefined;
  for (let skipped = 0; skipped < 3; skipped++) if (container.readString() === undefined) return undefined;
  container.skip(4);
  return container.readString();
}

const OPENSSH_MAGIC = "openssh-key-v1\0";

function opensshContainer(text: string): FieldReader | undefined {
  const armored =
    /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END OPENSSH PRIVATE KEY-----/.exec(text);
  if (armored?.[1] === undefined) return undefined;
  const bytes = Buffer.from(armored[1], "base64");
  if (bytes.toString("latin1", 0, OPENSSH_MAGIC.length) !== OPENSSH_MAGIC) return undefined;
  return new FieldReader(bytes.subarray(OPENSSH_MAGIC.length));
}

/** ssh-keygen's default is 16, later 24. Each round keeps this process from everything else for some 20 ms. */
const MOST_KDF_ROUNDS = 500;

/**
 * What ssh2 would stumble over, or be at for days: it believes the number of rounds that a damaged file gives for deriving the key from the
 * passphrase.
 */
function opensshDamage(text: string): string | undefined {
  if (!/-----BEGIN OPENSSH PRIVATE KEY-----/.test(text)) return undefined;
  const damaged = "it is damaged: not a whole private key in OpenSSH's format";
  const container = opensshContainer(text);
  const [, kdf, options] = [container?.readString(), container?.readString(), container?.readString()];
  if (container === undefined || kdf === undefined || options === undefined) return damaged;
  const keys = container.readCount();
  const lengths = [container.readString(), container.readString()].map((field) => field?.length);
  if (keys !== 1 || lengths.includes(undefined)) return damaged;
  if (kdf.toString("latin1") !== "bcrypt") return undefined;
  const derivation = new FieldReader(options);
  const salt = derivation.readString();
  const rounds = derivation.readCount();
  if (salt === undefined || salt.length > 1_024 || rounds === undefined || rounds === 0) return damaged;
  if (rounds > MOST_KDF_ROUNDS)
    return `it wants ${rounds} rounds to derive the key from its passphrase, which is damage or takes too long here (${MOST_KDF_ROUNDS} at most); rewrite it with ssh-keygen -p -a 16, or give it to an agent`;
  return undefined;
}

class FieldReader {
  #rest: Buffer;

  constructor(bytes: Buffer) {
    this.#rest = bytes;
  }

  skip(length: number): void {
    this.#rest = this.#rest.subarray(length);
  }

  readCount(): number | undefined {
    if (this.#rest.length < 4) return undefined;
    const count = this.#rest.readUInt32BE(0);
    this.skip(4);
    return count;
  }

  readString(): Buffer | undefined {
    if (this.#rest.length < 4) return undefined;
    const length = this.#rest.readUInt32BE(0);
    if (this.#rest.length < 4 + length) return undefined;
    const bytes = this.#rest.subarray(4, 4 + length);
    this.#rest = this.#rest.subarray(4 + length);
    return bytes;
  }
}

/** ssh2 doesn't read PKCS#8, which is what openssl and Terraform's and Pulumi's tls providers write: rewritten here. */
function fromPkcs8(text: string, passphrase: string | undefined): string | KeyReading {
  const encrypted = /-----BEGIN ENCRYPTED PRIVATE KEY-----/.test(text);
  if (!encrypted && !/-----BEGIN PRIVATE KEY-----/.test(text)) return text;
  if (encrypted && passphrase === undefined) return { kind: "encrypted" };
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: text, ...(encrypted && { passphrase }) });
  } catch {
    return encrypted ? { kind: "wrongPassphrase" } : { kind: "unusable", reason: describeUnusable(text) };
  }
  switch (key.asymmetricKeyType) {
    case "rsa":
      return key.export({ type: "pkcs1", format: "pem" }).toString();
    case "ec":
      return key.export({ type: "sec1", format: "pem" }).toString();
    case "ed25519":
      return opensshEd25519(key);
    default:
      return { kind: "unusable", reason: describeUnusable(text) };
  }
}

function opensshEd25519(key: KeyObject): string {
  const { x, d } = key.export({ format: "jwk" });
  const publicKey = Buffer.from(x ?? "", "base64url");
  const seed = Buffer.from(d ?? "", "base64url");
  const publicBlob = Buffer.concat([field("ssh-ed25519"), field(publicKey)]);
  const unpadded = Buffer.concat([
    Buffer.alloc(8),
    field("ssh-ed25519"),
    field(publicKey),
    field(Buffer.concat([seed, publicKey])),
    field(""),
  ]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (unpadded.length % 8)) % 8));
  const count = Buffer.from([0, 0, 0, 1]);
  const container = Buffer.concat([
    Buffer.from(OPENSSH_MAGIC, "latin1"),
    field("none"),
    field("none"),
    field(""),
    count,
    field(publicBlob),
    field(Buffer.concat([unpadded, padding])),
  ]);
  const lines = container.toString("base64").replace(/(.{70})/g, "$1\n");
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function field(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
