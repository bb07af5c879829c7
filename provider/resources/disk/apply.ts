import type { VolumeMark } from "../../hosts/volume-mark.js";
import { identityHash } from "../../planning/owner.js";
import type { Step } from "../../planning/step.js";
import type { ApplyContext } from "../definition.js";
import { clearNote, moveVolume, settleMove, type VolumeMove } from "../moving/index.js";
import { sendSource } from "../send-source.js";
import { ensureVolume, growVolume, replaceVolumeMark, writeVolumeMark } from "../volumes.js";
import { type ObservedDisk, whereItIs } from "./observed.js";
import type { DiskPlace, DiskRequest } from "./place.js";

export async function apply(
  step: Step,
  request: DiskRequest,
  observed: ObservedDisk,
  context: ApplyContext,
): Promise<void> {
  const { inputs } = request;
  const { name: volume } = inputs;
  const { target, elsewhere, interrupted } = observed;
  const place = whereItIs(observed) ?? target;
  const { pool } = place;
  const host = context.hosts.get(place.ref);
  const { signal } = context;
  switch (step.kind) {
    case "record":
    case "volumeMovesWithMachine":
      return;
    case "createVolume": {
      // A mark that is there already is that of a run which was cut off, or of a volume that was deleted by hand.
      const mark = target.mark ?? newMark(request);
      if (inputs.source !== undefined) {
        await writeVolumeMark({ host, pool, mark });
        await sendSource(inputs, inputs.source, host, context);
        return;
      }
      await ensureVolume({
        ...{ host, pool, volume, mark, signal },
        format: inputs.format,
        sizeBytes: inputs.size,
        backing: inputs.backing,
      });
      return;
    }
    case "growVolume":
      await growVolume({ host, pool, volume, toBytes: step.toBytes, signal });
      return;
    case "adopt": {
      const mark = newMark(request);
      await writeVolumeMark({ host, pool, mark });
      for (const former of target.foreignMarks) await replaceVolumeMark({ host, pool, former, mark });
      return;
    }
    case "moveVolume":
      if (elsewhere !== undefined) await moveVolume(moveOf(elsewhere, target, request, context), context);
      return;
    case "settleVolumeMove":
      if (interrupted !== undefined) await settle(interrupted, request, context);
      return;
    case "recordOwner":
      if (place.mark !== undefined)
        await replaceVolumeMark({
          ...{ host, pool, former: place.mark },
          mark: { ...place.mark, identityHash: identityHash(request.identity) },
        });
      return;
    default:
      throw new Error(`a disk's plan has a step of another resource: ${step.kind}`);
  }
}

function moveOf(
  from: DiskPlace,
  to: DiskPlace,
  { inputs }: DiskRequest,
  { hosts }: ApplyContext,
): VolumeMove {
  const mark = from.mark ?? from.leaving ?? to.mark;
  if (mark === undefined) throw new Error(`disk ${inputs.name} has lost its mark`);
  return {
    from: { host: hosts.get(from.ref), pool: from.pool },
    to: { host: hosts.get(to.ref), pool: to.pool },
    mark,
    bandwidthMibPerSecond: inputs.move?.bandwidthMibPerSecond,
  };
}

/** Ends a move that was cut off, one way or the other. */
export async function settle(
  { from, to }: NonNullable<ObservedDisk["interrupted"]>,
  request: DiskRequest,
  context: ApplyContext,
): Promise<void> {
  if (to !== undefined) {
    await settleMove(moveOf(from, to, request, context), context);
    return;
  }
  // It never came to a copy, unless what is in the pool can't be told from what is left of it.
  if (from.mark === undefined || from.leaving === undefined)
    throw new Error(
      `disk ${request.inputs.name} was moved from pool ${from.pool} on ${from.ref.name}, and isn't to be found where it went to; is a pool stopped there?`,
    );
  await clearNote("leaving", { host: context.hosts.get(from.ref), pool: from.pool, mark: from.leaving });
}

function newMark({ identity, inputs, recorded, chosen }: DiskRequest): VolumeMark {
  const nonce = recorded?.outputs.nonce || chosen?.nonce;
  if (nonce === undefined) throw new Error("a new disk needs a nonce drawn beforehand");
  return { identityHash: identityHash(identity), nonce, volume: inputs.name };
}
