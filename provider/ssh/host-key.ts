import { createHash } from "node:crypto";
import { SshError } from "./errors.js";

/** The key that a host must have. A fingerprint says nothing about the key's type. */
export type HostKeyPin =
  | { readonly kind: "key"; readonly type: string; readonly key: Buffer }
  | { readonly kind: "fingerprint"; readonly fingerprint: string };

/**
 * The host key algorithms that we offer, best first. ssh-rsa is absent: it signs with SHA-1. An RSA key itself is
 * fine, by the two rsa-sha2 algorithms.
 */
export const HOST_KEY_ALGORITHMS = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
] as const;

/** One of the algorithms that we offer for host keys. */
export type HostKeyAlgorithm = (typeof HOST_KEY_ALGORITHMS)[number];

/** The key type that an algorithm signs with. */
export function keyTypeOf(algorithm: HostKeyAlgorithm): string {
  return algorithm.startsWith("rsa-sha2-") ? "ssh-rsa" : algorithm;
}

/** The algorithms with those of the known key types in front, so that a server with several keys shows a known one. */
export function preferKeyTypes(types: ReadonlySet<string>): HostKeyAlgorithm[] {
  const isPreferred = (algorithm: HostKeyAlgorithm) => types.has(keyTypeOf(algorithm));
  return [
    ...HOST_KEY_ALGORITHMS.filter(isPreferred),
    ...HOST_KEY_ALGORITHMS.filter((algorithm) => !isPreferred(algorithm)),
  ];
}

/** A key that a host has shown. */
export interface HostKey {
  readonly type: string;
  readonly fingerprint: string;
}

/** "SHA256:..." as `ssh-keygen -l` prints it. */
export function fingerprintOf(key: Uint8Array): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** The type that a key in SSH's wire format begins with, or undefined when it is no key. */
export function keyTypeInside(key: Buffer): string | undefined {
  if (key.length < 4) return undefined;
  const length = key.readUInt32BE(0);
  if (length === 0 || length > 64 || key.length <= 4 + length) return undefined;
  return key.toString("latin1", 4, 4 + length);
}

/** @throws SshError configInvalid when it is neither a public key nor a SHA256 fingerprint. */
export function parsePin(text: string): HostKeyPin {
  const words = text.trim().split(/\s+/);
  const fingerprint = /^SHA256:([A-Za-z0-9+/]{43})=?$/.exec(words[0] ?? "");
  if (fingerprint !== null && words.length === 1) {
    return { kind: "fingerprint", fingerprint: `SHA256:${fingerprint[1]}` };
  }
  // A line copied from known_hosts or ssh-keyscan has the host's name in front.
  for (const at of [0, 1]) {
    const [type, encoded] = words.slice(at);
    if (type === undefined || encoded === undefined) continue;
    const key = Buffer.from(encoded, "base64");
    if (keyTypeInside(key) === type) return { kind: "key", type, key };
  }
  throw new SshError(
    "configInvalid",
    'hostKey must be a public key ("ssh-ed25519 AAAA...") or a fingerprint ("SHA256:...", as ssh-keygen -l prints it)',
  );
}
