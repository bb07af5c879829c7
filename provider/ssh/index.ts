export type { ExecOptions, OpenOptions, StreamOptions } from "./connection.js";
export { SshConnection } from "./connection.js";
export { SshError, type SshErrorDetail, type SshErrorKind, type StreamRefusal } from "./errors.js";
export type { CommandResult } from "./execution.js";
export type { HostKey } from "./host-key.js";
export type { SshTarget } from "./target.js";
