import type { Refusal } from "../planning/plan.js";
import { formatBytes } from "../planning/quantity.js";

/** QEMU grows a disk that it has open only for a guest that can write to it, and keeps others from growing the file. */
export function refuseReadOnlyGrowth({
  disk,
  readers,
  from,
  to,
}: {
  disk: string;
  readers: readonly string[];
  from: number;
  to: number;
}): Refusal {
  return {
    kind: "inUse",
    message: `disk ${disk} can't grow from ${formatBytes(from)} to ${formatBytes(to)} under a running guest that can only read it; stop ${[...new Set(readers)].join(" and ")} first (powerState: "stopped")`,
  };
}
