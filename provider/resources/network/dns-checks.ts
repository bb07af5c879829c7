import type { CrossCheck } from "../definition.js";
import { asFarAsSound } from "../guarded-inputs.js";
import { unique } from "./mode-checks.js";
import { problemsOf } from "./problem.js";
import { hasOwnBridge, type Inputs } from "./schema.js";

/** What the network's DNS server is to answer. */
export const dnsChecks: readonly CrossCheck<Inputs>[] = [
  problemsOf(({ dns }, problem) => {
    if (dns?.enabled !== false) return;
    for (const key of ["hosts", "forwarders", "txt", "srv"] as const)
      asFarAsSound(() => {
        if ((dns[key] ?? []).length > 0)
          problem(
            `dns.${key}`,
            "is for a DNS server that dns.enabled: false switches off; give one or the other",
          );
      });
  }),
  problemsOf(({ mode, dns, cidr, ipv6, addresses, adopt }, problem) => {
    if (dns === undefined || dns.enabled === false || !hasOwnBridge(mode) || adopt === true) return;
    if (cidr === undefined && ipv6 === undefined && (addresses ?? []).length === 0)
      problem("dns", "needs cidr or ipv6: without an address of the host there is nobody to ask");
  }),
  problemsOf(({ dns }, problem) => {
    unique(
      (dns?.hosts ?? []).map(({ address }) => address),
      "dns.hosts",
      problem,
      ".address",
    );
  }),
  problemsOf(({ dns }, problem) => {
    dns?.hosts?.forEach(({ names }, i) => {
      unique(
        names.map((name) => name.toLowerCase()),
        `dns.hosts[${i}].names`,
        problem,
      );
    });
  }),
  problemsOf(({ dns }, problem) => {
    unique(
      (dns?.txt ?? []).map(({ name, value }) => `${name} ${value}`),
      "dns.txt",
      problem,
    );
  }),
  problemsOf(({ dns }, problem) => {
    dns?.forwarders?.forEach((forwarder, i) => {
      if (typeof forwarder === "object" && forwarder.address === undefined && forwarder.domain === undefined)
        problem(`dns.forwarders[${i}]`, "needs address or domain: whom to ask, or for which names");
    });
  }),
  problemsOf(({ dns }, problem) => {
    dns?.srv?.forEach(({ target, port, priority, weight }, i) => {
      if (target === undefined && (port ?? priority ?? weight) !== undefined)
        problem(
          `dns.srv[${i}].target`,
          "is missing: port, priority and weight are those of the machine that has the service",
        );
    });
  }),
  problemsOf(({ dns }, problem) => {
    unique(
      (dns?.srv ?? []).map((entry) => JSON.stringify(entry)),
      "dns.srv",
      problem,
    );
  }),
];
