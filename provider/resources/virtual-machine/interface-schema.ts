import { z } from "zod";
import { libvirtName, oneOf, size, wholeNumber, yesOrNo } from "../inputs.js";
import { vlan } from "../network/vlan-schema.js";
import { bootOrder } from "./cdrom-schema.js";

const mac = z
  .string({ error: "must be a string" })
  .regex(/^[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}$/, {
    error: "must be a MAC address, such as 52:54:00:12:34:56",
  })
  .refine((s) => (Number.parseInt(s.slice(0, 2), 16) & 1) === 0, {
    error: "must not be a multicast address: its first byte is odd",
  })
  .transform((s) => s.toLowerCase());

/** Names of the kernel's network devices. */
const deviceName = (what: string) =>
  z
    .string({ error: "must be a string" })
    .regex(/^(?!\.{1,2}$)[^\s/:%\p{C}]{1,15}$/u, {
      error: `must be a ${what}'s name: 1 to 15 characters without spaces, slashes, colons and percent signs`,
    })
    .refine((s) => Buffer.byteLength(s) <= 15, { error: "must be at most 15 bytes" });

/** Amounts a second, in the whole kilobytes in which libvirt counts. */
const rate = () => size({ granularityBytes: 1_000, leastBytes: 1_000, mostBytes: 10 ** 12 });
const flow = {
  average: rate().optional(),
  peak: rate().optional(),
  burst: size({ granularityBytes: 1_024, leastBytes: 1_024, mostBytes: 2 ** 40 }).optional(),
};
const bandwidth = z.strictObject(
  {
    inbound: z
      .strictObject(
        { ...flow, floor: rate().optional() },
        { error: "must be { average, peak, burst, floor }" },
      )
      .optional(),
    outbound: z.strictObject(flow, { error: "must be { average, peak, burst }" }).optional(),
  },
  { error: "must be { inbound, outbound }" },
);

/** Variables of filters, and their values, which are addresses, ports and names. */
const variable = z
  .string({ error: "must be a string" })
  .regex(/^[0-9A-Za-z_.:/-]{1,255}$/, { error: "must consist of letters, digits and _ . : / -" });

export const nic = z.strictObject(
  {
    network: libvirtName().optional(),
    portgroup: z
      .string({ error: "must be a string" })
      .regex(/^[A-Za-z0-9_.-]{1,100}$/, {
        error: "must be 1 to 100 letters, digits, dots, hyphens and underscores",
      })
      .optional(),
    bridge: deviceName("bridge").optional(),
    direct: z
      .strictObject(
        {
          dev: deviceName("device"),
          mode: oneOf(["bridge", "vepa", "private", "passthrough"]).optional(),
        },
        { error: "must be { dev, mode }" },
      )
      .optional(),
    mac: mac.optional(),
    model: oneOf(["virtio", "e1000e", "e1000", "rtl8139", "vmxnet3"]).optional(),
    link: oneOf(["up", "down"]).optional(),
    vlan: vlan.optional(),
    virtualPort: z
      .strictObject(
        { type: oneOf(["openvswitch"]), profile: libvirtName({ mostBytes: 39 }).optional() },
        { error: "must be { type, profile }" },
      )
      .optional(),
    bandwidth: bandwidth.optional(),
    filter: z
      .strictObject(
        {
          name: z.string({ error: "must be a string" }).regex(/^[A-Za-z0-9_.:-]{1,100}$/, {
            error: "must be the name of a network filter: letters, digits and _ . : -",
          }),
          parameters: z
            .record(
              z.string().regex(/^[0-9A-Za-z_]{1,100}$/, {
                error: "must consist of letters, digits and underscores",
              }),
              z.union([variable, z.array(variable).min(1, { error: "must not be empty" })], {
                error: "must be a value, or a list of values, of letters, digits and _ . : / -",
              }),
              { error: "must be an object of values by their names" },
            )
            .optional(),
        },
        { error: "must be { name, parameters }" },
      )
      .optional(),
    mtu: wholeNumber(68, 65_535).optional(),
    queues: wholeNumber(1, 256).optional(),
    trustGuestRxFilters: yesOrNo().optional(),
    bootOrder: bootOrder().optional(),
  },
  { error: "must be { network }, { bridge } or { direct }" },
);
export type InterfaceInputs = z.output<typeof nic>;
