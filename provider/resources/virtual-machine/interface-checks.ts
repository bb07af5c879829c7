import type { CrossCheck } from "../definition.js";
import type { InterfaceInputs } from "./interface-schema.js";
import type { Inputs } from "./schema.js";

type Problems = ReturnType<CrossCheck<Inputs>>;

/** What the settings of interfaces ask of each other. */
export const interfaceChecks: readonly CrossCheck<Inputs>[] = [
  ({ interfaces = [] }) =>
    interfaces.flatMap(({ network, bridge, direct }, i) =>
      [network, bridge, direct].filter((place) => place !== undefined).length === 1
        ? []
        : [{ path: `interfaces[${i}]`, message: "needs one of network, bridge and direct" }],
    ),
  ({ interfaces = [] }) =>
    interfaces.flatMap((entry, i) =>
      settingProblems(entry).map(({ path, message }) => ({ path: `interfaces[${i}].${path}`, message })),
    ),
  interfacesApart,
];

function settingProblems(entry: InterfaceInputs): Problems {
  const problems: Problems = [];
  const problem = (path: string, message: string) => problems.push({ path, message });
  const { network, bridge, direct, virtualPort, model = "virtio" } = entry;
  if (entry.portgroup !== undefined && network === undefined) problem("portgroup", "needs network");
  if (virtualPort !== undefined && bridge === undefined)
    problem("virtualPort", "needs bridge: one of Open vSwitch; a network says itself how it is plugged in");
  if (entry.vlan !== undefined && bridge !== undefined && virtualPort === undefined)
    problem("vlan", 'needs virtualPort { type: "openvswitch" }: an ordinary bridge gives its ports no tags');
  if (entry.vlan !== undefined && direct !== undefined && direct.mode !== "passthrough")
    problem("vlan", 'needs direct.mode "passthrough"');
  if (entry.filter !== undefined && direct !== undefined)
    problem("filter", "needs network or bridge: packets of macvtap pass no filter of the host");
  if (entry.queues !== undefined && model !== "virtio")
    problem("queues", `needs model "virtio", not "${model}"`);
  for (const way of ["inbound", "outbound"] as const) {
    const flow: {
      average?: number | undefined;
      peak?: number | undefined;
      burst?: number | undefined;
      floor?: number | undefined;
    } = entry.bandwidth?.[way] ?? {};
    const path = `bandwidth.${way}`;
    for (const key of ["peak", "burst"] as const)
      if (flow[key] !== undefined && flow.average === undefined)
        problem(`${path}.${key}`, "needs average: it is above what may flow all the time");
    if (flow.peak !== undefined && flow.average !== undefined && flow.peak < flow.average)
      problem(`${path}.peak`, `${flow.peak} must be at least average, ${flow.average}`);
    if (flow.floor !== undefined && network === undefined)
      problem(`${path}.floor`, "needs network, which divides its bandwidth among its guests");
  }
  return problems;
}

function interfacesApart({ interfaces = [] }: Inputs): Problems {
  const seen = new Set<string>();
  return interfaces.flatMap(({ mac }, i) => {
    if (mac === undefined) return [];
    if (seen.has(mac)) return [{ path: `interfaces[${i}].mac`, message: `${mac} occurs twice` }];
    seen.add(mac);
    return [];
  });
}
