import { isIP } from "node:net";
import { SshError } from "./errors.js";

/** How to reach a host. What isn't given comes from the SSH configuration, then from OpenSSH's defaults. */
export interface SshTarget {
  /** DNS name, IP address, or an alias of the SSH configuration. */
  readonly address: string;
  /** Default: the configuration's Port, else 22. */
  readonly port?: number;
  /** Default: the configuration's User, else the local user. */
  readonly user?: string;
  /**
   * A private key itself (OpenSSH, PEM or PKCS#8); a secret. It and `identityFile` replace the configuration's and
   * the default keys, and agent keys unless `agent` asks for them. Jump hosts are offered it after their own keys.
   */
  readonly privateKey?: string;
  /** Decrypts `privateKey` or `identityFile`; a secret. */
  readonly passphrase?: string;
  /** Path of a private key, or of a public key whose private part an agent holds. ~ and %-tokens as in `ssh`. */
  readonly identityFile?: string;
  /** false: no agent. true: the one of SSH_AUTH_SOCK. A path: that socket. Default: the configuration's, else true. */
  readonly agent?: boolean | string;
  /** "[user@]host[:port]", several separated by commas, the first one is connected to first. "none": straight. */
  readonly proxyJump?: string;
  /** A path: read this configuration only. false: read none. Default: ~/.ssh/config, then /etc/ssh/ssh_config. */
  readonly sshConfig?: string | false;
  /** Path of the known_hosts file that is used instead of the configured ones. */
  readonly knownHosts?: string;
  /** Accept this key only: "ssh-ed25519 AAAA..." or "SHA256:...". Not for jump hosts. */
  readonly hostKey?: string;
  /** "strict": an unknown key is refused. "acceptNew": it is written to known_hosts. A changed key is always refused. */
  readonly hostKeyPolicy?: "strict" | "acceptNew";
  /** Bounds lookup, connecting, jumps, handshake and authentication together. Default: the configuration's, else 10 s. */
  readonly connectTimeoutMs?: number;
}

/** One stop of a ProxyJump. */
export interface JumpTarget {
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
}

/** "[user@]host[:port]" or "ssh://[user@]host[:port]", IPv6 in brackets. */
export function parseJump(text: string): JumpTarget {
  const match = /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^[\]@]+)\]|([^[\]@:/]+))(?::(\d+))?\/?$/.exec(text.trim());
  const address = match?.[2] ?? match?.[3] ?? (isIP(text.trim()) === 6 ? text.trim() : undefined);
  if (address === undefined) {
    throw new SshError("configInvalid", `ProxyJump "${text}" is not of the form [user@]host[:port]`);
  }
  checkAddress(address);
  return {
    address,
    ...(match?.[1] !== undefined && { user: match[1] }),
    ...(match?.[4] !== undefined && { port: checkPort(Number(match[4]), "the port of ProxyJump") }),
  };
}

/** The stops of a ProxyJump value, in the order in which they are connected to; none for "none". */
export function parseJumps(text: string): JumpTarget[] {
  if (text.trim().toLowerCase() === "none") return [];
  return text.split(",").map(parseJump);
}

/** Refuses what cannot be a host before it gets anywhere near a resolver, a file or a message. */
export function checkAddress(address: string): string {
  if (!/^[^\s\p{Cc}/@,!*?#"'`$;&|<>()\\-][^\s\p{Cc}/@,!*?#"'`$;&|<>()\\]*$/u.test(address)) {
    throw new SshError(
      "configInvalid",
      `"${address.replace(/\p{Cc}/gu, " ")}" is not a host name or address`,
    );
  }
  return address;
}

/** @throws SshError configInvalid when it is not a port number. */
export function checkPort(port: number, what: string): number {
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new SshError("configInvalid", `${what} must be 1 to 65535, not ${port}`);
}
