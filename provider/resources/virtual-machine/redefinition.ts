import type { DomainModel } from "../../libvirt/xml/index.js";
import { desiredModel } from "./desired.js";
import { declaredDrives, withNamedDrives } from "./desired-disks.js";
import type { ObservedHost } from "./observed.js";
import { withPaths } from "./paths.js";
import { type MachineRequest, wasFound } from "./request.js";

/** What a domain that is there should be. */
export function desiredOf(
  request: MachineRequest,
  place: ObservedHost,
  definition: DomainModel,
): DomainModel {
  return desiredModel(request.inputs, request.previous, definition, {
    uuid: place.domain?.record.uuid ?? "",
    facts: place.facts,
    found: wasFound(place.domain?.owner, request),
  });
}

/**
 * What the persistent document becomes once it is changed.
 *
 * @param definition - What the domain is defined as.
 */
export function redefinition(
  request: MachineRequest,
  place: ObservedHost,
  definition: DomainModel,
): DomainModel {
  const { inputs, previous } = request;
  const desired = desiredOf(request, place, definition);
  // Renaming is a step of its own.
  const named = { ...withPaths(desired, place), name: definition.name };
  return withNamedDrives(named, declaredDrives(inputs, previous, definition));
}
