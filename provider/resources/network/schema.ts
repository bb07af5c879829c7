import { z } from "zod";
import type { Connection, Credentials } from "../../hosts/host-ref.js";
import { common, libvirtName, oneOf, onHosts, wholeNumber, yesOrNo } from "../inputs.js";
import { type AddressRange, type Cidr, contains, parseCidr, parseIpv4, usableRange } from "./ipv4.js";

const address = () =>
  z.string({ error: "must be an IPv4 address" }).refine((s) => parseIpv4(s) !== undefined, {
    error: "must be an IPv4 address, such as 10.10.0.5",
  });

const mac = z
  .string({ error: "must be a string" })
  .regex(/^[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}$/, {
    error: "must be a MAC address, such as 52:54:00:12:34:56",
  })
  .refine((s) => (Number.parseInt(s.slice(0, 2), 16) & 1) === 0, {
    error: "must not be a multicast address: its first byte is odd",
  })
  .transform((s) => s.toLowerCase());

const label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
const dnsName = (example: string) =>
  z
    .string({ error: "must be a string" })
    .max(253, { error: "must be at most 253 characters" })
    .regex(new RegExp(`^${label}(?:\\.${label})*$`), {
      error: `must be a DNS name: letters, digits and hyphens, parts separated by dots, such as ${example}`,
    });

const fixedAddress = z.strictObject(
  { mac, address: address(), name: dnsName("printer").optional() },
  { error: "must be { mac, address, name? }" },
);

const dhcp = z.union(
  [
    z.boolean(),
    z.strictObject({
      start: address().optional(),
      end: address().optional(),
      hosts: z
        .array(fixedAddress, { error: "must be a list of { mac, address, name? }" })
        .max(4096, { error: "must have at most 4096 entries" })
        .optional(),
    }),
  ],
  { error: "must be true, false or { start, end, hosts }" },
);

export const shape = {
  ...common,
  ...onHosts,
  // It becomes part of the names of dnsmasq's files, and they stand in its configuration.
  name: libvirtName({ mostBytes: 100 }).refine((s) => !s.includes(" #"), {
    error: 'must not contain " #": dnsmasq takes what follows for a comment',
  }),
  mode: oneOf(["nat", "isolated", "bridge"]),
  bridge: z
    .string({ error: "must be a string" })
    .regex(/^(?!\.{1,2}$)[^\s/:%\p{C}]{1,15}$/u, {
      error: "must be a bridge's name: 1 to 15 characters without spaces, slashes, colons and percent signs",
    })
    .refine((s) => Buffer.byteLength(s) <= 15, { error: "must be at most 15 bytes" })
    .optional(),
  cidr: z
    .string({ error: "must be a string" })
    .refine((s) => isHostAddress(parseCidr(s)), {
      error:
        "must be the host's IPv4 address in the network with a prefix from 8 to 30, such as 10.10.0.1/24; not the network's own or its broadcast address",
    })
    .optional(),
  dhcp: dhcp.optional(),
  domain: dnsName("lab.example").optional(),
  mtu: wholeNumber(68, 65_535).optional(),
  autostart: yesOrNo().optional(),
  restartPolicy: oneOf(["never", "whenNeeded"]).optional(),
  adopt: yesOrNo().optional(),
};
export type Inputs = z.output<z.ZodObject<typeof shape>>;

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

function isHostAddress(cidr: Cidr | undefined): boolean {
  if (cidr === undefined || cidr.prefix < 8 || cidr.prefix > 30) return false;
  const first = Math.floor(cidr.address / 2 ** 24);
  return first > 0 && first !== 127 && first < 224 && contains(usableRange(cidr), cidr.address);
}

export type DhcpInputs = Exclude<NonNullable<Inputs["dhcp"]>, boolean>;

/** The declared bounds of what is handed out. */
export function boundsOf(declared: DhcpInputs): Partial<AddressRange> {
  const { start, end } = declared;
  return {
    ...(start === undefined ? {} : { start: parseIpv4(start) as number }),
    ...(end === undefined ? {} : { end: parseIpv4(end) as number }),
  };
}
