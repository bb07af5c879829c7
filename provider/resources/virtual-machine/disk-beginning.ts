import type { Plan } from "../../planning/plan.js";
import type { MachineRequest } from "./request.js";
import { type DiskInputs, volumeOf } from "./schema.js";

/** What a disk begins with can't be changed under it: its guest's data stands on that. */
export function refuseOtherBeginning(
  request: MachineRequest,
  entry: DiskInputs,
  volume: string,
  result: Plan,
): void {
  const { inputs, previous } = request;
  if (entry.onImageChange === "keep") return;
  const before = previous?.disks?.find((other, i) => volumeOf(previous.name, other, i).volume === volume);
  const base = baseOf(entry);
  if (before === undefined || base === undefined || base === baseOf(before)) return;
  result.refusals.push({
    kind: "policy",
    message: `disk ${volume} of ${inputs.name} was made ${beginningOf(before)}, and ${entry.image === undefined ? "backing" : "image"} ${base} is declared: the guest's data would be lost. Set onImageChange: "keep" to leave the disk as it is, or give the disk another name: that makes a new one and deletes the old`,
  });
}

/** An image is the same one whether it is called that or a backing. */
function baseOf({ image, backing }: DiskInputs): string | undefined {
  if (image !== undefined) return image.volume;
  return typeof backing === "object" ? backing.volume : backing;
}

function beginningOf(entry: DiskInputs): string {
  if (entry.image !== undefined) return `from image ${entry.image.volume}`;
  if (entry.backing !== undefined) return `as a layer over ${baseOf(entry)}`;
  return entry.source === undefined ? "without an image" : `from file ${entry.source}`;
}
