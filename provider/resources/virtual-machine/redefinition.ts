import { type DomainModel, parseDomain } from "../../libvirt/xml/index.js";
import { desiredAt } from "./desired-at.js";
import { declaredDrives, withNamedDrives } from "./desired-disks.js";
import { withoutFullPins } from "./features/cpu-tune.js";
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

/** What the persistent document is taken for. Pins that pin nothing are in no definition that is planned: they stay where they are. */
export function definedAs(xml: string, { facts }: Pick<ObservedHost, "facts">): DomainModel {
  return withoutFullPins(parseDomain(xml), facts.cpus);
}
