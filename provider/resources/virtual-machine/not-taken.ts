import { isLibvirtError, LibvirtError } from "../../libvirt/index.js";

/** The guest, or its host, doesn't go along with a live change: it is left for the next boot, instead of being tried again and again. */
export class NotTaken extends Error {
  override readonly name = "NotTaken";
  readonly kind = "notTaken";
}

/** Runs a live change; what libvirt refuses is {@link NotTaken}, what keeps it from answering isn't. */
export async function orNotTaken(change: () => Promise<void>): Promise<void> {
  try {
    await change();
  } catch (error) {
    if (isRefusal(error)) throw new NotTaken(error.message, { cause: error });
    throw error;
  }
}

function isRefusal(error: unknown): error is LibvirtError {
  // Another's job on the domain; it ends.
  if (error instanceof LibvirtError && /state change lock/.test(error.message)) return false;
  return isLibvirtError(
    error,
    ...(["operationInvalid", "operationUnsupported", "operationTimeout", "operationFailed"] as const),
    ...(["configUnsupported", "argumentUnsupported", "invalidArgument", "resourceBusy", "internal"] as const),
  );
}
