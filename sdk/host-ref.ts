import * as pulumi from "@pulumi/pulumi";
import type { Host } from "./host.js";
import { isKvmResource, isOfAnotherStack } from "./resource.js";
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

/**
 * Name, connection and credentials travel as three separate values: joined in one, the credentials' secrecy would hide the
 * others from previews.
 */
export function onHost(host: In<Host | HostRef>): OnHostInputs {
  return {
    host: part(host, nameOf),
    connection: part(host, connectionOf),
    credentials: pulumi.secret(part(host, credentialsOf)),
  };
}

/** The same, for what is on the host of a VM: a VirtualMachine, whose own inputs say how its host is reached, or a value that names one. */
export function onHostOf(vm: unknown): OnHostInputs {
  return {
    host: part(vm, (machine) => part(hostOfMachine(machine), nameOf)),
    connection: part(vm, (machine) => part(hostOfMachine(machine), connectionOf)),
    credentials: pulumi.secret(part(vm, (machine) => part(hostOfMachine(machine), credentialsOf))),
  };
}

function hostOfMachine(vm: unknown): unknown {
  if (typeof vm !== "object" || vm === null) return undefined;
  if (!isKvmResource(vm, "VirtualMachine")) return (vm as { host?: unknown }).host;
  const { host, connection, credentials } = vm as Record<string, unknown>;
  return { name: host, connection, credentials };
}

/** libvirt's name of such a VM. */
export function nameOfMachine(vm: unknown): pulumi.Output<string> {
  return part(vm, (machine) => pulumi.output((machine as { name?: In<string> } | null)?.name as In<string>));
}

export function onHosts(hosts: In<In<Host | HostRef>[]>): OnHostsInputs {
  const ofEach = <T>(take: (host: unknown) => pulumi.Output<T>): pulumi.Output<T[]> =>
    part(hosts, (list) =>
      allOf((Array.isArray(list) ? list : [list]).map((host: unknown) => part(host, take))),
    );
  const names = ofEach(nameOf).apply((list) => {
    const found = list as (string | undefined)[];
    const twice = found.find((name, i) => name !== undefined && found.indexOf(name) !== i);
    if (twice !== undefined)
      throw new pulumi.RunError(
        `hosts: there are two hosts of the name ${JSON.stringify(twice)} in the list`,
      );
    return found.map((name, i) => name ?? String(i));
  });
  // Pulumi drops what is undefined, and with it the name of what is wrong.
  const byName = <T>(values: pulumi.Output<T[]>): pulumi.Output<Record<string, T>> =>
    names.apply((keys) =>
      values.apply((list) =>
        Object.fromEntries(keys.map((key, i) => [key, ((list as T[])[i] ?? null) as T])),
      ),
    ) as pulumi.Output<Record<string, T>>;
  return { hosts: byName(ofEach(connectionOf)), credentials: pulumi.secret(byName(ofEach(credentialsOf))) };
}

function allOf<T>(list: pulumi.Output<T>[]): pulumi.Output<T[]> {
  return pulumi.all(list) as unknown as pulumi.Output<T[]>;
}

/**
 * A part of a value that may be yet to come. One that is there is not made an Output as a whole: a secret in it would make secrets of
 * all its parts.
 */
function part<T>(value: unknown, take: (value: unknown) => pulumi.Output<T>): pulumi.Output<T> {
  return isYetToCome(value) ? partOf(value, take) : take(value);
}

export function isYetToCome<T>(value: In<T>): value is Exclude<In<T>, T> {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}

/**
 * The same, of what is made an Output as a whole. A StackReference makes secrets of all that a resource has, for the credentials in it; what was
 * none there is none here.
 */
export function partOf<T>(value: unknown, take: (value: unknown) => pulumi.Input<T>): pulumi.Output<T> {
  const whole = unwrapped(value);
  return pulumi.unsecret(whole).apply(async (known) => {
    const told = pulumi.output(take(known) as pulumi.Output<T>);
    const isSecret = !isOpenElsewhere(known) && (await pulumi.isSecret(whole));
    return isSecret ? pulumi.secret(told) : told;
  }) as pulumi.Output<T>;
}

function isOpenElsewhere(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && value.every(isOpenElsewhere);
  return isOfAnotherStack(value) && value.secretInputs === undefined;
}

function nameOf(host: unknown): pulumi.Output<string> {
  return pulumi.output(partsOf(host).name as In<string>);
}

/** What is no host stands in its connection's place, where the provider tells of it. */
function connectionOf(host: unknown): pulumi.Output<Connection> {
  if (["string", "number", "boolean"].includes(typeof host)) return pulumi.output(host as Connection);
  return pulumi.output(partsOf(host).connection as In<Connection>) as pulumi.Output<Connection>;
}

function credentialsOf(host: unknown): pulumi.Output<Credentials> {
  return pulumi.output((partsOf(host).credentials ?? {}) as In<Credentials>) as pulumi.Output<Credentials>;
}

/** What is neither a Host nor like one has no parts: the provider's validation says what is missing. */
function partsOf(host: unknown): { name?: unknown; connection?: unknown; credentials?: unknown } {
  if (typeof host !== "object" || host === null) return {};
  const isResource = pulumi.Resource.isInstance(host) || isOfAnotherStack(host);
  if (isResource && !isKvmResource(host, "Host")) return {};
  return host;
}

/** An input as an Output whose resolved value is yet to be told apart; resources in it stay resources. */
export function unwrapped(value: unknown): pulumi.Output<unknown> {
  return pulumi.output(value as object) as unknown as pulumi.Output<unknown>;
}
