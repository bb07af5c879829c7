import { oneLine } from "../../../hosts/errors.js";

/**
 * Why a VM didn't move:
 * - `refused`: found out beforehand, nothing was changed
 * - `failed`: it is where it was, the other host is clean
 * - `timedOut`, `aborted`: likewise, because the time was over or the operation was cancelled
 * - `unsettled`: what is where can't be told for certain now; the next deployment goes on from the journal, or a person must
 */
export type MigrationErrorKind = "refused" | "failed" | "timedOut" | "aborted" | "unsettled";

/** A VM didn't move, or it isn't known whether it did. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
  readonly kind: MigrationErrorKind;

  constructor(kind: MigrationErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }
}

/** What is in the way of a guest that has suspended itself to RAM: QEMU wakes it up at the switchover, of which libvirt (9.0) then waits for the pause. */
export const ASLEEP = "its guest sleeps (suspended to RAM), and a move of one that does never ends";

/** The reason in one line, for the middle of a sentence. */
export function reasonOf(error: unknown): string {
  return oneLine(error);
}
