import type { Step } from "../../planning/step.js";
import { type ObservedDisk, whereItIs } from "./observed.js";
import type { DiskRequest } from "./place.js";

/** What removing the disk does. Pure. */
export function removal({ inputs }: DiskRequest, observed: ObservedDisk): Step[] {
  const place = whereItIs(observed);
  if (place === undefined) return [];
  const { ref, pool, name: volume } = place;
  const what = { subject: inputs.name, host: ref.name, pool, volume, effect: "none" as const };
  return inputs.retainOnDelete === true
    ? [{ kind: "keepVolume", ...what }]
    : [{ kind: "deleteVolume", ...what, sizeBytes: place.volume.capacityBytes }];
}
