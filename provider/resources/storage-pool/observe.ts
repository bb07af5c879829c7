import type { Host } from "../../hosts/host.js";
import type { HostRef } from "../../hosts/host-ref.js";
import type { DomainRecord, PoolRecord } from "../../libvirt/index.js";
import { diskUses, type PoolSource, parsePool } from "../../libvirt/xml/index.js";
import { type Identity, identityUuid } from "../../planning/owner.js";
import { identitiesOf, type ObserveContext, type Request } from "../definition.js";
import { rescanPool } from "../rescan.js";
import { declaredModel, differingIn, isSamePlace } from "./desired.js";
import { isVolume, isVolumeOrMark } from "./files.js";
import { isFolder } from "./folder.js";
import { kindOf } from "./kinds.js";
import { type Inputs, type Outputs, withoutTrailingSlash } from "./schema.js";

export type PoolRequest = Request<Inputs, Outputs>;

/** A pool as a plan looks at it. */
export interface ObservedPool {
  name: string;
  uuid: string;
  type: string;
  path: string | undefined;
  source?: PoolSource | undefined;
  active: boolean;
  autostart: boolean;
  persistent: boolean;
  capacityBytes: number;
  availableBytes: number;
}

/** A host that is to have the pool. */
export interface PoolPlace {
  ref: HostRef;
  hostUuid: string;
  /** What the host was called where it is declared under another name now. */
  formerNames: string[];
  /** What the pool is to be called by there; its owner mark. */
  uuid: string;
  /** This resource's pool. */
  mine: ObservedPool | undefined;
  /** Another pool that has the name. */
  namesake: ObservedPool | undefined;
  /** Another pool, of another name, that stands on the same folder or the same storage. */
  neighbour: ObservedPool | undefined;
  /** Running VMs that have volumes of this resource's pool, or of its namesake, open. */
  machines: string[];
  /** The folder of this resource's pool, which doesn't run, isn't there. */
  lostFolder?: string | undefined;
  /** The volumes in a pool that can't become what is declared, as libvirt saw them last. */
  replaced?: string[];
}

/** A host that had the pool and is to have it no longer. */
export interface FormerPlace {
  ref: HostRef;
  mine: ObservedPool;
  /** Names of the volumes there that no remaining host sees: the folder isn't shared, so they would be forgotten. */
  onlyThere: string[];
}

export interface ObservedPools {
  places: PoolPlace[];
  former: FormerPlace[];
}

export async function observe(request: PoolRequest, context: ObserveContext): Promise<ObservedPools> {
  const leaving =
    request.previous === undefined
      ? []
      : refsOf(request.previous).filter((ref) => !(ref.name in request.inputs.hosts));
  const left = await Promise.all(leaving.map((ref) => lookAt(ref, request, [], context)));
  const refs = refsOf(request.inputs);
  const places = await Promise.all(refs.map((ref) => lookAt(ref, request, left, context)));
  const staying = new Set(places.map((place) => place.hostUuid));
  const former: FormerPlace[] = [];
  for (const { ref, hostUuid, mine } of left) {
    // The same machine under another name stays.
    if (mine === undefined || staying.has(hostUuid)) continue;
    former.push({ ref, mine, onlyThere: await onlyThere(ref, mine, places, context) });
  }
  return { places, former };
}

export function refsOf(inputs: Pick<Inputs, "hosts" | "credentials">): HostRef[] {
  return Object.entries(inputs.hosts).map(([name, connection]) => ({
    name,
    connection,
    credentials: inputs.credentials?.[name] ?? {},
  }));
}

/** `left`: hosts that had the pool under a name which is declared no longer. */
async function lookAt(
  ref: HostRef,
  request: PoolRequest,
  left: readonly PoolPlace[],
  context: ObserveContext,
): Promise<PoolPlace> {
  const { identity, inputs, previous, recorded } = request;
  const host = context.hosts.get(ref);
  const { observations } = host;
  const { uuid: hostUuid } = await observations.facts();
  const formerNames = left.filter((place) => place.hostUuid === hostUuid).map((place) => place.ref.name);
  if (context.fresh)
    for (const name of new Set([inputs.name, previous?.name ?? inputs.name]))
      await observations.refreshPool(name);
  const pools = (await observations.pools()).map(toPool);
  const uuids = uuidsOf(identitiesOf(request), recorded?.outputs, hostUuid);
  const namesakes = pools.filter((pool) => pool.name === inputs.name);
  const mine =
    pools.find((pool) => uuids.has(pool.uuid)) ??
    namesakes.find(() => isKnownByName(ref, request, formerNames));
  const others = pools.filter((pool) => pool !== mine);
  const declared = declaredModel(inputs);
  const pool = mine ?? namesakes.find((other) => other !== mine);
  return {
    ref,
    hostUuid,
    formerNames,
    uuid: identityUuid(identity, hostUuid),
    mine,
    namesake: others.find((pool) => pool.name === inputs.name),
    neighbour: others.find((other) => other.name !== inputs.name && isSamePlace(modelOf(other), declared)),
    machines: pool === undefined ? [] : machinesIn(pool, await observations.domains()),
    lostFolder:
      mine?.active === false && mine.type === "dir" && !(await isFolder(host, mine.path))
        ? mine.path
        : undefined,
    ...(mine !== undefined && isReplaced(mine, request)
      ? {
          replaced: (await observations.contents(mine.name)).volumes.map(({ name }) => name).filter(isVolume),
        }
      : {}),
  };
}

function isReplaced(mine: ObservedPool, { inputs, previous }: PoolRequest): boolean {
  return (
    previous !== undefined &&
    (mine.name !== inputs.name || differingIn(declaredModel(inputs), modelOf(mine)).length > 0)
  );
}

/** A pool as its definition has it. */
export function modelOf({ name, type, path, source }: ObservedPool) {
  return {
    ...{ name, type },
    ...(path === undefined ? {} : { path }),
    ...(source === undefined ? {} : { source }),
  };
}

/** Running VMs with a disk of the pool, by its name or below its path. What libvirt reaches without a path can't be told. */
function machinesIn({ name, path, type, source }: ObservedPool, domains: readonly DomainRecord[]): string[] {
  const target = kindOf(type)?.path === "default" ? source?.devices?.[0] : undefined;
  const isIn = (file: string) =>
    path !== undefined && file.startsWith(`${path}/`) && (target === undefined || file.includes(target));
  return domains
    .filter(({ liveXml }) =>
      (liveXml === undefined ? [] : diskUses(liveXml)).some(({ source: disk }) => {
        if (disk === undefined) return false;
        if ("pool" in disk) return disk.pool === name;
        return "file" in disk ? isIn(disk.file) : "block" in disk && isIn(disk.block);
      }),
    )
    .map((domain) => domain.name)
    .sort();
}

/** The UUIDs by which a pool on a host is this resource's. */
export function uuidsOf(
  identities: readonly Identity[],
  outputs: Partial<Outputs> | undefined,
  hostUuid: string,
): Set<string> {
  return new Set([
    ...identities.map((identity) => identityUuid(identity, hostUuid)),
    ...Object.values(outputs?.uuids ?? {}),
  ]);
}

/**
 * Pulumi tells a check no outputs, so that the UUID of a pool isn't known there that was adopted, or made before the stack had another name; the
 * name on a host where we had it will do.
 */
function isKnownByName(
  ref: HostRef,
  { inputs, previous, recorded }: PoolRequest,
  formerNames: readonly string[],
): boolean {
  if (recorded !== undefined || previous?.name !== inputs.name) return false;
  return ref.name in previous.hosts || formerNames.length > 0;
}

export function toPool(record: PoolRecord): ObservedPool {
  const { type, path, source } = parsePool(record.xml);
  const { name, uuid, active, autostart, persistent, capacityBytes, availableBytes } = record;
  return {
    ...{ name, uuid, type, active, autostart, persistent, capacityBytes, availableBytes },
    path: path === undefined ? undefined : withoutTrailingSlash(path),
    source,
  };
}

async function onlyThere(
  ref: HostRef,
  pool: ObservedPool,
  places: PoolPlace[],
  { hosts }: ObserveContext,
): Promise<string[]> {
  const there = await namesIn(hosts.get(ref), pool);
  if (there.length === 0) return [];
  const elsewhere = new Set<string>();
  for (const { ref: other, mine } of places)
    for (const name of mine === undefined ? [] : await namesIn(hosts.get(other), mine)) elsewhere.add(name);
  const only = there.filter((name) => !elsewhere.has(name));
  // The marks of volumes stand beside them; alone they are what keeps the pool.
  const volumes = only.filter(isVolume);
  return volumes.length > 0 ? volumes : only;
}

/** What is in the folder now: libvirt doesn't see by itself what came in through another host. */
async function namesIn(host: Host, pool: ObservedPool): Promise<string[]> {
  if (!pool.active) return [];
  await rescanPool(host, pool.name, { volumes: [] });
  const { names } = await host.idempotent((libvirt) => libvirt.volumes.observeWhere(pool.name, () => false));
  return names.filter(isVolumeOrMark);
}
