import type { Refusal } from "../../planning/plan.js";
import { NO_FILTER_ON_OPEN_VSWITCH } from "./interface-checks.js";
import type { ObservedHost } from "./observed.js";
import type { Inputs } from "./schema.js";

/** What the host's networks can't do for interfaces: libvirt takes such a definition, and refuses the guest's next start. */
export function networkRefusals(
  { interfaces = [] }: Inputs,
  {
    openVswitchNetworks = [],
    untaggedNetworks = [],
  }: Pick<ObservedHost, "openVswitchNetworks" | "untaggedNetworks">,
): Refusal[] {
  return interfaces.flatMap(({ filter, vlan, network }, i): Refusal[] => {
    if (network === undefined) return [];
    const problems: string[] = [];
    if (filter !== undefined && openVswitchNetworks.includes(network))
      problems.push(`filter: ${NO_FILTER_ON_OPEN_VSWITCH}`);
    if (vlan !== undefined && untaggedNetworks.includes(network))
      problems.push(
        `vlan: is not for network ${network}: libvirt gives VLANs on Open vSwitch, and where a guest has a device to itself, and doesn't start a guest with one elsewhere; use a network of mode "ovs", or give each VLAN a bridge of its own`,
      );
    return problems.map((problem) => ({ kind: "notSupported", message: `interfaces[${i}].${problem}` }));
  });
}
