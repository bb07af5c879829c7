import type { Connection, HostRef } from "../provider/hosts/host-ref.js";
import { connection as connectionSchema } from "../provider/resources/inputs.js";
import { type ConnectionOptions, connectionOf } from "./connection-options.js";
import { HOST_FORMS, parseHostAddress } from "./host-address.js";
import { UsageError } from "./usage-error.js";

export const NAMED_HOST_FORMS = `HOST or NAME=HOST; HOST is ${HOST_FORMS}`;

/** A host of the command line: what it is called by, and what a Host resource for it is given. */
export interface GivenHost {
  ref: HostRef;
  args: Connection;
}

/** Without a name of its own it is called by the first label of its address. */
export function parseHost(text: string, options: ConnectionOptions): GivenHost {
  const [, name, host = ""] = /^(?:([^=@:/\s]+)=)?([^=\s]+)$/.exec(text) ?? [];
  if (host === "") throw new UsageError(`${JSON.stringify(text)}: must be ${NAMED_HOST_FORMS}`);
  const args = connectionOf(parseHostAddress(host), options, text);
  const parsed = connectionSchema.safeParse(args);
  if (!parsed.success)
    throw new UsageError(
      `${JSON.stringify(text)}: ${parsed.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`).join("; ")}`,
    );
  const ref = { name: name ?? shortName(args.address), connection: parsed.data, credentials: {} };
  return { ref, args };
}

/** Of an IP address all of it. */
function shortName(address: string): string {
  return /^[\d.]+$|:/.test(address) ? address : (address.split(".")[0] ?? address);
}
