import { type DomainModel, parseDomain } from "../../libvirt/xml/index.js";
import { declaredDrives, withNamedDrives } from "./desired-disks.js";
import { withoutFullPins } from "./features/cpu-tune.js";
import type { ObservedHost } from "./observed.js";
import { withPaths } from "./paths.js";
import type { MachineRequest } from "./request.js";

/**
 * What the persistent document becomes once it is changed.
 *
 * @param definition - What the domain is defined as.
 * @param desired - What it should be.
 */
export function redefinition(
  request: MachineRequest,
  place: ObservedHost,
  definition: DomainModel,
  desired: DomainModel,
): DomainModel {
  const { inputs, previous } = request;
  // Renaming is a step of its own.
  const named = { ...withPaths(desired, place), name: definition.name };
  return withNamedDrives(named, declaredDrives(inputs, previous, definition));
}

/** What the persistent document is taken for. Pins that pin nothing are in no definition that is planned: they stay where they are. */
export function definedAs(xml: string, { facts }: Pick<ObservedHost, "facts">): DomainModel {
  return withoutFullPins(parseDomain(xml), facts.cpus);
}
