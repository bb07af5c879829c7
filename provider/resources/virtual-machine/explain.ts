import { patchDomain, xmlDiff } from "../../libvirt/xml/index.js";
import type { Plan } from "../../planning/plan.js";
import { asSeen } from "./as-seen.js";
import { desiredAt } from "./desired-at.js";
import { type ObservedMachine, whereItIs } from "./observed.js";
import { definedAs, redefinition } from "./redefinition.js";
import { asRelocated, relocationsOf } from "./relocations.js";
import type { MachineRequest } from "./request.js";

/** What a redefinition changes in the persistent document, for people who know libvirt's XML. */
export function explain(declared: MachineRequest, observed: ObservedMachine, plan: Plan): string[] {
  const request = asSeen(declared, observed);
  const place = whereItIs(observed);
  const xml = place?.domain?.record.persistentXml;
  if (place?.domain === undefined || xml === undefined) return [];
  if (plan.refusals.length > 0) return [];
  if (!plan.steps.some((step) => step.kind === "updateDefinition")) return [];
  const { moves } = relocationsOf(request, place, place.domain);
  const { persistent } = asRelocated(place.domain, moves);
  if (persistent === undefined) return [];
  const current = definedAs(xml, place);
  const to = {
    ...redefinition(request, place, persistent, desiredAt(request, place, persistent)),
    name: current.name,
  };
  const after = patchDomain(xml, to, current);
  return [`the definition changes:\n${xmlDiff(xml, after).trimEnd()}`];
}
