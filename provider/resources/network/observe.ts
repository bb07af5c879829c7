import type { Host } from "../../hosts/host.js";
import type { HostRef } from "../../hosts/host-ref.js";
import { isLibvirtError, type NetworkRecord } from "../../libvirt/index.js";
import { type OwnerMark, parseNetwork, readOwnerMark } from "../../libvirt/xml/index.js";
import { sameIdentity } from "../../planning/owner.js";
import type { ObserveContext } from "../definition.js";
import { type Attached, attachedTo, hopName, isCutOff, namesOf } from "./attached.js";
import type { ObservedHost, ObservedNetwork, ObservedNetworks } from "./observed.js";
import { formerRefsOf, identitiesOf, type NetworkRequest, refsOf } from "./request.js";

/** Reads the network on every host that is declared, or was. Throws HostUnreachable when one of them doesn't answer. */
export async function observe(request: NetworkRequest, context: ObserveContext): Promise<ObservedNetworks> {
  const look = (refs: HostRef[]) => Promise.all(refs.map((ref) => lookAt(ref, request, context)));
  const [hosts, former] = await Promise.all([look(refsOf(request.inputs)), look(formerRefsOf(request))]);
  // A host that is only called otherwise than before still is declared.
  const machines = new Set(hosts.map((host) => host.facts.uuid));
  return { hosts, former: former.filter((host) => !machines.has(host.facts.uuid)) };
}

async function lookAt(
  ref: HostRef,
  request: NetworkRequest,
  { hosts, fresh }: ObserveContext,
): Promise<ObservedHost> {
  const host = hosts.get(ref);
  const { observations } = host;
  const { name } = request.inputs;
  const nameBefore = request.previous?.name ?? name;
  const facts = await observations.facts();
  if (fresh) await observations.refreshNetwork(name);
  const [networks, domains] = await Promise.all([observations.networks(), observations.domains()]);
  const find = (wanted: string) => {
    const record = networks.find((network) => network.name === wanted);
    return record === undefined ? undefined : toNetwork(record, ref.name, request);
  };
  const identities = identitiesOf(request);
  const isOurs = (record: NetworkRecord) => {
    const owner = markOf(record);
    return owner !== undefined && identities.some((identity) => sameIdentity(owner, identity));
  };
  const network = find(name);
  const replaced = nameBefore === name ? undefined : find(nameBefore);
  const attached = attachedTo(name, network?.record, domains);
  return {
    ref,
    facts,
    network,
    machines: namesOf(attached),
    unplugged: await isUnplugged(host, network?.record, attached),
    replaced,
    machinesOfReplaced:
      replaced === undefined ? [] : namesOf(attachedTo(nameBefore, replaced.record, domains)),
    // One of ours under another name goes before this one comes.
    others: networks
      .filter((record) => record.name !== name && record.name !== hopName(name) && !isOurs(record))
      .map((record) => ({
        name: record.name,
        active: record.active,
        model: parseNetwork(record.liveXml ?? record.xml),
      })),
    bridgeExists: await bridgeExists(host, request),
  };
}

function toNetwork(record: NetworkRecord, hostName: string, request: NetworkRequest): ObservedNetwork {
  const owner = markOf(record);
  return {
    record,
    model: parseNetwork(record.xml),
    live: record.liveXml === undefined ? undefined : parseNetwork(record.liveXml),
    owner,
    ours: isOurs(record, owner, hostName, request),
  };
}

/** The nonce decides, else the identity in the mark. A network that lost its mark is known by its UUID, or (a check is told none) by its name where we had it. */
function isOurs(
  record: NetworkRecord,
  owner: OwnerMark | undefined,
  hostName: string,
  request: NetworkRequest,
): boolean {
  const { previous, recorded } = request;
  if (owner !== undefined)
    return (
      (recorded !== undefined && owner.nonce === recorded.outputs.nonce) ||
      identitiesOf(request).some((identity) => sameIdentity(owner, identity))
    );
  if (recorded !== undefined) return recorded.outputs.uuids?.[hostName] === record.uuid;
  return previous !== undefined && previous.name === record.name && Object.hasOwn(previous.hosts, hostName);
}

function markOf(record: NetworkRecord): OwnerMark | undefined {
  return (
    readOwnerMark(record.xml) ?? (record.liveXml === undefined ? undefined : readOwnerMark(record.liveXml))
  );
}

/** Only asked when something is about to be applied: before, the bridge may be still to come in the same deployment. */
async function bridgeExists(host: Host, request: NetworkRequest): Promise<boolean | undefined> {
  const { mode, bridge } = request.inputs;
  if (mode !== "bridge" || bridge === undefined || request.chosen === undefined) return undefined;
  // libvirt starts a network on a bridge that isn't there, and no guest on it.
  const result = await host.exec(["test", "-d", `/sys/class/net/${bridge}/bridge`]).catch(() => undefined);
  return result?.exitCode === 0 ? true : result?.exitCode === 1 ? false : undefined;
}

async function isUnplugged(
  host: Host,
  record: NetworkRecord | undefined,
  attached: readonly Attached[],
): Promise<boolean> {
  if (attached.length === 0) return false;
  if (record?.active !== true) return true;
  const ports = await host.idempotent((libvirt) => unlessGone(libvirt.networks.portUuids(record.uuid)));
  return attached.some(({ plugs }) => plugs.some((plug) => isCutOff(plug, ports) === true));
}

/** A network that somebody removes while it is observed has no ports; the next look finds it gone. */
async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isLibvirtError(error, "networkNotFound")) return undefined;
    throw error;
  }
}
