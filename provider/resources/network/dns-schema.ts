import { z } from "zod";
import { isXmlText } from "../../libvirt/xml/index.js";
import { oneOf, wholeNumber, yesOrNo } from "../inputs.js";
import { anyAddress, dnsName } from "./address-schema.js";

const names = z
  .array(dnsName("printer.lab.example"), { error: "must be a list of DNS names" })
  .min(1, { error: "must have at least one name" });

const host = z.strictObject({ address: anyAddress(), names }, { error: "must be { address, names }" });

const forwarder = z.union(
  [
    anyAddress(),
    z.strictObject({ address: anyAddress().optional(), domain: dnsName("corp.example").optional() }),
  ],
  { error: "must be an IP address or { address, domain }" },
);

const underscored = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?";

const text = z.strictObject(
  {
    name: z
      .string({ error: "must be a string" })
      .max(253, { error: "must be at most 253 characters" })
      .regex(new RegExp(`^${underscored}(?:\\.${underscored})*$`), {
        error: "must be a DNS name; underscores are fine, as in _dmarc.lab.example",
      }),
    // They stand in dnsmasq's configuration, where each of these characters means something.
    value: z
      .string({ error: "must be a string" })
      .max(255, { error: "must be at most 255 characters" })
      .refine((s) => isXmlText(s) && !/["\\,\p{Cc}]/u.test(s) && !/(?:^|\s)#/.test(s), {
        error:
          'must not contain quotes, backslashes, commas, line breaks, or "#" after a space: dnsmasq would make something else of them',
      }),
  },
  { error: "must be { name, value }" },
);

const service = z.strictObject(
  {
    service: z
      .string({ error: "must be a string" })
      .regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/, {
        error: "must be a service's name without its underscore, such as ldap",
      }),
    protocol: oneOf(["tcp", "udp"]),
    domain: dnsName("lab.example").optional(),
    target: dnsName("ldap.lab.example").optional(),
    port: wholeNumber(1, 65_535).optional(),
    priority: wholeNumber(0, 65_535).optional(),
    weight: wholeNumber(0, 65_535).optional(),
  },
  { error: "must be { service, protocol, ... }" },
);

export const dns = z.strictObject(
  {
    enabled: yesOrNo().optional(),
    hosts: z.array(host, { error: "must be a list of { address, names }" }).optional(),
    forwarders: z
      .array(forwarder, { error: "must be a list of IP addresses or { address, domain }" })
      .optional(),
    txt: z.array(text, { error: "must be a list of { name, value }" }).optional(),
    srv: z.array(service, { error: "must be a list of { service, protocol, ... }" }).optional(),
  },
  { error: "must be { enabled, hosts, forwarders, txt, srv }" },
);
export type DnsInputs = z.output<typeof dns>;
