import type { Circumstance } from "../../planning/circumstance.js";
import type { PropertyChange } from "../../planning/step.js";
import { pendingChanges } from "./changes.js";
import { type ObservedDomain, type ObservedMachine, whereItIs } from "./observed.js";
import { newRun } from "./running-guest.js";

export function circumstances(observed: ObservedMachine): Circumstance[] {
  const place = whereItIs(observed);
  if (place?.domain === undefined) return [];
  const host = place.ref.name;
  const found: Circumstance[] = [];
  const changes = waitingForRestart(place.domain);
  if (changes.length > 0) found.push({ kind: "pendingRestart", host, changes });
  const { state, reasonName } = place.domain.record;
  if (state === "paused" && reasonName === "ioError") found.push({ kind: "pausedByIoError", host });
  return found;
}

/** What the running guest doesn't have yet of its definition. */
export function waitingForRestart(domain: ObservedDomain | undefined): PropertyChange[] {
  if (domain?.live === undefined || domain.persistent === undefined) return [];
  return pendingChanges(domain.live, domain.persistent, domain.run ?? newRun);
}
