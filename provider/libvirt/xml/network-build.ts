import { newDocument, rootOf } from "./document.js";
import { fill, type Sketch, sketch } from "./element.js";
import { type Marks, setMarks } from "./metadata.js";
import type {
  AddressFamily,
  DhcpHost,
  DhcpRange,
  DnsHost,
  NetworkAddress,
  NetworkDns,
  NetworkModel,
} from "./network.js";
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
  const { name, uuid, mode, bridge, mtuBytes, domainName, ipv4, ipv6, dns } = network;
  return sketch("network", {}, [
    sketch("name", {}, name),
    uuid === undefined ? undefined : sketch("uuid", {}, uuid),
    mode === "isolated" ? undefined : sketch("forward", { mode }),
    bridge === undefined ? undefined : sketch("bridge", { name: bridge }),
    mtuBytes === undefined ? undefined : sketch("mtu", { size: String(mtuBytes) }),
    domainName === undefined ? undefined : sketch("domain", { name: domainName }),
    dns === undefined || saysNothing(dns) ? undefined : sketchDns(dns),
    ipv4 === undefined ? undefined : sketchAddress(ipv4, "ipv4"),
    ipv6 === undefined ? undefined : sketchAddress(ipv6, "ipv6"),
  ]);
}

/** The `<ip>` of a family. */
export function sketchAddress(made: NetworkAddress, family: AddressFamily): Sketch {
  const { address, prefix, dhcp } = made;
  return sketch("ip", { family: family === "ipv6" ? family : undefined, address, prefix: String(prefix) }, [
    dhcp === undefined || dhcp.ranges.length + dhcp.hosts.length === 0
      ? undefined
      : sketch("dhcp", {}, [...dhcp.ranges.map(sketchDhcpRange), ...dhcp.hosts.map(sketchDhcpHost)]),
  ]);
}

/** A `<range>`, which is also what net-update takes for one. */
export function sketchDhcpRange(range: DhcpRange): Sketch {
  return sketch("range", { start: range.start, end: range.end });
}

/** A `<host>` of DHCP, which is also what net-update takes for one. */
export function sketchDhcpHost(host: DhcpHost): Sketch {
  return sketch("host", { mac: host.mac, name: host.name, ip: host.address });
}

/** A `<host>` of DNS, which is also what net-update takes for one. */
export function sketchDnsHost(host: DnsHost): Sketch {
  return sketch(
    "host",
    { ip: host.address },
    host.names.map((name) => sketch("hostname", {}, name)),
  );
}

function sketchDns(dns: NetworkDns): Sketch {
  return sketch("dns", { enable: dns.enabled ? undefined : "no" }, [
    ...(dns.forwarders ?? []).map((addr) => sketch("forwarder", { addr })),
    ...dns.hosts.map(sketchDnsHost),
  ]);
}

function saysNothing(dns: NetworkDns): boolean {
  return dns.enabled && dns.hosts.length === 0 && (dns.forwarders ?? []).length === 0;
}

/** The XML of one DHCP range, reservation or DNS entry, as net-update takes it. */
export function buildNetworkEntry(
  entry: { dhcpRange: DhcpRange } | { dhcpHost: DhcpHost } | { dnsHost: DnsHost },
): string {
  const made =
    "dhcpRange" in entry
      ? sketchDhcpRange(entry.dhcpRange)
      : "dhcpHost" in entry
        ? sketchDhcpHost(entry.dhcpHost)
        : sketchDnsHost(entry.dnsHost);
  const document = newDocument(made.name);
  fill(document, rootOf(document), made, 0);
  return serialize(document);
}
