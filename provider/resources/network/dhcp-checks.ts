import type { CrossCheck } from "../definition.js";
import { occursTwice, problemIf } from "../rules.js";
import type { DhcpInputs } from "./dhcp-schema.js";
import {
  type AddressRange,
  type Cidr,
  contains,
  defaultDhcpRanges,
  type Family,
  fitsDhcpServer,
  formatAddress,
  meet,
  parseAddress,
  usableRange,
} from "./ip.js";
import type { Inputs } from "./schema.js";

type Problems = ReturnType<CrossCheck<Inputs>>;
type Bounds = Pick<DhcpInputs, "start" | "end">;

/** The network in which something is handed out. */
interface Subnet {
  cidr: Cidr;
  /** Where its address stands: "cidr", "ipv6.cidr". */
  cidrPath: string;
  /** Where it stands what is handed out: "dhcp", "ipv6.dhcp". */
  path: string;
}

type DhcpRule = (declared: DhcpInputs, subnet: Subnet) => Problems;
type Ranges = NonNullable<DhcpInputs["ranges"]>;
type Hosts = NonNullable<DhcpInputs["hosts"]>;

/** What is wrong with what is to be handed out. */
export const dhcpRules: readonly DhcpRule[] = [
  ({ ranges, start, end }, { path }) =>
    problemIf(
      ranges !== undefined && (start !== undefined || end !== undefined),
      `${path}.ranges`,
      "says what start and end say; give one or the other",
    ),
  ...(["start", "end"] as const).flatMap((key): DhcpRule[] => [
    (declared, subnet) => (declared.ranges === undefined ? outside(declared, key, subnet, subnet.path) : []),
    ofRanges((range, subnet, at) => outside(range, key, subnet, at)),
  ]),
  (declared, subnet) => {
    const { path } = subnet;
    if (declared.ranges !== undefined || !isInside(declared, subnet)) return [];
    const { start, end } = boundsOf(declared, subnet.cidr.family);
    return start !== undefined && end !== undefined && start > end
      ? problemIf(true, `${path}.end`, `${declared.end} must not be below ${path}.start, ${declared.start}`)
      : handedOut(declared, subnet);
  },
  ofRanges((range, subnet, at) => {
    if (!isInside(range, subnet)) return [];
    const whole = boundsOf(range, subnet.cidr.family) as AddressRange;
    return whole.start > whole.end
      ? problemIf(true, `${at}.end`, `${range.end} must not be below its start, ${range.start}`)
      : tooLarge(whole, subnet, at);
  }),
  rangesApart,
  ({ ranges, hosts }, { path }) =>
    problemIf(
      ranges?.length === 0 && (hosts ?? []).length === 0,
      `${path}.ranges`,
      "must not be empty without hosts: nothing would be handed out; leave it out to hand out all addresses",
    ),
  ofHosts(({ address }, { cidr, cidrPath }, at) => {
    const [usable, value] = [usableRange(cidr), parseAddress(address, cidr.family) as bigint];
    if (!contains(usable, value))
      return problemIf(
        true,
        `${at}.address`,
        `${address} must be within ${cidrPath}: ${showRange(usable, cidr.family)}`,
      );
    return problemIf(
      value === cidr.address,
      `${at}.address`,
      `${address} is the host's own address in the network`,
    );
  }),
  ofHosts((host, { cidr }, at) => {
    const by = cidr.family === "ipv4" ? "mac" : "duid";
    return problemIf(
      host[by] === undefined && host.name === undefined,
      at,
      `needs ${by} or name: by one of them the server knows whose the address is`,
    );
  }),
  ofHosts(({ name }, _, at) =>
    problemIf(
      name !== undefined && /^(?:[0-9]+[smhdw]?|infinite|ignore)$/i.test(name),
      `${at}.name`,
      `${JSON.stringify(name)} must be another name: dnsmasq takes it for a time, or for a word of its own`,
    ),
  ),
  ...(["address", "mac", "duid", "name"] as const).map(
    (key): DhcpRule =>
      ({ hosts = [] }, { path }) =>
        occursTwice(`${path}.hosts`, hosts, (host) => host[key]?.toLowerCase(), `.${key}`),
  ),
];

/** The declared bounds of what is handed out. */
export function boundsOf({ start, end }: Bounds, family: Family): Partial<AddressRange> {
  return {
    ...(start === undefined ? {} : { start: parseAddress(start, family) as bigint }),
    ...(end === undefined ? {} : { end: parseAddress(end, family) as bigint }),
  };
}

function ofRanges(rule: (range: Ranges[number], subnet: Subnet, at: string) => Problems): DhcpRule {
  return ({ ranges = [] }, subnet) =>
    ranges.flatMap((range, i) => rule(range, subnet, `${subnet.path}.ranges[${i}]`));
}

function ofHosts(rule: (host: Hosts[number], subnet: Subnet, at: string) => Problems): DhcpRule {
  return ({ hosts = [] }, subnet) =>
    hosts.flatMap((host, i) => rule(host, subnet, `${subnet.path}.hosts[${i}]`));
}

function outside(bounds: Bounds, key: keyof Bounds, { cidr, cidrPath }: Subnet, at: string): Problems {
  const text = bounds[key];
  const usable = usableRange(cidr);
  return problemIf(
    text !== undefined && !contains(usable, parseAddress(text, cidr.family) as bigint),
    `${at}.${key}`,
    `${text} must be within ${cidrPath}: ${showRange(usable, cidr.family)}`,
  );
}

function isInside(bounds: Bounds, subnet: Subnet): boolean {
  return (["start", "end"] as const).every((key) => outside(bounds, key, subnet, "").length === 0);
}

function handedOut(declared: Bounds, subnet: Subnet): Problems {
  const { cidr, path } = subnet;
  const ranges = defaultDhcpRanges(cidr, boundsOf(declared, cidr.family));
  return [
    ...problemIf(ranges.length === 0, path, "leaves no address to hand out beside the host's own"),
    ...ranges.flatMap((range) => tooLarge(range, subnet, path)),
  ];
}

function rangesApart({ ranges = [] }: DhcpInputs, subnet: Subnet): Problems {
  const { family } = subnet.cidr;
  const before: { range: AddressRange; at: string }[] = [];
  return ranges.flatMap((entry, i) => {
    const range = boundsOf(entry, family) as AddressRange;
    if (!isInside(entry, subnet) || range.start > range.end) return [];
    const at = `${subnet.path}.ranges[${i}]`;
    const other = before.find((earlier) => meet(earlier.range, range));
    before.push({ range, at });
    return other === undefined
      ? []
      : problemIf(
          true,
          at,
          `${showRange(range, family)} overlaps ${other.at}, ${showRange(other.range, family)}`,
        );
  });
}

function tooLarge(range: AddressRange, { cidr: { family } }: Subnet, at: string): Problems {
  const alike = family === "ipv4" ? "the first two numbers" : "all but the last number";
  return problemIf(
    !fitsDhcpServer(range),
    at,
    `${showRange(range, family)} is too large: libvirt takes ranges whose addresses have ${alike} in common`,
  );
}

function showRange({ start, end }: AddressRange, family: Family): string {
  return `${formatAddress(start, family)} to ${formatAddress(end, family)}`;
}
