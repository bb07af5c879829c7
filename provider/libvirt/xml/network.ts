import type { Element } from "@xmldom/xmldom";
import { parseXml, rootOf } from "./document.js";
import { attributeOf, childElement, childElements, childText, textOf } from "./element.js";
import { parseCount, requireText, withoutUndefined } from "./value.js";

/** Addresses that the network's DHCP server hands out. */
export interface DhcpRange {
  start: string;
  end: string;
}

/** An address that is reserved; identified by it. IPv6 goes by the name, for DHCPv6 knows no MAC addresses. */
export interface DhcpHost {
  /** Lower case, with colons. */
  mac?: string;
  name?: string;
  address: string;
}

/** The network's address and what is handed out beside it. */
export interface NetworkAddress {
  address: string;
  prefix: number;
  /** Undefined: no DHCP. One without ranges and hosts is the same. */
  dhcp?: { ranges: DhcpRange[]; hosts: DhcpHost[] };
}

/** Names that the network's DNS server answers for; identified by the address. */
export interface DnsHost {
  address: string;
  names: string[];
}

/** The network's DNS server. Enabled and without entries is the same as nothing said. */
export interface NetworkDns {
  enabled: boolean;
  hosts: DnsHost[];
  /** Servers that everything else is asked of; without any, those of the host. Forwarders of single domains are not modelled. */
  forwarders?: string[];
}

/** What the model owns of a `<network>`. */
export interface NetworkModel {
  name: string;
  uuid?: string;
  /** "nat", "route", "isolated", "bridge", "open", or another of libvirt's forward modes. */
  mode: string;
  /** With mode "bridge" the host's bridge; else the one that libvirt makes, and names itself ("virbr1") unless told. */
  bridge?: string;
  mtuBytes?: number;
  domainName?: string;
  ipv4?: NetworkAddress;
  ipv6?: NetworkAddress;
  dns?: NetworkDns;
}

/** The two families of addresses, as the model's properties. */
export type AddressFamily = "ipv4" | "ipv6";

/**
 * Reads what the model owns of a network's XML, live or persistent.
 * @throws XmlError when it is no `<network>` document.
 */
export function parseNetwork(xml: string): NetworkModel {
  const root = rootOf(parseXml(xml, "network"));
  return withoutUndefined({
    name: requireText(childText(root, "name"), "the network's <name>"),
    uuid: childText(root, "uuid"),
    mode: readMode(childElement(root, "forward")),
    bridge: attributeOf(childElement(root, "bridge"), "name"),
    mtuBytes: parseCount(attributeOf(childElement(root, "mtu"), "size")),
    domainName: attributeOf(childElement(root, "domain"), "name"),
    ipv4: readAddress(findAddress(root, "ipv4"), "ipv4"),
    ipv6: readAddress(findAddress(root, "ipv6"), "ipv6"),
    dns: readDns(childElement(root, "dns")),
  });
}

/** The first `<ip>` of a family, which is the one that the model describes. */
export function findAddress(root: Element, family: AddressFamily): Element | undefined {
  return childElements(root, "ip").find((ip) => (attributeOf(ip, "family") ?? "ipv4") === family);
}

/** Whether a `<forwarder>` is for all names, which is the kind that the model describes. */
export function isGeneralForwarder(forwarder: Element): boolean {
  return attributeOf(forwarder, "domain") === undefined && attributeOf(forwarder, "addr") !== undefined;
}

function readMode(forward: Element | undefined): string {
  // A <forward> without a mode means NAT, no <forward> means none.
  return forward === undefined ? "isolated" : (attributeOf(forward, "mode") ?? "nat");
}

function readAddress(ip: Element | undefined, family: AddressFamily): NetworkAddress | undefined {
  const address = attributeOf(ip, "address");
  if (ip === undefined || address === undefined) return undefined;
  const prefix =
    parseCount(attributeOf(ip, "prefix")) ??
    netmaskPrefix(attributeOf(ip, "netmask")) ??
    defaultPrefix(address, family);
  return withoutUndefined({ address, prefix, dhcp: readDhcp(childElement(ip, "dhcp")) });
}

function readDhcp(dhcp: Element | undefined): NetworkAddress["dhcp"] {
  if (dhcp === undefined) return undefined;
  const ranges = childElements(dhcp, "range").map((range) => ({
    start: attributeOf(range, "start") ?? "",
    end: attributeOf(range, "end") ?? "",
  }));
  const hosts = childElements(dhcp, "host").flatMap((host) => {
    const address = attributeOf(host, "ip");
    const mac = attributeOf(host, "mac")?.toLowerCase();
    return address === undefined ? [] : [withoutUndefined({ mac, name: attributeOf(host, "name"), address })];
  });
  return ranges.length + hosts.length === 0 ? undefined : { ranges, hosts };
}

function readDns(dns: Element | undefined): NetworkDns | undefined {
  if (dns === undefined) return undefined;
  const enabled = attributeOf(dns, "enable") !== "no";
  const hosts = childElements(dns, "host").map((host) => ({
    address: attributeOf(host, "ip") ?? "",
    names: childElements(host, "hostname").map((hostname) => textOf(hostname) ?? ""),
  }));
  const forwarders = childElements(dns, "forwarder")
    .filter(isGeneralForwarder)
    .map((forwarder) => attributeOf(forwarder, "addr") ?? "");
  if (enabled && hosts.length + forwarders.length === 0) return undefined;
  return { enabled, hosts, ...(forwarders.length === 0 ? {} : { forwarders }) };
}

function netmaskPrefix(netmask: string | undefined): number | undefined {
  const bytes = netmask?.split(".").map(Number);
  if (bytes?.length !== 4 || !bytes.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255))
    return undefined;
  const bits = bytes.map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return /^1*0*$/.test(bits) ? bits.replaceAll("0", "").length : undefined;
}

// What libvirt takes for an address alone: IPv4's historic classes, and /64.
function defaultPrefix(address: string, family: AddressFamily): number {
  if (family === "ipv6") return 64;
  const first = Number(address.split(".")[0]);
  if (first < 128) return 8;
  return first < 192 ? 16 : 24;
}
