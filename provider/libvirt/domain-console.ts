import { Duplex } from "node:stream";
import { toLibvirtError } from "./errors.js";
import type { Domain, RpcStream } from "./rpc/index.js";
import type { Session } from "./session.js";

/** Of virDomainConsoleFlags. Drivers that can't tell whether somebody has the console refuse `safe`; QEMU's can. */
const CONSOLE = { force: 1, safe: 2 } as const;

/** Which console, and what happens to one that is in use: it is refused, or with `force` taken from whoever has it. */
export interface ConsoleChoice {
  /** The alias of a device in the live document, such as "serial1". Default: the first console. */
  readonly device?: string | undefined;
  readonly force?: boolean | undefined;
}

/** Opens a console on a connection of its own, which is given back when the duplex is closed. */
export async function openDomainConsole(
  session: Session,
  dom: Domain,
  console: ConsoleChoice,
  signal: AbortSignal | undefined,
): Promise<Duplex> {
  const operation = `open the console of domain ${dom.uuid}`;
  const { connection, giveBack } = await session.borrowLong(operation, signal);
  try {
    const args = { dom, devName: console.device, flags: console.force ? CONSOLE.force : CONSOLE.safe };
    const stream = await session.run(operation, () =>
      connection.openStream("DomainOpenConsole", args, { signal }),
    );
    return asDuplex(stream, giveBack, (error) =>
      toLibvirtError(error, { hostName: session.hostName, operation }),
    );
  } catch (error) {
    giveBack();
    throw error;
  }
}

function asDuplex(stream: RpcStream, onClose: () => void, translate: (error: unknown) => unknown): Duplex {
  const asError = (error: unknown): Error => {
    const translated = translate(error);
    return translated instanceof Error ? translated : new Error(String(translated));
  };
  return new Duplex({
    // The guest's end of the line is the end of both directions.
    allowHalfOpen: false,
    read() {
      stream.read().then(
        (chunk) => {
          if (chunk === undefined) this.push(null);
          else this.push(chunk.kind === "bytes" ? chunk.bytes : Buffer.alloc(Number(chunk.lengthBytes)));
        },
        (error: unknown) => this.destroy(asError(error)),
      );
    },
    write(chunk: Buffer, _encoding, callback) {
      stream.write(chunk).then(
        () => callback(),
        (error: unknown) => callback(asError(error)),
      );
    },
    destroy(error, callback) {
      stream.abort();
      onClose();
      callback(error);
    },
  });
}
