import { z } from "zod";
import { hostPath, libvirtName, oneOf, wholeNumber, yesOrNo } from "../inputs.js";

/** Places in the boot order of all of a VM's devices. */
export const bootOrder = () => wholeNumber(1, 999);

/** What can be in a drive. */
export const medium = z.union(
  [
    z.strictObject({
      pool: libvirtName({ mostBytes: 100 }),
      volume: libvirtName({ mostBytes: 255 }),
    }),
    hostPath(),
  ],
  { error: "must be an Image, a Disk, { pool, volume }, or an absolute path on the host" },
);

export const cdrom = z.strictObject(
  {
    source: medium.optional(),
    bus: oneOf(["sata", "scsi", "usb", "ide"]).optional(),
    bootOrder: bootOrder().optional(),
    name: z
      .string({ error: "must be a string" })
      .regex(/^[A-Za-z0-9_-]{1,40}$/, { error: "must be 1 to 40 letters, digits, hyphens and underscores" })
      .optional(),
    force: yesOrNo().optional(),
  },
  { error: "must be { source, bus, ... }" },
);
export type CdromInputs = z.output<typeof cdrom>;
