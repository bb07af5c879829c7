import { isLibvirtError, type LibvirtErrorKind } from "./errors.js";

/** What `read` returns, or undefined when it fails because the thing isn't there. */
export async function unlessAbsent<T>(
  kind: LibvirtErrorKind,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isLibvirtError(error, kind)) return undefined;
    throw error;
  }
}
