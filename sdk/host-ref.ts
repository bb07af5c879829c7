import * as pulumi from "@pulumi/pulumi";
import type { Host } from "./host.js";
import { isKvmResource } from "./resource.js";
import type { Connection, Credentials, HostRef, In } from "./types.js";

/** The inputs by which a resource names the one host that it is on. */
export interface OnHostInputs {
  host: pulumi.Output<string>;
  connection: pulumi.Output<Connection>;
  credentials: pulumi.Output<Credentials>;
}

/** The inputs by which a resource names its hosts: objects keyed by host name, because a secret in an array makes all of it secret. */
export interface OnHostsInputs {
  hosts: pulumi.Output<Record<string, Connection>>;
  credentials: pulumi.Output<Record<string, Credentials>>;
}

type Unwrapped = Host | pulumi.UnwrappedObject<HostRef>;

/**
 * Name, connection and credentials travel as three separate values: joined in one, the credentials' secrecy would hide the
 * others from previews.
 */
export function onHost(host: In<Host | HostRef>): OnHostInputs {
  const one = pulumi.output(host) as unknown as pulumi.Output<Unwrapped>;
  return {
    host: one.apply((h) => pulumi.output(h.name)),
    connection: one.apply((h) => pulumi.output(h.connection as In<Connection>)) as pulumi.Output<Connection>,
    credentials: secretCredentials(one),
  };
}

export function onHosts(hosts: In<In<Host | HostRef>[]>): OnHostsInputs {
  const all = pulumi.output(hosts) as unknown as pulumi.Output<Unwrapped[]>;
  const names = all.apply((list) => pulumi.all(list.map((h) => pulumi.output(h.name))));
  const connections = all.apply((list) =>
    pulumi.all(list.map((h) => pulumi.output(h.connection as In<Connection>))),
  );
  const credentials = all.apply((list) => pulumi.all(list.map(credentialsOf)));
  const byName = <T>(keys: string[], values: T[]) =>
    Object.fromEntries(keys.map((key, i) => [key, values[i] as T]));
  return {
    hosts: pulumi.all([names, connections]).apply(([keys, values]) => byName(keys, values as Connection[])),
    credentials: pulumi.secret(
      pulumi.all([names, credentials]).apply(([keys, values]) => byName(keys, values as Credentials[])),
    ),
  };
}

function secretCredentials(host: pulumi.Output<Unwrapped>): pulumi.Output<Credentials> {
  return pulumi.secret(host.apply(credentialsOf)) as pulumi.Output<Credentials>;
}

function credentialsOf(host: Unwrapped): pulumi.Output<Credentials> {
  if (isKvmResource(host, "Host")) return (host as Host).credentials;
  return pulumi.output((host as { credentials?: Credentials }).credentials ?? {});
}

/** An input as an Output whose resolved value is yet to be told apart; resources in it stay resources. */
export function unwrapped(value: unknown): pulumi.Output<unknown> {
  return pulumi.output(value as object) as unknown as pulumi.Output<unknown>;
}
