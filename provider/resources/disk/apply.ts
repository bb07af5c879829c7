import type { VolumeMark } from "../../hosts/volume-mark.js";
import { identityHash } from "../../planning/owner.js";
import type { Step } from "../../planning/step.js";
import type { ApplyContext } from "../definition.js";
import { ensureVolume, growVolume, replaceVolumeMark, writeVolumeMark } from "../volumes.js";
import { type DiskRequest, type ObservedDisk, whereItIs } from "./observe.js";

export async function apply(
  step: Step,
  request: DiskRequest,
  observed: ObservedDisk,
  context: ApplyContext,
): Promise<void> {
  const { inputs } = request;
  const { pool, name: volume } = inputs;
  const { target } = observed;
  const place = whereItIs(observed) ?? target;
  const host = context.hosts.get(place.ref);
  const { signal } = context;
  switch (step.kind) {
    case "record":
    case "volumeMovesWithMachine":
      return;
    case "createVolume": {
      // A mark that is there already is that of a run which was cut off, or of a volume that was deleted by hand.
      const mark = target.mark ?? newMark(request);
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

function newMark({ identity, inputs, recorded, chosen }: DiskRequest): VolumeMark {
  const nonce = recorded?.outputs.nonce || chosen?.nonce;
  if (nonce === undefined) throw new Error("a new disk needs a nonce drawn beforehand");
  return { identityHash: identityHash(identity), nonce, volume: inputs.name };
}
