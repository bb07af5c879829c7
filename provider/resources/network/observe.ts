import type { Host } from "../../hosts/host.js";
import type { HostRef } from "../../hosts/host-ref.js";
import { isLibvirtError, type NetworkRecord } from "../../libvirt/index.js";
import { type OwnerMark, parseNetwork, readOwnerMark } from "../../libvirt/xml/index.js";
import { sameIdentity } from "../../planning/owner.js";
import { identitiesOf, type ObserveContext } from "../definition.js";
import {
  type Attached,
  attachedTo,
  hopName,
  isCutOff,
  linkKindOf,
  misplaced,
  namesOf,
  portgroupOf,
} from "./attached.js";
import { desiredModel, makesBridge } from "./desired.js";
import { type HostRoute, parseRoutes } from "./host-routes.js";
import type { HostDevice, NetworkUse, ObservedHost, ObservedNetwork, ObservedNetworks } from "./observed.js";
import { subnetsOf } from "./obstacles.js";
import { formerRefsOf, type NetworkRequest, refsOf } from "./request.js";
import { hasOwnBridge } from "./schema.js";

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
    inUse: useOf(attached, network),
    unplugged: await isUnplugged(host, request, network, attached),
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
    ...(await devicesInTheWay(host, request, network)),
    ...(isThereAlready(request, network)
      ? {}
      : {
          routes: await routesBeside(
            host,
            networks.map(({ liveXml }) => liveXml),
          ),
        }),
  };
}

/** Nothing of it can be in a way that the host has. */
function isThereAlready({ inputs }: NetworkRequest, network: ObservedNetwork | undefined): boolean {
  const { ipv4, moreAddresses = [], routes = [] } = network?.live ?? {};
  const theirs = [ipv4, ...moreAddresses, ...routes].flatMap((at) =>
    at === undefined ? [] : `${at.address}/${at.prefix}`,
  );
  return waysOf(inputs).every((way) => way.includes(":") || theirs.includes(way));
}

function waysOf(inputs: NetworkRequest["inputs"]): string[] {
  if (!hasOwnBridge(inputs.mode)) return [];
  return [...subnetsOf(inputs).map(({ text }) => text), ...(inputs.routes ?? []).map(({ cidr }) => cidr)];
}

/** But for those of the bridges that libvirt makes. */
async function routesBeside(host: Host, networks: readonly (string | undefined)[]): Promise<HostRoute[]> {
  const models = networks.flatMap((xml) => (xml === undefined ? [] : [parseNetwork(xml)]));
  const bridges = models.filter(makesBridge).map(({ bridge }) => bridge);
  return parseRoutes(await host.observations.routes()).filter(({ device }) => !bridges.includes(device));
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

/** What the host itself has of devices, as far as the network isn't on them already. libvirt starts one on what isn't there, and no guest on it. */
async function devicesInTheWay(
  host: Host,
  { inputs }: NetworkRequest,
  network: ObservedNetwork | undefined,
): Promise<Pick<ObservedHost, "missing" | "bridgeTaken">> {
  const isThere = async (path: string) => {
    const result = await host.exec(["test", "-d", `/sys/class/net/${path}`]).catch(() => undefined);
    return result === undefined || result.exitCode > 1 ? undefined : result.exitCode === 0;
  };
  const { bridge, devices } = network?.live ?? {};
  const isOn = (name: string) => name === bridge || devices?.includes(name) === true;
  const wanted = devicesOf(inputs).filter(({ name }) => !isOn(name));
  const found = await Promise.all(
    wanted.map(({ name, what }) => isThere(`${name}${what === "bridge" ? "/bridge" : ""}`)),
  );
  const makes = hasOwnBridge(inputs.mode) && inputs.bridge !== undefined && !isOn(inputs.bridge);
  return {
    missing: wanted.filter((_, i) => found[i] === false),
    bridgeTaken: makes && (await isThere(inputs.bridge ?? "")) === true,
  };
}

function devicesOf({ mode, bridge, forwardDevice, forwardDevices }: NetworkRequest["inputs"]): HostDevice[] {
  const devices = [...(forwardDevices ?? []), ...(forwardDevice === undefined ? [] : [forwardDevice])];
  const all: HostDevice[] = devices.map((name) => ({ what: "device", name }));
  if (bridge !== undefined && mode === "bridge") all.push({ what: "bridge", name: bridge });
  if (bridge !== undefined && mode === "ovs") all.push({ what: "Open vSwitch bridge", name: bridge });
  return all;
}

function useOf(attached: readonly Attached[], network: ObservedNetwork | undefined): NetworkUse {
  const plugs = attached.flatMap((machine) => machine.plugs);
  const is = network?.live ?? network?.model;
  const groups = plugs.flatMap((plug) => (is === undefined ? undefined : portgroupOf(plug, is)) ?? []);
  return {
    portgroups: [...new Set(groups)].sort(),
    devices: [...new Set(plugs.flatMap(({ device }) => device ?? []))].sort(),
  };
}

/** What is on Open vSwitch or a device stays there when the network is stopped; the former may have to go to other VLANs. */
async function isUnplugged(
  host: Host,
  request: NetworkRequest,
  network: ObservedNetwork | undefined,
  attached: readonly Attached[],
): Promise<boolean> {
  const plugs = attached.flatMap((machine) => machine.plugs);
  if (plugs.length === 0) return false;
  const kind = linkKindOf(
    network?.live ?? network?.model ?? desiredModel(request.inputs, undefined, undefined),
  );
  if (kind === "device") return false;
  if (kind === "openVswitch")
    return plugs.some((plug) => network?.live !== undefined && misplaced(plug, network.live) !== undefined);
  if (network?.record.active !== true) return true;
  const { uuid } = network.record;
  const ports = await host.idempotent((libvirt) => unlessGone(libvirt.networks.portUuids(uuid)));
  return plugs.some((plug) => isCutOff(plug, ports) === true);
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
