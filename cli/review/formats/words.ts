import { overcommitments } from "../overcommitment.js";
import type { HostRoom, ReviewedChange, ReviewedMove, ReviewReport } from "../report.js";
import { roughly } from "../sizes.js";
import { secondsText } from "../verdict.js";

export function title({ project, stack }: Pick<ReviewReport, "project" | "stack">): string {
  return `Review of ${project}/${stack}`;
}

/** Green: no guest notices. Amber: guests move, hosts are overcommitted, or it can't be told. Red: somebody notices, or data goes. */
export function toneOf({ outcome, summary, hosts }: ReviewReport): "good" | "warn" | "bad" {
  if (outcome === "noticed") return "bad";
  return outcome === "uncertain" || summary.migrate > 0 || overcommitments(hosts).length > 0
    ? "warn"
    : "good";
}

export function memoryText({ before, after, totalBytes }: NonNullable<HostRoom["memory"]>): string {
  const now = before === after ? roughly(before) : `${roughly(before)} -> ${roughly(after)}`;
  return `memory of guests ${now} of ${roughly(totalBytes)}`;
}

export function poolText({ name, before, after, capacityBytes }: HostRoom["pools"][number]): string {
  const now =
    roughly(before) === roughly(after) ? roughly(before) : `${roughly(before)} -> ${roughly(after)}`;
  return `pool ${name} ${now} free of ${roughly(capacityBytes)}`;
}

export function moveText(move: ReviewedMove): string {
  const parts = [
    ...(move.live ? [`memory ${roughly(move.memoryBytes)}`] : []),
    ...(move.copies.length === 0 ? [] : [`${roughly(move.copiedBytes)} of disks`]),
  ];
  const what = parts.length === 0 ? "" : ` for ${parts.join(" and ")}`;
  const last = move.lastTookSeconds === undefined ? "" : `; its last move took ${move.lastTookSeconds} s`;
  const free = move.freeMemoryBytes;
  const room =
    free === undefined
      ? ""
      : `; ${move.to} has ${roughly(free.before)} of memory free, ${roughly(free.after)} afterwards`;
  return `about ${secondsText(move.expectedSeconds)} at ${move.bandwidthMibPerSecond} MiB/s${what}${last}${room}`;
}

/** What the reason of a change says why of. */
export function reasonLabel({ impacts }: ReviewedChange): string {
  return impacts.includes("refused") ? "refused" : "not told";
}

export function countsText({ changes, unchanged, others, errors }: ReviewReport): string {
  const rest = others === 0 ? "" : `; ${others} of other packages change, of which this says nothing`;
  if (errors.length > 0) return `${changes.length} changed as far as the preview came${rest}`;
  return `${changes.length} changed, ${unchanged} unchanged${rest}`;
}
