import { asFarAsSound } from "../guarded-inputs.js";
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
import type { Problem } from "./problem.js";

/** What is wrong with what is to be handed out. `path`: "dhcp", "ipv6.dhcp"; `cidrPath`: where the network's address stands. */
export function checkDhcp(
  declared: DhcpInputs,
  cidr: Cidr,
  path: string,
  cidrPath: string,
  problem: Problem,
): void {
  const say: Problem = (at, message) => problem(`${path}${at}`, message);
  asFarAsSound(() => {
    if (declared.ranges !== undefined && (declared.start !== undefined || declared.end !== undefined))
      say(".ranges", "says what start and end say; give one or the other");
  });
  asFarAsSound(() => {
    if (declared.ranges === undefined) checkBounds(declared, cidr, path, cidrPath, say);
    else checkRanges(declared.ranges, cidr, path, cidrPath, say);
  });
  asFarAsSound(() => {
    if (declared.ranges?.length === 0 && (declared.hosts ?? []).length === 0)
      say(
        ".ranges",
        "must not be empty without hosts: nothing would be handed out; leave it out to hand out all addresses",
      );
  });
  asFarAsSound(() => checkHosts(declared.hosts ?? [], cidr, cidrPath, path, problem));
}

/** The declared bounds of what is handed out. */
export function boundsOf(declared: Pick<DhcpInputs, "start" | "end">, family: Family): Partial<AddressRange> {
  const { start, end } = declared;
  return {
    ...(start === undefined ? {} : { start: parseAddress(start, family) as bigint }),
    ...(end === undefined ? {} : { end: parseAddress(end, family) as bigint }),
  };
}

function checkBounds(declared: DhcpInputs, cidr: Cidr, path: string, cidrPath: string, say: Problem): void {
  if (!areInside(declared, cidr, cidrPath, "", say)) return;
  const bounds = boundsOf(declared, cidr.family);
  const { start, end } = bounds;
  if (start !== undefined && end !== undefined && start > end) {
    say(".end", `${declared.end} must not be below ${path}.start, ${declared.start}`);
    return;
  }
  const ranges = defaultDhcpRanges(cidr, bounds);
  if (ranges.length === 0) say("", "leaves no address to hand out beside the host's own");
  for (const range of ranges) if (!fitsDhcpServer(range)) say("", tooLarge(range, cidr.family));
}

function checkRanges(
  declared: NonNullable<DhcpInputs["ranges"]>,
  cidr: Cidr,
  path: string,
  cidrPath: string,
  say: Problem,
): void {
  const sound: { range: AddressRange; at: string }[] = [];
  declared.forEach((entry, i) => {
    const at = `.ranges[${i}]`;
    if (!areInside(entry, cidr, cidrPath, at, say)) return;
    const range = boundsOf(entry, cidr.family) as AddressRange;
    if (range.start > range.end) {
      say(`${at}.end`, `${entry.end} must not be below its start, ${entry.start}`);
      return;
    }
    if (!fitsDhcpServer(range)) say(at, tooLarge(range, cidr.family));
    const other = sound.find((before) => meet(before.range, range));
    if (other !== undefined)
      say(
        at,
        `${showRange(range, cidr.family)} overlaps ${path}${other.at}, ${showRange(other.range, cidr.family)}`,
      );
    sound.push({ range, at });
  });
}

function areInside(
  declared: Pick<DhcpInputs, "start" | "end">,
  cidr: Cidr,
  cidrPath: string,
  at: string,
  say: Problem,
): boolean {
  const usable = usableRange(cidr);
  let areBoth = true;
  for (const key of ["start", "end"] as const)
    asFarAsSound(() => {
      const text = declared[key];
      if (text === undefined || contains(usable, parseAddress(text, cidr.family) as bigint)) return;
      say(`${at}.${key}`, `${text} must be within ${cidrPath}: ${showRange(usable, cidr.family)}`);
      areBoth = false;
    });
  return areBoth;
}

function checkHosts(
  hosts: NonNullable<DhcpInputs["hosts"]>,
  cidr: Cidr,
  cidrPath: string,
  path: string,
  problem: Problem,
): void {
  const usable = usableRange(cidr);
  const at = `${path}.hosts`;
  const by = cidr.family === "ipv4" ? "mac" : "duid";
  const seen = new Set<string>();
  hosts.forEach((host, i) => {
    const say: Problem = (key, message) => problem(`${at}[${i}]${key}`, message);
    asFarAsSound(() => {
      const value = parseAddress(host.address, cidr.family) as bigint;
      if (!contains(usable, value))
        say(".address", `${host.address} must be within ${cidrPath}: ${showRange(usable, cidr.family)}`);
      else if (value === cidr.address)
        say(".address", `${host.address} is the host's own address in the network`);
    });
    asFarAsSound(() => {
      if (host[by] === undefined && host.name === undefined)
        say("", `needs ${by} or name: by one of them the server knows whose the address is`);
    });
    asFarAsSound(() => {
      if (host.name !== undefined && /^(?:[0-9]+[smhdw]?|infinite|ignore)$/i.test(host.name))
        say(
          ".name",
          `${JSON.stringify(host.name)} must be another name: dnsmasq takes it for a time, or for a word of its own`,
        );
    });
    for (const key of ["address", "mac", "duid", "name"] as const)
      asFarAsSound(() => {
        const value = host[key]?.toLowerCase();
        if (value === undefined) return;
        if (seen.has(`${key} ${value}`)) say(`.${key}`, `${value} occurs twice`);
        seen.add(`${key} ${value}`);
      });
  });
}

function tooLarge(range: AddressRange, family: Family): string {
  const alike = family === "ipv4" ? "the first two numbers" : "all but the last number";
  return `${showRange(range, family)} is too large: libvirt takes ranges whose addresses have ${alike} in common`;
}

function showRange({ start, end }: AddressRange, family: Family): string {
  return `${formatAddress(start, family)} to ${formatAddress(end, family)}`;
}
