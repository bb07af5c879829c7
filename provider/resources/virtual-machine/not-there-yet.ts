import type { Plan } from "../../planning/plan.js";
import { neededNetworks } from "./network-refusals.js";
import type { ObservedHost } from "./observed.js";
import type { MachineRequest } from "./request.js";

/**
 * Pools and networks that a preview finds neither on the host nor in the program. What is referred to as a resource was declared before; what is
 * only named may be declared yet, so that nothing is refused for it.
 */
export function warnOfWhatIsNotThere(
  request: MachineRequest,
  { ref, pools, networks, declared }: Pick<ObservedHost, "ref" | "pools" | "networks" | "declared">,
  plan: Plan,
): void {
  if (request.chosen !== undefined || declared === undefined || plan.refusals.length > 0) return;
  const used = plan.steps.flatMap((step) =>
    step.kind === "createVolume" || step.kind === "writeMedium" ? [step.pool] : [],
  );
  const lacking = [
    ...[...new Set(used)]
      .filter((name) => !pools.some((pool) => pool.name === name && pool.active))
      .map((name) => `storage pool ${name}`),
    ...neededNetworks(request, plan.steps)
      .filter((name) => !networks.includes(name))
      .map((name) => `network ${name}`),
  ];
  for (const what of lacking)
    if (!declared.has(what))
      plan.warnings.push(
        `${what} isn't there, or isn't running, on ${ref.name} as yet; "pulumi up" is refused unless it is by then`,
      );
}
