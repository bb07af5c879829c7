import {
  type Bandwidth,
  cardPlug,
  type DomainInterface,
  type FlowLimit,
  type InterfaceDifference,
  type InterfaceFilter,
  type InterfaceSource,
  type ModelDifference,
  sameValue,
  type Vlan,
} from "../../libvirt/xml/index.js";
import type { ChangeRow, RunningEffect } from "./change-row.js";
import type { RunningGuest } from "./running-guest.js";

const nic = (test: (difference: InterfaceDifference) => boolean) => {
  return (difference: ModelDifference) => difference.kind === "interface" && test(difference);
};
const property = (...names: InterfaceDifference["property"][]) =>
  nic((difference) => names.includes(difference.property));

function plugging(difference: ModelDifference, guest: RunningGuest): RunningEffect {
  if (difference.to === undefined) return guest.paused ? "nextBoot" : "live";
  if (guest.freePorts === undefined) return "live";
  const { model } = difference.to as DomainInterface;
  if (cardPlug(model) === "pci") return guest.room.hasPciBus ? "live" : "nextBoot";
  return ports(difference) <= guest.freePorts ? "live" : "nextBoot";
}

function ports({ from, to }: ModelDifference): number {
  const { model } = (to ?? from) as DomainInterface;
  if (cardPlug(model) !== "pcie") return 0;
  return to === undefined ? -1 : 1;
}

/**
 * The cable goes from one bridge of the kernel to another. From or to a device of the host or an Open vSwitch libvirt can't move it, and to another
 * portgroup of the same network it says that it has, and hasn't.
 */
function moving(difference: ModelDifference, guest: RunningGuest): RunningEffect {
  const from = difference.from as InterfaceSource;
  const to = difference.to as InterfaceSource;
  if ("network" in from && "network" in to && from.network === to.network) return "nextBoot";
  const [there, wanted] = nicIn(difference, guest);
  const isBridge = (source: InterfaceSource, nic: DomainInterface | undefined) =>
    !isOnOpenVswitch(source, nic, guest) &&
    ("network" in source ? guest.networks?.get(source.network)?.link !== "device" : "bridge" in source);
  return isBridge(from, there) && isBridge(to, wanted) ? "live" : "nextBoot";
}

/** Only Open vSwitch takes another tag for a port that is in use; one of a network to which the interface has yet to go comes with it. */
function retagging(difference: ModelDifference, guest: RunningGuest): RunningEffect {
  const [there, wanted] = nicIn(difference, guest);
  if (there === undefined || !sameValue(there.source, wanted?.source)) return "nextBoot";
  return isOnOpenVswitch(there.source, there, guest) ? "live" : "nextBoot";
}

/** The interface as the guest has it, and as it should be. */
function nicIn(difference: ModelDifference, { live, to }: RunningGuest): (DomainInterface | undefined)[] {
  const mac = difference.kind === "interface" ? difference.mac : "";
  return [live, to].map(({ interfaces }) => interfaces.find((other) => other.mac === mac));
}

function isOnOpenVswitch(
  source: InterfaceSource,
  nic: DomainInterface | undefined,
  { networks }: RunningGuest,
): boolean {
  const link = "network" in source ? networks?.get(source.network)?.link : undefined;
  return nic?.virtualPort?.type === "openvswitch" || link === "openVswitch";
}

export const interfaceRows: readonly ChangeRow[] = [
  {
    input: "`interfaces`, added or taken away, `interfaces[].mac`",
    property: property(undefined),
    effect: plugging,
    ports,
    running: "live; at its next boot without a free PCIe port",
    note: "a card with another MAC address is another card",
    warning: ({ to }) => (to === undefined ? "the guest loses it" : undefined),
  },
  {
    input: "`interfaces[]`: `network`, `portgroup`, `bridge`, `direct`",
    property: property("source"),
    effect: moving,
    running:
      "live between networks and bridges: the cable moves, the card stays; at its next boot from or to Open vSwitch and macvtap, and to another portgroup",
    warning: () => "the guest is in another network then",
  },
  {
    input: "interfaces[].link",
    property: property("link"),
    effect: "live",
    warning: ({ to }) => (to === "down" ? "the guest loses its link" : undefined),
  },
  {
    input: "interfaces[].bandwidth",
    property: property("bandwidth"),
    effect: "live",
    show: (value) => showBandwidth(value as Bandwidth),
  },
  {
    input: "interfaces[].filter",
    property: property("filter"),
    effect: "live",
    show: (value) => showFilter(value as InterfaceFilter),
  },
  {
    input: "interfaces[].vlan",
    property: property("vlan"),
    effect: retagging,
    running: "live on Open vSwitch; else at its next boot",
    note: "taken away, the network's are its",
    show: (value) => (value as Vlan).tags.join(", "),
  },
  {
    input: "`interfaces[]`: `model`, `mtu`, `queues`, `virtualPort`, `trustGuestRxFilters`, `bootOrder`",
    property: nic(() => true),
    effect: "nextBoot",
  },
];

function showBandwidth({ inbound, outbound }: Bandwidth): string {
  const flow = (way: string, limit: FlowLimit | undefined) =>
    limit === undefined
      ? []
      : [
          [
            `${way} ${limit.averageKilobytesPerSecond ?? 0} kB/s`,
            ...(limit.peakKilobytesPerSecond === undefined
              ? []
              : [`peak ${limit.peakKilobytesPerSecond} kB/s`]),
            ...(limit.burstKibibytes === undefined ? [] : [`burst ${limit.burstKibibytes} KiB`]),
            ...(limit.floorKilobytesPerSecond === undefined
              ? []
              : [`at least ${limit.floorKilobytesPerSecond} kB/s`]),
          ].join(", "),
        ];
  return [...flow("in", inbound), ...flow("out", outbound)].join("; ");
}

function showFilter({ name, parameters }: InterfaceFilter): string {
  if (parameters.length === 0) return name;
  return `${name} (${parameters.map((parameter) => `${parameter.name} ${parameter.value}`).join(", ")})`;
}
