import type { Host } from "../../../hosts/host.js";
import type { MigratedVolume, MigrationJournal } from "../../../libvirt/xml/index.js";
import type { ApplyContext } from "../../definition.js";

/** How a live migration may behave. */
export interface MigrationPolicy {
  /** How long the guest may stand still at the end. Default: QEMU's, 300 ms. */
  maxDowntimeMs?: number | undefined;
  bandwidthMibPerSecond?: number | undefined;
  /** Slow the guest down when it writes faster than the network carries. */
  autoConverge: boolean;
  /** Over how many connections the memory is sent. Default: one. */
  parallelConnections?: number | undefined;
  /** Encrypt it, with the certificates that both hosts' QEMU has. */
  tls: boolean;
  /** After this the migration is aborted, and the guest runs on at the source. */
  timeoutMs: number;
  /** Migrate although libvirt can't tell that the storage is safe to share. */
  unsafe: boolean;
}

/** A volume that is to be copied. */
export interface CopiedVolume extends MigratedVolume {
  /**
   * No guest writes to it: it is one to read, or waits for the next boot. libvirt copies no such disk with a running guest, and QEMU at the target
   * opens it before anything is copied: so its file is copied first.
   */
  readonly?: boolean;
  /** What it is a layer over, which the target has too: only the layer is copied. Else the whole chain is, into one image. */
  base?: { path: string; format?: string };
}

/** A VM's move from one host to another. */
export interface MigrationPlan {
  source: Host;
  target: Host;
  uuid: string;
  name: string;
  /**
   * The volumes to be copied; empty when the storage is shared. `owned` ones (they have our mark at the source) are removed
   * there in the end; others stay there, and only their copies get a mark.
   */
  volumes: readonly CopiedVolume[];
  storage: "shared" | "copy";
  policy: MigrationPolicy;
}

/** What migrating needs of the context of an operation. */
export type MigrationContext = Pick<ApplyContext, "log" | "signal" | "now">;

/** The two ends of a migration that is under way. */
export interface Ends {
  source: Host;
  target: Host;
  uuid: string;
  name: string;
  journal: MigrationJournal;
}
