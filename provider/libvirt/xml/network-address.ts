import type { Element } from "@xmldom/xmldom";
import { parseXml, rootOf } from "./document.js";
import { attributeOf, childElement, childElements, type Sketch, sketch } from "./element.js";
import { parseCount, withoutUndefined } from "./value.js";

/** Addresses that the network's DHCP server hands out. */
export interface DhcpRange {
  start: string;
  end: string;
  /** How long an address is lent; 0: for good. Undefined: as dnsmasq has it, an hour (IPv6: too). */
  leaseSeconds?: number;
}

/** An address that is reserved; identified by it. DHCPv6 knows no MAC addresses: there it goes by DUID or name. */
export interface DhcpHost {
  /** Lower case, with colons. */
  mac?: string;
  /** Lower case, with colons. */
  duid?: string;
  name?: string;
  address: string;
  leaseSeconds?: number;
}

/** An address of the host in the network. */
export interface HostAddress {
  address: string;
  prefix: number;
}

/** The network's address and what is handed out beside it. */
export interface NetworkAddress extends HostAddress {
  /** Undefined: no DHCP. One without ranges and hosts is the same. */
  dhcp?: { ranges: DhcpRange[]; hosts: DhcpHost[] };
}

/** A way to addresses behind a guest. */
export interface NetworkRoute extends HostAddress {
  gateway: string;
  metric?: number;
}

/** The two families of addresses, as the model's properties. */
export type AddressFamily = "ipv4" | "ipv6";

/** The family of an address, which only has to be told from the other. */
export function familyOf(address: string): AddressFamily {
  return address.includes(":") ? "ipv6" : "ipv4";
}

/** The `<ip>` that the model describes as the one of its family: that with DHCP, which libvirt takes in one only, else the first. */
export function findAddress(root: Element, family: AddressFamily): Element | undefined {
  const all = childElements(root, "ip").filter((ip) => (attributeOf(ip, "family") ?? "ipv4") === family);
  return all.find((ip) => readDhcp(childElement(ip, "dhcp")) !== undefined) ?? all[0];
}

/** The others of both families. */
export function findMoreAddresses(root: Element): Element[] {
  const described = [findAddress(root, "ipv4"), findAddress(root, "ipv6")];
  return childElements(root, "ip").filter(
    (ip) => !described.includes(ip) && attributeOf(ip, "address") !== undefined,
  );
}

/** Where an `<ip>` stands among all of the document, which is how net-update is told in which to look. */
export function addressIndex(xml: string, family: AddressFamily): number | undefined {
  const root = rootOf(parseXml(xml, "network"));
  const ip = findAddress(root, family);
  return ip === undefined ? undefined : childElements(root, "ip").indexOf(ip);
}

/** Reads an `<ip>`. */
export function readAddress(ip: Element | undefined, family: AddressFamily): NetworkAddress | undefined {
  const host = readHostAddress(ip, family);
  return host && withoutUndefined({ ...host, dhcp: readDhcp(childElement(ip, "dhcp")) });
}

/** Reads the address of an `<ip>` alone. */
export function readHostAddress(ip: Element | undefined, family: AddressFamily): HostAddress | undefined {
  const address = attributeOf(ip, "address");
  return address === undefined ? undefined : { address, prefix: readPrefix(ip, address, family) };
}

/** Reads the `<route>` elements. */
export function readRoutes(root: Element): NetworkRoute[] | undefined {
  const routes = childElements(root, "route").map((route) => {
    const address = attributeOf(route, "address") ?? "";
    return withoutUndefined({
      address,
      prefix: readPrefix(route, address, familyOf(address)),
      gateway: attributeOf(route, "gateway") ?? "",
      metric: parseCount(attributeOf(route, "metric")),
    });
  });
  return routes.length === 0 ? undefined : routes;
}

/** An `<ip>`. */
export function sketchAddress(made: NetworkAddress, family: AddressFamily = familyOf(made.address)): Sketch {
  const { address, prefix, dhcp } = made;
  return sketch("ip", { family: familyAttribute(family), address, prefix: String(prefix) }, [
    dhcp === undefined || dhcp.ranges.length + dhcp.hosts.length === 0
      ? undefined
      : sketch("dhcp", {}, [...dhcp.ranges.map(sketchDhcpRange), ...dhcp.hosts.map(sketchDhcpHost)]),
  ]);
}

/** A `<range>`, which is also what net-update takes for one. */
export function sketchDhcpRange(range: DhcpRange): Sketch {
  return sketch("range", { start: range.start, end: range.end }, [sketchLease(range.leaseSeconds)]);
}

/** A `<host>` of DHCP, which is also what net-update takes for one. */
export function sketchDhcpHost(host: DhcpHost): Sketch {
  return sketch("host", { mac: host.mac, id: host.duid, name: host.name, ip: host.address }, [
    sketchLease(host.leaseSeconds),
  ]);
}

/** A `<route>`. */
export function sketchRoute({ address, prefix, gateway, metric }: NetworkRoute): Sketch {
  return sketch("route", {
    family: familyAttribute(familyOf(address)),
    address,
    prefix: String(prefix),
    gateway,
    metric: metric?.toString(),
  });
}

/** How long a `<range>` or `<host>` lends its addresses. */
export function readLeaseSeconds(entry: Element): number | undefined {
  const lease = childElement(entry, "lease");
  const expiry = parseCount(attributeOf(lease, "expiry"));
  if (expiry === undefined) return undefined;
  const unit = attributeOf(lease, "unit") ?? "minutes";
  return expiry * (unit === "seconds" ? 1 : unit === "hours" ? 3600 : 60);
}

/** The `<lease>` of a `<range>` or `<host>`. */
export function sketchLease(seconds: number | undefined): Sketch | undefined {
  if (seconds === undefined) return undefined;
  return sketch("lease", { expiry: String(seconds), unit: seconds === 0 ? undefined : "seconds" });
}

// libvirt takes an address without a family for one of IPv4.
function familyAttribute(family: AddressFamily): string | undefined {
  return family === "ipv6" ? family : undefined;
}

function readDhcp(dhcp: Element | undefined): NetworkAddress["dhcp"] {
  if (dhcp === undefined) return undefined;
  const ranges = childElements(dhcp, "range").map((range) =>
    withoutUndefined({
      start: attributeOf(range, "start") ?? "",
      end: attributeOf(range, "end") ?? "",
      leaseSeconds: readLeaseSeconds(range),
    }),
  );
  const hosts = childElements(dhcp, "host").flatMap((host) => {
    const address = attributeOf(host, "ip");
    if (address === undefined) return [];
    return [
      withoutUndefined({
        mac: attributeOf(host, "mac")?.toLowerCase(),
        duid: attributeOf(host, "id")?.toLowerCase(),
        name: attributeOf(host, "name"),
        address,
        leaseSeconds: readLeaseSeconds(host),
      }),
    ];
  });
  return ranges.length + hosts.length === 0 ? undefined : { ranges, hosts };
}

function readPrefix(element: Element | undefined, address: string, family: AddressFamily): number {
  return (
    parseCount(attributeOf(element, "prefix")) ??
    netmaskPrefix(attributeOf(element, "netmask")) ??
    defaultPrefix(address, family)
  );
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
