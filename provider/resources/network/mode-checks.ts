import type { CrossCheck } from "../definition.js";
import { occursTwice, problemIf } from "../rules.js";
import { hasOwnBridge, type Inputs, type Mode } from "./schema.js";

const own: readonly Mode[] = ["nat", "route", "open", "isolated"];

/** The modes for which an input is; the others say why not. */
const modesOf = {
  bridge: [...own, "bridge", "ovs"],
  stp: own,
  forwardDelay: own,
  mac: own,
  forwardDevice: ["nat", "route", "macvtap"],
  forwardDevices: ["macvtap"],
  macvtapMode: ["macvtap"],
  nat: ["nat"],
  cidr: own,
  dhcp: own,
  ipv6: own,
  addresses: own,
  routes: own,
  dns: own,
  domain: own,
  vlan: ["macvtap", "ovs"],
  portgroups: ["macvtap", "ovs"],
  mtu: own,
} as const satisfies Partial<Record<keyof Inputs, readonly Mode[]>>;

type Bound = keyof typeof modesOf;

/** Inputs that the mode has no use for, and those that it can't do without. */
export const modeChecks: readonly CrossCheck<Inputs>[] = [
  ({ mode, bridge }) =>
    problemIf(
      mode === "bridge" && bridge === undefined,
      "bridge",
      'is missing: mode "bridge" needs the name of a bridge that exists on the hosts',
    ),
  ({ mode, bridge }) =>
    problemIf(
      mode === "ovs" && bridge === undefined,
      "bridge",
      'is missing: mode "ovs" needs the name of an Open vSwitch bridge that exists on the hosts',
    ),
  ({ mode, forwardDevice, forwardDevices }) =>
    problemIf(
      mode === "macvtap" && forwardDevice === undefined && forwardDevices === undefined,
      "forwardDevice",
      'is missing: mode "macvtap" needs the device of the hosts that guests are put on, such as eth0',
    ),
  ({ mode, forwardDevice, forwardDevices }) =>
    problemIf(
      mode === "macvtap" && forwardDevice !== undefined && forwardDevices !== undefined,
      "forwardDevices",
      "says the same as forwardDevice; give one or the other",
    ),
  ({ mode, forwardDevices = [] }) =>
    mode === "macvtap" ? occursTwice("forwardDevices", forwardDevices, (name) => name) : [],
  ...(Object.keys(modesOf) as Bound[]).map(
    (key): CrossCheck<Inputs> =>
      (inputs) => {
        const { mode } = inputs;
        const isGiven = inputs[key] !== undefined && inputs[key] !== false;
        return problemIf(
          isGiven && !(modesOf[key] as readonly Mode[]).includes(mode),
          key,
          `is not for mode ${JSON.stringify(mode)}: ${whyNot(key, mode)}`,
        );
      },
  ),
  ({ mode, cidr, ipv6, addresses, adopt }) => {
    // A network that is taken over may have an address that the program doesn't mention.
    if ((mode !== "nat" && mode !== "route" && mode !== "open") || adopt === true) return [];
    return problemIf(
      cidr === undefined && ipv6 === undefined && (addresses ?? []).length === 0,
      "cidr",
      `is missing: mode ${JSON.stringify(mode)} needs the host's address in the network, such as 10.10.0.1/24`,
    );
  },
  (inputs) => problemIf(sharesDevice(inputs) && inputs.vlan !== undefined, "vlan", NEEDS_PASSTHROUGH),
  (inputs) =>
    sharesDevice(inputs)
      ? (inputs.portgroups ?? []).flatMap(({ vlan }, i) =>
          problemIf(vlan !== undefined, `portgroups[${i}].vlan`, NEEDS_PASSTHROUGH),
        )
      : [],
];

const NEEDS_PASSTHROUGH = `needs macvtapMode "passthrough": only a device that a guest has to itself takes VLANs from libvirt`;

function sharesDevice({ mode, macvtapMode }: Inputs): boolean {
  return mode === "macvtap" && macvtapMode !== "passthrough";
}

function whyNot(key: Bound, mode: Mode): string {
  switch (key) {
    case "bridge":
      return "guests are put on a device, by forwardDevice";
    case "forwardDevice":
      if (mode === "isolated") return "nothing leaves it";
      if (mode === "open") return "which way packets leave is up to the host";
      return "the bridge decides which way packets leave";
    case "forwardDevices":
      return mode === "nat" || mode === "route"
        ? "one device at most, as forwardDevice"
        : 'they are those of mode "macvtap"';
    case "macvtapMode":
      return 'it says how guests share a device in mode "macvtap"';
    case "nat":
      return "addresses aren't translated";
    case "vlan":
    case "portgroups":
      return hasOwnBridge(mode)
        ? "the bridge that libvirt makes knows no VLANs; make one with Open vSwitch"
        : "libvirt sets VLANs with Open vSwitch only; give each VLAN a bridge of its own";
    default:
      return `addresses, names and packet sizes are those of the ${mode === "macvtap" ? "device" : "bridge"}`;
  }
}
