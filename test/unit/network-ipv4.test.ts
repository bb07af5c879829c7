import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  contains,
  defaultDhcpRanges,
  fitsDhcpServer,
  formatCidr,
  formatIpv4,
  networkRange,
  overlap,
  parseCidr,
  parseIpv4,
  usableRange,
} from "../../provider/resources/network/ipv4.js";

const address = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const hostInNetwork = fc
  .record({ address, prefix: fc.integer({ min: 8, max: 30 }) })
  .filter((cidr) => contains(usableRange(cidr), cidr.address));
const show = ({ start, end }: { start: number; end: number }) => `${formatIpv4(start)}-${formatIpv4(end)}`;
const cidr = (text: string) => parseCidr(text) ?? { address: -1, prefix: -1 };

describe("IPv4 arithmetic", () => {
  it("reads what it wrote", () => {
    fc.assert(fc.property(address, (value) => parseIpv4(formatIpv4(value)) === value));
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
    expect(parseIpv4(text)).toBeUndefined();
  });

  it.each(["10.0.0.1", "10.0.0.1/", "10.0.0.1/33", "10.0.0.1/024", "10.0.0.1/24/1", "10.0.0.1/-1", "/24"])(
    "takes %j for no address with prefix",
    (text) => {
      expect(parseCidr(text)).toBeUndefined();
    },
  );

  it("knows a network's bounds, also where signed 32-bit numbers would be negative", () => {
    expect(show(networkRange(cidr("10.1.2.3/24")))).toBe("10.1.2.0-10.1.2.255");
    expect(show(usableRange(cidr("192.168.7.130/25")))).toBe("192.168.7.129-192.168.7.254");
    expect(show(networkRange(cidr("223.255.255.254/8")))).toBe("223.0.0.0-223.255.255.255");
  });

  it("calls networks overlapping exactly when one contains the other's first address", () => {
    expect(overlap(cidr("10.0.0.1/24"), cidr("10.0.1.1/24"))).toBe(false);
    expect(overlap(cidr("10.0.0.1/24"), cidr("10.0.1.1/23"))).toBe(true);
    fc.assert(
      fc.property(hostInNetwork, hostInNetwork, (a, b) => {
        const [x, y] = [networkRange(a), networkRange(b)];
        expect(overlap(a, b)).toBe(contains(x, y.start) || contains(y, x.start));
      }),
    );
  });

  it("hands out every usable address but the host's", () => {
    expect(defaultDhcpRanges(cidr("10.0.0.1/24")).map(show)).toEqual(["10.0.0.2-10.0.0.254"]);
    expect(defaultDhcpRanges(cidr("10.0.0.254/24")).map(show)).toEqual(["10.0.0.1-10.0.0.253"]);
    expect(defaultDhcpRanges(cidr("10.0.0.9/24")).map(show)).toEqual([
      "10.0.0.1-10.0.0.8",
      "10.0.0.10-10.0.0.254",
    ]);
    expect(defaultDhcpRanges(cidr("10.0.0.1/30")).map(show)).toEqual(["10.0.0.2-10.0.0.2"]);
    expect(defaultDhcpRanges(cidr("10.5.0.1/8")).map(show)).toEqual([
      "10.5.0.0-10.5.0.0",
      "10.5.0.2-10.5.255.255",
    ]);
    fc.assert(
      fc.property(hostInNetwork, (value) => {
        const ranges = defaultDhcpRanges(value);
        const size = ranges.reduce((sum, { start, end }) => sum + end - start + 1, 0);
        expect(ranges.every(fitsDhcpServer)).toBe(true);
        expect(ranges.some((range) => contains(range, value.address))).toBe(false);
        for (const { start, end } of ranges) {
          expect(start).toBeLessThanOrEqual(end);
          expect(contains(usableRange(value), start) && contains(usableRange(value), end)).toBe(true);
        }
        if (value.prefix >= 16) expect(size).toBe(2 ** (32 - value.prefix) - 3);
      }),
    );
  });

  it("takes the bounds that are given, and completes one that isn't", () => {
    const at = (text: string) => parseIpv4(text) as number;
    const own = cidr("10.0.0.1/24");
    expect(defaultDhcpRanges(own, { start: at("10.0.0.100") }).map(show)).toEqual(["10.0.0.100-10.0.0.254"]);
    expect(defaultDhcpRanges(own, { end: at("10.0.0.100") }).map(show)).toEqual(["10.0.0.2-10.0.0.100"]);
    expect(defaultDhcpRanges(own, { end: at("10.0.0.1") })).toEqual([]);
  });
});
