import type { NetworkModel } from "./network.js";
import type {
  AddressFamily,
  DhcpHost,
  DhcpRange,
  HostAddress,
  NetworkAddress,
  NetworkRoute,
} from "./network-address.js";
import { type DnsForwarder, type DnsHost, type DnsService, type DnsText, unsaidDns } from "./network-dns.js";
import type { NatModel } from "./network-forward.js";
import type { Portgroup, Vlan } from "./network-vlan.js";
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
  | { kind: "moreAddress"; path: string; from?: HostAddress; to?: HostAddress }
  | { kind: "routes"; path: string; from?: NetworkRoute[]; to?: NetworkRoute[] }
  | { kind: "device"; path: string; from?: string; to?: string }
  | { kind: "nat"; path: string; from?: NatModel; to?: NatModel }
  | { kind: "vlan"; path: string; from?: Vlan; to?: Vlan }
  | { kind: "portgroup"; path: string; from?: Portgroup; to?: Portgroup }
  | { kind: "dnsEnabled"; path: string; from: boolean; to: boolean }
  | { kind: "dnsHost"; path: string; from?: DnsHost; to?: DnsHost }
  | { kind: "dnsText"; path: string; from?: DnsText; to?: DnsText }
  | { kind: "dnsService"; path: string; from?: DnsService; to?: DnsService }
  | { kind: "dnsForwarders"; path: string; from?: DnsForwarder[]; to?: DnsForwarder[] };

// The record makes the compiler notice a property of the model that is forgotten here.
const networkProperties: Record<NetworkProperty, true> = {
  name: true,
  uuid: true,
  mode: true,
  bridge: true,
  stp: true,
  delaySeconds: true,
  mtuBytes: true,
  mac: true,
  domainName: true,
  domainLocalOnly: true,
  virtualPort: true,
};

export type NetworkProperty = Exclude<
  keyof NetworkModel,
  "devices" | "nat" | "vlan" | "portgroups" | "ipv4" | "ipv6" | "moreAddresses" | "routes" | "dns"
>;
type PropertyValue = string | number | boolean | undefined;

/** All differences of two networks but for the order of the entries of their lists. */
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
  const more = compareEntries(from.moreAddresses, to.moreAddresses, addressKey).map(
    ({ key, ...change }) => ({ kind: "moreAddress", path: `moreAddresses[${key}]`, ...change }) as const,
  );
  return [
    ...properties,
    ...compareLink(from, to),
    // What goes first, what comes last: else it would be taken for the one of its family that the model describes.
    ...more.filter(({ to: wanted }) => wanted === undefined),
    ...compareAddresses("ipv4", from.ipv4, to.ipv4),
    ...compareAddresses("ipv6", from.ipv6, to.ipv6),
    ...more.filter(({ to: wanted }) => wanted !== undefined),
    ...compareWhole(from.routes, to.routes, (change) => ({ kind: "routes", path: "routes", ...change })),
    ...compareDns(from, to),
  ];
}

function compareLink(from: NetworkModel, to: NetworkModel): NetworkDifference[] {
  const nameless = (devices: string[] | undefined) => devices?.map((device) => ({ device }));
  return [
    ...compareEntries(nameless(from.devices), nameless(to.devices), ({ device }) => device).map(
      (change): NetworkDifference => ({
        kind: "device",
        path: `devices[${change.key}]`,
        ...sides(change.from?.device, change.to?.device),
      }),
    ),
    ...compareWhole(from.nat, to.nat, (change) => ({ kind: "nat", path: "nat", ...change })),
    ...compareWhole(from.vlan, to.vlan, (change) => ({ kind: "vlan", path: "vlan", ...change })),
    ...compareEntries(from.portgroups, to.portgroups, ({ name }) => name).map(
      ({ key, ...change }): NetworkDifference => ({
        kind: "portgroup",
        path: `portgroups[${key}]`,
        ...change,
      }),
    ),
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
  const [before, after] = [from.dns ?? unsaidDns, to.dns ?? unsaidDns];
  const differences: NetworkDifference[] = [
    ...compareEntries(before.hosts, after.hosts, (host) => host.address).map(
      ({ key, ...change }): NetworkDifference => ({
        kind: "dnsHost",
        path: `dns.hosts[${key}]`,
        ...change,
      }),
    ),
    ...compareEntries(before.texts, after.texts, (text) => JSON.stringify(text)).map(
      ({ key: _, ...change }): NetworkDifference => ({
        kind: "dnsText",
        path: `dns.texts[${(change.to ?? change.from)?.name}]`,
        ...change,
      }),
    ),
    ...compareEntries(before.services, after.services, serviceKey).map(
      ({ key, ...change }): NetworkDifference => ({
        kind: "dnsService",
        path: `dns.services[${key}]`,
        ...change,
      }),
    ),
    ...compareWhole(before.forwarders, after.forwarders, (change) => ({
      kind: "dnsForwarders",
      path: "dns.forwarders",
      ...change,
    })),
  ];
  if (before.enabled !== after.enabled) {
    differences.push({ kind: "dnsEnabled", path: "dns.enabled", from: before.enabled, to: after.enabled });
  }
  return differences;
}

/** What tells DHCP ranges apart. */
export function rangeKey(range: DhcpRange): string {
  return `${range.start}-${range.end}`;
}

/** What tells addresses of the host apart. */
export function addressKey({ address, prefix }: HostAddress): string {
  return `${address}/${prefix}`;
}

/** What tells services apart: all that is said of them. */
export function serviceKey(made: DnsService): string {
  const { service, protocol, domain = "", target = "", port = 0, priority = 0, weight = 0 } = made;
  return [service, protocol, domain, target, port, priority, weight].join(" ");
}

function compareWhole<T>(
  from: T | undefined,
  to: T | undefined,
  difference: (change: { from?: T; to?: T }) => NetworkDifference,
): NetworkDifference[] {
  return sameValue(from, to) ? [] : [difference(sides(from, to))];
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
