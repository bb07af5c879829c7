import { parseDomain, patchDomain, xmlDiff } from "../../libvirt/xml/index.js";
import type { Plan } from "../../planning/plan.js";
import { desiredAt } from "./desired-at.js";
import { type ObservedMachine, whereItIs } from "./observed.js";
import { withPaths } from "./paths.js";
import type { MachineRequest } from "./request.js";

/** What a redefinition changes in the persistent document, for people who know libvirt's XML. */
export function explain(request: MachineRequest, observed: ObservedMachine, plan: Plan): string[] {
  const place = whereItIs(observed);
  const xml = place?.domain?.record.persistentXml;
  if (place?.domain?.persistent === undefined || xml === undefined) return [];
  if (!plan.steps.some((step) => step.kind === "updateDefinition")) return [];
  const desired = desiredAt(request, place, place.domain.persistent);
  const current = parseDomain(xml);
  const after = patchDomain(xml, { ...withPaths(desired, place), name: current.name }, current);
  return [`the definition changes:\n${xmlDiff(xml, after).trimEnd()}`];
}
