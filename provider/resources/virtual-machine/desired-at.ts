import type { DomainModel } from "../../libvirt/xml/index.js";
import { asBeforeAttempt, pluggedBeforeAttempt } from "./attempt.js";
import { desiredModel } from "./desired.js";
import type { ObservedHost } from "./observed.js";
import { type MachineRequest, wasFound } from "./request.js";

/** What a domain that is there should be, on the host where it is. */
export function desiredAt(
  request: MachineRequest,
  place: Pick<ObservedHost, "domain" | "facts">,
  definition: DomainModel,
): DomainModel {
  const found = asBeforeAttempt(definition, place.domain?.attempt, request.inputs, request.previous);
  return desiredModel(request.inputs, request.previous, found, {
    uuid: place.domain?.record.uuid ?? "",
    facts: place.facts,
    found: wasFound(place.domain?.owner, request),
    pluggedBefore: pluggedBeforeAttempt(definition, place.domain?.attempt),
  });
}
