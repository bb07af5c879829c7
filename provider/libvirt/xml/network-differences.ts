import type { AddressFamily, DhcpHost, DhcpRange, DnsHost, NetworkAddress, NetworkModel } from "./network.js";
import { sameValue } from "./value.js";

/**
 * One thing in which two networks differ. The lists go entry by entry, as net-update takes them: an entry that is in
 * one of them only has no `from` or no `to`. `path` is for people: "mtuBytes", "ipv4.dhcp.hosts[10.0.0.5]".
 */
export type NetworkDifference =
  | { kind: "property"; property: NetworkProperty; path: string; from: PropertyValue; to: PropertyValue }
  | { kind: "address"; family: AddressFamily; path: string; from?: NetworkAddress; to?: NetworkAddress }
  | {
      kind: "addressProperty";
      family: AddressFamily;
      property: "address" | "prefix";
      path: string;
      from: PropertyValue;
      to: PropertyValue;
    }
  | { kind: "dhcpRange"; family: AddressFamily; path: string; from?: DhcpRange; to?: DhcpRange }
  | { kind: "dhcpHost"; family: AddressFamily; path: string; from?: DhcpHost; to?: DhcpHost }
  | { kind: "dnsEnabled"; path: string; from: boolean; to: boolean }
  | { kind: "dnsHost"; path: string; from?: DnsHost; to?: DnsHost }
  | { kind: "dnsForwarders"; path: string; from: string[]; to: string[] };

export type NetworkProperty = Exclude<keyof NetworkModel, "ipv4" | "ipv6" | "dns">;
type PropertyValue = string | number | undefined;

// The record makes the compiler notice a property of the model that is forgotten here.
const networkProperties: Record<NetworkProperty, true> = {
  name: true,
  uuid: true,
  mode: true,
  bridge: true,
  mtuBytes: true,
  domainName: true,
};

/** All differences of two networks but for the order of their DHCP and DNS entries. */
export function describeNetworkDifferences(from: NetworkModel, to: NetworkModel): NetworkDifference[] {
  const properties = (Object.keys(networkProperties) as NetworkProperty[])
    .filter((property) => from[property] !== to[property])
    .map(
      (property): NetworkDifference => ({
        kind: "property",
        property,
        path: property,
        from: from[property],
        to: to[property],
      }),
    );
  return [
    ...properties,
    ...compareAddresses("ipv4", from.ipv4, to.ipv4),
    ...compareAddresses("ipv6", from.ipv6, to.ipv6),
    ...compareDns(from, to),
  ];
}

function compareAddresses(
  family: AddressFamily,
  from: NetworkAddress | undefined,
  to: NetworkAddress | undefined,
): NetworkDifference[] {
  if (from === undefined || to === undefined) {
    return from === to ? [] : [{ kind: "address", family, path: family, ...sides(from, to) }];
  }
  const plain = (["address", "prefix"] as const)
    .filter((property) => from[property] !== to[property])
    .map(
      (property): NetworkDifference => ({
        kind: "addressProperty",
        family,
        property,
        path: `${family}.${property}`,
        from: from[property],
        to: to[property],
      }),
    );
  const ranges = compareEntries(from.dhcp?.ranges, to.dhcp?.ranges, rangeKey).map(
    ({ key, ...change }): NetworkDifference => ({
      kind: "dhcpRange",
      family,
      path: `${family}.dhcp.ranges[${key}]`,
      ...change,
    }),
  );
  const hosts = compareEntries(from.dhcp?.hosts, to.dhcp?.hosts, (host) => host.address).map(
    ({ key, ...change }): NetworkDifference => ({
      kind: "dhcpHost",
      family,
      path: `${family}.dhcp.hosts[${key}]`,
      ...change,
    }),
  );
  return [...plain, ...ranges, ...hosts];
}

function compareDns(from: NetworkModel, to: NetworkModel): NetworkDifference[] {
  const [before, after] = [from.dns ?? emptyDns, to.dns ?? emptyDns];
  const differences: NetworkDifference[] = compareEntries(
    before.hosts,
    after.hosts,
    (host) => host.address,
  ).map(({ key, ...change }) => ({ kind: "dnsHost", path: `dns.hosts[${key}]`, ...change }));
  if (before.enabled !== after.enabled) {
    differences.push({ kind: "dnsEnabled", path: "dns.enabled", from: before.enabled, to: after.enabled });
  }
  const [old, wanted] = [before.forwarders ?? [], after.forwarders ?? []];
  if (!sameValue(old, wanted)) {
    differences.push({ kind: "dnsForwarders", path: "dns.forwarders", from: old, to: wanted });
  }
  return differences;
}

const emptyDns = { enabled: true, hosts: [], forwarders: undefined };

/** What tells DHCP ranges apart. */
export function rangeKey(range: DhcpRange): string {
  return `${range.start}-${range.end}`;
}

function compareEntries<T extends object>(
  from: readonly T[] = [],
  to: readonly T[] = [],
  keyOf: (entry: T) => string,
): { key: string; from?: T; to?: T }[] {
  const before = new Map(from.map((entry) => [keyOf(entry), entry]));
  const after = new Map(to.map((entry) => [keyOf(entry), entry]));
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => !sameValue(before.get(key), after.get(key)))
    .map((key) => ({ key, ...sides(before.get(key), after.get(key)) }));
}

function sides<T>(from: T | undefined, to: T | undefined): { from?: T; to?: T } {
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}
