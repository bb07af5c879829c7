import type { Identity } from "../../planning/owner.js";
import type { ApplyContext } from "../definition.js";
import { layersOver } from "../layers.js";
import { untilLetGo } from "../until-let-go.js";
import { deleteOwnVolume, removeVolumeMark } from "../volumes.js";
import { settle } from "./apply.js";
import { observe } from "./observe.js";
import { whereItIs } from "./observed.js";
import type { DiskPlace, DiskRequest } from "./place.js";
import type { Inputs, Outputs } from "./schema.js";
import { usersElsewhere } from "./users-elsewhere.js";

/** Deletes the volume, wherever it is, or with `retainOnDelete` only the mark on it. A volume of the same name with another's mark is left alone. */
export async function remove(
  id: string,
  outputs: Outputs & Inputs,
  identity: Identity,
  context: ApplyContext,
): Promise<void> {
  const request: DiskRequest = { identity, inputs: outputs, previous: outputs, recorded: { id, outputs } };
  const look = () => observe(request, { hosts: context.hosts, fresh: true });
  let observed = await look();
  if (observed.interrupted !== undefined) {
    await settle(observed.interrupted, request, context);
    observed = await look();
  }
  const place = whereItIs(observed) ?? observed.target;
  const host = context.hosts.get(place.ref);
  const { pool, mark } = place;
  if (place.poolState === "stopped")
    throw new Error(
      `pool ${pool} on ${place.ref.name} is stopped, so that disk ${place.name} can't be deleted; start it with virsh pool-start`,
    );
  // Recorded is recorded: without our nonce it is a successor of the same name.
  if (mark === undefined || (outputs.nonce && mark.nonce !== outputs.nonce)) return;
  if (outputs.retainOnDelete === true) {
    await removeVolumeMark({ host, pool, mark });
    return;
  }
  await refuseIfUsed(place, context);
  await onceLetGoElsewhere(place, request, context);
  await deleteOwnVolume({ host, pool, mark, signal: context.signal });
}

async function refuseIfUsed(place: DiskPlace, context: ApplyContext): Promise<void> {
  const { volume, ref, pool, name } = place;
  if (volume === undefined) return;
  const disk = `disk ${name} in pool ${pool} on ${ref.name}`;
  const [user] = place.users;
  if (user !== undefined)
    throw new Error(
      `${disk} can't be deleted while domain ${user.name} uses it; remove it from that virtual machine first, or set retainOnDelete: true (and deploy that) to leave it there: it goes with the virtual machine then if that has it as a disk of its own`,
    );
  const [layer] = await layersOver(context.hosts.get(ref), volume.path);
  if (layer !== undefined)
    throw new Error(`${disk} can't be deleted while volume ${layer} is a layer over it; delete that first`);
}

function onceLetGoElsewhere(place: DiskPlace, request: DiskRequest, context: ApplyContext): Promise<void> {
  return untilLetGo(async () => {
    const [user] = await usersElsewhere(place, request, { hosts: context.hosts, fresh: true });
    if (user === undefined) return undefined;
    return {
      waitingFor: `waiting until it isn't used any more: ${user.label} has it`,
      failure: (waited) =>
        new Error(
          `disk ${place.name} in pool ${place.pool} on ${place.ref.name} can't be deleted: it is on storage that hosts share, and ${user.label} uses it (${waited} for that to end); take it from there first, or set retainOnDelete: true (and deploy that) to leave it there`,
        ),
    };
  }, context);
}
