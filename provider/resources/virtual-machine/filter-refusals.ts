import type { Refusal } from "../../planning/plan.js";
import { NO_FILTER_ON_OPEN_VSWITCH } from "./interface-checks.js";
import type { ObservedHost } from "./observed.js";
import type { Inputs } from "./schema.js";

/** libvirt takes such a definition, and refuses the guest's next start. */
export function filterRefusals(
  { interfaces = [] }: Inputs,
  { openVswitchNetworks = [] }: Pick<ObservedHost, "openVswitchNetworks">,
): Refusal[] {
  return interfaces.flatMap(({ filter, network }, i): Refusal[] =>
    filter !== undefined && network !== undefined && openVswitchNetworks.includes(network)
      ? [{ kind: "notSupported", message: `interfaces[${i}].filter: ${NO_FILTER_ON_OPEN_VSWITCH}` }]
      : [],
  );
}
