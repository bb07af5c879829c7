import type { HostFacts } from "../../hosts/facts.js";
import type { HostRef } from "../../hosts/host-ref.js";
import type { Request, ResourceDefinition } from "../definition.js";
import { hostOutputs, lookup } from "./lookup.js";
import { plan } from "./plan.js";
import { type Inputs, type Outputs, shape, waysAhead } from "./schema.js";

export const host: ResourceDefinition<Inputs, HostFacts, Outputs> = {
  kind: "Host",
  shape,
  crossChecks: [],
  existsAnyway: true,
  lookup,
  beginAhead: ({ hostsAhead }, hosts) => {
    // What comes of it is told by the check of the host itself.
    for (const way of waysAhead(hostsAhead))
      hosts
        .get(way)
        .observations.facts()
        .catch(() => undefined);
  },
  observe: async (request, { hosts }) => {
    const ref = refOf(request);
    // Known to the deployment even when it doesn't answer: a VM that is missing elsewhere may be on it.
    hosts.declare(ref, { byProgram: request.recorded === undefined });
    return hosts.get(ref).observations.facts();
  },
  plan,
  apply: async () => undefined,
  idOf: (_request, facts) => facts.uuid,
  outputs: (_request, facts) => hostOutputs(facts),
  remove: async () => undefined,
};

function refOf(request: Request<Inputs, Outputs>): HostRef {
  const { name, connection, credentials } = request.inputs;
  return { name, connection, credentials: credentials ?? {} };
}
