import { HostUnreachable } from "../../hosts/errors.js";
import type { HostRef } from "../../hosts/host-ref.js";
import type { Hosts } from "../../hosts/hosts.js";
import { consolePath, graphicsPort } from "../../libvirt/xml/console.js";
import { interfacePlugs } from "../../libvirt/xml/interface-network.js";
import { concealChange } from "../../planning/conceal.js";
import type { ObserveContext } from "../definition.js";
import { waitingForRestart } from "./circumstances.js";
import { rememberedPeers } from "./observe.js";
import { isActive, type ObservedDomain, type ObservedMachine, whereItIs } from "./observed.js";
import { isOwn, type MachineRequest } from "./request.js";
import type { Outputs } from "./schema.js";
import { readAddresses, readFormerAddresses } from "./wait/addresses.js";

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
  const secretInputs = new Set(request.inputs.secretInputs);
  const found = await domainOutputs(context.hosts, where.ref, domain, {
    secretInputs,
    lastAddresses: carried.ipAddresses ?? [],
    left: hostLeftRunning(carried, where.ref, observed.peers),
  });
  const { ipAddresses } = found;
  return {
    ...found,
    uuid: domain?.record.uuid ?? request.recorded?.id ?? "",
    nonce: nonceOf(request, domain) ?? carried.nonce ?? "",
    host: where.ref.name,
    connection: where.ref.connection,
    credentials: where.ref.credentials,
    ipAddress: ipAddresses.find((address) => address === carried.ready?.address) ?? ipAddresses[0],
    ready: carried.ready,
    lastMigration: carried.lastMigration,
    formerHosts: formerHosts(carried, where.ref.name),
    ...peersOf(observed, carried, context),
  };
}

/** Where a running guest is reached. */
export const OPTIONAL_OUTPUTS = ["ipAddress", "consolePath", "vncPort", "spicePort"] as const;

/** What there is to read of a domain, whoever made it. */
export type DomainOutputs = Pick<
  Outputs,
  | "uuid"
  | "state"
  | "macAddresses"
  | "ipAddresses"
  | "ipAddress"
  | "pendingRestart"
  | "machineType"
  | "consolePath"
  | "vncPort"
  | "spicePort"
>;

/** The host that a guest has left while it ran, on the last move. `ref`: absent when the stack doesn't have it any more. */
interface HostLeft {
  ref: HostRef | undefined;
}

function hostLeftRunning(
  { lastMigration }: Partial<Outputs>,
  here: HostRef,
  peers: readonly HostRef[],
): HostLeft | undefined {
  if (lastMigration?.downtimeMs === undefined || lastMigration.to !== here.name) return undefined;
  return { ref: peers.find(({ name }) => name === lastMigration.from) };
}

/**
 * @param known - `lastAddresses`: what they are said to be when the host doesn't answer any more; absent where that is a failure. `left`: where it was
 *   before.
 */
export async function domainOutputs(
  hosts: Hosts,
  ref: HostRef,
  domain: ObservedDomain | undefined,
  known: { secretInputs?: ReadonlySet<string>; lastAddresses?: string[]; left?: HostLeft | undefined } = {},
): Promise<DomainOutputs> {
  const { secretInputs = new Set<string>(), lastAddresses } = known;
  const model = domain?.persistent ?? domain?.live;
  const ipAddresses = await readIpAddresses(hosts, ref, domain, known).catch((error: unknown) => {
    if (lastAddresses !== undefined && error instanceof HostUnreachable) return lastAddresses;
    throw error;
  });
  const waiting = waitingForRestart(domain).map((change) => concealChange(change, secretInputs));
  return {
    uuid: domain?.record.uuid ?? "",
    state: stateOf(domain),
    macAddresses: model?.interfaces.map((nic) => nic.mac) ?? [],
    ipAddresses,
    ipAddress: ipAddresses[0],
    pendingRestart: waiting.map(({ property, from, to }) => `${property} ${from} -> ${to}`),
    machineType: model?.machine ?? "",
    ...terminalsOf(domain?.record.liveXml),
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

async function readIpAddresses(
  hosts: Hosts,
  ref: HostRef,
  domain: ObservedDomain | undefined,
  { left, lastAddresses = [] }: { left?: HostLeft | undefined; lastAddresses?: string[] },
): Promise<string[]> {
  if (domain === undefined || !isActive(domain)) return [];
  const { uuid, liveXml } = domain.record;
  const guest = { uuid, liveXml, macs: domain.live?.interfaces.map((nic) => nic.mac) ?? [] };
  if (left === undefined) return readAddresses(hosts.get(ref), guest);
  // It may be gone by now: hosts are emptied to be switched off.
  let knowsNothing = left.ref === undefined;
  const cards = liveXml === undefined ? [] : interfacePlugs(liveXml);
  const addresses = await readAddresses(hosts.get(ref), guest, async (macs) => {
    if (left.ref === undefined) return [];
    const unheard = macs.map((mac) => ({ mac, network: cards.find((card) => card.mac === mac)?.network }));
    return readFormerAddresses(hosts.get(left.ref), unheard).catch(() => {
      knowsNothing = true;
      return [];
    });
  });
  return addresses.length === 0 && knowsNothing ? lastAddresses : addresses;
}
