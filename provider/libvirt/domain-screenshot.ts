import type { Domain } from "./rpc/index.js";
import { DEADLINES, type OperationOptions, type Session } from "./session.js";

/** Screens are small: even 8K in plain pixels is below. */
const MOST_BYTES = 256 * 1024 * 1024;

/** The file that the hypervisor writes; its kind is the hypervisor's choice, and its first bytes tell. */
export function screenshotDomain(
  session: Session,
  dom: Domain,
  screen: number,
  options: OperationOptions,
): Promise<Buffer> {
  const operation = `read screen ${screen} of domain ${dom.uuid}`;
  return session.withLong(operation, options, async (connection) => {
    const timeoutMs = options.timeoutMs ?? DEADLINES.read;
    const bounds = { timeoutMs, idleTimeoutMs: timeoutMs, signal: options.signal };
    const chunks: Uint8Array[] = [];
    let lengthBytes = 0;
    for await (const chunk of connection.download("DomainScreenshot", { dom, screen, flags: 0 }, bounds)) {
      if (chunk.kind !== "bytes") continue;
      lengthBytes += chunk.bytes.byteLength;
      if (lengthBytes > MOST_BYTES) throw new Error(`cannot ${operation}: it is larger than 256 MiB`);
      chunks.push(chunk.bytes);
    }
    return Buffer.concat(chunks);
  });
}
