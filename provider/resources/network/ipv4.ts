/** An IPv4 address with the length of its network's prefix. Addresses are numbers from 0 to 2^32 - 1. */
export interface Cidr {
  address: number;
  prefix: number;
}

/** Addresses from `start` to `end`, both included. */
export interface AddressRange {
  start: number;
  end: number;
}

/** Reads "10.0.0.1". Leading zeros are refused: some programs take them for octal. */
export function parseIpv4(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte < 256) ? bytes.reduce((sum, byte) => sum * 256 + byte, 0) : undefined;
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

/** Reads "10.0.0.1/24". */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([^/]+)\/(0|[1-9][0-9]?)$/.exec(text);
  const address = parseIpv4(match?.[1] ?? "");
  const prefix = Number(match?.[2] ?? 33);
  return address === undefined || prefix > 32 ? undefined : { address, prefix };
}

export function formatCidr({ address, prefix }: Cidr): string {
  return `${formatIpv4(address)}/${prefix}`;
}

/** The whole network, from its own address to its broadcast address. */
export function networkRange({ address, prefix }: Cidr): AddressRange {
  const size = 2 ** (32 - prefix);
  const start = address - (address % size);
  return { start, end: start + size - 1 };
}

/** The network without the two addresses that no machine can have. */
export function usableRange(cidr: Cidr): AddressRange {
  const { start, end } = networkRange(cidr);
  return { start: start + 1, end: end - 1 };
}

export function contains({ start, end }: AddressRange, address: number): boolean {
  return start <= address && address <= end;
}

export function overlap(a: Cidr, b: Cidr): boolean {
  const [x, y] = [networkRange(a), networkRange(b)];
  return x.start <= y.end && y.start <= x.end;
}

/** libvirt takes no DHCP range that leaves the 65,536 addresses in which it begins. */
export function fitsDhcpServer({ start, end }: AddressRange): boolean {
  return Math.floor(start / 65_536) === Math.floor(end / 65_536);
}

/**
 * What a DHCP server of the network hands out when nobody says otherwise: every usable address but the host's own, within the 65,536
 * addresses around the host's when the network is larger.
 */
export function defaultDhcpRanges(cidr: Cidr, bounds: Partial<AddressRange> = {}): AddressRange[] {
  const usable = usableRange(cidr);
  const anchor = bounds.start ?? bounds.end ?? cidr.address;
  const block = { start: anchor - (anchor % 65_536), end: anchor - (anchor % 65_536) + 65_535 };
  const start = bounds.start ?? Math.max(usable.start, block.start);
  const end = bounds.end ?? Math.min(usable.end, block.end);
  const own = cidr.address;
  // Both bounds given: they stand as they are. The server never hands out its own address anyway.
  if ((bounds.start !== undefined && bounds.end !== undefined) || !contains({ start, end }, own))
    return [{ start, end }];
  return [
    { start, end: own - 1 },
    { start: own + 1, end },
  ].filter((range) => range.start <= range.end);
}
