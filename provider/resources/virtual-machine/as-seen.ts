import { withDisksWhereFound } from "./moved-disks.js";
import type { ObservedMachine } from "./observed.js";
import { withDefaults } from "./os-defaults.js";
import type { MachineRequest } from "./request.js";

/** A request as it is to be read where the hosts are as they are: what is planned, done and explained by it has to be the same. Pure. */
export function asSeen(request: MachineRequest, observed: ObservedMachine): MachineRequest {
  return withDisksWhereFound(withDefaults(request, observed), observed);
}
