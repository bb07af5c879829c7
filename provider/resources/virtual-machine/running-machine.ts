import type { Host } from "../../hosts/host.js";
import type { DomainModel } from "../../libvirt/xml/index.js";

/** A running guest with both of its documents. The persistent one is already as it should be. */
export interface RunningMachine {
  host: Host;
  uuid: string;
  name: string;
  /** How many CPUs the host has. */
  hostCpus: number;
  /** What it should be, disks by path. */
  to: DomainModel;
  /** Drives that are opened even if the guest has locked them, by target. */
  forcedDrives: ReadonlySet<string>;
  /** The same deployment ends this run of it afterwards, or may restart it in another: what it doesn't let go of is gone then. */
  end: "follows" | "allowed" | "notAllowed";
  /** How long it may take to let go of a device; by default as long as a guest at work may need. */
  letsGoWithinMs?: number;
}
