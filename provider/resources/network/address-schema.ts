import { z } from "zod";
import {
  type Cidr,
  contains,
  type Family,
  formatAddress,
  formatCidr,
  parseAddress,
  parseCidr,
  usableRange,
} from "./ip.js";

/** Texts for addresses and names; IPv6 becomes the one form that libvirt writes. */

export const ipv4Address = () => addressOf("ipv4", "must be an IPv4 address, such as 10.10.0.5");

export const ipv6Address = () => addressOf("ipv6", "must be an IPv6 address, such as fd00:10::5");

/** An address of either family. */
export const anyAddress = () =>
  z.string({ error: "must be an IP address" }).transform((text, context) => {
    const family: Family = text.includes(":") ? "ipv6" : "ipv4";
    return (
      canonical(text, family) ??
      refuse(context, text, "must be an IP address, such as 10.10.0.5 or fd00:10::5")
    );
  });

function addressOf(family: Family, error: string) {
  return z
    .string({ error })
    .transform((text, context) => canonical(text, family) ?? refuse(context, text, error));
}

function canonical(text: string, family: Family): string | undefined {
  const address = parseAddress(text, family);
  if (address === undefined || (family === "ipv6" && standsForIpv4(address))) return undefined;
  return formatAddress(address, family);
}

/** What begins with 80 zeros is written with dots in it, and is no address of a machine in a network. */
function standsForIpv4(address: bigint): boolean {
  return address >> 48n === 0n;
}

/** The host's IPv4 address in a network. */
export const ipv4Cidr = () =>
  cidrOf(
    (cidr) => cidr.family === "ipv4" && isHostAddress(cidr),
    "must be the host's IPv4 address in the network with a prefix from 8 to 30, such as 10.10.0.1/24; not the network's own or its broadcast address",
  );

/** The host's IPv6 address in a network. */
export const ipv6Cidr = () =>
  cidrOf(
    (cidr) => cidr.family === "ipv6" && isHostAddress(cidr),
    "must be the host's IPv6 address in the network with a prefix from 8 to 126, such as fd00:10::1/64; not the network's own, a link-local or a multicast address",
  );

/** The host's address of either family in a network. */
export const anyCidr = () =>
  cidrOf(
    isHostAddress,
    "must be an address of the host with its prefix (IPv4: 8 to 30, IPv6: 8 to 126), such as 10.20.0.1/24 or fd00:20::1/64; not the network's own or its broadcast address",
  );

function cidrOf(isFine: (cidr: Cidr) => boolean, error: string) {
  return z.string({ error: "must be a string" }).transform((text, context) => {
    const cidr = parseCidr(text);
    return cidr !== undefined && isFine(cidr) ? formatCidr(cidr) : refuse(context, text, error);
  });
}

function isHostAddress(cidr: Cidr): boolean {
  const { family, address, prefix } = cidr;
  if (prefix < 8 || !contains(usableRange(cidr), address)) return false;
  if (family === "ipv4") {
    const first = address >> 24n;
    return prefix <= 30 && first > 0n && first !== 127n && first < 224n;
  }
  const first = address >> 112n;
  const isLinkLocal = first >= 0xfe80n && first < 0xfec0n;
  return prefix <= 126 && !standsForIpv4(address) && !isLinkLocal && first < 0xff00n;
}

/** Where a route leads: a network by its own address. */
export const destination = () =>
  z.string({ error: "must be a string" }).transform((text, context) => {
    const cidr = parseCidr(text);
    if (cidr === undefined)
      return refuse(context, text, "must be a network with its prefix, such as 192.168.50.0/24");
    const own = {
      ...cidr,
      address:
        cidr.address - (cidr.address % (1n << BigInt((cidr.family === "ipv4" ? 32 : 128) - cidr.prefix))),
    };
    if (own.address !== cidr.address)
      return refuse(context, text, `must be a network's own address: did you mean ${formatCidr(own)}?`);
    return formatCidr(cidr);
  });

/** A MAC address, in lower case. */
export const mac = () =>
  z
    .string({ error: "must be a string" })
    .regex(/^[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}$/, {
      error: "must be a MAC address, such as 52:54:00:12:34:56",
    })
    .refine((s) => (Number.parseInt(s.slice(0, 2), 16) & 1) === 0, {
      error: "must not be a multicast address: its first byte is odd",
    })
    .transform((s) => s.toLowerCase());

/** What DHCPv6 knows a client by, in lower case. */
export const duid = () =>
  z
    .string({ error: "must be a string" })
    .regex(/^[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){3,129}$/, {
      error:
        "must be a DUID: 4 to 130 bytes in hexadecimal with colons, such as 00:03:00:01:52:54:00:12:34:56",
    })
    .transform((s) => s.toLowerCase());

const label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";

/** A name of a machine or a domain. */
export const dnsName = (example: string) =>
  z
    .string({ error: "must be a string" })
    .max(253, { error: "must be at most 253 characters" })
    .regex(new RegExp(`^${label}(?:\\.${label})*$`), {
      error: `must be a DNS name: letters, digits and hyphens, parts separated by dots, such as ${example}`,
    });

function refuse(context: z.RefinementCtx, input: unknown, message: string): never {
  context.addIssue({ code: "custom", message, input });
  return z.NEVER;
}
