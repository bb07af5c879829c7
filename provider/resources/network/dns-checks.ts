import type { CrossCheck } from "../definition.js";
import { occursTwice, ofEach, ofPart, problemIf, type Rule } from "../rules.js";
import type { DnsInputs } from "./dns-schema.js";
import { hasOwnBridge, type Inputs } from "./schema.js";

type Entry<Key extends keyof DnsInputs> = NonNullable<DnsInputs[Key]> extends (infer E)[] ? E : never;

const hostRules: readonly Rule<Entry<"hosts">>[] = [
  ({ names }) => occursTwice("names", names, (name) => name.toLowerCase()),
];
const forwarderRules: readonly Rule<Entry<"forwarders">>[] = [
  (forwarder) =>
    problemIf(
      typeof forwarder === "object" && forwarder.address === undefined && forwarder.domain === undefined,
      "",
      "needs address or domain: whom to ask, or for which names",
    ),
];
const srvRules: readonly Rule<Entry<"srv">>[] = [
  ({ target, port, priority, weight }) =>
    problemIf(
      target === undefined && (port ?? priority ?? weight) !== undefined,
      "target",
      "is missing: port, priority and weight are those of the machine that has the service",
    ),
];

const dnsRules: readonly Rule<DnsInputs>[] = [
  ...(["hosts", "forwarders", "txt", "srv"] as const).map(
    (key): Rule<DnsInputs> =>
      (dns) =>
        problemIf(
          dns.enabled === false && (dns[key] ?? []).length > 0,
          key,
          "is for a DNS server that dns.enabled: false switches off; give one or the other",
        ),
  ),
  ({ hosts = [] }) => occursTwice("hosts", hosts, ({ address }) => address, ".address"),
  ...ofEach("hosts", hostRules),
  ({ txt = [] }) => occursTwice("txt", txt, ({ name, value }) => `${name} ${value}`),
  ...ofEach("forwarders", forwarderRules),
  ...ofEach("srv", srvRules),
  ({ srv = [] }) => occursTwice("srv", srv, (entry) => JSON.stringify(entry)),
];

/** What the network's DNS server is to answer. */
export const dnsChecks: readonly CrossCheck<Inputs>[] = [
  ...ofPart("dns", dnsRules),
  ({ mode, dns, cidr, ipv6, addresses, adopt }) => {
    if (dns === undefined || dns.enabled === false || !hasOwnBridge(mode) || adopt === true) return [];
    return problemIf(
      cidr === undefined && ipv6 === undefined && (addresses ?? []).length === 0,
      "dns",
      "needs cidr or ipv6: without an address of the host there is nobody to ask",
    );
  },
];
