import { z } from "zod";
import type { Connection, Credentials } from "../../hosts/host-ref.js";
import { common, duration, libvirtName, oneOf, onHosts, wholeNumber, yesOrNo } from "../inputs.js";
import {
  anyAddress,
  anyCidr,
  destination,
  dnsName,
  ipv4Address,
  ipv4Cidr,
  ipv6Cidr,
  mac,
} from "./address-schema.js";
import { dhcpv4, dhcpv6 } from "./dhcp-schema.js";
import { dns } from "./dns-schema.js";
import { portgroups, vlan } from "./vlan-schema.js";

const deviceName = (what: string) =>
  z
    .string({ error: "must be a string" })
    .regex(/^(?!\.{1,2}$)[^\s/:%\p{C}]{1,15}$/u, {
      error: `must be a ${what}'s name: 1 to 15 characters without spaces, slashes, colons and percent signs`,
    })
    .refine((s) => s.length > 15 || Buffer.byteLength(s) <= 15, { error: "must be at most 15 bytes" });

const port = () => wholeNumber(1, 65_535);

const nat = z.strictObject(
  {
    ports: z.strictObject({ start: port(), end: port() }, { error: "must be { start, end }" }).optional(),
    addresses: z
      .strictObject({ start: ipv4Address(), end: ipv4Address() }, { error: "must be { start, end }" })
      .optional(),
    ipv6: yesOrNo().optional(),
  },
  { error: "must be { ports, addresses, ipv6 }" },
);

const ipv6 = z.strictObject(
  { cidr: ipv6Cidr(), dhcp: dhcpv6.optional() },
  { error: "must be { cidr, dhcp? }" },
);

const domain = z.union(
  [dnsName("lab.example"), z.strictObject({ name: dnsName("lab.example"), localOnly: yesOrNo().optional() })],
  { error: "must be a DNS name or { name, localOnly }" },
);

const route = z.strictObject(
  { cidr: destination(), gateway: anyAddress(), metric: wholeNumber(1, 2 ** 31 - 1).optional() },
  { error: "must be { cidr, gateway, metric? }" },
);

export const shape = {
  ...common,
  ...onHosts,
  // It becomes part of the names of dnsmasq's files, and they stand in its configuration.
  name: libvirtName({ mostBytes: 100 }).refine((s) => !s.includes(" #"), {
    error: 'must not contain " #": dnsmasq takes what follows for a comment',
  }),
  mode: oneOf(["nat", "route", "open", "isolated", "bridge", "macvtap", "ovs"]),
  bridge: deviceName("bridge").optional(),
  stp: yesOrNo().optional(),
  forwardDelay: duration({ leastMs: 0, mostMs: 30_000 })
    .refine((canonical) => Number.parseInt(canonical, 10) % 1000 === 0, { error: "must be whole seconds" })
    .optional(),
  mac: mac().optional(),
  forwardDevice: deviceName("device").optional(),
  forwardDevices: z
    .array(deviceName("device"), { error: "must be a list of devices" })
    .min(1, { error: "must name at least one device" })
    .optional(),
  macvtapMode: oneOf(["bridge", "private", "vepa", "passthrough"]).optional(),
  nat: nat.optional(),
  cidr: ipv4Cidr().optional(),
  dhcp: dhcpv4.optional(),
  ipv6: ipv6.optional(),
  addresses: z.array(anyCidr(), { error: "must be a list of addresses with their prefixes" }).optional(),
  routes: z.array(route, { error: "must be a list of { cidr, gateway, metric? }" }).optional(),
  dns: dns.optional(),
  domain: domain.optional(),
  vlan: vlan.optional(),
  portgroups: portgroups.optional(),
  mtu: wholeNumber(68, 65_535).optional(),
  autostart: yesOrNo().optional(),
  restartPolicy: oneOf(["never", "whenNeeded"]).optional(),
  adopt: yesOrNo().optional(),
};
export type Inputs = z.output<z.ZodObject<typeof shape>>;
export type Mode = Inputs["mode"];

export interface Outputs {
  /** By host name. */
  uuids: Record<string, string>;
  /** By host name. */
  bridges: Record<string, string>;
  /** Tells this resource's networks, on all its hosts, from those of a namesake before or after it. */
  nonce: string;
  /** Hosts that left `hosts` and still have the network: an update that was cut short goes on there. */
  leaving?: Record<string, Connection> | undefined;
  /** Those of `leaving` too; beside the inputs' own only while there are any. Secret. */
  credentials?: Record<string, Credentials> | undefined;
}

/** Whether libvirt makes the bridge, and with it addresses, DHCP and DNS. */
export function hasOwnBridge(mode: Mode): boolean {
  return mode === "nat" || mode === "route" || mode === "open" || mode === "isolated";
}

/** The domain in its one form. */
export function domainOf({
  domain: declared,
}: Pick<Inputs, "domain">): { name: string; localOnly?: boolean | undefined } | undefined {
  return typeof declared === "string" ? { name: declared } : declared;
}
