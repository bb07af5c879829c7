import type { CrossCheck } from "../definition.js";
import { occursTwice, ofEach, ofPart, problemIf, type Rule } from "../rules.js";
import type { InterfaceInputs } from "./interface-schema.js";
import type { Inputs } from "./schema.js";

export const NO_FILTER_ON_OPEN_VSWITCH =
  "is not for Open vSwitch: libvirt has no filters there, and doesn't start a guest that is to have one";

const settingRules: readonly Rule<InterfaceInputs>[] = [
  ({ network, bridge, direct }) =>
    problemIf(
      [network, bridge, direct].filter((place) => place !== undefined).length !== 1,
      "",
      "needs one of network, bridge and direct",
    ),
  ({ portgroup, network }) =>
    problemIf(portgroup !== undefined && network === undefined, "portgroup", "needs network"),
  ({ virtualPort, bridge }) =>
    problemIf(
      virtualPort !== undefined && bridge === undefined,
      "virtualPort",
      "needs bridge: one of Open vSwitch; a network says itself how it is plugged in",
    ),
  ({ vlan, bridge, virtualPort }) =>
    problemIf(
      vlan !== undefined && bridge !== undefined && virtualPort === undefined,
      "vlan",
      'needs virtualPort { type: "openvswitch" }: an ordinary bridge gives its ports no tags',
    ),
  ({ vlan, direct }) =>
    problemIf(
      vlan !== undefined && direct !== undefined && direct.mode !== "passthrough",
      "vlan",
      'needs direct.mode "passthrough"',
    ),
  ({ filter, direct }) =>
    problemIf(
      filter !== undefined && direct !== undefined,
      "filter",
      "needs network or bridge: packets of macvtap pass no filter of the host",
    ),
  ({ filter, virtualPort }) =>
    problemIf(filter !== undefined && virtualPort !== undefined, "filter", NO_FILTER_ON_OPEN_VSWITCH),
  ({ queues, model = "virtio" }) =>
    problemIf(queues !== undefined && model !== "virtio", "queues", `needs model "virtio", not "${model}"`),
  ({ bandwidth, network }) =>
    problemIf(
      bandwidth?.inbound?.floor !== undefined && network === undefined,
      "bandwidth.inbound.floor",
      "needs network, which divides its bandwidth among its guests",
    ),
];

/** In one direction. */
interface Flow {
  average?: number | undefined;
  peak?: number | undefined;
  burst?: number | undefined;
}
const flowRules: readonly Rule<Flow>[] = [
  ...(["peak", "burst"] as const).map(
    (key): Rule<Flow> =>
      (flow) =>
        problemIf(
          flow[key] !== undefined && flow.average === undefined,
          key,
          "needs average: it is above what may flow all the time",
        ),
  ),
  ({ peak, average }) =>
    problemIf(
      peak !== undefined && average !== undefined && peak < average,
      "peak",
      `${peak} must be at least average, ${average}`,
    ),
];

/** What the settings of interfaces ask of each other. */
export const interfaceChecks: readonly CrossCheck<Inputs>[] = [
  ...ofEach("interfaces", [
    ...settingRules,
    ...ofPart("bandwidth", ofPart("inbound", flowRules)),
    ...ofPart("bandwidth", ofPart("outbound", flowRules)),
  ]),
  ({ interfaces = [] }) => occursTwice("interfaces", interfaces, ({ mac }) => mac, ".mac"),
];
