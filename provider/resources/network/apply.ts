import type { Host } from "../../hosts/host.js";
import {
  buildNetwork,
  type NetworkModel,
  type OwnerMark,
  patchNetwork,
  withOwnerMark,
} from "../../libvirt/xml/index.js";
import type { Step } from "../../planning/step.js";
import type { ApplyContext } from "../definition.js";
import { differencesOf } from "./changes.js";
import { desiredModel, makesBridge } from "./desired.js";
import type { ObservedHost, ObservedNetwork, ObservedNetworks } from "./observed.js";
import { nonceOf, staleMark } from "./plan.js";
import { relinkMachines } from "./relink.js";
import { removeFrom } from "./remove.js";
import type { NetworkRequest } from "./request.js";
import { restartNetwork } from "./restart.js";
import { updateLive } from "./update-live.js";

/** Executes one step of a plan. Each leaves the world such that a run that ends right after it is completed by the next. */
export async function apply(
  step: Step,
  request: NetworkRequest,
  observed: ObservedNetworks,
  context: ApplyContext,
): Promise<void> {
  const { hosts, former } = observed;
  const mark = markOf(request, hosts);
  context.note({ nonce: mark.nonce });
  switch (step.kind) {
    case "record":
      return;
    case "recordOwner":
      for (const place of hosts)
        if (place.network?.ours === true && staleMark(request, place.network, mark.nonce) !== undefined)
          await writeMark(context.hosts.get(place.ref), place.network, mark);
      return;
    case "adopt":
    case "createNetwork":
    case "startNetwork":
    case "setNetworkAutostart":
    case "updateNetwork":
    case "restartNetwork":
    case "relinkMachines":
    case "releaseNetwork":
      break;
    default:
      throw new Error(`a network's plan has a step of another resource: ${step.kind}`);
  }
  const place = [...hosts, ...former].find(({ ref }) => ref.name === step.host);
  if (place === undefined) throw new Error(`the plan names a host that wasn't asked: ${step.host}`);
  const host = context.hosts.get(place.ref);
  const { network, machines } = place;
  if (step.kind === "createNetwork") await create(host, place, request, mark, context);
  else if (step.kind === "relinkMachines") await relinkMachines(host, request.inputs.name, context);
  else if (network !== undefined) await applyTo(step, host, network, request, mark, context);
  await host.observations.refreshNetwork(request.inputs.name);
  if (step.kind === "restartNetwork" || step.kind === "relinkMachines")
    for (const name of machines) await host.observations.refreshDomain({ name });
}

type NetworkStep = Extract<
  Step,
  {
    kind:
      | "adopt"
      | "startNetwork"
      | "setNetworkAutostart"
      | "updateNetwork"
      | "restartNetwork"
      | "releaseNetwork";
  }
>;

async function applyTo(
  step: NetworkStep,
  host: Host,
  network: ObservedNetwork,
  request: NetworkRequest,
  mark: OwnerMark,
  context: ApplyContext,
): Promise<void> {
  const { record } = network;
  const libvirt = await host.libvirt();
  const { signal } = context;
  switch (step.kind) {
    case "adopt":
      await writeMark(host, network, mark);
      return;
    case "startNetwork":
      await libvirt.networks.start(record.uuid, { signal });
      return;
    case "setNetworkAutostart":
      await libvirt.networks.setAutostart(record.uuid, step.to, { signal });
      return;
    case "updateNetwork":
      await updateLive(host, record, differencesOf(request, network).live);
      await define(host, network, request, mark);
      return;
    case "restartNetwork":
      await define(host, network, request, mark);
      await restartNetwork(host, network, step.machines, context);
      return;
    case "releaseNetwork":
      await removeFrom(host, record, context);
      return;
    default:
      step satisfies never;
  }
}

function markOf(request: NetworkRequest, hosts: readonly ObservedHost[]): OwnerMark {
  const nonce = nonceOf(request, hosts);
  if (nonce === undefined) throw new Error("a new network needs a nonce drawn beforehand");
  return { ...request.identity, nonce, phase: "created" };
}

/** First the definition with its mark: from then on a run that is cut off is found and continued. */
async function create(
  host: Host,
  place: ObservedHost,
  request: NetworkRequest,
  mark: OwnerMark,
  { signal }: ApplyContext,
): Promise<void> {
  const { inputs, previous, recorded } = request;
  const { networks } = await host.libvirt();
  if (place.network !== undefined) {
    // It runs without a definition: somebody undefined it. A definition of the same UUID makes it persistent again.
    await define(host, place.network, request, mark);
    await networks.setAutostart(place.network.record.uuid, inputs.autostart ?? true, { signal });
    return;
  }
  const uuid = recorded?.outputs.uuids?.[host.name];
  const model: NetworkModel = {
    ...desiredModel(inputs, previous, undefined),
    ...(uuid === undefined ? {} : { uuid }),
  };
  const made = await networks.define(buildNetwork(model, { owner: mark }), { signal });
  if (inputs.autostart ?? true) await networks.setAutostart(made.uuid, true, { signal });
  await networks.start(made.uuid, { signal });
}

/** Edits the definition, as it is now, where it differs from what should be. */
async function define(
  host: Host,
  { record, model }: ObservedNetwork,
  request: NetworkRequest,
  mark: OwnerMark,
): Promise<void> {
  const desired = desiredModel(request.inputs, request.previous, model);
  const { networks } = await host.libvirt();
  // A definition on the host's own bridge or device may hold nothing of one that libvirt made, and the other way round.
  const anew = makesBridge(model) !== makesBridge(desired);
  const xml = anew
    ? buildNetwork(desired, { owner: mark })
    : withOwnerMark(patchNetwork(record.xml, desired, model), mark);
  await networks.define(xml);
}

async function writeMark(host: Host, { record }: ObservedNetwork, mark: OwnerMark): Promise<void> {
  const { networks } = await host.libvirt();
  await networks.define(withOwnerMark(record.xml, mark));
  await host.observations.refreshNetwork(record.name);
}
