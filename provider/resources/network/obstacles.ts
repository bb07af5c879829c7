import type { HostAddress } from "../../libvirt/xml/index.js";
import type { Plan } from "../../planning/plan.js";
import { makesBridge } from "./desired.js";
import type { HostRoute } from "./host-routes.js";
import { type Cidr, formatCidr, overlap, parseCidr } from "./ip.js";
import type { ObservedHost, OtherNetwork } from "./observed.js";
import type { NetworkRequest } from "./request.js";
import { hasOwnBridge, type Inputs } from "./schema.js";

/** What libvirt would refuse at the start with a message that doesn't say which network it is, or would only fail guests. */
export function refuseObstacles({ inputs, chosen }: NetworkRequest, host: ObservedHost, result: Plan): void {
  const { name } = inputs;
  const refuse = (kind: "inUse" | "missing", message: string) => result.refusals.push({ kind, message });
  for (const other of host.others) {
    for (const { input, text } of subnetsOf(inputs)) {
      const cidr = parseCidr(text);
      const theirs = cidr && addressesOf(other).find((address) => overlap(cidr, address));
      if (theirs !== undefined)
        refuse(
          "inUse",
          `${input} ${text} of network ${name} overlaps network ${other.name} on ${host.ref.name}, which has ${formatCidr(theirs)}; choose addresses of its own for each network of a host`,
        );
    }
    const areOwn = hasOwnBridge(inputs.mode) && makesBridge(other.model);
    if (areOwn && inputs.bridge !== undefined && other.model.bridge === inputs.bridge)
      refuse(
        "inUse",
        `bridge ${inputs.bridge} of network ${name} is that of network ${other.name} on ${host.ref.name}; give another name, or none`,
      );
  }
  refuseRoutes(inputs, host, result);
  // Before it is applied, the same deployment may still make or remove them.
  const doubt = (kind: "inUse" | "missing", message: string) =>
    chosen === undefined ? result.warnings.push(message) : refuse(kind, message);
  for (const { what, name: device } of host.missing ?? [])
    doubt(
      "missing",
      `there is no ${what} ${device} on ${host.ref.name}, on which network ${name} is to be; make it there, or give the name of one that exists`,
    );
  if (host.bridgeTaken === true && result.refusals.length === 0)
    doubt(
      "inUse",
      `there is a device ${inputs.bridge} on ${host.ref.name} already, and network ${name} is to make a bridge of that name; give another name or none, or mode "bridge" to be on it`,
    );
}

/** libvirt starts no network in whose subnet, or in that of one of whose routes, as a whole the host has a way already; a part may be meant. */
function refuseRoutes(
  inputs: NetworkRequest["inputs"],
  { ref, routes = [] }: ObservedHost,
  result: Plan,
): void {
  const refuse = (message: string) => result.refusals.push({ kind: "inUse", message });
  const find = (text: string, isInTheWay: (route: HostRoute, cidr: Cidr) => boolean) => {
    const cidr = parseCidr(text);
    return cidr && routes.find((route) => overlap(cidr, route.cidr) && isInTheWay(route, cidr));
  };
  const sameWay = (text: string) => find(text, (route, { prefix }) => route.cidr.prefix === prefix);
  for (const { input, text } of subnetsOf(inputs)) {
    const what = `${input} ${text} of network ${inputs.name}`;
    const same = sameWay(text);
    const near = same ?? find(text, ({ isDirect }) => isDirect);
    if (near === undefined) continue;
    const theirs = `${formatCidr(near.cidr)} of device ${near.device} on ${ref.name}`;
    if (same === undefined)
      result.warnings.push(`${what} overlaps ${theirs}: what both have is reached in one of them alone`);
    else if (same.isDirect)
      refuse(
        `${what} is the subnet ${theirs} itself; choose addresses of its own, or mode "bridge" for guests beside the host`,
      );
    else
      refuse(
        `${what} is a subnet to which ${ref.name} has a route already${over(same)}; choose addresses of its own, or take that route away`,
      );
  }
  inputs.routes?.forEach(({ cidr }, i) => {
    const same = sameWay(cidr);
    if (same !== undefined)
      refuse(
        `routes[${i}].cidr ${cidr} of network ${inputs.name} is where ${ref.name} has a route already${over(same)}; take one of the two away`,
      );
  });
}

function over({ device }: HostRoute): string {
  return device === "*" ? "" : `, over device ${device}`;
}

/** The declared subnets, and the inputs in which they stand. */
export function subnetsOf({
  cidr,
  ipv6,
  addresses,
}: Pick<Inputs, "cidr" | "ipv6" | "addresses">): { input: string; text: string }[] {
  return [
    ...(cidr === undefined ? [] : [{ input: "cidr", text: cidr }]),
    ...(ipv6 === undefined ? [] : [{ input: "ipv6.cidr", text: ipv6.cidr }]),
    ...(addresses ?? []).map((text, i) => ({ input: `addresses[${i}]`, text })),
  ];
}

/** Those of a network that isn't running are nobody's. */
function addressesOf({ active, model }: OtherNetwork) {
  const all: (HostAddress | undefined)[] = active
    ? [model.ipv4, model.ipv6, ...(model.moreAddresses ?? [])]
    : [];
  return all.flatMap((address) =>
    address === undefined ? [] : (parseCidr(`${address.address}/${address.prefix}`) ?? []),
  );
}
