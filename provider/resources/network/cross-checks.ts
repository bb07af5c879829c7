import type { CrossCheck } from "../definition.js";
import {
  type AddressRange,
  type Cidr,
  contains,
  defaultDhcpRanges,
  fitsDhcpServer,
  formatIpv4,
  parseCidr,
  parseIpv4,
  usableRange,
} from "./ipv4.js";
import { boundsOf, type DhcpInputs, type Inputs } from "./schema.js";

type Problem = (path: string, message: string) => void;

/** Problems between inputs, each check on its own inputs. */
export const crossChecks: readonly CrossCheck<Inputs>[] = [
  check(({ mode, bridge }, problem) => {
    if (mode === "bridge" && bridge === undefined)
      problem("bridge", 'is missing: mode "bridge" needs the name of a bridge that exists on the hosts');
  }),
  ...(["cidr", "dhcp", "domain", "mtu"] as const).map((key) =>
    check((inputs, problem) => {
      if (inputs.mode === "bridge" && inputs[key] !== undefined && inputs[key] !== false)
        problem(key, 'is not for mode "bridge": addresses, names and packet sizes are those of the bridge');
    }),
  ),
  check(({ mode, cidr, adopt }, problem) => {
    // A network that is taken over may have an address that the program doesn't mention.
    if (mode === "nat" && cidr === undefined && adopt !== true)
      problem(
        "cidr",
        'is missing: mode "nat" needs the host\'s address in the network, such as 10.10.0.1/24',
      );
  }),
  check(({ mode, cidr, dhcp }, problem) => {
    if (mode !== "bridge" && dhcp !== undefined && dhcp !== false && cidr === undefined)
      problem("dhcp", "needs cidr: without it there are no addresses to hand out");
  }),
  check((inputs, problem) => {
    const cidr = inputs.cidr === undefined ? undefined : parseCidr(inputs.cidr);
    if (typeof inputs.dhcp !== "object" || cidr === undefined) return;
    checkRange(inputs.dhcp, cidr, problem);
    checkFixedAddresses(inputs.dhcp.hosts ?? [], cidr, problem);
  }),
  check(({ hosts, credentials }, problem) => {
    for (const name of Object.keys(credentials ?? {}))
      if (!Object.hasOwn(hosts, name)) problem("credentials", `${name} isn't among the hosts`);
  }),
];

function check(find: (inputs: Inputs, problem: Problem) => void): CrossCheck<Inputs> {
  return (inputs) => {
    const problems: { path: string; message: string }[] = [];
    find(inputs, (path, message) => problems.push({ path, message }));
    return problems;
  };
}

function checkRange(declared: DhcpInputs, cidr: Cidr, problem: Problem): void {
  const usable = usableRange(cidr);
  const inside = (["start", "end"] as const).map((key) => {
    const text = declared[key];
    if (text === undefined || contains(usable, parseIpv4(text) as number)) return true;
    problem(`dhcp.${key}`, `${text} must be within cidr: ${showRange(usable)}`);
    return false;
  });
  if (inside.includes(false)) return;
  const { start, end } = boundsOf(declared);
  if (start !== undefined && end !== undefined && start > end) {
    problem("dhcp.end", `${declared.end} must not be below dhcp.start, ${declared.start}`);
    return;
  }
  const ranges = defaultDhcpRanges(cidr, boundsOf(declared));
  if (ranges.length === 0) problem("dhcp", "leaves no address to hand out beside the host's own");
  for (const range of ranges)
    if (!fitsDhcpServer(range))
      problem(
        "dhcp",
        `${showRange(range)} is too large: libvirt takes ranges whose addresses have the first two numbers in common`,
      );
}

function checkFixedAddresses(hosts: NonNullable<DhcpInputs["hosts"]>, cidr: Cidr, problem: Problem): void {
  const usable = usableRange(cidr);
  const addresses = new Set<string>();
  const macs = new Set<string>();
  const names = new Set<string>();
  const unique = (seen: Set<string>, value: string, path: string) => {
    if (seen.has(value)) problem(path, `${value} occurs twice`);
    seen.add(value);
  };
  hosts.forEach((host, i) => {
    const path = `dhcp.hosts[${i}]`;
    const value = parseIpv4(host.address) as number;
    if (!contains(usable, value))
      problem(`${path}.address`, `${host.address} must be within cidr: ${showRange(usable)}`);
    else if (value === cidr.address)
      problem(`${path}.address`, `${host.address} is the host's own address in the network`);
    unique(addresses, host.address, `${path}.address`);
    unique(macs, host.mac, `${path}.mac`);
    if (host.name !== undefined) unique(names, host.name.toLowerCase(), `${path}.name`);
  });
}

function showRange({ start, end }: AddressRange): string {
  return `${formatIpv4(start)} to ${formatIpv4(end)}`;
}
