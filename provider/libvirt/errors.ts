import { lostDaemon, startMissingDaemon } from "./driver-daemons.js";
import {
  RemoteError,
  RpcAbortedError,
  RpcArgumentError,
  RpcClosedError,
  RpcError,
  RpcKeepaliveError,
  RpcTimeoutError,
} from "./rpc/index.js";

/** What went wrong, as far as a program can act on it. */
export type LibvirtErrorKind =
  | "domainNotFound"
  | "poolNotFound"
  | "volumeNotFound"
  | "networkNotFound"
  | "metadataNotFound"
  | "snapshotNotFound"
  | "deviceNotFound"
  | "operationInvalid"
  | "operationUnsupported"
  | "operationTimeout"
  | "operationAborted"
  | "operationFailed"
  | "alreadyExists"
  | "noSpace"
  | "argumentUnsupported"
  | "configUnsupported"
  | "cpuIncompatible"
  | "invalidArgument"
  | "xmlInvalid"
  | "accessDenied"
  | "authFailed"
  | "resourceBusy"
  | "migrateUnsafe"
  | "migrationCancelled"
  | "agentUnresponsive"
  | "internal"
  | "connectionLost"
  | "timeout"
  | "aborted"
  | "other";

/** virErrorNumber to kind; codes that aren't here are "other". */
const KINDS: Readonly<Record<number, LibvirtErrorKind>> = {
  1: "internal",
  3: "operationUnsupported",
  8: "invalidArgument",
  9: "operationFailed",
  27: "xmlInvalid",
  28: "alreadyExists",
  29: "accessDenied",
  35: "xmlInvalid",
  37: "alreadyExists",
  42: "domainNotFound",
  43: "networkNotFound",
  45: "authFailed",
  49: "poolNotFound",
  50: "volumeNotFound",
  55: "operationInvalid",
  67: "configUnsupported",
  68: "operationTimeout",
  72: "snapshotNotFound",
  74: "argumentUnsupported",
  78: "operationAborted",
  79: "authFailed",
  80: "metadataNotFound",
  81: "migrateUnsafe",
  84: "operationUnsupported",
  86: "agentUnresponsive",
  87: "resourceBusy",
  88: "accessDenied",
  90: "alreadyExists",
  91: "cpuIncompatible",
  92: "xmlInvalid",
  93: "migrationCancelled",
  94: "authFailed",
  97: "agentUnresponsive",
  99: "deviceNotFound",
  106: "alreadyExists",
  111: "metadataNotFound",
};

const ENOSPC = 28;
const EDQUOT = 122;

/** An operation on a host failed. `cause` is the error of the RPC. */
export class LibvirtError extends Error {
  override readonly name = "LibvirtError";
  readonly kind: LibvirtErrorKind;
  /** libvirt's error number (virErrorNumber); undefined when the error isn't libvirt's. */
  readonly code: number | undefined;
  /** The part of libvirt that it came from (virErrorDomain). */
  readonly domain: number | undefined;
  readonly hostName: string;
  /** What was tried, such as "start domain web". */
  readonly operation: string;
  /** The message by itself. */
  readonly reason: string;
  /** False when the host surely never got the request; otherwise its effect is to be looked at. */
  readonly sent: boolean;

  constructor(
    kind: LibvirtErrorKind,
    details: {
      hostName: string;
      operation: string;
      reason: string;
      cause?: unknown;
      code?: number;
      domain?: number;
      sent?: boolean;
    },
  ) {
    super(`${details.hostName}: cannot ${details.operation}: ${details.reason}`, { cause: details.cause });
    this.kind = kind;
    this.code = details.code;
    this.domain = details.domain;
    this.hostName = details.hostName;
    this.operation = details.operation;
    this.reason = details.reason;
    this.sent = details.sent ?? true;
  }
}

/** Whether it is, or comes of, that libvirt sent nothing for as long as keepalive allows. */
export function isSilence(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof RpcKeepaliveError) return true;
  return false;
}

/** Whether it is, or comes of, that libvirt ended the connection: its daemon is gone, or another one, and the way to it is as it was. */
export function isEndOfLibvirt(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof RpcClosedError && cause.byPeer) return true;
  return false;
}

/** Where an error happened. */
export interface ErrorContext {
  readonly hostName: string;
  readonly operation: string;
}

/** Turns an error of the RPC into a LibvirtError; anything else is returned as it is. */
export function toLibvirtError(error: unknown, { hostName, operation }: ErrorContext): unknown {
  if (!(error instanceof RpcError)) return error;
  const base = { hostName, operation, reason: error.message, cause: error };
  if (error instanceof RemoteError) {
    const lost = lostDaemon(error);
    if (lost === "before" || lost === "after") {
      const reason = `a daemon that libvirt asks there was restarted, or has ended: ${error.message}`;
      return new LibvirtError("connectionLost", { ...base, reason, sent: lost === "after" });
    }
    const remedy = startMissingDaemon(error);
    if (remedy !== undefined) base.reason += `; ${remedy}`;
    return new LibvirtError(kindOf(error), { ...base, code: error.code, domain: error.domain });
  }
  const sent = "sent" in error && error.sent === true;
  if (error instanceof RpcTimeoutError) return new LibvirtError("timeout", { ...base, sent });
  if (error instanceof RpcAbortedError) {
    // AbortSignal.timeout: the caller's deadline, not a change of mind.
    const timedOut = error.cause instanceof Error && error.cause.name === "TimeoutError";
    return new LibvirtError(timedOut ? "timeout" : "aborted", { ...base, sent });
  }
  if (error instanceof RpcArgumentError) return new LibvirtError("invalidArgument", { ...base, sent: false });
  return new LibvirtError("connectionLost", { ...base, sent });
}

function kindOf(error: RemoteError): LibvirtErrorKind {
  if (error.code === 38) {
    if (error.systemErrorNumber === ENOSPC || error.systemErrorNumber === EDQUOT) return "noSpace";
    return "other";
  }
  // Names that are taken come as plain "operation failed"; qemu-img's full disk as "internal error".
  if (error.code === 9 && /already (exists|defined)/.test(error.message)) return "alreadyExists";
  if (error.code === 9 && /Active console session exists/.test(error.message)) return "resourceBusy";
  if (/No space left on device/.test(error.message)) return "noSpace";
  return KINDS[error.code] ?? "other";
}

/** Whether an error is a LibvirtError of one of these kinds. */
export function isLibvirtError(error: unknown, ...kinds: readonly LibvirtErrorKind[]): error is LibvirtError {
  return error instanceof LibvirtError && kinds.includes(error.kind);
}
