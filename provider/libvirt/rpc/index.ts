export { type CallOptions, RpcConnection, type RpcConnectionOptions } from "./connection.js";
export {
  RemoteError,
  RpcAbortedError,
  RpcArgumentError,
  RpcClosedError,
  RpcError,
  type RpcErrorKind,
  RpcKeepaliveError,
  RpcTimeoutError,
} from "./errors.js";
export type * from "./generated/structures.js";
export type { KeepaliveSettings } from "./keepalive.js";
export type { EventName, EventPayload, ProcedureArgs, ProcedureName, ProcedureResult } from "./procedure.js";
export { RpcStream, type StreamChunk, type StreamOptions } from "./stream.js";
export type { TypedParam, TypedValue } from "./typed-param.js";
