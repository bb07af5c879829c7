import type { HostAddress } from "../../libvirt/xml/index.js";
import type { Plan } from "../../planning/plan.js";
import { makesBridge } from "./desired.js";
import { formatCidr, overlap, parseCidr } from "./ip.js";
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
  for (const { input, text } of subnetsOf(inputs)) {
    const cidr = parseCidr(text);
    const own = host.ownSubnets?.find((other) => cidr !== undefined && overlap(cidr, other.cidr));
    if (cidr === undefined || own === undefined) continue;
    const theirs = `${formatCidr(own.cidr)} of device ${own.device} on ${host.ref.name}`;
    if (own.cidr.prefix === cidr.prefix)
      refuse(
        "inUse",
        `${input} ${text} of network ${name} is the subnet ${theirs} itself; choose addresses of its own, or mode "bridge" for guests beside the host`,
      );
    // A part of it may be routed to guests on purpose.
    else
      result.warnings.push(
        `${input} ${text} of network ${name} overlaps ${theirs}: what both have is reached in one of them alone`,
      );
  }
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
