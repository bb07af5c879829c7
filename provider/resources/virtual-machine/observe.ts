import { HostUnreachable } from "../../hosts/errors.js";
import type { Host } from "../../hosts/host.js";
import { type Connection, type Credentials, connectionKey, type HostRef } from "../../hosts/host-ref.js";
import type { DomainRecord, PoolRecord } from "../../libvirt/index.js";
import { parseSnapshot } from "../../libvirt/xml/index.js";
import type { ObserveContext } from "../definition.js";
import { declaredOn, givesUpName, withoutWhatLeaves } from "../given-up.js";
import { lookAtLocalDisk } from "../local-disk.js";
import { missingPaths } from "../missing-paths.js";
import { roomIn } from "../pool-room.js";
import { rescanPool, rescanPoolOnce } from "../rescan.js";
import { layersOfFiles, snapshotLayers } from "../snapshot-layers.js";
import { askGuest } from "./ask-guest.js";
import { disksElsewhere } from "./disks-elsewhere.js";
import { heldByPaused } from "./held-by-paused.js";
import { hostFilesToFind } from "./host-files.js";
import { absentDisks, layeredDisks } from "./layered-disks.js";
import { leftDisks } from "./left-disks.js";
import { basesOf, preflightMove } from "./move.js";
import { networkTraits, takesVlans } from "./network-traits.js";
import { poolsOf } from "./observe-pools.js";
import {
  isActive,
  isUnsettled,
  type ObservedDomain,
  type ObservedHost,
  type ObservedMachine,
} from "./observed.js";
import { sourceNames, toDomainOn } from "./observed-domain.js";
import { withOsDefaults } from "./os-defaults.js";
import { tryPatches } from "./patches-tried.js";
import { ownerOf } from "./record-owner.js";
import { relocationsOf } from "./relocations.js";
import { identityHashes, isOwn, type MachineRequest } from "./request.js";
import { sameAddresses } from "./same-addresses.js";
import type { Outputs } from "./schema.js";
import { withoutMarksOfItsOwn } from "./storage-seen.js";

export function refOf(inputs: {
  host: string;
  connection: Connection;
  credentials?: Credentials | undefined;
}): HostRef {
  return { name: inputs.host, connection: inputs.connection, credentials: inputs.credentials ?? {} };
}

/**
 * Looks for the VM where it should be, then where it was, then on the stack's other hosts: it is gone only when every host on which it
 * could be has answered.
 */
export async function observe(declared: MachineRequest, context: ObserveContext): Promise<ObservedMachine> {
  const { inputs, previous } = declared;
  // Here it only matters which media there are.
  const request: MachineRequest = {
    ...declared,
    inputs: withOsDefaults(inputs, []),
    ...(previous === undefined ? {} : { previous: withOsDefaults(previous, []) }),
  };
  const ref = refOf(request.inputs);
  // One without a Host resource is a host of the stack as well.
  context.hosts.use(ref, { byProgram: request.recorded === undefined });
  const target = await lookAt(ref, request, context);
  target.missing = await missingPaths(
    context.hosts.get(ref),
    hostFilesToFind(request, target.domain, target).map(({ path }) => path),
  );
  // A refresh makes nothing in them.
  if (previous !== inputs) target.declared = declaredOn(context.hosts, ref);
  const { domain } = target;
  const elsewhere =
    domain === undefined || isUnsettled(domain)
      ? await findElsewhere(target, request, context)
      : await findOtherCopy(target, domain, request, context);
  const observed: ObservedMachine = {
    target,
    elsewhere,
    moveRefusals: [],
    peers: peersOf(target, context),
    mayBeAnywhere: !context.hosts.isDeclared(ref.name),
  };
  observed.sources = await sourcesOf(request);
  if (previous !== inputs) {
    const { peers } = observed;
    target.disksElsewhere = await disksElsewhere(
      request,
      target,
      domain ?? elsewhere?.domain,
      peers,
      context,
    );
    const domains = await context.hosts.get(ref).observations.domains();
    observed.sameAddresses = sameAddresses(request, domains, domain?.record);
    observed.heldByPaused = heldByPaused(request, domains, domain, target.pools);
  }
  observed.patchProblem = await tryPatches(declared, observed, context);
  if (elsewhere?.domain !== undefined && isUnsettled(elsewhere.domain))
    observed.bases = await basesOf(observed, request, context);
  const moves = domain === undefined && elsewhere?.domain !== undefined && !isUnsettled(elsewhere.domain);
  // One without a definition gets it first; what else is in its way shows then.
  if (!moves || elsewhere.domain?.persistent === undefined) return observed;
  const moving = volumesOf(elsewhere.domain);
  await rescanPools(target, moving, context);
  const { missing, declared: places, disksElsewhere: notHere = [] } = target;
  const again = await lookAt(target.ref, request, context);
  const seen = { ...again, missing, declared: places, disksElsewhere: notHere };
  const rescanned = { ...observed, target: await withoutMarksOfItsOwn(seen, elsewhere, moving, context) };
  const ahead = { ...rescanned, bases: await basesOf(rescanned, request, context) };
  return { ...ahead, moveRefusals: await preflightMove(ahead, request, context) };
}

/** A refresh or a deletion makes nothing of them. */
async function sourcesOf({ inputs, previous }: MachineRequest): Promise<ObservedMachine["sources"]> {
  const paths = previous === inputs ? [] : (inputs.disks ?? []).flatMap(({ source }) => source ?? []);
  const looks = paths.map(async (path) => [path, await lookAtLocalDisk(path)] as const);
  return new Map(await Promise.all(looks));
}

/**
 * What another host wrote to storage that both share, libvirt sees only when it scans the pool. It must have before anyone asks
 * whether a disk is there already or has to be copied.
 */
function volumesOf({ persistent, live }: ObservedDomain): string[] {
  return [persistent, live].flatMap((model) =>
    [...(model?.disks ?? []).map(({ source }) => source), model?.ignition].flatMap((source) =>
      source !== undefined && "volume" in source ? [source.volume] : [],
    ),
  );
}

async function rescanPools(
  target: ObservedHost,
  volumes: readonly string[],
  { hosts, fresh }: ObserveContext,
): Promise<void> {
  const host = hosts.get(target.ref);
  for (const pool of target.pools)
    if (pool.active)
      await (fresh ? rescanPool(host, pool.name, { volumes }) : rescanPoolOnce(host, pool.name));
}

/**
 * The VM is where it should be. A copy left where it was last time would be worth knowing; a former host that is gone is no obstacle. One
 * that is off, or has lost its definition, may have been moved by hand with its old definition left: before it is started all hosts
 * are asked, and one that is known to have left isn't taken for stopped while some don't answer.
 */
async function findOtherCopy(
  target: ObservedHost,
  domain: ObservedDomain,
  request: MachineRequest,
  context: ObserveContext,
): Promise<ObservedHost | undefined> {
  const isNew = request.previous === undefined && request.recorded === undefined;
  const mayHaveLeft = !isNew && (!isActive(domain) || domain.persistent === undefined);
  const seen = new Set([connectionKey(target.ref)]);
  const others = mayHaveLeft ? [...formerRefs(request), ...peerRefs(request, context)] : formerRefs(request);
  const answers = await Promise.allSettled(
    unseenOf(others, seen).map(async (ref) =>
      (await isCertainlyNotOn(ref, request, context)) ? undefined : lookAt(ref, request, context),
    ),
  );
  const found = answers
    .flatMap((answer) => (answer.status === "fulfilled" ? (answer.value ?? []) : []))
    .find((host) => host.domain !== undefined && host.facts.uuid !== target.facts.uuid);
  if (found !== undefined) return found;
  const hasLeft = domain.record.reasonName === "migrated" && !isActive(domain);
  for (const answer of answers)
    if (answer.status === "rejected" && (hasLeft || !(answer.reason instanceof HostUnreachable)))
      throw answer.reason;
  return undefined;
}

/** Nearly every VM is on no other host, which what was read of that one in bulk tells. */
async function isCertainlyNotOn(
  ref: HostRef,
  { recorded }: MachineRequest,
  { hosts, fresh }: ObserveContext,
): Promise<boolean> {
  if (recorded === undefined || fresh) return false;
  const { observations } = hosts.get(ref);
  const [domain] = await Promise.all([observations.domain(recorded.id), observations.facts()]);
  return domain === undefined;
}

function unseenOf(refs: HostRef[], seen: Set<string>): HostRef[] {
  return refs.filter((ref) => {
    const key = connectionKey(ref);
    return !seen.has(key) && seen.add(key);
  });
}

async function findElsewhere(
  target: ObservedHost,
  request: MachineRequest,
  context: ObserveContext,
): Promise<ObservedHost | undefined> {
  if (request.previous === undefined && request.recorded === undefined && target.domain === undefined)
    return undefined;
  const seen = new Set([connectionKey(target.ref)]);
  const isOther = (host: ObservedHost) => host.facts.uuid !== target.facts.uuid;
  for (const former of unseenOf(formerRefs(request), seen)) {
    const there = await lookAt(former, request, context);
    if (isOther(there) && there.domain !== undefined) return there;
  }
  // Half a migration names its other half; its host counts even when nothing is on it (any more).
  const journal = target.domain?.journal;
  const counterpart =
    journal === undefined
      ? undefined
      : journal.to.uuid === target.facts.uuid
        ? journal.from.uuid
        : journal.to.uuid;
  if (target.domain !== undefined && counterpart === undefined) return undefined;
  const answers = await Promise.allSettled(
    unseenOf(peerRefs(request, context), seen).map((ref) => lookAt(ref, request, context)),
  );
  const hosts = answers
    .flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []))
    .filter(isOther);
  const found =
    hosts.find((host) => host.domain !== undefined) ?? hosts.find((host) => host.facts.uuid === counterpart);
  const failure = answers.find((answer) => answer.status === "rejected");
  if (found === undefined && failure !== undefined) throw failure.reason;
  return found;
}

function formerRefs({ previous, recorded }: MachineRequest): HostRef[] {
  const refs: HostRef[] = [];
  if (recorded?.outputs.connection !== undefined) refs.push(refOf(recorded.outputs));
  if (previous !== undefined) refs.push(refOf(previous));
  return refs;
}

/**
 * The stack's other hosts: those seen in this deployment, and those that the state remembers, unless the program could have declared them and
 * did not: a host that was given up must not keep its former neighbours' VMs from being made again.
 */
function peerRefs({ recorded }: MachineRequest, { hosts }: ObserveContext): HostRef[] {
  const declared = hosts.declared();
  if (hosts.declaredByProgram || recorded === undefined) return declared;
  const names = new Set(declared.map((ref) => ref.name));
  return [...declared, ...rememberedPeers(recorded.outputs).filter(({ name }) => !names.has(name))];
}

/** The stack's other hosts as the state has them. */
export function rememberedPeers({
  peers,
  peerCredentials,
}: Partial<Pick<Outputs, "peers" | "peerCredentials">>): HostRef[] {
  return Object.entries(peers ?? {}).map(([name, connection]) => ({
    name,
    connection,
    credentials: peerCredentials?.[name] ?? {},
  }));
}

function peersOf(target: ObservedHost, { hosts }: ObserveContext): HostRef[] {
  return hosts.declared().filter((ref) => connectionKey(ref) !== connectionKey(target.ref));
}

async function lookAt(
  ref: HostRef,
  request: MachineRequest,
  { hosts, fresh }: ObserveContext,
): Promise<ObservedHost> {
  const host = hosts.get(ref);
  const { observations } = host;
  const facts = await observations.facts();
  if (fresh) await observations.refreshDomain({ uuid: request.recorded?.id, name: request.inputs.name });
  const { recorded } = request;
  const [candidates, named, poolRecords, networks] = await Promise.all([
    recorded === undefined ? observations.domains() : observations.domain(recorded.id),
    observations.domainNamed(request.inputs.name),
    observations.pools(),
    observations.networks(),
  ]);
  const isHome = [refOf(request.inputs), ...formerRefs(request)].some(
    (home) => connectionKey(home) === connectionKey(ref),
  );
  const mine = mineOf([candidates ?? []].flat(), request, isHome);
  const other = named === mine ? undefined : named;
  const otherOwner = other === undefined ? undefined : ownerOf(other);
  // What is applied meets what is there.
  const leaves =
    !fresh && otherOwner !== undefined && givesUpName(hosts, otherOwner, ref, request.inputs.name);
  const namesake = leaves ? undefined : other;
  const toDomain = toDomainOn(facts, sourceNames(request, poolRecords), networks);
  const read = async (record: DomainRecord): Promise<ObservedDomain> => {
    const owner = ownerOf(record);
    const below = record.hasSnapshots ? await snapshotLayers(host) : new Map();
    const found = toDomain(record, owner, below);
    if (isActive(found) || absentDisks(request, found).length === 0) return found;
    // Of a layer that somebody made without telling libvirt (--no-metadata) nothing but its file says what it is over.
    return toDomain(record, owner, new Map([...below, ...(await layersOfFiles(host, record, below))]));
  };
  const domain =
    mine === undefined
      ? undefined
      : {
          ...(await read(mine)),
          ...snapshotsIn(await observations.snapshots(mine.uuid)),
          saved: await readSaved(host, mine, toDomain),
        };
  if (domain !== undefined) await askGuest(host, domain, request);
  const place: ObservedHost = {
    ref,
    facts,
    domain,
    namesake: namesake === undefined ? undefined : toDomain(namesake, otherOwner),
    namesakeLeaves: leaves ? otherOwner : undefined,
    pools: await poolsOf(host, poolRecords, request, domain, fresh),
    layeredDisks: await layeredDisks(request, domain, host),
    left: leftDisks(host, () => identityHashes(request)[0]),
    networks: networks.filter((network) => network.active).map((network) => network.name),
    openVswitchNetworks: networks
      .filter((network) => networkTraits(network).link === "openVswitch")
      .map((network) => network.name),
    untaggedNetworks: networks
      .filter((network) => !takesVlans(network, facts))
      .map((network) => network.name),
  };
  if (!fresh)
    for (const pool of place.pools)
      pool.contents = withoutWhatLeaves(hosts, ref, pool.contents, identityHashes(request));
  await lookForRoom(host, poolRecords, request, place);
  return place;
}

/** In the pools into which disks are to move. */
async function lookForRoom(
  host: Host,
  records: PoolRecord[],
  request: MachineRequest,
  place: ObservedHost,
): Promise<void> {
  if (place.pools.length < 2) return;
  const targets = new Set(relocationsOf(request, place, place.domain).moves.map(({ to }) => to));
  for (const pool of place.pools) {
    const record = targets.has(pool.name) ? records.find(({ name }) => name === pool.name) : undefined;
    if (record !== undefined) pool.availableBytes = await roomIn(host, record);
  }
}

/** With what a guest goes on whose state was saved. Of a state that can't be read its start will tell. */
async function readSaved(
  host: Host,
  record: DomainRecord,
  toDomain: ReturnType<typeof toDomainOn>,
): Promise<ObservedDomain["saved"]> {
  if (!record.hasManagedSave || record.liveXml !== undefined) return undefined;
  const liveXml = await host
    .idempotent((libvirt) => libvirt.domains.managedSaveXml(record.uuid))
    .catch(() => undefined);
  if (liveXml === undefined) return undefined;
  const { live, run } = toDomain({ ...record, liveXml }, undefined);
  return live === undefined || run === undefined ? undefined : { model: live, run };
}

/**
 * Of a resource that has another name now than in the state, both its names may stand in marks, one of them in that of a VM with which it has
 * swapped names: its own then has the domain name of the last deployment, or already the declared one.
 */
function mineOf(
  records: readonly DomainRecord[],
  request: MachineRequest,
  isHome: boolean,
): DomainRecord | undefined {
  const { previous, recorded, inputs } = request;
  const isCandidate = (record: DomainRecord) => isMine(record, request, isHome);
  if (recorded !== undefined || previous === undefined || previous.pulumiUrn === inputs.pulumiUrn)
    return records.find(isCandidate);
  const mine = records.filter(isCandidate);
  const named = [previous.name, inputs.name].flatMap((name) => mine.filter((record) => record.name === name));
  return named[0] ?? (isHome ? mine[0] : undefined);
}

/**
 * The nonce decides, else the identity in the mark. A domain that lost its mark is known by its UUID, or (Pulumi tells a check no UUID) by
 * its name on a host where we had it. With `adopt`, whatever has the name there; on the stack's other hosts it is another's.
 */
function isMine(record: DomainRecord, request: MachineRequest, isHome: boolean): boolean {
  const { previous, recorded, inputs } = request;
  if (recorded !== undefined && record.uuid !== recorded.id) return false;
  const owner = ownerOf(record);
  if (recorded !== undefined) return owner === undefined || isOwn(owner, request);
  if (owner !== undefined && isOwn(owner, request)) return true;
  if (!isHome || record.name !== inputs.name) return false;
  return inputs.adopt === true || (previous !== undefined && owner === undefined);
}

function snapshotsIn(records: readonly { name: string; xml: string }[]) {
  const disks = records.flatMap(({ xml }) => parseSnapshot(xml).disks);
  return {
    snapshots: records.map(({ name }) => name),
    inSnapshots: disks.flatMap(({ place, target }) => (place === "internal" ? [target] : [])),
  };
}
