/** What went wrong, as a program can test it. */
export type SshErrorKind =
  | "unreachable"
  | "timeout"
  | "authRefused"
  | "hostKeyUnknown"
  | "hostKeyMismatch"
  | "hostKeyRevoked"
  | "configInvalid"
  | "keyInvalid"
  | "streamRefused"
  | "outputTooLarge"
  | "closed"
  | "aborted";

/**
 * Why a server refused a stream, as far as it can be told. `notForwarded`: sshd forbids forwarding, or the socket is
 * there and open to the user and yet nothing listens on it. `sessionLimit`: sshd's MaxSessions.
 */
export type StreamRefusal =
  | "noSuchSocket"
  | "socketDenied"
  | "notForwarded"
  | "sessionLimit"
  | "commandFailed"
  | "unknown";

/** What an {@link SshError} knows beyond its message; never key material. */
export interface SshErrorDetail {
  /** The foreign error this one translates. */
  readonly cause?: unknown;
  /** "SHA256:..." of the key that the server presented. */
  readonly fingerprint?: string;
  /** "SHA256:..." of the keys that were expected instead. */
  readonly expectedFingerprints?: readonly string[];
  /** The line that would make the presented key known. */
  readonly knownHostsLine?: string;
  /** The file that the line belongs in, or that holds the contradicting line. */
  readonly knownHostsFile?: string;
  /** Number of the contradicting line in {@link knownHostsFile}. */
  readonly knownHostsLineNumber?: number;
  /** Methods and keys (by fingerprint and path) that were tried, in order. */
  readonly attempts?: readonly string[];
  /** Why a stream was refused. */
  readonly refusal?: StreamRefusal;
  /** Exit status of the remote command behind a stream. */
  readonly exitCode?: number;
}

/** Every failure of the SSH transport. The message is one line, names the host and says what would help. */
export class SshError extends Error {
  override readonly name = "SshError";
  readonly kind: SshErrorKind;
  readonly fingerprint: string | undefined;
  readonly expectedFingerprints: readonly string[];
  readonly knownHostsLine: string | undefined;
  readonly knownHostsFile: string | undefined;
  readonly knownHostsLineNumber: number | undefined;
  readonly attempts: readonly string[];
  readonly refusal: StreamRefusal | undefined;
  readonly exitCode: number | undefined;

  constructor(kind: SshErrorKind, message: string, detail: SshErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.kind = kind;
    this.fingerprint = detail.fingerprint;
    this.expectedFingerprints = detail.expectedFingerprints ?? [];
    this.knownHostsLine = detail.knownHostsLine;
    this.knownHostsFile = detail.knownHostsFile;
    this.knownHostsLineNumber = detail.knownHostsLineNumber;
    this.attempts = detail.attempts ?? [];
    this.refusal = detail.refusal;
    this.exitCode = detail.exitCode;
  }
}

/** The message of anything that was thrown; several causes (one per address tried) become one line. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return [...new Set(error.errors.map(reasonOf))].join("; ");
  }
  return printable(error instanceof Error ? error.message : String(error));
}

/** Text from a peer made safe for a terminal and a log: one line, no control characters, at most `limit` characters. */
export function printable(text: string, limit = 500): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ").trim();
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}
