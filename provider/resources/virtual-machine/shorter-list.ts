import { isDeepStrictEqual } from "node:util";
import type { Plan } from "../../planning/plan.js";
import { sameVolume } from "./desired-disks.js";
import type { MachineRequest } from "./request.js";
import { type DiskInputs, volumeOf } from "./schema.js";

/**
 * Disks without names are told by their places: when one is taken out of the middle those after it are told by other places, and the last one's volume goes.
 * That is refused where it shows, and said where any of several may have been meant. Pure.
 */
export function judgeShorterList({ inputs, previous }: MachineRequest, result: Plan): void {
  if (previous === undefined || previous.name !== inputs.name) return;
  const [before, now] = [previous.disks ?? [], inputs.disks ?? []];
  const fewer = before.length - now.length;
  if (fewer <= 0) return;
  const volumes = now.map((entry, i) => volumeOf(inputs.name, entry, i));
  const lost = before.flatMap((entry, i) => {
    const source = volumeOf(previous.name, entry, i);
    return isByPlace(entry) && !volumes.some((volume) => sameVolume(volume, source))
      ? [{ entry, source }]
      : [];
  });
  if (lost.length === 0) return;
  const [first] = lost as [(typeof lost)[number]];
  const names = lost.map(({ source }) => source.volume).join(", ");
  const from = now.findIndex((entry, i) => !isDeepStrictEqual(entry, before[i]));
  const rest = from === -1 ? [] : now.slice(from);
  const isSlid =
    rest.length > 0 && rest.every((entry, k) => isDeepStrictEqual(entry, before[from + k + fewer]));
  if (isSlid) {
    const kept = rest.flatMap((entry, k) =>
      isByPlace(entry)
        ? [
            `disks[${from + k}].volume to ${JSON.stringify(volumeOf(previous.name, entry, from + k + fewer).volume)}`,
          ]
        : [],
    );
    if (kept.length > 0)
      result.refusals.push({
        kind: "policy",
        message: `disks[${from}] was taken out of the list, and its place is another disk's now: as disks without a name are told by their places, ${names} would be lost instead; set ${kept.join(", ")}, so that each stays what it is`,
      });
    return;
  }
  const isLike = (entry: DiskInputs) => isByPlace(entry) && isDeepStrictEqual(entry, first.entry);
  if (from === -1 && first.entry.retainOnDelete !== true && now.some(isLike))
    result.warnings.push(
      `${names} in pool ${first.source.pool} goes, as the last of the list, with what is on it: disks without a name are told by their places. If you took another one out, don't deploy this: put it back, set the volume of each that is to stay (disks[0].volume: ${JSON.stringify(volumes[0]?.volume)}, ...), and take it out then`,
    );
}

/** An owned disk that nothing tells from the others but its place. */
function isByPlace({ disk, name, volume }: DiskInputs): boolean {
  return disk === undefined && name === undefined && volume === undefined;
}
