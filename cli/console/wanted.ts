import type { Connection, Credentials, HostRef } from "../../provider/hosts/host-ref.js";
import { nearlySame } from "../../provider/planning/likeness.js";
import type { SecretTexts } from "../../provider/planning/secret-texts.js";
import { type ConnectionOptions, connectionOf, refuseWithoutNamedHosts } from "../connection-options.js";
import { parseHostAddress } from "../host-address.js";
import { exportStack } from "../pulumi.js";
import { readInput } from "../read-input.js";
import { readState, type StackState, type StateResource } from "../state/state.js";
import { UsageError } from "../usage-error.js";

/** How the command line says which VM is meant. */
export interface WantedOptions extends ConnectionOptions {
  host?: string;
  stack?: string;
  cwd?: string;
  state?: string;
}

/** A VM, and where to look for it. */
export interface WantedMachine {
  /** By UUID where a state knows it, else by libvirt's name. */
  key: { uuid: string } | { name: string };
  /** What messages call it. */
  label: string;
  host: HostRef;
  /** The stack's other hosts: it may have been moved by hand. */
  others: HostRef[];
  /** The password of its screen, if the state has one. */
  password: string | undefined;
}

/** Reads the stack's state, unless the VM is named with its host. */
export async function findWanted(
  machine: string,
  options: WantedOptions,
  secrets: SecretTexts,
): Promise<WantedMachine> {
  const isOfStack = options.stack !== undefined || options.state !== undefined;
  if (options.host !== undefined && isOfStack)
    throw new UsageError(
      "--host is for a VM of no stack; with --stack or --state name the host in front: HOST/NAME",
    );
  const slash = machine.lastIndexOf("/");
  const given = options.host ?? (isOfStack || slash === -1 ? undefined : machine.slice(0, slash));
  if (given === undefined) {
    refuseWithoutNamedHosts(options);
    return ofState(machine, await givenState(options, secrets));
  }
  const name = options.host === undefined ? machine.slice(slash + 1) : machine;
  if (name === "") throw new UsageError(`${machine}: the name of the VM is missing after the host`);
  const connection = connectionOf(parseHostAddress(given), options, given);
  const host = { name: given, connection, credentials: {} };
  const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(name);
  return {
    ...{ label: name, host, others: [], password: undefined },
    key: isUuid ? { uuid: name } : { name },
  };
}

async function givenState({ state, stack, cwd }: WantedOptions, secrets: SecretTexts): Promise<StackState> {
  if (state === undefined)
    return readState(await exportStack({ stack, cwd }), stack ?? "the selected stack", secrets);
  if (stack !== undefined) throw new UsageError("--stack and --state: give one of them");
  return readState(await readInput(state), state === "-" ? "stdin" : state, secrets);
}

/** By the name of the resource or the VM's own, with its host in front where that alone leaves several. */
export function ofState(machine: string, state: StackState): WantedMachine {
  const machines = state.resources.filter(({ kind }) => kind === "VirtualMachine");
  const slash = machine.lastIndexOf("/");
  const [hostName, name] = [machine.slice(0, Math.max(slash, 0)), machine.slice(slash + 1)];
  const found = machines.filter(
    (resource) =>
      (resource.name === name || resource.inputs.name === name) &&
      (slash === -1 || resource.inputs.host === hostName),
  );
  const [resource] = found;
  if (resource === undefined)
    throw new UsageError(
      `there is no VM ${JSON.stringify(machine)} in ${state.source}; ${instead(name, machines)}`,
    );
  if (found.length > 1)
    throw new UsageError(
      `${JSON.stringify(machine)} are several VMs of ${state.source}: ${found.map(shown).sort().join(", ")}; name one by its resource, or with --stack or --state by its host and its own name, HOST/NAME`,
    );
  const host = refOf(resource);
  if (host === undefined) throw new UsageError(`${shown(resource)}: the state doesn't say where it is`);
  const hosts = state.resources.filter(({ kind }) => kind === "Host").flatMap((other) => refOf(other) ?? []);
  const { password } = (resource.inputs.graphics ?? {}) as { password?: unknown };
  return {
    key: { uuid: resource.id },
    label: resource.name,
    host,
    others: hosts.filter((other) => other.name !== host.name),
    password: typeof password === "string" ? password : undefined,
  };
}

/** More than these nobody reads. */
const MOST_NAMES = 12;

/** Those that were probably meant, else all. */
function instead(name: string, machines: readonly StateResource[]): string {
  if (machines.length === 0) return "it has none at all";
  const near = machines.filter((one) =>
    [one.name, one.inputs.name].some((its) => typeof its === "string" && nearlySame(its, name)),
  );
  const names = (near.length > 0 ? near : machines).map(shown).sort();
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : "";
  const list = `${names.slice(0, MOST_NAMES).join(", ")}${more}`;
  return near.length > 0 ? `did you mean ${list}?` : `it has ${list}`;
}

/** By what finds it, with or without `--stack`. */
function shown({ name, inputs }: StateResource): string {
  const domain = inputs.name === name || inputs.name === undefined ? "" : `${inputs.name} `;
  return `${name} (${domain}on ${inputs.host ?? "?"})`;
}

function refOf({ kind, inputs }: StateResource): HostRef | undefined {
  const { name, host, connection, credentials } = inputs as {
    name?: string;
    host?: string;
    connection?: Connection;
    credentials?: Credentials;
  };
  const called = kind === "Host" ? name : host;
  if (called === undefined || connection === undefined) return undefined;
  return { name: called, connection, credentials: credentials ?? {} };
}
