import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import { Deadline } from "./deadline.js";
import { reasonOf, SshError } from "./errors.js";
import { connectionBroke, type HandshakeRequest, shakeHands } from "./handshake.js";
import type { HostKey } from "./host-key.js";
import { HostKeyVerifier } from "./host-key-verifier.js";
import { findIdentities } from "./identities.js";
import { type JumpHost, jumpHosts } from "./jump-hosts.js";
import { loginQueue } from "./login-queue.js";
import type { SshSettings } from "./settings.js";
import type { SshSurroundings } from "./surroundings.js";
import { connectTcp } from "./tcp.js";

/** A session that was dialled: the client, its name in messages, and the connection that it goes through. */
export interface DialledSession {
  readonly client: Client;
  readonly label: string;
  readonly user: string;
  readonly hostName: string;
  readonly port: number;
  readonly hostKey: HostKey | undefined;
  readonly via: JumpHost | undefined;
}

/** Connects to a host, hop by hop; whatever was opened on the way is closed when it fails. */
export async function dial<Connection extends JumpHost>(
  settings: SshSettings,
  surroundings: SshSurroundings,
  deadline: Deadline,
  connectionOf: (session: DialledSession) => Connection,
): Promise<Connection> {
  const label = labelOf(settings);
  const { identities, verifier } = await keysOf(settings, label, surroundings, deadline);
  const via =
    settings.via === undefined
      ? undefined
      : await jump(settings.via, surroundings, deadline.signal, connectionOf);
  try {
    const client = await dialThrough(via, { settings, label, verifier, identities, deadline });
    const { user, hostName, port } = settings;
    return connectionOf({ client, label, user, hostName, port, hostKey: verifier.accepted, via });
  } catch (error) {
    await via?.close();
    throw error;
  }
}

async function keysOf(
  settings: SshSettings,
  label: string,
  surroundings: SshSurroundings,
  deadline: Deadline,
) {
  using _place = await deadline.uncounted(loginQueue.take("login", deadline.signal));
  return {
    identities: await findIdentities(settings, label, deadline.signal),
    verifier: await HostKeyVerifier.load(settings.hostKeys, label, surroundings.warn),
  };
}

function jump(
  settings: SshSettings,
  surroundings: SshSurroundings,
  signal: AbortSignal,
  connectionOf: (session: DialledSession) => JumpHost,
): Promise<JumpHost> {
  const connect = async (unwanted: AbortSignal) => {
    using deadline = new Deadline(settings.connectTimeoutMs, `connecting to ${labelOf(settings)}`, unwanted);
    return await dial(settings, surroundings, deadline, connectionOf);
  };
  return jumpHosts.enter(settings, connect, signal);
}

/** A pinned fingerprint doesn't say its type: asks for the server's other keys, until it has no more. */
async function dialThrough(
  via: JumpHost | undefined,
  { deadline, ...login }: Omit<HandshakeRequest, "socket" | "signal"> & { deadline: Deadline },
): Promise<Client> {
  const { settings, label, verifier } = login;
  const { signal } = deadline;
  let mismatch: SshError | undefined;
  for (;;) {
    const socket = await (via === undefined
      ? connectTcp(settings, label, signal)
      : throughJump(via, settings, signal));
    try {
      return await shakeHandsInTurn({ ...login, socket, signal }, deadline);
    } catch (error) {
      if (mismatch !== undefined && isNoMoreTypes(error)) throw mismatch;
      const isMismatch = error instanceof SshError && error.kind === "hostKeyMismatch";
      if (!isMismatch || !verifier.canTryOtherTypes) throw error;
      mismatch ??= error;
    }
  }
}

async function shakeHandsInTurn(request: HandshakeRequest, deadline: Deadline): Promise<Client> {
  const { socket, label } = request;
  let loss: Error | undefined;
  const onLoss = (error: Error) => {
    loss = error;
  };
  socket.once("error", onLoss);
  try {
    using _place = await deadline.uncounted(loginQueue.take("login", deadline.signal));
    socket.off("error", onLoss);
    if (socket.destroyed) throw connectionBroke(label, loss);
    return await shakeHands(request);
  } catch (error) {
    socket.destroy();
    throw error;
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
