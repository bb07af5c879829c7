import type { CrossCheck } from "../definition.js";
import { asFarAsSound } from "../guarded-inputs.js";
import { occursTwice, problemIf } from "../rules.js";
import { dhcpRules } from "./dhcp-checks.js";
import {
  type Cidr,
  contains,
  type Family,
  formatCidr,
  networkRange,
  overlap,
  parseAddress,
  parseCidr,
} from "./ip.js";
import { hasOwnBridge, type Inputs } from "./schema.js";

/** What libvirt's smallest IPv6 packets need. */
const LEAST_IPV6_MTU = 1280;
/** dnsmasq hands out no addresses of larger networks. */
const LEAST_DHCPV6_PREFIX = 64;

type Problems = ReturnType<CrossCheck<Inputs>>;

/** Addresses, what is handed out beside them, translation and routes. */
export const addressChecks: readonly CrossCheck<Inputs>[] = [
  ({ mode, cidr, dhcp }) =>
    problemIf(
      hasOwnBridge(mode) && dhcp !== undefined && dhcp !== false && cidr === undefined,
      "dhcp",
      "needs cidr: without it there are no addresses to hand out",
    ),
  ({ ipv6 }) =>
    problemIf(
      ipv6?.dhcp !== undefined && ipv6.dhcp !== false && prefixOf(ipv6.cidr) < LEAST_DHCPV6_PREFIX,
      "ipv6.cidr",
      `${ipv6?.cidr} must have a prefix of at least ${LEAST_DHCPV6_PREFIX} with ipv6.dhcp: dnsmasq hands out no addresses of larger networks`,
    ),
  ...dhcpRules.flatMap((rule): CrossCheck<Inputs>[] => [
    ({ cidr: text, dhcp }) => {
      const cidr = text === undefined ? undefined : parseCidr(text);
      return typeof dhcp !== "object" || cidr === undefined
        ? []
        : rule(dhcp, { cidr, cidrPath: "cidr", path: "dhcp" });
    },
    ({ ipv6 }) => {
      const cidr = ipv6 === undefined ? undefined : parseCidr(ipv6.cidr);
      return typeof ipv6?.dhcp !== "object" || cidr === undefined || cidr.prefix < LEAST_DHCPV6_PREFIX
        ? []
        : rule(ipv6.dhcp, { cidr, cidrPath: "ipv6.cidr", path: "ipv6.dhcp" });
    },
  ]),
  subnetsApart,
  ({ routes = [] }) => occursTwice("routes", routes, ({ cidr }) => cidr, ".cidr"),
  ({ routes = [] }) =>
    routes.flatMap((route, i) =>
      problemIf(
        !isOfOneFamily(route),
        `routes[${i}].gateway`,
        `${route.gateway} must be of the same family as ${route.cidr}`,
      ),
    ),
  destinationsElsewhere,
  ({ mtu, ipv6, addresses }) =>
    problemIf(
      mtu !== undefined && mtu < LEAST_IPV6_MTU && (ipv6 !== undefined || hasIpv6(addresses)),
      "mtu",
      `${mtu} must be at least ${LEAST_IPV6_MTU} with an IPv6 address: smaller packets are none of IPv6`,
    ),
  ({ nat }) => {
    const { start, end } = nat?.ports ?? { start: 0, end: 0 };
    return problemIf(start > end, "nat.ports.end", `${end} must not be below nat.ports.start, ${start}`);
  },
  ({ nat }) => {
    const { start, end } = nat?.addresses ?? { start: "0.0.0.0", end: "0.0.0.0" };
    const value = (text: string) => parseAddress(text, "ipv4") as bigint;
    return problemIf(
      value(start) > value(end),
      "nat.addresses.end",
      `${end} must not be below nat.addresses.start, ${start}`,
    );
  },
  ({ nat, ipv6, addresses }) =>
    problemIf(
      nat?.ipv6 === true && ipv6 === undefined && !hasIpv6(addresses),
      "nat.ipv6",
      "needs ipv6: there are no IPv6 addresses to translate",
    ),
  gatewaysNear,
];

function hasIpv6(addresses: Inputs["addresses"] = []): boolean {
  return addresses.some((text) => text.includes(":"));
}

function prefixOf(text: string): number {
  return parseCidr(text)?.prefix ?? LEAST_DHCPV6_PREFIX;
}

interface Subnet {
  /** Where it stands. */
  path: string;
  cidr: Cidr;
}

/** The declared subnets. */
function subnetsOf(inputs: Inputs): Subnet[] {
  return subnetsBySource(inputs).flatMap((read) => [...read()]);
}

/** Those of which something is known. */
function soundSubnets(inputs: Inputs): Subnet[] {
  const subnets: Subnet[] = [];
  for (const read of subnetsBySource(inputs))
    asFarAsSound(() =>
      read().forEach((subnet) => {
        subnets.push(subnet);
      }),
    );
  return subnets;
}

function subnetsBySource(inputs: Inputs): (() => Subnet[])[] {
  const at = (path: string, text: string | undefined) => {
    const parsed = text === undefined ? undefined : parseCidr(text);
    return parsed === undefined ? [] : [{ path, cidr: parsed }];
  };
  return [
    () => at("cidr", inputs.cidr),
    () => at("ipv6.cidr", inputs.ipv6?.cidr),
    () => (inputs.addresses ?? []).flatMap((text, i) => at(`addresses[${i}]`, text)),
  ];
}

function subnetsApart(inputs: Inputs): Problems {
  const subnets = soundSubnets(inputs);
  return subnets.flatMap(({ path, cidr }, i) => {
    const other = subnets.slice(0, i).find((before) => overlap(before.cidr, cidr));
    return problemIf(
      other !== undefined,
      path,
      `${formatCidr(cidr)} overlaps ${other?.path}, ${other && formatCidr(other.cidr)}; give each subnet addresses of its own`,
    );
  });
}

type Route = NonNullable<Inputs["routes"]>[number];

function familyOf({ gateway }: Route): Family {
  return gateway.includes(":") ? "ipv6" : "ipv4";
}

function isOfOneFamily(route: Route): boolean {
  return parseCidr(route.cidr)?.family === familyOf(route);
}

function destinationsElsewhere(inputs: Inputs): Problems {
  const subnets = soundSubnets(inputs);
  return (inputs.routes ?? []).flatMap(({ cidr: text }, i) => {
    const target = parseCidr(text) as Cidr;
    const inTheWay = subnets.find(({ cidr }) => target.prefix > 0 && overlap(cidr, target));
    return problemIf(
      inTheWay !== undefined,
      `routes[${i}].cidr`,
      `${text} overlaps ${inTheWay?.path}, ${inTheWay && formatCidr(inTheWay.cidr)}: these addresses are in the network itself`,
    );
  });
}

function gatewaysNear(inputs: Inputs): Problems {
  const { routes = [], adopt } = inputs;
  const subnets = subnetsOf(inputs);
  return routes.flatMap((route, i) => {
    if (!isOfOneFamily(route)) return [];
    const path = `routes[${i}].gateway`;
    const ofFamily = subnets.filter(({ cidr }) => cidr.family === familyOf(route));
    const gateway = parseAddress(route.gateway, familyOf(route)) as bigint;
    const near = ofFamily.find(({ cidr }) => contains(networkRange(cidr), gateway));
    if (near !== undefined)
      return problemIf(
        near.cidr.address === gateway,
        path,
        `${route.gateway} is the host's own address in the network`,
      );
    // What is taken over may have subnets that the program doesn't mention.
    return problemIf(
      adopt !== true,
      path,
      `${route.gateway} must be in one of the network's subnets: ${
        ofFamily.map(({ cidr }) => formatCidr(cidr)).join(", ") || "there is none of its family"
      }`,
    );
  });
}
