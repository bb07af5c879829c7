import type { Element } from "@xmldom/xmldom";
import { attributeOf, childElements, type Sketch, sketch, textOf } from "./element.js";
import { parseCount, withoutUndefined } from "./value.js";

/** Names that the network's DNS server answers for; identified by the address. */
export interface DnsHost {
  address: string;
  names: string[];
}

/** A text that the network's DNS server has for a name. */
export interface DnsText {
  name: string;
  value: string;
}

/** Where a service is. A number of 0 is the same as none. */
export interface DnsService {
  service: string;
  protocol: string;
  domain?: string;
  target?: string;
  port?: number;
  priority?: number;
  weight?: number;
}

/** A server that is asked: for everything, or for a domain. A domain without a server is asked of the host's own. */
export interface DnsForwarder {
  address?: string;
  domain?: string;
}

/** The network's DNS server. Enabled and without entries is the same as nothing said. */
export interface NetworkDns {
  enabled: boolean;
  hosts: DnsHost[];
  texts?: DnsText[];
  services?: DnsService[];
  forwarders?: DnsForwarder[];
}

/** What DNS is where the document says nothing of it. */
export const unsaidDns: NetworkDns = { enabled: true, hosts: [] };

/** Reads the `<dns>` element. */
export function readDns(dns: Element | undefined): NetworkDns | undefined {
  if (dns === undefined) return undefined;
  const hosts = childElements(dns, "host").map((host) => ({
    address: attributeOf(host, "ip") ?? "",
    names: childElements(host, "hostname").map((hostname) => textOf(hostname) ?? ""),
  }));
  const texts = childElements(dns, "txt").map(readDnsText);
  const services = childElements(dns, "srv").map(readDnsService);
  const forwarders = childElements(dns, "forwarder").map((forwarder) =>
    withoutUndefined({
      address: attributeOf(forwarder, "addr"),
      domain: attributeOf(forwarder, "domain"),
    }),
  );
  const enabled = attributeOf(dns, "enable") !== "no";
  if (enabled && hosts.length + texts.length + services.length + forwarders.length === 0) return undefined;
  return withoutUndefined({
    enabled,
    hosts,
    texts: unlessEmpty(texts),
    services: unlessEmpty(services),
    forwarders: unlessEmpty(forwarders),
  });
}

/** Reads a `<txt>`. */
export function readDnsText(txt: Element): DnsText {
  return { name: attributeOf(txt, "name") ?? "", value: attributeOf(txt, "value") ?? "" };
}

/** Reads an `<srv>`. */
export function readDnsService(srv: Element): DnsService {
  const number = (name: string) => parseCount(attributeOf(srv, name)) || undefined;
  return withoutUndefined({
    service: attributeOf(srv, "service") ?? "",
    protocol: attributeOf(srv, "protocol") ?? "",
    domain: attributeOf(srv, "domain"),
    target: attributeOf(srv, "target"),
    port: number("port"),
    priority: number("priority"),
    weight: number("weight"),
  });
}

/** The `<dns>` element; none when it would say nothing. */
export function sketchDns(dns: NetworkDns): Sketch | undefined {
  const { enabled, hosts, texts = [], services = [], forwarders = [] } = dns;
  const content = [
    ...forwarders.map(sketchDnsForwarder),
    ...texts.map(sketchDnsText),
    ...services.map(sketchDnsService),
    ...hosts.map(sketchDnsHost),
  ];
  if (enabled && content.length === 0) return undefined;
  return sketch("dns", { enable: enabled ? undefined : "no" }, content);
}

/** A `<forwarder>`. */
export function sketchDnsForwarder({ address, domain }: DnsForwarder): Sketch {
  return sketch("forwarder", { domain, addr: address });
}

/** A `<host>` of DNS, which is also what net-update takes for one. */
export function sketchDnsHost(host: DnsHost): Sketch {
  return sketch(
    "host",
    { ip: host.address },
    host.names.map((name) => sketch("hostname", {}, name)),
  );
}

/** A `<txt>`, which is also what net-update takes for one. */
export function sketchDnsText({ name, value }: DnsText): Sketch {
  return sketch("txt", { name, value });
}

/** An `<srv>`, which is also what net-update takes for one. */
export function sketchDnsService(made: DnsService): Sketch {
  const { service, protocol, domain, target, port, priority, weight } = made;
  const number = (value: number | undefined) => (value ? String(value) : undefined);
  return sketch("srv", {
    ...{ service, protocol, domain, target },
    port: number(port),
    priority: number(priority),
    weight: number(weight),
  });
}

function unlessEmpty<T>(list: T[]): T[] | undefined {
  return list.length === 0 ? undefined : list;
}
