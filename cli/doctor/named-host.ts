import type { HostRef } from "../../provider/hosts/host-ref.js";
import { parseDurationMs } from "../../provider/planning/quantity.js";
import { checkAddress, checkPort } from "../../provider/ssh/target.js";
import { parseHostAddress } from "../host-address.js";
import { UsageError } from "../usage-error.js";

/** How hosts that are named on a command line are reached, where the SSH configuration says nothing else. */
export interface LoginOptions {
  identity?: string;
  knownHosts?: string;
  sshConfig?: string;
  connectTimeout?: string;
}

/**
 * A host as a person names it.
 *
 * @throws UsageError
 */
export function namedHost(text: string, options: LoginOptions = {}): HostRef {
  const { identity, knownHosts, sshConfig, connectTimeout } = options;
  const named = parseHostAddress(text);
  try {
    checkAddress(named.address);
    if (named.port !== undefined) checkPort(named.port, "the port");
  } catch (error) {
    throw new UsageError(`${text}: ${(error as Error).message}`);
  }
  return {
    name: named.address,
    connection: {
      ...named,
      ...(identity !== undefined && { identityFile: identity }),
      ...(knownHosts !== undefined && { knownHosts }),
      ...(sshConfig !== undefined && { sshConfig }),
      ...(connectTimeout !== undefined && { connectTimeout: timeoutOf(connectTimeout) }),
    },
    credentials: {},
  };
}

function timeoutOf(text: string): string {
  const ms = parseDurationMs(text);
  if (ms === undefined || ms < 1)
    throw new UsageError(`--connect-timeout ${text}: write a duration such as 5s`);
  return `${ms}ms`;
}
