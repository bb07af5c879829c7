import { z } from "zod";
import { duration } from "../inputs.js";
import { dnsName, duid, ipv4Address, ipv6Address, mac } from "./address-schema.js";

/** dnsmasq counts seconds in 32 bits; libvirt wants more than two minutes. */
const LEASE = { leastMs: 120_000, mostMs: 3650 * 24 * 3_600_000 };

const leaseTime = () =>
  z.union(
    [
      z.literal("infinite"),
      duration(LEASE).refine((canonical) => Number.parseInt(canonical, 10) % 1000 === 0, {
        error: "must be whole seconds",
      }),
    ],
    { error: 'must be a duration of 2 minutes or more, such as "12h", or "infinite"' },
  );

const hostsOf = <T extends z.ZodRawShape>(shape: T, form: string) =>
  z
    .array(z.strictObject(shape, { error: `must be ${form}` }), { error: `must be a list of ${form}` })
    .max(4096, { error: "must have at most 4096 entries" })
    .optional();

const rangesOf = <T extends z.ZodType>(address: () => T) =>
  z
    .array(z.strictObject({ start: address(), end: address() }, { error: "must be { start, end }" }), {
      error: "must be a list of { start, end }",
    })
    .max(256, { error: "must have at most 256 entries" })
    .optional();

const error = { error: "must be true, false or { start, end, ranges, hosts, leaseTime }" };

export const dhcpv4 = z.union(
  [
    z.boolean(),
    z.strictObject({
      start: ipv4Address().optional(),
      end: ipv4Address().optional(),
      ranges: rangesOf(ipv4Address),
      hosts: hostsOf(
        { mac: mac().optional(), address: ipv4Address(), name: hostName().optional() },
        "{ mac, address, name? }",
      ),
      leaseTime: leaseTime().optional(),
    }),
  ],
  error,
);

export const dhcpv6 = z.union(
  [
    z.boolean(),
    z.strictObject({
      start: ipv6Address().optional(),
      end: ipv6Address().optional(),
      ranges: rangesOf(ipv6Address),
      hosts: hostsOf(
        { duid: duid().optional(), address: ipv6Address(), name: hostName().optional() },
        "{ duid, address, name? }",
      ),
      leaseTime: leaseTime().optional(),
    }),
  ],
  error,
);

function hostName() {
  return dnsName("printer");
}

/** What both families' DHCP has in common, once checked. */
export interface DhcpInputs {
  start?: string | undefined;
  end?: string | undefined;
  ranges?: { start: string; end: string }[] | undefined;
  hosts?:
    | { mac?: string | undefined; duid?: string | undefined; address: string; name?: string | undefined }[]
    | undefined;
  leaseTime?: string | undefined;
}

/** Seconds of a checked lease time; 0: for good, as libvirt has it. */
export function leaseSecondsOf(leaseTime: string): number {
  return leaseTime === "infinite" ? 0 : Number.parseInt(leaseTime, 10) / 1000;
}
