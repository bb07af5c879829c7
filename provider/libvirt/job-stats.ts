import type { TypedParam } from "./rpc/index.js";
import { type ParamValues, paramNumber, paramValues } from "./typed-params.js";

/** A domain's job. Numbers are missing that libvirt doesn't know at this moment. */
export interface JobStats {
  readonly state: "none" | "bounded" | "unbounded" | "completed" | "failed" | "cancelled";
  readonly operation:
    | "unknown"
    | "start"
    | "save"
    | "restore"
    | "migrationIn"
    | "migrationOut"
    | "snapshot"
    | "snapshotRevert"
    | "dump"
    | "backup"
    | "snapshotDelete";
  readonly elapsedMs?: number | undefined;
  readonly downtimeMs?: number | undefined;
  readonly totalBytes?: number | undefined;
  readonly processedBytes?: number | undefined;
  readonly remainingBytes?: number | undefined;
  readonly memoryTotalBytes?: number | undefined;
  readonly memoryProcessedBytes?: number | undefined;
  readonly memoryRemainingBytes?: number | undefined;
  readonly memoryBytesPerSecond?: number | undefined;
  readonly memoryDirtyPagesPerSecond?: number | undefined;
  readonly memoryIteration?: number | undefined;
  readonly diskTotalBytes?: number | undefined;
  readonly diskProcessedBytes?: number | undefined;
  readonly diskRemainingBytes?: number | undefined;
  readonly diskBytesPerSecond?: number | undefined;
  readonly errorMessage?: string | undefined;
  /** Everything that libvirt said, by its own names. */
  readonly values: ParamValues;
}

const STATES = ["none", "bounded", "unbounded", "completed", "failed", "cancelled"] as const;
const OPERATIONS = [
  "unknown",
  "start",
  "save",
  "restore",
  "migrationIn",
  "migrationOut",
  "snapshot",
  "snapshotRevert",
  "dump",
  "backup",
  "snapshotDelete",
] as const;

/** Names the fields of a job's statistics. */
export function jobStats({ type, params }: { type: number; params: readonly TypedParam[] }): JobStats {
  const values = paramValues(params);
  const number = (field: string) => paramNumber(values, field);
  const errorMessage = values.errmsg;
  return {
    state: STATES[type] ?? "none",
    operation: OPERATIONS[number("operation") ?? 0] ?? "unknown",
    elapsedMs: number("time_elapsed"),
    downtimeMs: number("downtime"),
    totalBytes: number("data_total"),
    processedBytes: number("data_processed"),
    remainingBytes: number("data_remaining"),
    memoryTotalBytes: number("memory_total"),
    memoryProcessedBytes: number("memory_processed"),
    memoryRemainingBytes: number("memory_remaining"),
    memoryBytesPerSecond: number("memory_bps"),
    memoryDirtyPagesPerSecond: number("memory_dirty_rate"),
    memoryIteration: number("memory_iteration"),
    diskTotalBytes: number("disk_total"),
    diskProcessedBytes: number("disk_processed"),
    diskRemainingBytes: number("disk_remaining"),
    diskBytesPerSecond: number("disk_bps"),
    errorMessage: typeof errorMessage === "string" ? errorMessage : undefined,
    values,
  };
}
