import type { Identity } from "../../planning/owner.js";
import type { ApplyContext } from "../definition.js";
import { giveBack, ImageInUse } from "./claims.js";
import { observe } from "./observe.js";
import { type ImageRequest, refsOf } from "./observed.js";
import type { Inputs, Outputs } from "./schema.js";

/** Gives up every claim to a volume on every host; the volumes go with their last claim, unless `retainOnDelete` keeps them. */
export async function remove(
  id: string,
  outputs: Outputs & Inputs,
  identity: Identity,
  context: ApplyContext,
): Promise<void> {
  // As a host that is left: whatever is there may go.
  const inputs: Inputs = { ...outputs, hosts: {} };
  const request: ImageRequest = { identity, inputs, previous: outputs, recorded: { id, outputs } };
  const { former } = await observe(request, { hosts: context.hosts, fresh: true });
  const pool = outputs.pool;
  const seen = new Set(former.map(({ ref }) => ref.name));
  const stopped = former.find(({ poolState }) => poolState === "stopped");
  const unseen =
    stopped?.ref.name ??
    (await stoppedPool(
      refsOf(outputs).filter(({ name }) => !seen.has(name)),
      pool,
      context,
    ));
  if (unseen !== undefined)
    throw new Error(
      `pool ${pool} on ${unseen} is stopped, so that image ${outputs.name} can't be deleted; start it with virsh pool-start`,
    );
  // Recorded is recorded: without our nonce it is a successor of the same name.
  const ours = former.map((place) => ({
    place,
    claims: place.claims.filter(({ mark }) => !outputs.nonce || mark.nonce === outputs.nonce),
  }));
  const kept = outputs.retainOnDelete === true;
  // Looking comes before touching: nothing goes on one host to be refused on the next.
  for (const { place, claims } of ours)
    for (const { name, shared, users } of claims)
      if (!kept && !shared && users.length > 0) throw new ImageInUse(name, pool, place.ref.name, users);
  for (const { place, claims } of ours)
    for (const { mark } of claims)
      await giveBack({ host: context.hosts.get(place.ref), pool }, mark, { kept });
}

/** What can't be looked into isn't empty. */
async function stoppedPool(
  refs: ReturnType<typeof refsOf>,
  pool: string,
  { hosts }: ApplyContext,
): Promise<string | undefined> {
  for (const ref of refs) {
    const found = (await hosts.get(ref).observations.pools()).find(({ name }) => name === pool);
    if (found !== undefined && !found.active) return ref.name;
  }
  return undefined;
}
