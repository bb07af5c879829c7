import type { Host } from "../../hosts/host.js";
import type { Step } from "../../planning/step.js";
import type { ApplyContext } from "../definition.js";
import { clearNote, moveVolume, settleMove } from "../moving/index.js";
import type { ObservedHost } from "./observed.js";
import { relocationsOf } from "./relocations.js";
import type { MachineRequest } from "./request.js";

/** Moves one of the VM's own disks to another pool, or ends a move that was cut off. */
export async function relocate(
  step: Extract<Step, { kind: "moveVolume" | "settleVolumeMove" }>,
  host: Host,
  request: MachineRequest,
  place: ObservedHost,
  context: ApplyContext,
): Promise<void> {
  const { moves, interrupted } = relocationsOf(request, place, place.domain);
  const found = [...moves, ...interrupted].find(
    ({ volume, from }) => volume === step.subject && from === step.from.pool,
  );
  if (found?.mark === undefined) throw new Error(`disk ${step.subject} has lost its mark`);
  const { mark } = found;
  const from = { host, pool: found.from };
  if (found.to === undefined) {
    await clearNote("leaving", { ...from, mark });
    return;
  }
  const { migration } = request.inputs;
  const move = {
    ...{ from, to: { host, pool: found.to }, mark },
    bandwidthMibPerSecond: migration?.bandwidthMibPerSecond,
  };
  if (step.kind === "moveVolume") await moveVolume(move, context);
  else await settleMove(move, context);
}
