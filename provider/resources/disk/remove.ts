import type { Identity } from "../../planning/owner.js";
import type { ApplyContext } from "../definition.js";
import { refuseFor } from "../removal-obstacle.js";
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
  refuseFor(await usersHere(place, { hosts: context.hosts, fresh: true }));
  await onceLetGoElsewhere(place, request, context);
  await deleteOwnVolume({ host, pool, mark, signal: context.signal });
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
