import type { DomainRecord } from "../../libvirt/index.js";
import { attachmentsIn } from "../attachments.js";
import { sameVolume } from "./desired-disks.js";
import type { ObservedDomain, ObservedPool } from "./observed.js";
import type { MachineRequest } from "./request.js";

/**
 * Disks that the guest is to get, and that another one has open which stands still. That one lets go of nothing before it runs, or is off, which the
 * same deployment may see to.
 */
export function heldByPaused(
  { inputs }: MachineRequest,
  domains: readonly DomainRecord[],
  own: Pick<ObservedDomain, "live" | "record"> | undefined,
  pools: readonly Pick<ObservedPool, "name" | "contents">[],
): string[] {
  const { disks = [], powerState } = inputs;
  const paused = domains.filter(
    ({ state, uuid, liveXml }) => state === "paused" && liveXml !== undefined && uuid !== own?.record.uuid,
  );
  if (paused.length === 0 || powerState === "stopped") return [];
  return disks.flatMap(({ disk, readonly = false, shareable = false }, i) => {
    if (disk === undefined || readonly || shareable) return [];
    const { pool, name } = disk;
    if (own?.live?.disks.some(({ source }) => sameVolume(source, { pool, volume: name }))) return [];
    const { contents } = pools.find((other) => other.name === pool) ?? {};
    const path = contents?.volumes.find((volume) => volume.name === name)?.path ?? "";
    const holder = attachmentsIn(paused, { pool, name, path }).find(({ running }) => running);
    return holder === undefined
      ? []
      : [
          `disks[${i}]: disk ${name} in pool ${pool} is open in domain ${holder.name}, which is paused and lets go of nothing before it runs again or is off: unless this deployment resumes it or shuts it down, do so before, or this one fails`,
        ];
  });
}
