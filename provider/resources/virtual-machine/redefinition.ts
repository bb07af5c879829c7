import type { DomainModel } from "../../libvirt/xml/index.js";
import { desiredModel } from "./desired.js";
import { declaredDrives, withNamedDrives } from "./desired-disks.js";
import type { ObservedHost } from "./observed.js";
import { withPaths } from "./paths.js";
import type { MachineRequest } from "./request.js";

/**
 * What the persistent document becomes once it is changed.
 *
 * @param definition - What the domain is defined as.
 */
export function redefinition(
  { inputs, previous }: MachineRequest,
  place: ObservedHost,
  definition: DomainModel,
  uuid: string,
): DomainModel {
  const desired = desiredModel(inputs, previous, definition, { uuid, facts: place.facts });
  // Renaming is a step of its own.
  const named = { ...withPaths(desired, place), name: definition.name };
  return withNamedDrives(named, declaredDrives(inputs, previous, definition));
}
