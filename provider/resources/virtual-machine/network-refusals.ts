import type { Refusal } from "../../planning/plan.js";
import type { Step } from "../../planning/step.js";
import { NO_FILTER_ON_OPEN_VSWITCH } from "./interface-checks.js";
import type { ObservedHost } from "./observed.js";
import type { MachineRequest } from "./request.js";
import type { Inputs } from "./schema.js";
import { isToBeStarted } from "./starting.js";

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

/** All of them where the guest is to be started, else those that are new. */
export function neededNetworks(
  { inputs, previous }: Pick<MachineRequest, "inputs" | "previous">,
  steps: readonly Step[],
): string[] {
  if (steps.length === 0) return [];
  const names = namesOf(inputs);
  if (isToBeStarted(steps)) return names;
  return names.filter((name) => !namesOf(previous ?? inputs).includes(name));
}

/** Networks that aren't there for interfaces. A preview can't say it of what the same deployment is going to make. */
export function missingNetworks(
  request: MachineRequest,
  { ref, networks }: Pick<ObservedHost, "ref" | "networks">,
  steps: readonly Step[],
): Refusal[] {
  if (request.chosen === undefined) return [];
  return neededNetworks(request, steps)
    .filter((name) => !networks.includes(name))
    .map((name) => ({
      kind: "missing",
      message: `network ${name} isn't there, or isn't running, on ${ref.name}; declare it there (hosts: [...]) or start it`,
    }));
}

function namesOf({ interfaces = [] }: Inputs): string[] {
  return [...new Set(interfaces.flatMap(({ network }) => network ?? []))];
}
