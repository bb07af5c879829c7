import type { CrossCheck } from "../definition.js";
import { asFarAsSound } from "../guarded-inputs.js";
import { checkDhcp } from "./dhcp-checks.js";
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
import { unique } from "./mode-checks.js";
import { type Problem, problemsOf } from "./problem.js";
import { hasOwnBridge, type Inputs } from "./schema.js";

/** What libvirt's smallest IPv6 packets need. */
const LEAST_IPV6_MTU = 1280;

/** Addresses, what is handed out beside them, translation and routes. */
export const addressChecks: readonly CrossCheck<Inputs>[] = [
  problemsOf(({ mode, cidr, dhcp }, problem) => {
    if (hasOwnBridge(mode) && dhcp !== undefined && dhcp !== false && cidr === undefined)
      problem("dhcp", "needs cidr: without it there are no addresses to hand out");
  }),
  problemsOf(({ cidr, dhcp }, problem) => {
    const own = cidr === undefined ? undefined : parseCidr(cidr);
    if (typeof dhcp === "object" && own !== undefined) checkDhcp(dhcp, own, "dhcp", "cidr", problem);
  }),
  problemsOf(({ ipv6 }, problem) => {
    const own = ipv6 === undefined ? undefined : parseCidr(ipv6.cidr);
    if (ipv6?.dhcp === undefined || ipv6.dhcp === false || own === undefined) return;
    if (own.prefix < 64)
      problem(
        "ipv6.cidr",
        `${ipv6.cidr} must have a prefix of at least 64 with ipv6.dhcp: dnsmasq hands out no addresses of larger networks`,
      );
    else if (typeof ipv6.dhcp === "object") checkDhcp(ipv6.dhcp, own, "ipv6.dhcp", "ipv6.cidr", problem);
  }),
  problemsOf(checkOverlaps),
  problemsOf(({ routes = [] }, problem) => {
    unique(
      routes.map(({ cidr }) => cidr),
      "routes",
      problem,
      ".cidr",
    );
  }),
  problemsOf(({ routes = [] }, problem) => {
    routes.forEach((route, i) => {
      if (!isOfOneFamily(route))
        problem(`routes[${i}].gateway`, `${route.gateway} must be of the same family as ${route.cidr}`);
    });
  }),
  problemsOf(checkDestinations),
  problemsOf(({ mtu, ipv6, addresses }, problem) => {
    const has6 = ipv6 !== undefined || (addresses ?? []).some((text) => text.includes(":"));
    if (mtu !== undefined && mtu < LEAST_IPV6_MTU && has6)
      problem(
        "mtu",
        `${mtu} must be at least ${LEAST_IPV6_MTU} with an IPv6 address: smaller packets are none of IPv6`,
      );
  }),
  problemsOf(({ nat }, problem) => {
    const { start, end } = nat?.ports ?? { start: 0, end: 0 };
    if (start > end) problem("nat.ports.end", `${end} must not be below nat.ports.start, ${start}`);
  }),
  problemsOf(({ nat }, problem) => {
    const translated = nat?.addresses;
    const value = (text: string) => parseAddress(text, "ipv4") as bigint;
    if (translated !== undefined && value(translated.start) > value(translated.end))
      problem(
        "nat.addresses.end",
        `${translated.end} must not be below nat.addresses.start, ${translated.start}`,
      );
  }),
  problemsOf(({ nat, ipv6, addresses }, problem) => {
    if (nat?.ipv6 === true && ipv6 === undefined && !(addresses ?? []).some((text) => text.includes(":")))
      problem("nat.ipv6", "needs ipv6: there are no IPv6 addresses to translate");
  }),
  problemsOf(checkGateways),
];

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

function checkOverlaps(inputs: Inputs, problem: Problem): void {
  const subnets = soundSubnets(inputs);
  subnets.forEach(({ path, cidr }, i) => {
    const other = subnets.slice(0, i).find((before) => overlap(before.cidr, cidr));
    if (other !== undefined)
      problem(
        path,
        `${formatCidr(cidr)} overlaps ${other.path}, ${formatCidr(other.cidr)}; give each subnet addresses of its own`,
      );
  });
}

type Route = NonNullable<Inputs["routes"]>[number];

function isOfOneFamily({ cidr, gateway }: Route): boolean {
  const family: Family = gateway.includes(":") ? "ipv6" : "ipv4";
  return parseCidr(cidr)?.family === family;
}

function checkDestinations(inputs: Inputs, problem: Problem): void {
  const subnets = soundSubnets(inputs);
  inputs.routes?.forEach((route, i) => {
    const target = parseCidr(route.cidr) as Cidr;
    const inTheWay = subnets.find(({ cidr }) => target.prefix > 0 && overlap(cidr, target));
    if (inTheWay !== undefined)
      problem(
        `routes[${i}].cidr`,
        `${route.cidr} overlaps ${inTheWay.path}, ${formatCidr(inTheWay.cidr)}: these addresses are in the network itself`,
      );
  });
}

function checkGateways(inputs: Inputs, problem: Problem): void {
  const { routes = [], adopt } = inputs;
  if (routes.length === 0) return;
  const subnets = subnetsOf(inputs);
  routes.forEach((route, i) => {
    if (!isOfOneFamily(route)) return;
    const family: Family = route.gateway.includes(":") ? "ipv6" : "ipv4";
    const gateway = parseAddress(route.gateway, family) as bigint;
    const near = subnets.find(({ cidr }) => cidr.family === family && contains(networkRange(cidr), gateway));
    // What is taken over may have subnets that the program doesn't mention.
    if (near === undefined && adopt !== true)
      problem(
        `routes[${i}].gateway`,
        `${route.gateway} must be in one of the network's subnets: ${
          subnets
            .filter(({ cidr }) => cidr.family === family)
            .map(({ cidr }) => formatCidr(cidr))
            .join(", ") || "there is none of its family"
        }`,
      );
    else if (near?.cidr.address === gateway)
      problem(`routes[${i}].gateway`, `${route.gateway} is the host's own address in the network`);
  });
}
