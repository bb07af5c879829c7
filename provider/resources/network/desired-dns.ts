import type { NetworkDns } from "../../libvirt/xml/index.js";
import type { DnsInputs } from "./dns-schema.js";
import { present, settled } from "./settled.js";

/** What the network's DNS server should answer, each list by itself. */
export function desiredDns(
  declared: DnsInputs | undefined,
  previous: DnsInputs | undefined,
  existing: NetworkDns | undefined,
): NetworkDns | undefined {
  const wasDeclared = (key: keyof DnsInputs) => previous?.[key] !== undefined;
  const services = declared?.srv?.map(({ service, protocol, ...more }) => ({
    service,
    protocol,
    ...present("domain", more.domain),
    ...present("target", more.target),
    // 0 is what is meant where nothing is said.
    ...present("port", more.port),
    ...present("priority", more.priority || undefined),
    ...present("weight", more.weight || undefined),
  }));
  const forwarders = declared?.forwarders?.map((forwarder) =>
    typeof forwarder === "string"
      ? { address: forwarder }
      : { ...present("address", forwarder.address), ...present("domain", forwarder.domain) },
  );
  const made = {
    hosts: settled(declared?.hosts, wasDeclared("hosts"), existing?.hosts) ?? [],
    texts: settled(declared?.txt, wasDeclared("txt"), existing?.texts) ?? [],
    services: settled(services, wasDeclared("srv"), existing?.services) ?? [],
    forwarders: settled(forwarders, wasDeclared("forwarders"), existing?.forwarders) ?? [],
  };
  const isSilent = Object.values(made).every((list) => list.length === 0);
  const enabled = settled(declared?.enabled, wasDeclared("enabled"), existing?.enabled, true) ?? true;
  // Whoever declares entries wants them answered; libvirt takes none beside a server that is off.
  if (declared?.enabled === false || (!enabled && isSilent)) return { enabled: false, hosts: [] };
  if (isSilent) return undefined;
  const { hosts, ...lists } = made;
  return {
    enabled: true,
    hosts,
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)),
  };
}
