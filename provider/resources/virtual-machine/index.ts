import type { ResourceDefinition } from "../definition.js";
import { apply } from "./apply.js";
import { circumstances } from "./circumstances.js";
import { crossChecks } from "./cross-checks.js";
import { explain } from "./explain.js";
import { hold } from "./hold.js";
import { holds } from "./holds.js";
import { lookup } from "./lookup.js";
import { observe } from "./observe.js";
import { type ObservedMachine, whereItIs } from "./observed.js";
import { OPTIONAL_OUTPUTS, outputsOf } from "./outputs.js";
import { plan } from "./plan.js";
import { removal } from "./removal.js";
import { remove } from "./remove.js";
import { type Inputs, type Outputs, shape } from "./schema.js";

export const virtualMachine: ResourceDefinition<Inputs, ObservedMachine, Outputs> = {
  kind: "VirtualMachine",
  shape,
  crossChecks,
  holds,
  lookup,
  observe,
  plan,
  explain,
  circumstances,
  hold,
  apply,
  idOf: (_request, observed) => whereItIs(observed)?.domain?.record.uuid,
  outputs: outputsOf,
  optionalOutputs: [...OPTIONAL_OUTPUTS, "lastMigration"],
  removal,
  remove: (id, outputs, identity, context) => remove(id, outputs as Outputs & Inputs, identity, context),
};
