import type { NetworkModel } from "../../libvirt/xml/index.js";
import { AS_BEFORE, isOfStack, ownerLabel, sameIdentity, takenFrom } from "../../planning/owner.js";
import { emptyPlan, type Plan } from "../../planning/plan.js";
import type { PropertyChange } from "../../planning/step.js";
import { linkKindOf } from "./attached.js";
import { changesOf, differencesOf } from "./changes.js";
import { desiredModel } from "./desired.js";
import { isLive } from "./live.js";
import type { ObservedHost, ObservedNetwork, ObservedNetworks } from "./observed.js";
import { refuseObstacles } from "./obstacles.js";
import type { NetworkRequest } from "./request.js";

/** Pure: what is and what should be in, steps and refusals out. */
export function plan(request: NetworkRequest, observed: ObservedNetworks): Plan {
  const result = emptyPlan();
  if (planNewName(request, observed, result)) return result;
  for (const host of observed.hosts) planHost(request, host, result);
  planMarks(request, observed, result);
  for (const host of observed.former) planRelease(request, host, result);
  return result;
}

/** libvirt can't rename a network. */
function planNewName(
  { inputs, previous }: NetworkRequest,
  observed: ObservedNetworks,
  result: Plan,
): boolean {
  if (previous === undefined || previous.name === inputs.name) return false;
  result.replaceBecause.push("name");
  for (const { ref, replaced, machinesOfReplaced } of [...observed.hosts, ...observed.former])
    if (replaced?.ours === true && machinesOfReplaced.length > 0)
      result.refusals.push({
        kind: "inUse",
        message: `network ${previous.name} on ${ref.name} can't become ${inputs.name}: libvirt can't rename networks, and ${running(machinesOfReplaced)}; keep the name, or stop them or move them to another network first`,
      });
  return true;
}

function planHost(request: NetworkRequest, host: ObservedHost, result: Plan): void {
  const { network, ref } = host;
  if (network === undefined) {
    planNew(request, host, result);
    return;
  }
  if (!network.ours && request.inputs.adopt !== true) {
    const { owner } = network;
    const { identity } = request;
    const whose =
      owner === undefined
        ? "which this program didn't make"
        : `which belongs to ${ownerLabel(owner, identity)}`;
    const within = owner !== undefined && isOfStack(owner, identity) ? `; ${AS_BEFORE}` : "";
    result.refusals.push({
      kind: "foreignObject",
      message: `there is a network ${network.record.name} on ${ref.name} already, ${whose} (UUID ${network.record.uuid}); give another name, or set adopt: true to take it over${within}`,
    });
    return;
  }
  if (!network.ours) {
    if (network.owner !== undefined)
      result.warnings.push(takenFrom(`network ${network.record.name}`, ref.name, network.owner));
    result.steps.push({ kind: "adopt", subject: network.record.name, host: ref.name, effect: "none" });
  }
  planChanges(request, host, network, result);
}

function planNew(request: NetworkRequest, host: ObservedHost, result: Plan): void {
  const { inputs, previous } = request;
  const had = previous !== undefined && Object.hasOwn(previous.hosts, host.ref.name);
  const { mode } = inputs;
  const isAddressed = [inputs.cidr, inputs.ipv6, inputs.addresses?.[0]].some((given) => given !== undefined);
  if ((mode === "nat" || mode === "route" || mode === "open") && !isAddressed)
    result.refusals.push({
      kind: "missing",
      message: `there is no network ${inputs.name} on ${host.ref.name} to take over, and without cidr none can be made: mode ${JSON.stringify(mode)} needs the host's address in the network`,
    });
  refuseObstacles(request, host, result);
  result.steps.push({
    kind: "createNetwork",
    subject: inputs.name,
    host: host.ref.name,
    effect: "none",
    reason: had ? "it is gone from its host" : "new",
  });
  planRelink(request, host, result);
}

function planChanges(
  request: NetworkRequest,
  host: ObservedHost,
  network: ObservedNetwork,
  result: Plan,
): void {
  const { inputs } = request;
  const { record } = network;
  const at = { subject: inputs.name, host: host.ref.name };
  const { persistent, live } = differencesOf(request, network);
  const is = network.live ?? network.model;
  const desired = desiredModel(inputs, request.previous, is);
  const forRestart = live.filter((difference) => !isLive(difference, is, desired, host.inUse));
  const needsRestart = forRestart.length > 0;
  const changes = changesOf([...live, ...persistent]);
  if (needsRestart || !record.active) refuseObstacles(request, host, result);
  if (!record.persistent)
    result.steps.push({ kind: "createNetwork", ...at, effect: "none", reason: "its definition is gone" });
  if (needsRestart)
    planRestart(
      request,
      host,
      { changes, because: changesOf(forRestart), link: linkAfter(is, desired) },
      result,
    );
  else if (changes.length > 0)
    result.steps.push({ kind: "updateNetwork", ...at, changes, effect: record.active ? "live" : "none" });
  if (!record.active)
    result.steps.push({ kind: "startNetwork", ...at, effect: "none", reason: "it is stopped" });
  if (!needsRestart) planRelink(request, host, result);
  // What is taken over keeps what the program doesn't mention.
  const autostart = inputs.autostart ?? (inputs.adopt === true ? record.autostart : true);
  if (record.persistent && record.autostart !== autostart)
    result.steps.push({ kind: "setNetworkAutostart", ...at, to: autostart, effect: "none" });
}

/** Repairs what stopping a network by hand did to the machines that went on running. */
function planRelink({ inputs }: NetworkRequest, host: ObservedHost, result: Plan): void {
  const { machines, unplugged } = host;
  if (machines.length > 0 && unplugged)
    result.steps.push({
      kind: "relinkMachines",
      subject: inputs.name,
      host: host.ref.name,
      machines,
      effect: "live",
    });
}

/** What a restart means for those that are plugged in: libvirt can't take a running VM to, from or between all kinds of networks. */
function linkAfter(is: NetworkModel, desired: NetworkModel): "cut" | "stays" | "stuck" {
  const [from, to] = [linkKindOf(is), linkKindOf(desired)];
  if (from === "linuxBridge" && to === "linuxBridge") return "cut";
  return from === "openVswitch" && to === "openVswitch" && is.bridge === desired.bridge ? "stays" : "stuck";
}

function planRestart(
  { inputs }: NetworkRequest,
  host: ObservedHost,
  {
    changes,
    because,
    link,
  }: { changes: PropertyChange[]; because: PropertyChange[]; link: ReturnType<typeof linkAfter> },
  result: Plan,
): void {
  const { machines } = host;
  const refuse = (wayOut: string) => {
    const what = because.map(({ property, from, to }) => `${property} ${from} -> ${to}`).join(", ");
    result.refusals.push({
      kind: "inUse",
      message: `network ${inputs.name} on ${host.ref.name} has to restart for ${what}, and ${running(machines)}; ${wayOut}`,
    });
  };
  if (machines.length > 0 && link === "stuck") {
    refuse(
      "libvirt can't plug a running VM into or out of Open vSwitch or macvtap: stop them first, or make another network and move them there",
    );
    return;
  }
  if (machines.length > 0 && inputs.restartPolicy !== "whenNeeded") {
    refuse(
      link === "cut"
        ? `set restartPolicy: "whenNeeded" to cut their link for some seconds, or stop them first`
        : `set restartPolicy: "whenNeeded" to have them go over to it while they run, or stop them first`,
    );
    return;
  }
  // Plugged in again, an interface is as large as it was.
  if (machines.length > 0 && because.some(({ property }) => property === "mtu"))
    result.warnings.push(
      `network ${inputs.name} on ${host.ref.name}: interfaces of ${machines.join(", ")} keep the MTU that they have until the guest's next boot`,
    );
  result.steps.push({
    kind: "restartNetwork",
    subject: inputs.name,
    host: host.ref.name,
    changes,
    machines,
    link: link === "stays" ? "stays" : "cut",
    effect: machines.length > 0 ? "live" : "none",
  });
}

/** One mark for all hosts; it follows the resource when that is renamed. */
function planMarks(request: NetworkRequest, { hosts }: ObservedNetworks, result: Plan): void {
  const nonce = nonceOf(request, hosts);
  for (const { network } of hosts) {
    if (network?.ours !== true || !network.record.persistent) continue;
    const reason = staleMark(request, network, nonce);
    if (reason === undefined) continue;
    result.steps.push({ kind: "recordOwner", subject: request.inputs.name, effect: "none", reason });
    return;
  }
}

/** Why a network's mark has to be written, if it has. */
export function staleMark(
  { identity }: NetworkRequest,
  { owner }: ObservedNetwork,
  nonce: string | undefined,
): string | undefined {
  if (owner === undefined) return "its mark is gone";
  if (!sameIdentity(owner, identity)) return `it was ${ownerLabel(owner)}`;
  return nonce !== undefined && owner.nonce !== nonce ? "its hosts disagree" : undefined;
}

/** The nonce on record, else the one that a run which was cut off left on a host. */
export function nonceOf({ recorded, chosen }: NetworkRequest, hosts: readonly ObservedHost[]) {
  const left = hosts.find(({ network }) => network?.ours === true && network.owner !== undefined);
  return recorded?.outputs.nonce || left?.network?.owner?.nonce || chosen?.nonce;
}

function planRelease(
  { inputs }: NetworkRequest,
  { ref, network, machines }: ObservedHost,
  result: Plan,
): void {
  if (network?.ours !== true) return;
  if (machines.length > 0)
    result.refusals.push({
      kind: "inUse",
      message: `network ${inputs.name} can't be removed from ${ref.name}: ${running(machines)}; stop them, move them to another host or network, or keep ${ref.name} in hosts`,
    });
  else
    result.steps.push({
      kind: "releaseNetwork",
      subject: inputs.name,
      host: ref.name,
      effect: "none",
      reason: "the host isn't declared any more",
    });
}

function running(machines: readonly string[]): string {
  return `${machines.join(", ")} ${machines.length === 1 ? "is" : "are"} running and attached`;
}
