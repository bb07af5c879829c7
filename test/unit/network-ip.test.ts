import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Cidr,
  contains,
  defaultDhcpRanges,
  type Family,
  fitsDhcpServer,
  formatAddress,
  formatCidr,
  networkRange,
  overlap,
  parseAddress,
  parseCidr,
  usableRange,
} from "../../provider/resources/network/ip.js";
import { runs } from "../support/runs.js";

const ipv4 = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n });
/** Zeros in many places, which is what the short form is about; no IPv4 address in disguise. */
const ipv6 = fc
  .array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 65_535 })), { minLength: 8, maxLength: 8 })
  .map((words) => words.reduce((sum, word) => sum * 65_536n + BigInt(word), 0n))
  .filter((address) => address >> 48n !== 0n);
const hostInNetwork: fc.Arbitrary<Cidr> = fc
  .oneof(
    fc.record({
      family: fc.constant<Family>("ipv4"),
      address: ipv4,
      prefix: fc.integer({ min: 8, max: 30 }),
    }),
    fc.record({
      family: fc.constant<Family>("ipv6"),
      address: ipv6,
      prefix: fc.integer({ min: 8, max: 126 }),
    }),
  )
  .filter((cidr) => contains(usableRange(cidr), cidr.address));
const show = ({ start, end }: { start: bigint; end: bigint }, family: Family = "ipv4") =>
  `${formatAddress(start, family)}-${formatAddress(end, family)}`;
const cidr = (text: string): Cidr => parseCidr(text) ?? { family: "ipv4", address: -1n, prefix: -1 };

describe("arithmetic of addresses", () => {
  it("reads what it wrote, and writes IPv6 as everybody does", () => {
    fc.assert(fc.property(ipv4, (value) => parseAddress(formatAddress(value, "ipv4"), "ipv4") === value));
    fc.assert(
      fc.property(ipv6, (value) => {
        const text = formatAddress(value, "ipv6");
        expect(parseAddress(text, "ipv6")).toBe(value);
        // The URL standard's form is that of RFC 5952, and so is libvirt's.
        expect(new URL(`http://[${text}]`).hostname).toBe(`[${text}]`);
        const long = value
          .toString(16)
          .padStart(32, "0")
          .replace(/.{4}(?=.)/g, "$&:");
        expect(parseAddress(long.toUpperCase(), "ipv6")).toBe(value);
      }),
      { numRuns: runs(500) },
    );
    fc.assert(
      fc.property(hostInNetwork, (value) => {
        expect(parseCidr(formatCidr(value))).toEqual(value);
      }),
    );
  });

  it.each([
    "",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.4 ",
    "1.2.3.-4",
    "1.2.3.0x4",
    "1.2..4",
    "1.2.3.4\n",
  ])("takes %j for no address", (text) => {
    expect(parseAddress(text, "ipv4")).toBeUndefined();
  });

  it.each(["", "::1%eth0", "::ffff:1.2.3.4", "fd00:::1", "fd00::g", "[fd00::1]", "fd00::1 ", "10.0.0.1"])(
    "takes %j for no IPv6 address",
    (text) => {
      expect(parseAddress(text, "ipv6")).toBeUndefined();
    },
  );

  it.each([
    "10.0.0.1",
    "10.0.0.1/",
    "10.0.0.1/33",
    "10.0.0.1/024",
    "10.0.0.1/24/1",
    "10.0.0.1/-1",
    "/24",
    "fd00::1/129",
  ])("takes %j for no address with prefix", (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  it("knows a network's bounds", () => {
    expect(show(networkRange(cidr("10.1.2.3/24")))).toBe("10.1.2.0-10.1.2.255");
    expect(show(usableRange(cidr("192.168.7.130/25")))).toBe("192.168.7.129-192.168.7.254");
    expect(show(networkRange(cidr("223.255.255.254/8")))).toBe("223.0.0.0-223.255.255.255");
    expect(show(usableRange(cidr("fd00::1/64")), "ipv6")).toBe("fd00::1-fd00::ffff:ffff:ffff:ffff");
  });

  it("calls networks overlapping exactly when one contains the other's first address", () => {
    expect(overlap(cidr("10.0.0.1/24"), cidr("10.0.1.1/24"))).toBe(false);
    expect(overlap(cidr("10.0.0.1/24"), cidr("10.0.1.1/23"))).toBe(true);
    expect(overlap(cidr("0.0.0.1/8"), cidr("::1/8"))).toBe(false);
    fc.assert(
      fc.property(hostInNetwork, hostInNetwork, (a, b) => {
        const [x, y] = [networkRange(a), networkRange(b)];
        const meets = contains(x, y.start) || contains(y, x.start);
        expect(overlap(a, b)).toBe(a.family === b.family && meets);
      }),
    );
  });

  it("hands out every usable address but the host's", () => {
    const ranges = (text: string) =>
      defaultDhcpRanges(cidr(text)).map((range) => show(range, cidr(text).family));
    expect(ranges("10.0.0.1/24")).toEqual(["10.0.0.2-10.0.0.254"]);
    expect(ranges("10.0.0.254/24")).toEqual(["10.0.0.1-10.0.0.253"]);
    expect(ranges("10.0.0.9/24")).toEqual(["10.0.0.1-10.0.0.8", "10.0.0.10-10.0.0.254"]);
    expect(ranges("10.0.0.1/30")).toEqual(["10.0.0.2-10.0.0.2"]);
    expect(ranges("10.5.0.1/8")).toEqual(["10.5.0.0-10.5.0.0", "10.5.0.2-10.5.255.255"]);
    expect(ranges("fd00::1/64")).toEqual(["fd00::2-fd00::ffff"]);
    fc.assert(
      fc.property(hostInNetwork, (value) => {
        const found = defaultDhcpRanges(value);
        const size = found.reduce((sum, { start, end }) => sum + end - start + 1n, 0n);
        expect(found.every(fitsDhcpServer)).toBe(true);
        expect(found.some((range) => contains(range, value.address))).toBe(false);
        for (const { start, end } of found) {
          expect(start <= end).toBe(true);
          expect(contains(usableRange(value), start) && contains(usableRange(value), end)).toBe(true);
        }
        if (value.family === "ipv4" && value.prefix >= 16)
          expect(size).toBe(2n ** BigInt(32 - value.prefix) - 3n);
      }),
    );
  });

  it("takes the bounds that are given, and completes one that isn't", () => {
    const at = (text: string) => parseAddress(text, "ipv4") as bigint;
    const own = cidr("10.0.0.1/24");
    const ranges = (bounds: { start?: bigint; end?: bigint }) =>
      defaultDhcpRanges(own, bounds).map((range) => show(range));
    expect(ranges({ start: at("10.0.0.100") })).toEqual(["10.0.0.100-10.0.0.254"]);
    expect(ranges({ end: at("10.0.0.100") })).toEqual(["10.0.0.2-10.0.0.100"]);
    expect(ranges({ end: at("10.0.0.1") })).toEqual([]);
  });
});
