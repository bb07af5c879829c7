import type { HostFacts } from "../../hosts/facts.js";
import type { NetworkRecord } from "../../libvirt/index.js";
import {
  type InterfaceProperty,
  type NetworkModel,
  parseNetwork,
  type Vlan,
} from "../../libvirt/xml/index.js";
import { readOnce } from "../../planning/read-once.js";
import { linkKindOf, vlanFor } from "../network/attached.js";
import { isOlder } from "../version.js";

/** What a network is to the interfaces in it. */
export interface NetworkTraits {
  /** By what interfaces are plugged in; what libvirt can do with one while its VM runs depends on it. */
  link: "linuxBridge" | "openVswitch" | "device";
  /** Properties that its interfaces have from it where they say nothing themselves. */
  gives: readonly InterfaceProperty[];
  /** The VLANs of one that has none of its own, as long as the network runs as it does. */
  vlanOf(portgroup: string | undefined): Vlan | undefined;
}

/** Reads a network's document. */
export const networkTraits = readOnce(({ xml, liveXml }: NetworkRecord): NetworkTraits => {
  const model = parseNetwork(xml);
  const live = liveXml === undefined ? model : parseNetwork(liveXml);
  return {
    link: linkKindOf(model),
    gives: givenBy(model, xml),
    vlanOf: (portgroup) => vlanFor({ portgroup }, live),
  };
});

/** libvirt filters VLANs on ordinary bridges, too, since then. */
const BRIDGES_TAKE_VLANS_SINCE = "11.0.0";

/** Whether libvirt can give a network's interfaces VLANs of their own. */
export function takesVlans(
  network: NetworkRecord,
  { libvirtVersion }: Pick<HostFacts, "libvirtVersion">,
): boolean {
  const { link, gives } = networkTraits(network);
  if (link === "openVswitch" || gives.includes("virtualPort")) return true;
  if (link === "linuxBridge") return !isOlder(libvirtVersion, BRIDGES_TAKE_VLANS_SINCE);
  return /<forward\b[^>]*\bmode=["'](passthrough|hostdev)["']/.test(network.xml);
}

function givenBy(model: NetworkModel, xml: string): InterfaceProperty[] {
  const gives: InterfaceProperty[] = [];
  if (model.vlan !== undefined || model.portgroups?.some(({ vlan }) => vlan !== undefined))
    gives.push("vlan");
  if (/<virtualport\b/.test(xml)) gives.push("virtualPort");
  // A portgroup's; that of a network is for all of its interfaces together.
  if (/<portgroup\b.*<bandwidth\b.*<\/portgroup>/s.test(xml)) gives.push("bandwidth");
  if (model.mtuBytes !== undefined) gives.push("mtu");
  if (/\btrustGuestRxFilters=/.test(xml)) gives.push("trustGuestRxFilters");
  return gives;
}
