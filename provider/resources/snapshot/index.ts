import type { ResourceDefinition } from "../definition.js";
import { apply } from "./apply.js";
import { hold } from "./hold.js";
import { holds } from "./holds.js";
import { isOwn, type ObservedSnapshot, observe, refOf, type SnapshotRequest } from "./observe.js";
import { plan } from "./plan.js";
import { obstacles, removal } from "./removal.js";
import { remove } from "./remove.js";
import { crossChecks, type Inputs, type Outputs, shape } from "./schema.js";

export const snapshot: ResourceDefinition<Inputs, ObservedSnapshot, Outputs> = {
  kind: "Snapshot",
  shape,
  crossChecks,
  holds,
  observe,
  plan,
  hold,
  apply,
  idOf: (request, { snapshot: found }) =>
    found?.mark !== undefined && isOwn(found.mark, request)
      ? (request.recorded?.id ?? `${request.inputs.vm}/${request.inputs.name}`)
      : undefined,
  outputs: outputsOf,
  removal,
  obstacles,
  remove: (id, outputs, identity, context) => remove(id, outputs as Outputs & Inputs, identity, context),
};

function outputsOf(
  { inputs }: SnapshotRequest,
  { machine, snapshot: found }: ObservedSnapshot,
  carried: Partial<Outputs>,
): Outputs {
  const overlays = (found?.model.disks ?? []).flatMap(({ target, overlay }): [string, string][] =>
    overlay === undefined ? [] : [[target, overlay]],
  );
  const seconds = found?.model.createdAtSeconds;
  return {
    host: inputs.host,
    connection: inputs.connection,
    credentials: refOf(inputs).credentials,
    uuid: machine?.uuid ?? carried.uuid ?? "",
    state: found?.model.state ?? carried.state ?? "",
    createdAt: seconds === undefined ? (carried.createdAt ?? "") : new Date(seconds * 1_000).toISOString(),
    parent: found?.model.parent,
    overlays: Object.fromEntries(overlays),
    memoryFile: found?.model.memory.file,
    nonce: found?.mark?.nonce ?? carried.nonce ?? "",
  };
}
