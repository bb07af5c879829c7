import { newDocument, rootOf } from "./document.js";
import { fill, type Sketch, sketch } from "./element.js";
import { type Marks, setMarks } from "./metadata.js";
import type { NetworkModel } from "./network.js";
import {
  type DhcpHost,
  type DhcpRange,
  sketchAddress,
  sketchDhcpHost,
  sketchDhcpRange,
  sketchRoute,
} from "./network-address.js";
import {
  type DnsHost,
  type DnsService,
  type DnsText,
  sketchDns,
  sketchDnsHost,
  sketchDnsService,
  sketchDnsText,
} from "./network-dns.js";
import { sketchDevice, sketchForward } from "./network-forward.js";
import { type Portgroup, sketchPortgroup, sketchVlan } from "./network-vlan.js";
import { serialize } from "./serialize.js";

/**
 * Writes the definition of a new network.
 * @param marks - Our records that go into `<metadata>`, which networks keep when they are defined and updated.
 * @throws XmlError "forbiddenCharacter" when XML can't carry a string.
 */
export function buildNetwork(network: NetworkModel, marks: Marks = {}): string {
  const document = newDocument("network");
  fill(document, rootOf(document), sketchNetwork(network), 0);
  setMarks(rootOf(document), marks);
  return serialize(document);
}

function sketchNetwork(network: NetworkModel): Sketch {
  const { name, uuid, mode, devices, nat, mtuBytes, mac, vlan, virtualPort, ipv4, ipv6, dns } = network;
  return sketch("network", {}, [
    sketch("name", {}, name),
    uuid === undefined ? undefined : sketch("uuid", {}, uuid),
    sketchForward(mode, devices, nat),
    sketchBridge(network),
    mtuBytes === undefined ? undefined : sketch("mtu", { size: String(mtuBytes) }),
    mac === undefined ? undefined : sketch("mac", { address: mac }),
    sketchDomain(network),
    dns && sketchDns(dns),
    vlan && sketchVlan(vlan),
    ipv4 && sketchAddress(ipv4, "ipv4"),
    ipv6 && sketchAddress(ipv6, "ipv6"),
    ...(network.moreAddresses ?? []).map((address) => sketchAddress(address)),
    ...(network.routes ?? []).map(sketchRoute),
    virtualPort === undefined ? undefined : sketch("virtualport", { type: virtualPort }),
    ...(network.portgroups ?? []).map(sketchPortgroup),
  ]);
}

function sketchBridge({ bridge, stp, delaySeconds }: NetworkModel): Sketch | undefined {
  if (bridge === undefined && stp === undefined && delaySeconds === undefined) return undefined;
  return sketch("bridge", {
    name: bridge,
    stp: stp === undefined ? undefined : stp ? "on" : "off",
    delay: delaySeconds?.toString(),
  });
}

function sketchDomain({ domainName, domainLocalOnly }: NetworkModel): Sketch | undefined {
  if (domainName === undefined) return undefined;
  return sketch("domain", { name: domainName, localOnly: domainLocalOnly ? "yes" : undefined });
}

/** One entry of a network, as net-update takes it. */
export type NetworkEntry =
  | { dhcpRange: DhcpRange }
  | { dhcpHost: DhcpHost }
  | { dnsHost: DnsHost }
  | { dnsText: DnsText }
  | { dnsService: DnsService }
  | { portgroup: Portgroup }
  | { device: string };

/** The XML of one entry, as net-update takes it. */
export function buildNetworkEntry(entry: NetworkEntry): string {
  const made = sketchEntry(entry);
  const document = newDocument(made.name);
  fill(document, rootOf(document), made, 0);
  return serialize(document);
}

function sketchEntry(entry: NetworkEntry): Sketch {
  if ("dhcpRange" in entry) return sketchDhcpRange(entry.dhcpRange);
  if ("dhcpHost" in entry) return sketchDhcpHost(entry.dhcpHost);
  if ("dnsHost" in entry) return sketchDnsHost(entry.dnsHost);
  if ("dnsText" in entry) return sketchDnsText(entry.dnsText);
  if ("dnsService" in entry) return sketchDnsService(entry.dnsService);
  if ("portgroup" in entry) return sketchPortgroup(entry.portgroup);
  return sketchDevice(entry.device);
}
