import type { Host } from "../../hosts/host.js";
import { withSnapshotDescription } from "../../libvirt/xml/index.js";
import { identityHash } from "../../planning/owner.js";
import type { Step } from "../../planning/step.js";
import type { ApplyContext } from "../definition.js";
import { type SnapshotMark, writeDescription } from "./mark.js";
import type { FoundSnapshot, ObservedSnapshot, SnapshotRequest } from "./observe.js";
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

/** Notes what is to stand in a snapshot's description. */
export async function describe(
  host: Host,
  uuid: string,
  { record }: Pick<FoundSnapshot, "record">,
  text: string | undefined,
  mark: SnapshotMark | undefined,
): Promise<void> {
  const description = mark === undefined ? text : writeDescription(text, mark);
  const libvirt = await host.libvirt();
  // What the step before this one has noted counts, and whether it is the current one may have changed.
  const now = (await libvirt.domains.snapshots(uuid)).find(({ name }) => name === record.name);
  if (now === undefined) throw new Error(`snapshot ${record.name} is gone`);
  await libvirt.domains.redefineSnapshot(uuid, now, withSnapshotDescription(now.xml, description));
}

function markOf(
  { identity, recorded, chosen }: SnapshotRequest,
  former: SnapshotMark | undefined,
): SnapshotMark {
  const nonce = recorded?.outputs.nonce || former?.nonce || chosen?.nonce;
  if (nonce === undefined) throw new Error("a new snapshot needs a nonce drawn beforehand");
  return { ...former, identityHash: identityHash(identity), nonce };
}
