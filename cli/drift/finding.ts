import type { z } from "zod";
import type { finding } from "./finding-schema.js";

/** Of what `kvm drift --json` prints. */
export const DRIFT_SCHEMA_VERSION = 1;

/** In the order in which people should look at them. */
export const findingKinds = [
  "missing",
  "pausedByIoError",
  "interrupted",
  "drifted",
  "orphan",
  "unreachable",
  "unreadable",
  "pendingRestart",
  "poolNearlyFull",
  "unmanaged",
] as const;
export type FindingKind = (typeof findingKinds)[number];

/** Those that say that a host isn't as the stack says. */
export const driftKinds = [
  "missing",
  "pausedByIoError",
  "interrupted",
  "drifted",
  "orphan",
] as const satisfies FindingKind[];

/** Those that say that it can't be told. */
export const incompleteKinds = ["unreachable", "unreadable"] as const satisfies FindingKind[];

export const effects = [
  "none",
  "live",
  "nextBoot",
  "restart",
  "stop",
  "migrate",
  "replace",
  "refused",
] as const;

export type Finding = z.output<typeof finding>;
export type Effect = (typeof effects)[number];

/** What is said of a finding's kind in headings and tables. */
export function kindLabel(kind: FindingKind): string {
  switch (kind) {
    case "missing":
      return "missing";
    case "pausedByIoError":
      return "paused by an I/O error";
    case "interrupted":
      return "interrupted move";
    case "drifted":
      return "drifted";
    case "orphan":
      return "orphan";
    case "unreachable":
      return "unreachable";
    case "unreadable":
      return "unreadable";
    case "pendingRestart":
      return "waits for a restart";
    case "poolNearlyFull":
      return "pool nearly full";
    case "unmanaged":
      return "unmanaged";
    default:
      return kind satisfies never;
  }
}

export function effectLabel(effect: Effect): string {
  switch (effect) {
    case "none":
      return "no guest notices";
    case "live":
      return "live";
    case "nextBoot":
      return "at the next boot";
    case "restart":
      return "restarts the guest";
    case "stop":
      return "stops the guest";
    case "migrate":
      return "moves the running guest";
    case "replace":
      return "replaces it: what it holds is lost";
    case "refused":
      return "up refuses";
    default:
      return effect satisfies never;
  }
}
