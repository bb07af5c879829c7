import type { HostAddress, NetworkAddress, NetworkModel } from "../../libvirt/xml/index.js";
import { boundsOf } from "./dhcp-checks.js";
import { type DhcpInputs, leaseSecondsOf } from "./dhcp-schema.js";
import { type Cidr, defaultDhcpRanges, type Family, formatAddress, parseCidr } from "./ip.js";
import type { Inputs } from "./schema.js";
import { present, settled } from "./settled.js";

type Dhcp = NonNullable<NetworkAddress["dhcp"]>;
type Addresses = Pick<NetworkModel, "ipv4" | "ipv6" | "moreAddresses" | "routes">;

/** What is declared of one family. */
interface Declared {
  cidr: string | undefined;
  dhcp: DhcpInputs | boolean | undefined;
}

/** The host's addresses in the network, and what is handed out beside them. */
export function desiredAddresses(
  inputs: Inputs,
  previous: Inputs | undefined,
  existing: NetworkModel | undefined,
): Addresses {
  const declaredMore = inputs.addresses?.map(hostAddress);
  const more = settled(declaredMore, previous?.addresses !== undefined, existing?.moreAddresses) ?? [];
  const ipv4 = primary("ipv4", { inputs, previous, existing, more });
  const ipv6 = primary("ipv6", { inputs, previous, existing, more });
  const rest = more.filter((address) => !isSame(address, ipv4) && !isSame(address, ipv6));
  const routes = settled(inputs.routes?.map(routeOf), previous?.routes !== undefined, existing?.routes) ?? [];
  return {
    ...present("ipv4", ipv4),
    ...present("ipv6", ipv6),
    ...(rest.length === 0 ? {} : { moreAddresses: rest }),
    ...(routes.length === 0 ? {} : { routes }),
  };
}

/** The one of a family that may have DHCP: what is declared as such, what is there, or the first of the others. */
function primary(
  family: Family,
  from: {
    inputs: Inputs;
    previous: Inputs | undefined;
    existing: NetworkModel | undefined;
    more: readonly HostAddress[];
  },
): NetworkAddress | undefined {
  const { inputs, previous, more } = from;
  const existing = from.existing?.[family];
  const [declared, before] = [declaredOf(family, inputs), declaredOf(family, previous)];
  const cidr = declared.cidr === undefined ? undefined : parseCidr(declared.cidr);
  if (cidr !== undefined)
    return {
      ...hostAddress(declared.cidr as string),
      ...present("dhcp", desiredDhcp(declared.dhcp, before.dhcp, cidr, existing?.dhcp)),
    };
  const isFirst = more.find(({ address }) => address.includes(":") === (family === "ipv6"));
  const wasDeclared =
    before.cidr !== undefined ||
    (previous?.addresses ?? []).some((text) => isSame(hostAddress(text), existing));
  if (existing === undefined || wasDeclared) return isFirst;
  return declared.dhcp === false ? { address: existing.address, prefix: existing.prefix } : existing;
}

function declaredOf(family: Family, inputs: Inputs | undefined): Declared {
  return family === "ipv4"
    ? { cidr: inputs?.cidr, dhcp: inputs?.dhcp }
    : { cidr: inputs?.ipv6?.cidr, dhcp: inputs?.ipv6?.dhcp };
}

function desiredDhcp(
  declared: Declared["dhcp"],
  before: Declared["dhcp"],
  cidr: Cidr,
  existing: Dhcp | undefined,
): Dhcp | undefined {
  const wasDeclared = before !== undefined && before !== false;
  if (declared === false || (declared === undefined && wasDeclared)) return undefined;
  if (declared === undefined) return existing;
  const lease = (found: { leaseSeconds?: number } | undefined) =>
    present("leaseSeconds", desiredLease(declared, before, found?.leaseSeconds));
  const ranges = rangesOf(declared === true ? {} : declared, cidr).map((range) => ({
    ...range,
    ...lease(existing?.ranges.find(({ start, end }) => start === range.start && end === range.end)),
  }));
  const fixed = typeof declared === "object" ? declared.hosts : undefined;
  const wereFixed = typeof before === "object" && before.hosts !== undefined;
  const hosts = settled(
    fixed?.map(({ mac, duid, name, address }) => ({
      ...present("mac", mac),
      ...present("duid", duid),
      ...present("name", name),
      address,
      ...lease(existing?.hosts.find((host) => host.address === address)),
    })),
    wereFixed,
    existing?.hosts,
  );
  return ranges.length + (hosts ?? []).length === 0 ? undefined : { ranges, hosts: hosts ?? [] };
}

function desiredLease(
  declared: DhcpInputs | true,
  before: Declared["dhcp"],
  existing: number | undefined,
): number | undefined {
  const leaseTime = declared === true ? undefined : declared.leaseTime;
  const wasDeclared = typeof before === "object" && before.leaseTime !== undefined;
  return settled(leaseTime === undefined ? undefined : leaseSecondsOf(leaseTime), wasDeclared, existing);
}

function rangesOf(declared: DhcpInputs, cidr: Cidr): { start: string; end: string }[] {
  if (declared.ranges !== undefined) return declared.ranges.map(({ start, end }) => ({ start, end }));
  return defaultDhcpRanges(cidr, boundsOf(declared, cidr.family)).map(({ start, end }) => ({
    start: formatAddress(start, cidr.family),
    end: formatAddress(end, cidr.family),
  }));
}

function hostAddress(text: string): HostAddress {
  const [address = "", prefix] = text.split("/");
  return { address, prefix: Number(prefix) };
}

function routeOf({ cidr, gateway, metric }: NonNullable<Inputs["routes"]>[number]) {
  return { ...hostAddress(cidr), gateway, ...present("metric", metric) };
}

function isSame(a: HostAddress, b: HostAddress | undefined): boolean {
  return b !== undefined && a.address === b.address && a.prefix === b.prefix;
}
