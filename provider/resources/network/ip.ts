import { isIPv6 } from "node:net";

/** The two kinds of addresses. */
export type Family = "ipv4" | "ipv6";

/** An address with the length of its network's prefix. */
export interface Cidr {
  family: Family;
  address: bigint;
  prefix: number;
}

/** Addresses from `start` to `end`, both included. */
export interface AddressRange {
  start: bigint;
  end: bigint;
}

/** How many bits an address has. */
export const BITS: Readonly<Record<Family, number>> = { ipv4: 32, ipv6: 128 };

/** How far libvirt takes a DHCP range, and what fits a guest's idea of one: 65,536 addresses. */
const BLOCK = 65_536n;

/** Reads an address of a family. */
export function parseAddress(text: string, family: Family): bigint | undefined {
  return family === "ipv4" ? parseIpv4(text) : parseIpv6(text);
}

/** Reads "10.0.0.1". Leading zeros are refused: some programs take them for octal. */
function parseIpv4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  if (!bytes.every((byte) => byte < 256)) return undefined;
  return bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
}

/** Reads "fd00::1", in any spelling but those with a zone or with an IPv4 address in it. */
function parseIpv6(text: string): bigint | undefined {
  if (!isIPv6(text) || /[%.]/.test(text)) return undefined;
  const [head = "", tail] = text.split("::");
  const words = (part: string) => (part === "" ? [] : part.split(":"));
  const [before, after] = [words(head), words(tail ?? "")];
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array<string>(zeros).fill("0"), ...after].reduce(
    (sum, word) => sum * 65_536n + BigInt(`0x${word}`),
    0n,
  );
}

/** Writes an address as libvirt does: of IPv6 the shortest form, in lower case. */
export function formatAddress(address: bigint, family: Family): string {
  if (family === "ipv4") return [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 255n).join(".");
  const words = Array.from({ length: 8 }, (_, i) =>
    ((address >> BigInt(112 - 16 * i)) & 65_535n).toString(16),
  );
  const runs = [...words.join(":").matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].map(([run]) => run);
  const longest = runs.reduce((most, run) => (zerosIn(run) > zerosIn(most) ? run : most), "");
  if (longest === "") return words.join(":");
  const text = words.join(":");
  const at = text.indexOf(longest);
  return `${text.slice(0, at)}::${text.slice(at + longest.length).replace(/^:/, "")}`;
}

function zerosIn(run: string): number {
  return run.split("0").length - 1;
}

/** Reads "10.0.0.1/24" or "fd00::1/64". */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([^/]+)\/(0|[1-9][0-9]{0,2})$/.exec(text);
  if (match === null) return undefined;
  const [, address = "", length = ""] = match;
  const family = address.includes(":") ? "ipv6" : "ipv4";
  const value = parseAddress(address, family);
  const prefix = Number(length);
  return value === undefined || prefix > BITS[family] ? undefined : { family, address: value, prefix };
}

export function formatCidr({ family, address, prefix }: Cidr): string {
  return `${formatAddress(address, family)}/${prefix}`;
}

/** The whole network, from its own address to its last. */
export function networkRange({ family, address, prefix }: Cidr): AddressRange {
  const size = 1n << BigInt(BITS[family] - prefix);
  const start = address - (address % size);
  return { start, end: start + size - 1n };
}

/** The network without the addresses that no machine can have: its own, and IPv4's for broadcasts. */
export function usableRange(cidr: Cidr): AddressRange {
  const { start, end } = networkRange(cidr);
  return { start: start + 1n, end: cidr.family === "ipv4" ? end - 1n : end };
}

export function contains({ start, end }: AddressRange, address: bigint): boolean {
  return start <= address && address <= end;
}

/** Whether two networks have an address in common. */
export function overlap(a: Cidr, b: Cidr): boolean {
  return a.family === b.family && meet(networkRange(a), networkRange(b));
}

/** Whether two ranges have an address in common. */
export function meet(a: AddressRange, b: AddressRange): boolean {
  return a.start <= b.end && b.start <= a.end;
}

/** libvirt takes no DHCP range that leaves the 65,536 addresses in which it begins. */
export function fitsDhcpServer({ start, end }: AddressRange): boolean {
  return start / BLOCK === end / BLOCK;
}

/**
 * What a DHCP server of the network hands out when nobody says otherwise: every usable address but the host's own, within the 65,536
 * addresses around the host's when the network is larger.
 */
export function defaultDhcpRanges(cidr: Cidr, bounds: Partial<AddressRange> = {}): AddressRange[] {
  const usable = usableRange(cidr);
  const anchor = bounds.start ?? bounds.end ?? cidr.address;
  const block = { start: anchor - (anchor % BLOCK), end: anchor - (anchor % BLOCK) + BLOCK - 1n };
  const start = bounds.start ?? (usable.start > block.start ? usable.start : block.start);
  const end = bounds.end ?? (usable.end < block.end ? usable.end : block.end);
  const own = cidr.address;
  // Both bounds given: they stand as they are. The server never hands out its own address anyway.
  if ((bounds.start !== undefined && bounds.end !== undefined) || !contains({ start, end }, own))
    return [{ start, end }];
  return [
    { start, end: own - 1n },
    { start: own + 1n, end },
  ].filter((range) => range.start <= range.end);
}
