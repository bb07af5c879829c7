import { type ObservedDisk, whereItIs } from "./observed.js";
import type { DiskPlace, DiskRequest } from "./place.js";

/** Inputs are compared with inputs: a migration that copies makes one image of a chain, which is no reason to make the disk anew. */
export function reasonsToReplace(
  { inputs, previous }: DiskRequest,
  { source }: Pick<ObservedDisk, "source">,
): string[] {
  if (previous === undefined) return [];
  const reasons: string[] = [];
  if (previous.name !== inputs.name) reasons.push("name");
  if (previous.format !== inputs.format) reasons.push("format");
  if (JSON.stringify(previous.backing) !== JSON.stringify(inputs.backing)) reasons.push("backing");
  const checksum = source?.checksum ?? inputs.sourceChecksum;
  if (inputs.source !== undefined && checksum !== undefined && checksum !== previous.sourceChecksum)
    reasons.push("source");
  return reasons;
}

export function isRelocated({ inputs, previous }: DiskRequest): boolean {
  return previous?.pool !== inputs.pool || previous?.name !== inputs.name;
}

/** Where the disk is that is deleted, when it is made anew. */
export function replacedPlace(request: DiskRequest, observed: ObservedDisk): DiskPlace | undefined {
  return isRelocated(request) ? observed.elsewhere : whereItIs(observed);
}
