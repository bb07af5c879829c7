import type { PropertyChange } from "./step.js";

/** What is so on a host and isn't a difference from what is declared, or is more than a plan's steps tell. */
export type Circumstance =
  /** The running guest has these only after its next start: its definition has them already. */
  | { kind: "pendingRestart"; host: string; changes: PropertyChange[] }
  /** QEMU has paused the guest since it couldn't read or write: a full pool, storage that is gone. */
  | { kind: "pausedByIoError"; host: string };
