import type { Duplex } from "node:stream";
import { type KeepaliveSettings, RemoteError, RpcConnection } from "./rpc/index.js";

/** How a connection is opened. */
export interface HandshakeOptions {
  readonly uri: string;
  readonly keepalive?: KeepaliveSettings | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

const AUTH = { none: 0, polkit: 2 } as const;
const FEATURE_KEEPALIVE = 10;
const ERROR_NO_SUPPORT = 3;
const HANDSHAKE_TIMEOUT_MS = 30_000;

/** Authenticates, agrees on keepalive and opens the driver. The stream is destroyed when that fails. */
export async function openConnection(duplex: Duplex, options: HandshakeOptions): Promise<RpcConnection> {
  const connection = new RpcConnection(duplex);
  const call = { timeoutMs: options.timeoutMs ?? HANDSHAKE_TIMEOUT_MS, signal: options.signal };
  try {
    const { types } = await connection.call("AuthList", {}, call);
    if (!types.includes(AUTH.none)) {
      if (!types.includes(AUTH.polkit)) throw unsupportedAuth(types);
      await connection.call("AuthPolkit", {}, call);
    }
    // The daemon answers this one before the driver is open, so that both take one round trip.
    const [keepalive] = await Promise.all([
      connection.call("ConnectSupportsFeature", { feature: FEATURE_KEEPALIVE }, call),
      connection.call("ConnectOpen", { name: options.uri, flags: 0 }, call),
    ]);
    if (keepalive.supported === 1) connection.startKeepalive(options.keepalive);
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function unsupportedAuth(types: readonly number[]): RemoteError {
  return new RemoteError({
    code: ERROR_NO_SUPPORT,
    optDomain: 0,
    level: 2,
    int1: 0,
    int2: 0,
    message: `libvirt asks for an authentication that is not supported (${types.join(", ")}); allow the user on the UNIX socket instead`,
  });
}
