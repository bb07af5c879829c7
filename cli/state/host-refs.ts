import type { Connection, Credentials, HostRef } from "../../provider/hosts/host-ref.js";
import type { StateResource } from "./state.js";

/** The hosts that a resource of a state is on, or that it is. */
export function refsOf({ kind, inputs }: StateResource): HostRef[] {
  const { name, host, connection, credentials, hosts } = inputs as {
    name?: string;
    host?: string;
    connection?: Connection;
    credentials?: Credentials | Record<string, Credentials>;
    hosts?: Record<string, Connection>;
  };
  if (hosts !== undefined)
    return Object.entries(hosts).map(([each, to]) => ({
      ...{ name: each, connection: to },
      credentials: (credentials as Record<string, Credentials> | undefined)?.[each] ?? {},
    }));
  const called = kind === "Host" ? name : host;
  if (called === undefined || connection === undefined) return [];
  return [{ name: called, connection, credentials: (credentials as Credentials | undefined) ?? {} }];
}
