import type { DiskSource } from "../../libvirt/xml/index.js";
import { sameVolume } from "./desired-disks.js";
import { ownMarks } from "./disks.js";
import { type ObservedMachine, whereItIs } from "./observed.js";
import { tracesOf } from "./relocations.js";
import type { MachineRequest } from "./request.js";
import { type DiskInputs, volumeOf } from "./schema.js";

/**
 * The disks of the last deployment in the pools where they are by now. One that was cut off may have moved a disk, and a program that doesn't declare the
 * disk any more would leave it to the VM as somebody else's, and lose what was declared of its end. Those that are declared are moved by the plan. Pure.
 */
export function withDisksWhereFound(request: MachineRequest, observed: ObservedMachine): MachineRequest {
  const { inputs, previous } = request;
  const place = whereItIs(observed);
  if (previous?.disks === undefined || previous === inputs || place?.domain === undefined) return request;
  const { domain, pools } = place;
  const volumesOf = ({ name, disks = [] }: Pick<typeof inputs, "name" | "disks">) =>
    disks.map((entry, i) => volumeOf(name, entry, i));
  const [before, now] = [volumesOf(previous), volumesOf(inputs)];
  if (before.every(({ volume }) => now.some((other) => other.volume === volume))) return request;
  const isOurs = ownMarks(request, domain);
  const used: (DiskSource | undefined)[] = [domain.persistent, domain.live].flatMap((model) =>
    (model?.disks ?? []).map(({ source }) => source),
  );
  const moved = (entry: DiskInputs, i: number): DiskInputs => {
    const source = before[i];
    if (entry.disk !== undefined || source === undefined) return entry;
    const isKnown = (pool: string) =>
      [...before, ...now].some((other) => sameVolume({ pool, volume: source.volume }, other));
    const isUsed = (pool: string) => used.some((other) => sameVolume(other, { pool, volume: source.volume }));
    if (isUsed(source.pool) || now.some((other) => other.volume === source.volume)) return entry;
    const found = tracesOf(source.volume, pools, isOurs).find(
      ({ pool, isThere, mark, unfinished }) =>
        isThere && !isKnown(pool) && (mark ?? (isUsed(pool) ? unfinished : undefined)) !== undefined,
    );
    return found === undefined ? entry : { ...entry, pool: found.pool };
  };
  const disks = previous.disks.map(moved);
  return disks.every((entry, i) => entry === previous.disks?.[i])
    ? request
    : { ...request, previous: { ...previous, disks } };
}
