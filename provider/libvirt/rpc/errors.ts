import { decodeType } from "./codec.js";
import type { RemoteErrorRecord } from "./generated/structures.js";
import { XdrError } from "./xdr.js";

/** Why an RPC failed. */
export type RpcErrorKind =
  | "remote"
  | "protocol"
  | "keepalive"
  | "closed"
  | "timeout"
  | "aborted"
  | "argument";

/** Base of everything that this folder throws. */
export abstract class RpcError extends Error {
  abstract readonly kind: RpcErrorKind;
}

/** libvirt answered with an error. */
export class RemoteError extends RpcError {
  override readonly name = "RemoteError";
  override readonly kind = "remote";
  /** virErrorNumber. */
  readonly code: number;
  /** virErrorDomain: which part of libvirt it came from. */
  readonly domain: number;
  /** errno for system errors, else 0. */
  readonly systemErrorNumber: number;

  constructor(record: RemoteErrorRecord) {
    super(record.message ?? `libvirt error ${record.code}`);
    this.code = record.code;
    this.domain = record.optDomain;
    this.systemErrorNumber = record.int1;
  }
}

/** The peer sent something that isn't the protocol. The connection is closed. */
export class RpcProtocolError extends RpcError {
  override readonly name = "RpcProtocolError";
  override readonly kind = "protocol";
}

/** Nothing came from the peer for as long as keepalive allows. The connection is closed. */
export class RpcKeepaliveError extends RpcError {
  override readonly name = "RpcKeepaliveError";
  override readonly kind = "keepalive";
}

/** The connection ended before the reply; `cause` says why when it wasn't closed by us. */
export class RpcClosedError extends RpcError {
  override readonly name = "RpcClosedError";
  override readonly kind = "closed";
  /** Whether the call had been sent: if so, its effect is unknown. */
  readonly sent: boolean;
  /** Whether libvirt itself ended it, and not the way to it. */
  readonly byPeer: boolean;

  constructor(message: string, options: { sent: boolean; byPeer?: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.sent = options.sent;
    this.byPeer = options.byPeer ?? false;
  }
}

/** The call's deadline passed. If it was sent, the host may still be working on it. */
export class RpcTimeoutError extends RpcError {
  override readonly name = "RpcTimeoutError";
  override readonly kind = "timeout";
  readonly sent: boolean;

  constructor(message: string, options: { sent: boolean }) {
    super(message);
    this.sent = options.sent;
  }
}

/** The call's signal was aborted; `cause` is the signal's reason. If it was sent, the host may still be working on it. */
export class RpcAbortedError extends RpcError {
  override readonly name = "RpcAbortedError";
  override readonly kind = "aborted";
  readonly sent: boolean;

  constructor(message: string, options: { sent: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.sent = options.sent;
  }
}

/** An argument that can't be put on the wire. Nothing was sent. */
export class RpcArgumentError extends RpcError {
  override readonly name = "RpcArgumentError";
  override readonly kind = "argument";
}

/** The error that a reply or a stream packet of status "error" carries. */
export function decodeRemoteError(payload: Buffer): RemoteError {
  return new RemoteError(
    decoding("an error", () => decodeType("remote_error", payload)) as RemoteErrorRecord,
  );
}

/** Runs a decoder; bytes that it can't read are a protocol error. */
export function decoding<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof XdrError)) throw error;
    throw new RpcProtocolError(`${what} can't be decoded: ${error.message}`, { cause: error });
  }
}
