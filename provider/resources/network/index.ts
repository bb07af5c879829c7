import type { ResourceDefinition } from "../definition.js";
import { apply } from "./apply.js";
import { crossChecks } from "./cross-checks.js";
import { holds } from "./holds.js";
import { lookup } from "./lookup.js";
import { observe } from "./observe.js";
import type { ObservedNetworks } from "./observed.js";
import { outputsOf } from "./outputs.js";
import { plan } from "./plan.js";
import { obstacles, removal } from "./removal.js";
import { remove } from "./remove.js";
import { type Inputs, type Outputs, shape } from "./schema.js";

export const network: ResourceDefinition<Inputs, ObservedNetworks, Outputs> = {
  kind: "Network",
  shape,
  crossChecks,
  holds,
  lookup,
  observe,
  plan,
  apply,
  idOf: (request, { hosts }) =>
    hosts.some((host) => host.network?.ours === true) ? request.inputs.name : undefined,
  outputs: outputsOf,
  removal,
  obstacles,
  remove: (_id, outputs, identity, context) => remove(outputs as Outputs & Inputs, identity, context),
};
