import { z } from "zod";
import type { Connection, Credentials } from "../../hosts/host-ref.js";
import {
  common,
  diskSize,
  duration,
  hostPath,
  libvirtName,
  localFile,
  oneOf,
  onHost,
  volumeNameOrPath,
  wholeNumber,
  xmlText,
  yesOrNo,
} from "../inputs.js";
import { bootOrder, cdrom } from "./cdrom-schema.js";
import { diskLimits } from "./disk-limits.js";
import { featureShapes } from "./features/index.js";
import { nic } from "./interface-schema.js";
import { type Readiness, waitShape } from "./wait/schema.js";

/** A Disk resource, as the SDK hands it on. */
const diskRef = z.strictObject(
  { host: z.string(), pool: z.string(), name: z.string(), format: z.string().optional() },
  { error: "must be a Disk resource" },
);

/** An Image resource, as the SDK hands it on. */
const imageRef = z.strictObject(
  {
    name: z.string(),
    pool: z.string(),
    volume: z.string(),
    sizeBytes: z.number(),
    /** The hosts that have it, when the machine's isn't among them. */
    elsewhere: z.string().optional(),
  },
  { error: "must be an Image resource" },
);

export const backing = z.union(
  [z.strictObject({ pool: libvirtName(), volume: libvirtName({ mostBytes: 255 }) }), volumeNameOrPath()],
  {
    error:
      "must be a Disk or Image resource, the name of a volume in the same pool, or an absolute path on the host",
  },
);

const disk = z.strictObject(
  {
    disk: diskRef.optional(),
    size: diskSize().optional(),
    pool: libvirtName({ mostBytes: 100 }).optional(),
    format: oneOf(["qcow2", "raw"]).optional(),
    backing: backing.optional(),
    image: imageRef.optional(),
    source: localFile().optional(),
    onImageChange: oneOf(["refuse", "keep"]).optional(),
    name: libvirtName({ mostBytes: 60 }).optional(),
    volume: libvirtName({ mostBytes: 200 }).optional(),
    bus: oneOf(["virtio", "scsi", "sata", "usb", "ide"]).optional(),
    serial: xmlText({ mostBytes: 36 })
      .regex(/^[A-Za-z0-9_.+ -]*$/, { error: "must consist of letters, digits, spaces and _ . + -" })
      .optional(),
    cache: oneOf(["none", "writeback", "writethrough", "directsync", "unsafe"]).optional(),
    discard: oneOf(["unmap", "ignore"]).optional(),
    io: oneOf(["native", "threads", "io_uring"]).optional(),
    detectZeroes: oneOf(["off", "on", "unmap"]).optional(),
    queues: wholeNumber(1, 256).optional(),
    limits: diskLimits.optional(),
    wwn: z
      .string({ error: "must be a string" })
      .regex(/^[0-9a-fA-F]{16}$/, { error: "must be 16 hexadecimal digits" })
      .transform((s) => s.toLowerCase())
      .optional(),
    readonly: yesOrNo().optional(),
    shareable: yesOrNo().optional(),
    bootOrder: bootOrder().optional(),
    retainOnDelete: yesOrNo().optional(),
  },
  { error: "must be { disk }, { image, pool, ... } or { size, pool, ... }" },
);

export const shape = {
  ...common,
  ...onHost,
  name: libvirtName({ mostBytes: 100 }),
  adopt: yesOrNo().optional(),
  emulation: oneOf(["auto", "kvm", "qemu"]).optional(),
  machine: z
    .string({ error: "must be a string" })
    .regex(/^[A-Za-z0-9._-]{1,64}$/, { error: 'must be a QEMU machine type, such as "q35" or "pc-q35-7.2"' })
    .optional(),
  kernel: hostPath().optional(),
  initrd: hostPath().optional(),
  commandLine: xmlText({ mostBytes: 4096 }).optional(),
  disks: z
    .array(disk, { error: "must be a list of disks" })
    .max(64, { error: "must have at most 64 entries" })
    .optional(),
  cdroms: z
    .array(cdrom, { error: "must be a list of drives" })
    .max(8, { error: "must have at most 8 entries" })
    .optional(),
  hotplugSlots: wholeNumber(0, 100).optional(),
  interfaces: z
    .array(nic, { error: "must be a list of interfaces" })
    .max(32, { error: "must have at most 32 entries" })
    .optional(),
  console: z.strictObject({ log: hostPath().optional() }, { error: "must be { log }" }).optional(),
  powerState: oneOf(["running", "stopped", "paused"]).optional(),
  onGuestShutdown: oneOf(["start", "leave"]).optional(),
  autostart: yesOrNo().optional(),
  restartPolicy: oneOf(["never", "whenNeeded"]).optional(),
  shutdownTimeout: duration({ leastMs: 1_000, mostMs: 24 * 3_600_000 }).optional(),
  forceStop: yesOrNo().optional(),
  migration: z
    .strictObject(
      {
        mode: oneOf(["live", "offline", "none"]).optional(),
        storage: oneOf(["auto", "shared", "copy", "incremental"]).optional(),
        maxDowntime: duration({ leastMs: 1, mostMs: 2_000_000 }).optional(),
        bandwidthMibPerSecond: wholeNumber(1, 1_000_000).optional(),
        autoConverge: yesOrNo().optional(),
        postCopy: oneOf(["never", "fallback"])
          .refine((value) => value === "never", {
            error:
              "isn't done yet: halfway between two hosts a guest is lost with either of them; leave it out, and use autoConverge for one that writes too fast",
          })
          .optional(),
        parallelConnections: wholeNumber(1, 255).optional(),
        tls: yesOrNo().optional(),
        timeout: duration({ leastMs: 1_000, mostMs: 7 * 24 * 3_600_000 }).optional(),
        unsafe: yesOrNo().optional(),
      },
      { error: "must be { mode, storage, ... }" },
    )
    .optional(),
  description: xmlText({ mostBytes: 16_384 }).optional(),
  ...waitShape,
  ...featureShapes,
};
export type Inputs = z.output<z.ZodObject<typeof shape>>;
export type DiskInputs = z.output<typeof disk>;

export interface Outputs {
  uuid: string;
  /** Tells this VM's objects from those of a namesake before or after it. */
  nonce: string;
  host: string;
  connection: Connection;
  credentials: Credentials;
  state: string;
  macAddresses: string[];
  ipAddresses: string[];
  ipAddress?: string | undefined;
  /** What the guest was seen to reach since it was started. */
  ready?: Readiness | undefined;
  pendingRestart: string[];
  machineType: string;
  lastMigration?: { from: string; to: string; totalMs: number; downtimeMs?: number; at: string } | undefined;
  consolePath?: string | undefined;
  vncPort?: number | undefined;
  spicePort?: number | undefined;
  /** Hosts on which it ran before: its console logs are still there. */
  formerHosts?: string[];
  /** The stack's other hosts when this was written: where to look for the VM before it is called gone. No secrets. */
  peers: Record<string, Connection>;
  /** Secret: how to log in there, as far as it takes more than this machine's own keys. */
  peerCredentials?: Record<string, Credentials>;
}

export const DEFAULT_SHUTDOWN_TIMEOUT_MS = 60_000;

/** Where a declared disk is; an owned one is named after the VM, and its own name or place in the list, unless its volume is named. */
export function volumeOf(
  machineName: string,
  entry: DiskInputs,
  index: number,
): { pool: string; volume: string } {
  if (entry.disk !== undefined) return { pool: entry.disk.pool, volume: entry.disk.name };
  return { pool: entry.pool ?? "", volume: entry.volume ?? `${machineName}-${entry.name ?? index}` };
}
