import { identityHash } from "../../planning/owner.js";
import type { Step } from "../../planning/step.js";
import type { ApplyContext } from "../definition.js";
import { describe } from "./describe.js";
import { removeFile } from "./files.js";
import type { SnapshotMark } from "./mark.js";
import type { ObservedSnapshot, SnapshotRequest } from "./observe.js";
import { revert } from "./revert.js";
import { take } from "./take.js";
import { inTurn } from "./turns.js";

export async function apply(
  step: Step,
  request: SnapshotRequest,
  observed: ObservedSnapshot,
  context: ApplyContext,
): Promise<void> {
  const { machine, snapshot } = observed;
  if (step.kind === "record") return;
  if (machine === undefined) throw new Error(`virtual machine ${request.inputs.vm} is gone`);
  const host = context.hosts.get(observed.ref);
  await inTurn(`${host.name}/${machine.uuid}`, async () => {
    if (step.kind === "takeSnapshot") {
      // Of one that has gone: without it nothing goes back to that memory.
      const former = request.recorded?.outputs.memoryFile;
      if (former !== undefined) await removeFile(host, former, context.signal);
      await take(host, request.inputs, markOf(request, undefined), { ...observed, machine }, context);
      return;
    }
    if (snapshot === undefined) throw new Error(`snapshot ${request.inputs.name} is gone`);
    switch (step.kind) {
      case "adopt":
        await describe(host, machine.uuid, snapshot, request.inputs.description ?? snapshot.text, {
          ...markOf(request, undefined),
        });
        return;
      case "recordOwner":
        await describe(host, machine.uuid, snapshot, snapshot.text, markOf(request, snapshot.mark));
        return;
      case "describeSnapshot":
        await describe(
          host,
          machine.uuid,
          snapshot,
          request.inputs.description,
          markOf(request, snapshot.mark),
        );
        return;
      case "revertToSnapshot":
        await revert(host, request.inputs, { ...observed, machine, snapshot }, context);
        return;
      default:
        throw new Error(`a snapshot's plan has a step of another resource: ${step.kind}`);
    }
  });
  await host.observations.refreshDomain({ uuid: machine.uuid });
}

function markOf(
  { identity, recorded, chosen }: SnapshotRequest,
  former: SnapshotMark | undefined,
): SnapshotMark {
  const nonce = recorded?.outputs.nonce || former?.nonce || chosen?.nonce;
  if (nonce === undefined) throw new Error("a new snapshot needs a nonce drawn beforehand");
  return { ...former, identityHash: identityHash(identity), nonce };
}
