import type { DomainModel } from "../../libvirt/xml/index.js";
import { desiredAt } from "./desired-at.js";
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
  request: MachineRequest,
  place: ObservedHost,
  definition: DomainModel,
): DomainModel {
  const { inputs, previous } = request;
  const desired = desiredAt(request, place, definition);
  // Renaming is a step of its own.
  const named = { ...withPaths(desired, place), name: definition.name };
  return withNamedDrives(named, declaredDrives(inputs, previous, definition));
}
