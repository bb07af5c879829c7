import type { Hosts } from "../../hosts/hosts.js";
import { consolePath, graphicsPort } from "../../libvirt/xml/console.js";
import type { ObserveContext } from "../definition.js";
import { pendingChanges } from "./changes.js";
import { rememberedPeers } from "./observe.js";
import {
  isActive,
  type ObservedDomain,
  type ObservedHost,
  type ObservedMachine,
  whereItIs,
} from "./observed.js";
import { isOwn, type MachineRequest } from "./request.js";
import { newRun } from "./running-guest.js";
import type { Outputs } from "./schema.js";
import { readAddresses } from "./wait/addresses.js";

/** What the state records, and programs read. */
export async function outputsOf(
  request: MachineRequest,
  observed: ObservedMachine,
  carried: Partial<Outputs>,
  context: ObserveContext,
): Promise<Outputs> {
  const place = whereItIs(observed);
  const where = place ?? observed.target;
  const domain = place?.domain;
  const model = domain?.persistent ?? domain?.live;
  const ipAddresses = await readIpAddresses(context.hosts, place);
  const waiting =
    domain?.live === undefined || domain.persistent === undefined
      ? []
      : pendingChanges(domain.live, domain.persistent, domain.run ?? newRun);
  return {
    uuid: domain?.record.uuid ?? request.recorded?.id ?? "",
    nonce: nonceOf(request, domain) ?? carried.nonce ?? "",
    host: where.ref.name,
    connection: where.ref.connection,
    credentials: where.ref.credentials,
    state: stateOf(domain),
    macAddresses: model?.interfaces.map((nic) => nic.mac) ?? [],
    ipAddresses,
    ipAddress: ipAddresses.find((address) => address === carried.ready?.address) ?? ipAddresses[0],
    ready: carried.ready,
    pendingRestart: waiting.map(({ property, from, to }) => `${property} ${from} -> ${to}`),
    machineType: model?.machine ?? "",
    lastMigration: carried.lastMigration,
    ...terminalsOf(domain?.record.liveXml),
    formerHosts: formerHosts(carried, where.ref.name),
    ...peersOf(observed, carried, context),
  };
}

/** Where people reach a running guest's console and screen. */
function terminalsOf(liveXml: string | undefined): Pick<Outputs, "consolePath" | "vncPort" | "spicePort"> {
  if (liveXml === undefined) return {};
  return {
    consolePath: consolePath(liveXml),
    vncPort: graphicsPort(liveXml, "vnc"),
    spicePort: graphicsPort(liveXml, "spice"),
  };
}

/** In a refresh not all may have been seen yet. */
function peersOf(
  { peers: seen }: ObservedMachine,
  carried: Partial<Outputs>,
  { hosts }: ObserveContext,
): Pick<Outputs, "peers" | "peerCredentials"> {
  const before = hosts.declaredByProgram ? [] : rememberedPeers(carried);
  const peers = [...before, ...seen];
  const withKeys = peers.filter(({ credentials }) => Object.keys(credentials).length > 0);
  return {
    peers: Object.fromEntries(peers.map(({ name, connection }) => [name, connection])),
    peerCredentials: Object.fromEntries(withKeys.map(({ name, credentials }) => [name, credentials])),
  };
}

function formerHosts({ formerHosts, lastMigration, host }: Partial<Outputs>, current: string): string[] {
  const all = [...(formerHosts ?? []), lastMigration?.from, host];
  return [...new Set(all.filter((name) => name !== undefined && name !== current))] as string[];
}

/** Another's nonce would make another's VM ours to delete. */
function nonceOf(request: MachineRequest, domain: ObservedDomain | undefined): string | undefined {
  const owner = domain?.owner;
  return owner !== undefined && isOwn(owner, request) ? owner.nonce : undefined;
}

function stateOf(domain: ObservedDomain | undefined): string {
  if (domain === undefined) return "absent";
  switch (domain.record.state) {
    case "running":
    case "blocked":
    case "noState":
      return "running";
    case "paused":
    case "suspended":
      return "paused";
    case "shuttingDown":
      return "stopping";
    case "shutOff":
      return "stopped";
    case "crashed":
      return "crashed";
    default:
      return domain.record.state satisfies never;
  }
}

async function readIpAddresses(hosts: Hosts, place: ObservedHost | undefined): Promise<string[]> {
  const domain = place?.domain;
  if (place === undefined || domain === undefined || !isActive(domain)) return [];
  const { uuid, liveXml } = domain.record;
  const macs = domain.live?.interfaces.map((nic) => nic.mac) ?? [];
  return readAddresses(await hosts.get(place.ref).libvirt(), { uuid, liveXml, macs });
}
