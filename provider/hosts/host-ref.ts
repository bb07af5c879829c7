import { createHash } from "node:crypto";

/** How to reach a host, in canonical form: durations as `"10000ms"`. None of it is secret. */
export interface Connection {
  address: string;
  port?: number | undefined;
  user?: string | undefined;
  identityFile?: string | undefined;
  agent?: boolean | string | undefined;
  proxyJump?: string | undefined;
  sshConfig?: string | false | undefined;
  knownHosts?: string | undefined;
  hostKey?: string | undefined;
  hostKeyPolicy?: "strict" | "acceptNew" | undefined;
  libvirtSocket?: string | undefined;
  connectTimeout?: string | undefined;
  migrationAddress?: string | undefined;
}

/** Secret: occurs in no message, log or key that is printed. */
export interface Credentials {
  privateKey?: string | undefined;
  passphrase?: string | undefined;
}

/** A host as resources name it. */
export interface HostRef {
  /** The name of its Host resource: what messages call it. */
  name: string;
  connection: Connection;
  credentials: Credentials;
}

/** Asked for several times for each resource. */
const keys = new WeakMap<Connection, { credentials: Credentials; key: string }>();

/** Two refs with the same key share one connection. */
export function connectionKey({ connection, credentials }: HostRef): string {
  const known = keys.get(connection);
  if (
    known !== undefined &&
    known.credentials.privateKey === credentials.privateKey &&
    known.credentials.passphrase === credentials.passphrase
  )
    return known.key;
  const key = makeConnectionKey(connection, credentials);
  keys.set(connection, { credentials: { ...credentials }, key });
  return key;
}

/** Where a host's migrations come in is no part of how it is reached. */
const REACHED_BY = Object.keys({
  ...{
    address: true,
    port: true,
    user: true,
    identityFile: true,
    agent: true,
    proxyJump: true,
    sshConfig: true,
  },
  ...{ knownHosts: true, hostKey: true, hostKeyPolicy: true, libvirtSocket: true, connectTimeout: true },
} satisfies Record<Exclude<keyof Connection, "migrationAddress">, true>);
const SECRETS = ["privateKey", "passphrase"];

function makeConnectionKey(connection: Connection, credentials: Credentials): string {
  const secret = JSON.stringify(credentials, SECRETS);
  const mark = secret === "{}" ? "" : createHash("sha256").update(secret).digest("hex");
  return `${JSON.stringify(connection, REACHED_BY)}${mark}`;
}
