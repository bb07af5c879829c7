import { randomBytes, randomUUID } from "node:crypto";
import { Calls } from "./engine/calls.js";
import type { Deployment } from "./engine/deployment.js";
import { EngineConnection } from "./engine/engine-connection.js";
import { UserError } from "./engine/errors.js";
import * as lifecycle from "./engine/lifecycle.js";
import { endWhenIdle } from "./engine/orphaned-process.js";
import { WITNESS_VARIABLE, witnessAt } from "./engine/witness.js";
import { Hosts } from "./hosts/hosts.js";
import type { AnyDefinition } from "./resources/definition.js";
import { definitions } from "./resources/index.js";
import { holderOfThisProcess } from "./resources/virtual-machine/lease-holder.js";

/**
 * What the provider objects in state files call. These functions' names and parameters, and the path of this module, are written in every
 * state that exists: they may never change.
 */

type Bag = Record<string, unknown>;

/** One a process, and so one a deployment. */
let deployment: Deployment | undefined;
const calls = new Calls(() => Date.now());

function current(): Deployment {
  if (deployment !== undefined) return deployment;
  const address = process.argv.at(-1);
  const engine =
    address !== undefined && /^[^/\s]+:\d+$/.test(address) ? new EngineConnection(address) : undefined;
  engine?.gone.addEventListener("abort", () => {
    const release = async () => {
      engine.close();
      await deployment?.hosts.close();
    };
    void endWhenIdle(() => calls.underWay === 0, release);
  });
  const now = () => Date.now();
  const witness = process.env[WITNESS_VARIABLE];
  deployment = {
    hosts: new Hosts({
      warn: (message) => void engine?.log({ severity: "warning", message, urn: "" }),
      now,
    }),
    engine,
    now,
    randomUuid: randomUUID,
    randomNonce: () => randomBytes(8).toString("hex"),
    run: { id: randomBytes(8).toString("hex"), holder: holderOfThisProcess() },
    witness: witness ? witnessAt(witness) : undefined,
  };
  return deployment;
}

function definitionOf(kind: string): AnyDefinition {
  const definition = definitions[kind];
  if (definition === undefined)
    throw new UserError(
      `${kind}: the installed version of pulumi-kvm doesn't know this kind of resource; install the version that wrote the state, or a newer one`,
    );
  return definition;
}

function operation<T>(work: () => Promise<T>): Promise<T> {
  return calls.failingLast(work, current().engine?.gone);
}

export async function check(kind: string, olds: Bag, news: Bag) {
  return calls.during(() => lifecycle.check(definitionOf(kind), current(), olds, news));
}

export async function diff(kind: string, id: string, olds: Bag, news: Bag) {
  return calls.during(() => lifecycle.diff(definitionOf(kind), current(), id, olds, news));
}

export async function create(kind: string, inputs: Bag) {
  return operation(() => lifecycle.create(definitionOf(kind), current(), inputs));
}

export async function read(kind: string, id: string, props: Bag) {
  return calls.during(() => lifecycle.read(definitionOf(kind), current(), id, props));
}

export async function update(kind: string, id: string, olds: Bag, news: Bag) {
  return operation(() => lifecycle.update(definitionOf(kind), current(), id, olds, news));
}

export async function remove(kind: string, id: string, props: Bag) {
  return operation(() => lifecycle.remove(definitionOf(kind), current(), id, props));
}

/** For programs: `kvm.HostBootstrap` makes its command by it. */
export { type BootstrapResult, bootstrapCommand, readBootstrap } from "./fitness/bootstrap.js";
export { bootstrapSettings } from "./fitness/bootstrap-settings.js";
export type { Finding } from "./fitness/finding.js";
/** For programs: `kvm.ova(...)` reads by it. */
export { readOva } from "./ova/read-ova.js";
