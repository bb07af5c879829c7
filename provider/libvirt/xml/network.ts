import type { Element } from "@xmldom/xmldom";
import { attributeOf, childElement, childText } from "./element.js";
import {
  type AddressFamily,
  familyOf,
  findAddress,
  findMoreAddresses,
  type HostAddress,
  type NetworkAddress,
  type NetworkRoute,
  readAddress,
  readHostAddress,
  readRoutes,
} from "./network-address.js";
import { type NetworkDns, readDns } from "./network-dns.js";
import { type NatModel, readDevices, readMode, readNat } from "./network-forward.js";
import { type Portgroup, readPortgroups, readVlan, type Vlan } from "./network-vlan.js";
import { readXml } from "./read-xml.js";
import { parseCount, requireText, withoutUndefined } from "./value.js";

/** What the model owns of a `<network>`. */
export interface NetworkModel {
  name: string;
  uuid?: string;
  /** "nat", "route", "isolated", "open", "bridge", or another of libvirt's forward modes. Without a bridge "bridge" is a mode of macvtap. */
  mode: string;
  /** Devices of the host through which packets leave; of macvtap those that guests are put on. */
  devices?: string[];
  nat?: NatModel;
  /** With mode "bridge" the host's bridge; else the one that libvirt makes, and names itself ("virbr1") unless told. */
  bridge?: string;
  /** Spanning tree on the bridge that libvirt makes. */
  stp?: boolean;
  /** How long that bridge listens before it forwards. */
  delaySeconds?: number;
  mtuBytes?: number;
  /** Of that bridge; libvirt draws one unless told. */
  mac?: string;
  domainName?: string;
  /** Names of the domain are never asked of other servers. */
  domainLocalOnly?: true;
  /** "openvswitch", or another kind. */
  virtualPort?: string;
  vlan?: Vlan;
  portgroups?: Portgroup[];
  ipv4?: NetworkAddress;
  ipv6?: NetworkAddress;
  /** Further addresses of both families. Only together with one of their family. */
  moreAddresses?: HostAddress[];
  routes?: NetworkRoute[];
  dns?: NetworkDns;
}

/**
 * Reads what the model owns of a network's XML, live or persistent.
 * @throws XmlError when it is no `<network>` document.
 */
export function parseNetwork(xml: string): NetworkModel {
  const root = readXml(xml, "network");
  const forward = childElement(root, "forward");
  const bridge = childElement(root, "bridge");
  const domain = childElement(root, "domain");
  const stp = attributeOf(bridge, "stp");
  return withoutUndefined({
    name: requireText(childText(root, "name"), "the network's <name>"),
    uuid: childText(root, "uuid"),
    mode: readMode(forward),
    devices: readDevices(forward),
    nat: readNat(forward),
    bridge: attributeOf(bridge, "name"),
    stp: stp === undefined ? undefined : stp === "on",
    delaySeconds: parseCount(attributeOf(bridge, "delay")),
    mtuBytes: parseCount(attributeOf(childElement(root, "mtu"), "size")),
    mac: attributeOf(childElement(root, "mac"), "address")?.toLowerCase(),
    domainName: attributeOf(domain, "name"),
    domainLocalOnly: attributeOf(domain, "localOnly") === "yes" ? (true as const) : undefined,
    virtualPort: attributeOf(childElement(root, "virtualport"), "type"),
    vlan: readVlan(root),
    portgroups: readPortgroups(root),
    ipv4: readAddress(findAddress(root, "ipv4"), "ipv4"),
    ipv6: readAddress(findAddress(root, "ipv6"), "ipv6"),
    moreAddresses: readMoreAddresses(root),
    routes: readRoutes(root),
    dns: readDns(childElement(root, "dns")),
  });
}

function readMoreAddresses(root: Element): HostAddress[] | undefined {
  const found = findMoreAddresses(root).flatMap((ip) => {
    const family: AddressFamily = familyOf(attributeOf(ip, "address") ?? "");
    return readHostAddress(ip, family) ?? [];
  });
  return found.length === 0 ? undefined : found;
}
