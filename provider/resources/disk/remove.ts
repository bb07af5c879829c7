import type { Identity } from "../../planning/owner.js";
import { attachmentsIn } from "../attachments.js";
import type { ApplyContext } from "../definition.js";
import { refuseFor } from "../removal-obstacle.js";
import { snapshotLayers } from "../snapshot-layers.js";
import { untilLetGo } from "../until-let-go.js";
import { deleteOwnVolume, removeVolumeMark } from "../volumes.js";
import { settle } from "./apply.js";
import { observe } from "./observe.js";
import { whereItIs } from "./observed.js";
import type { DiskPlace, DiskRequest } from "./place.js";
import { markToGo, stoppedPool, usedElsewhere, usersHere } from "./removal.js";
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
  const { pool } = place;
  refuseFor(stoppedPool(place));
  const mark = markToGo(place, request);
  if (mark === undefined) return;
  if (outputs.retainOnDelete === true) {
    await removeVolumeMark({ host, pool, mark });
    return;
  }
  await onceLetGoHere(place, context);
  await onceLetGoElsewhere(place, request, context);
  await deleteOwnVolume({ host, pool, mark, signal: context.signal });
}

/** A guest that is deleted in the same deployment may still run with it, though its definition has lost it before: nothing puts one before the other. */
async function onceLetGoHere(place: DiskPlace, context: ApplyContext): Promise<void> {
  const { volume, name, pool, ref } = place;
  if (volume === undefined) return;
  const host = context.hosts.get(ref);
  let users = place.users;
  await untilLetGo(async () => {
    const [user] = users;
    if (user === undefined || users.some(({ defined }) => defined)) {
      refuseFor(await usersHere({ ...place, users }, { hosts: context.hosts, fresh: true }));
      return undefined;
    }
    const domains = await host.observations.domainsNow();
    users = attachmentsIn(domains, { pool, name, path: volume.path }, await snapshotLayers(host));
    return {
      waitingFor: `waiting for domain ${user.name} to let go of it`,
      failure: (waited) =>
        new Error(
          `disk ${name} in pool ${pool} on ${ref.name} can't be deleted: domain ${user.name} runs with it, though its definition has it no more (${waited} for that to end); a guest lets go of nothing while it is paused: resume it or shut it down, and deploy again`,
        ),
    };
  }, context);
}

function onceLetGoElsewhere(place: DiskPlace, request: DiskRequest, context: ApplyContext): Promise<void> {
  return untilLetGo(async () => {
    const [user] = await usersElsewhere(place, request, { hosts: context.hosts, fresh: true });
    if (user === undefined) return undefined;
    return {
      waitingFor: `waiting until it isn't used any more: ${user.label} has it`,
      failure: (waited) => new Error(usedElsewhere(place, user, waited)),
    };
  }, context);
}
