import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import { reasonOf, SshError } from "./errors.js";
import { type HandshakeRequest, shakeHands } from "./handshake.js";
import { HostKeyVerifier } from "./host-key-verifier.js";
import { findIdentities } from "./identities.js";
import type { SshSettings } from "./settings.js";
import type { SshSurroundings } from "./surroundings.js";
import { connectTcp } from "./tcp.js";

/** A session that was dialled: the client, its name in messages, and the connection that it goes through. */
export interface DialledSession<Hop> {
  readonly client: Client;
  readonly label: string;
  readonly user: string;
  readonly hostName: string;
  readonly port: number;
  readonly via: Hop | undefined;
}

/** What a connection must be able to do for another to go through it. */
export interface JumpHost {
  openTcpStream(host: string, port: number, options: { signal: AbortSignal }): Promise<Duplex>;
  close(): Promise<void>;
}

/** Connects to a host, hop by hop; whatever was opened on the way is closed when it fails. */
export async function dial<Hop extends JumpHost>(
  settings: SshSettings,
  surroundings: SshSurroundings,
  signal: AbortSignal,
  connectionOf: (session: DialledSession<Hop>) => Hop,
): Promise<Hop> {
  const label = labelOf(settings);
  const identities = await findIdentities(settings, label, signal);
  const verifier = await HostKeyVerifier.load(settings.hostKeys, label, surroundings.warn);
  const via =
    settings.via === undefined ? undefined : await dial(settings.via, surroundings, signal, connectionOf);
  try {
    const client = await dialThrough(via, { settings, label, verifier, identities, signal });
    const { user, hostName, port } = settings;
    return connectionOf({ client, label, user, hostName, port, via });
  } catch (error) {
    await via?.close();
    throw error;
  }
}

/** A pinned fingerprint doesn't say its type: asks for the server's other keys, until it has no more. */
async function dialThrough(
  via: JumpHost | undefined,
  request: Omit<HandshakeRequest, "socket">,
): Promise<Client> {
  const { settings, label, verifier, signal } = request;
  let mismatch: SshError | undefined;
  for (;;) {
    const socket = await (via === undefined
      ? connectTcp(settings, label, signal)
      : throughJump(via, settings, signal));
    try {
      return await shakeHands({ ...request, socket });
    } catch (error) {
      if (mismatch !== undefined && isNoMoreTypes(error)) throw mismatch;
      const isMismatch = error instanceof SshError && error.kind === "hostKeyMismatch";
      if (!isMismatch || !verifier.canTryOtherTypes) throw error;
      mismatch ??= error;
    }
  }
}

function labelOf(settings: SshSettings): string {
  return `${settings.user}@${settings.hostName}:${settings.port}`;
}

function isNoMoreTypes(error: unknown): boolean {
  return error instanceof SshError && error.kind === "unreachable" && /host key format/.test(error.message);
}

async function throughJump(via: JumpHost, settings: SshSettings, signal: AbortSignal): Promise<Duplex> {
  try {
    return await via.openTcpStream(settings.hostName, settings.port, { signal });
  } catch (error) {
    if (!(error instanceof SshError) || error.kind !== "streamRefused" || settings.via === undefined)
      throw error;
    throw new SshError(
      "unreachable",
      `${labelOf(settings)}: cannot connect through a jump host: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}
