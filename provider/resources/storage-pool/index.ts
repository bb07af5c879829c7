import type { ResourceDefinition } from "../definition.js";
import { apply, madeFolderNote } from "./apply.js";
import { crossChecks } from "./cross-checks.js";
import { declaredModel, standing } from "./desired.js";
import { holds } from "./holds.js";
import { lookup } from "./lookup.js";
import { modelOf, type ObservedPool, type ObservedPools, observe, type PoolRequest } from "./observe.js";
import { plan } from "./plan.js";
import { obstacles, removal } from "./removal.js";
import { remove } from "./remove.js";
import { type Inputs, type Outputs, shape } from "./schema.js";

export const storagePool: ResourceDefinition<Inputs, ObservedPools, Outputs> = {
  kind: "StoragePool",
  shape,
  crossChecks,
  holds,
  lookup,
  observe,
  plan,
  apply,
  idOf: (request, observed) =>
    poolsOf(request, observed).length > 0 || observed.former.length > 0 ? request.inputs.name : undefined,
  outputs: outputsOf,
  removal,
  obstacles,
  remove: (id, outputs, identity, context) => remove(id, outputs as Outputs & Inputs, identity, context),
};

function outputsOf(request: PoolRequest, observed: ObservedPools, carried: Partial<Outputs>): Outputs {
  const pools = poolsOf(request, observed);
  const byHost = <T>(value: (host: string, pool: ObservedPool) => T) =>
    Object.fromEntries(pools.map(([host, pool]) => [host, value(host, pool)]));
  const notes = carried as Record<string, unknown>;
  const wasMade = (host: string) =>
    notes[madeFolderNote(host)] === true || carried.madeFolder?.[host] === true;
  return {
    ...hostsOf(request, observed),
    uuids: byHost((_, pool) => pool.uuid),
    capacityBytes: byHost((_, pool) => pool.capacityBytes),
    availableBytes: byHost((_, pool) => pool.availableBytes),
    // Also where the pool is gone at present: its folder is still there.
    madeFolder: Object.fromEntries([
      ...observed.places.map(({ ref: { name }, formerNames }) => [
        name,
        [name, ...formerNames].some(wasMade),
      ]),
      ...observed.former.map(({ ref: { name } }) => [name, wasMade(name)]),
    ]),
  };
}

/** A host that a failed run didn't get to release stays on record, or the next run would forget it. */
function hostsOf({ inputs }: PoolRequest, observed: ObservedPools): Pick<Outputs, "hosts" | "credentials"> {
  const refs = observed.former.map(({ ref }) => ref);
  const gone = Object.fromEntries(refs.map(({ name, connection }) => [name, connection]));
  const keys = Object.fromEntries(refs.map(({ name, credentials }) => [name, { ...credentials }]));
  return {
    hosts: { ...gone, ...inputs.hosts },
    credentials: refs.length === 0 ? inputs.credentials : { ...keys, ...inputs.credentials },
  };
}

/** The pools that are this resource's, adopted ones included, by host. */
function poolsOf({ inputs }: PoolRequest, observed: ObservedPools): [string, ObservedPool][] {
  const pools: [string, ObservedPool][] = observed.places.flatMap(({ ref, mine, namesake }) => {
    const isTheOne =
      namesake !== undefined &&
      JSON.stringify(standing(modelOf(namesake))) === JSON.stringify(standing(declaredModel(inputs)));
    const adopted = inputs.adopt === true && isTheOne ? namesake : undefined;
    const pool = mine ?? adopted;
    return pool === undefined ? [] : [[ref.name, pool] as [string, ObservedPool]];
  });
  return [...pools, ...observed.former.map(({ ref, mine }): [string, ObservedPool] => [ref.name, mine])];
}
