import type { Step } from "../../provider/planning/step.js";
import type { ReviewedHost } from "./hosts.js";
import type { FoundMachine } from "./machines.js";
import type { HostRoom, ReviewedMove } from "./report.js";
import { allocationOf } from "./room.js";

/** Of a network of 1 Gbit/s, what is left beside its own overhead. */
export const DEFAULT_BANDWIDTH_MIB_PER_SECOND = 110;
const MIB = 2 ** 20;

/** What is known beforehand of a VM's way to another host. Pure. */
export function moveOf(
  steps: readonly Step[],
  machine: FoundMachine | undefined,
  hosts: readonly ReviewedHost[],
  rooms: readonly HostRoom[],
  bandwidth: { declared: number | undefined; assumed: number },
  lastTookMs: number | undefined,
): ReviewedMove | undefined {
  const step = steps.find((one) => one.kind === "migrate" || one.kind === "moveStopped");
  if (step?.kind !== "migrate" && step?.kind !== "moveStopped") return undefined;
  const live = step.kind === "migrate";
  const memoryBytes = live ? (machine?.memoryBytes ?? 0) : 0;
  const copiedBytes = step.copies.reduce(
    (sum, volume) => sum + (allocationOf(hosts, step.from, undefined, volume) ?? 0),
    0,
  );
  const { memory } = rooms.find(({ name }) => name === step.to) ?? {};
  const bandwidthMibPerSecond = Math.min(bandwidth.declared ?? Number.POSITIVE_INFINITY, bandwidth.assumed);
  return {
    ...{ from: step.from, to: step.to, live, memoryBytes, copiedBytes, copies: step.copies },
    expectedSeconds: Math.max(1, Math.ceil((memoryBytes + copiedBytes) / MIB / bandwidthMibPerSecond)),
    bandwidthMibPerSecond,
    ...(lastTookMs === undefined ? {} : { lastTookSeconds: Math.round(lastTookMs / 100) / 10 }),
    ...(memory === undefined
      ? {}
      : {
          freeMemoryBytes: {
            before: memory.totalBytes - memory.before,
            after: memory.totalBytes - memory.after,
          },
        }),
  };
}
