import type { HostFacts } from "../../hosts/facts.js";
import { emptyPlan, type Plan } from "../../planning/plan.js";
import type { Request } from "../definition.js";
import type { Inputs, Outputs } from "./schema.js";

/** A host is only recorded; a different machine behind the address is worth a warning, since everything declared on it is looked for there. */
export function plan(request: Request<Inputs, Outputs>, facts: HostFacts): Plan {
  const result = emptyPlan();
  const { inputs, previous, recorded } = request;
  const subject = inputs.name;
  if (previous === undefined && recorded === undefined) {
    result.steps.push({ kind: "record", subject, effect: "none", reason: `host ${facts.hostname}` });
    return result;
  }
  if (recorded === undefined) return result;
  const was = recorded.outputs;
  if (was.uuid !== undefined && was.uuid !== facts.uuid) {
    result.warnings.push(
      `${inputs.connection.address} is another machine than before: libvirt's host UUID was ${was.uuid} and is ${facts.uuid}`,
    );
    result.steps.push({ kind: "record", subject, effect: "none", reason: `another machine, ${facts.uuid}` });
  }
  return result;
}
