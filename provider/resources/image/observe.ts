import type { Host } from "../../hosts/host.js";
import type { HostRef } from "../../hosts/host-ref.js";
import type { PoolContents } from "../../hosts/observations.js";
import type { VolumeRecord } from "../../libvirt/index.js";
import type { ObserveContext } from "../definition.js";
import { layerKeepers } from "../layers.js";
import { placeOf } from "../pool-place.js";
import { roomIn } from "../pool-room.js";
import type { Keeper } from "../removal-obstacle.js";
import { rescanPool } from "../rescan.js";
import { modelOf } from "../volume-model.js";
import { usersOf } from "../volumes.js";
import { contentSuffix } from "./checksum.js";
import { find, type HeldVolume } from "./find.js";
import {
  type ClaimedVolume,
  formerHashes,
  type ImagePlace,
  type ImageRequest,
  identityHashes,
  isChanged,
  isSamePlace,
  isSameSource,
  isThere,
  knownOf,
  learn,
  type ObservedImage,
  type ObservedVolume,
  refsOf,
  type WantedVolume,
} from "./observed.js";
import { parseSource } from "./source.js";
import { routeFor, toolsOf } from "./tools.js";

export async function observe(request: ImageRequest, context: ObserveContext): Promise<ObservedImage> {
  // Only a check looks at the source: what it finds stands in the inputs of whatever comes then.
  const isCheck = request.chosen === undefined && request.recorded === undefined;
  const staying = refsOf(request.inputs);
  // Hosts are connected to, and look at their QEMU, while the source is looked at, which may mean to sum a large file.
  if (isCheck) for (const ref of staying) void identify(ref, context).catch(() => undefined);
  const source = isCheck ? await find(request, await heldVolume(request, context), context) : undefined;
  if (source !== undefined) learn(request, source.found);
  const places = await Promise.all(staying.map((ref) => lookAt(ref, request, context)));
  const names = new Set(staying.map(({ name }) => name));
  const leaving = [request.previous, request.recorded?.outputs]
    .flatMap((inputs) => (inputs?.hosts === undefined ? [] : refsOf(inputs)))
    .filter(({ name }) => !names.has(name) && names.add(name));
  const left = await Promise.all(leaving.map((ref) => lookAt(ref, request, context)));
  // The same machine under another name stays.
  const machines = new Set(places.map(({ hostUuid }) => hostUuid));
  const others = left.filter(({ hostUuid }) => !machines.has(hostUuid));
  joinShared(places, others);
  const former = others.filter(({ claims }) => claims.length > 0);
  return { places, former, replaced: await lookAtReplaced(request, context), source };
}

/** Where the image is that would be deleted for this one. */
async function lookAtReplaced(request: ImageRequest, context: ObserveContext): Promise<ImagePlace[]> {
  const { inputs, previous } = request;
  if (previous === undefined || (previous.pool === inputs.pool && previous.name === inputs.name)) return [];
  const asLeft = { ...request, inputs: { ...previous, hosts: {} } };
  return Promise.all(refsOf(previous).map((ref) => lookAt(ref, asLeft, context)));
}

async function lookAt(ref: HostRef, request: ImageRequest, context: ObserveContext): Promise<ImagePlace> {
  const { inputs } = request;
  const host = context.hosts.get(ref);
  const { observations } = host;
  // Its first answer takes long; what is asked meanwhile doesn't wait for it.
  const identifying = identify(ref, context);
  identifying.catch(() => undefined);
  if (context.fresh) await observations.refreshPool(inputs.pool);
  const pool = (await observations.pools()).find(({ name }) => name === inputs.pool);
  if (context.fresh && pool?.active === true) await rescanPool(host, inputs.pool);
  const contents = await observations.contents(inputs.pool);
  const claims = claimsOf(request, contents);
  const wanted = wantedVolume(wantedName(request, claims), claims, contents);
  const isLeaving = !Object.hasOwn(inputs.hosts, ref.name);
  for (const claim of claims)
    if (isLeaving || claim.name !== wanted?.name || !isThere(wanted))
      claim.users = await usersOfImage(host, inputs.pool, claim);
  const place = pool === undefined ? undefined : placeOf(pool);
  const folder = place?.path;
  const isToCome = pool?.active === true && folder !== undefined && !isLeaving && !isThere(wanted);
  const tools = isToCome ? await toolsOf(host, folder) : undefined;
  return {
    ref,
    hostUuid: await identifying,
    poolState: pool === undefined ? "absent" : pool.active ? "running" : "stopped",
    poolType: place?.type,
    folder,
    availableBytes: pool !== undefined && isToCome ? await roomIn(host, pool) : (pool?.availableBytes ?? 0),
    claims,
    wanted,
    route: tools === undefined ? undefined : routeFor(tools, parseSource(inputs.source).kind),
    programs: tools?.programs,
  };
}

/** What a host that stays has of this image, where its sums are given in another way than before. */
async function heldVolume(request: ImageRequest, { hosts }: ObserveContext): Promise<HeldVolume | undefined> {
  const { inputs, previous } = request;
  if (previous === undefined || !isSamePlace(previous, inputs) || isSameSource(previous, inputs))
    return undefined;
  if ((["name", "pool", "format"] as const).some((key) => previous[key] !== inputs[key])) return undefined;
  for (const ref of refsOf(inputs)) {
    const host = hosts.get(ref);
    const contents = await host.observations.contents(inputs.pool);
    const own = claimsOf(request, contents).filter(({ former }) => !former);
    const name = previous.volume ?? (own.length === 1 ? own[0]?.name : undefined);
    const wanted = wantedVolume(name, own, contents);
    if (wanted?.mine !== undefined && wanted.volume !== undefined && isThere(wanted))
      return { name: wanted.name, path: wanted.volume.path, host };
  }
  return undefined;
}

async function identify(ref: HostRef, { hosts }: ObserveContext): Promise<string> {
  return (await hosts.get(ref).observations.facts()).uuid;
}

function claimsOf(request: ImageRequest, { marks, volumes }: PoolContents): ClaimedVolume[] {
  const { recorded, chosen } = request;
  const nonces = new Set([recorded?.outputs.nonce, chosen?.nonce].filter((nonce) => nonce));
  const formers = new Set(formerHashes(request));
  const hashes = new Set([...identityHashes(request), ...formers]);
  const isOwn = (mark: ClaimedVolume["mark"]) => nonces.has(mark.nonce) || hashes.has(mark.identityHash);
  return marks.filter(isOwn).map((mark) => {
    const record = volumes.find(({ name }) => name === mark.volume);
    return {
      name: mark.volume,
      mark,
      former: formers.has(mark.identityHash),
      volume: record === undefined ? undefined : parsedVolume(record),
      shared: marks.some((other) => other.volume === mark.volume && !isOwn(other)),
      users: [],
    };
  });
}

/** On storage that hosts share each sees the same file: what one of them has no use for another may stand on, or keep. */
function joinShared(staying: readonly ImagePlace[], leaving: readonly ImagePlace[]): void {
  const claims = [...staying, ...leaving].flatMap((place) => place.claims);
  const same = (claim: ClaimedVolume) =>
    claims.filter((other) => other === claim || isSameFile(other, claim));
  const users = claims.map((claim) => [...new Set(same(claim).flatMap((other) => other.users))]);
  for (const [i, claim] of claims.entries()) claim.users = users[i] ?? [];
  const kept = staying.flatMap((place) => place.claims.filter(({ name }) => name === place.wanted?.name));
  for (const place of leaving)
    place.claims = place.claims.filter((claim) => !kept.some((other) => isSameFile(other, claim)));
}

/** Files of two hosts aren't both written and changed in the same nanosecond. */
function isSameFile(a: ClaimedVolume, b: ClaimedVolume): boolean {
  const changedAt = a.volume?.changedAt;
  return (
    changedAt !== undefined &&
    a.name === b.name &&
    a.volume?.fileBytes === b.volume?.fileBytes &&
    changedAt === b.volume?.changedAt
  );
}

/** By what is known of the content; where nothing is, and the source is the same as before, what this resource has there. */
function wantedName(request: ImageRequest, claims: readonly ClaimedVolume[]): string | undefined {
  const known = knownOf(request).volume;
  if (known !== undefined) return known;
  const { inputs, previous } = request;
  if (previous === undefined || !isSameSource(previous, inputs) || previous.format !== inputs.format)
    return undefined;
  const names = new Set(claims.filter(({ former }) => !former).map(({ name }) => name));
  const [only] = names;
  return names.size === 1 ? only : undefined;
}

function wantedVolume(
  name: string | undefined,
  claims: readonly ClaimedVolume[],
  { volumes, marks }: PoolContents,
): WantedVolume | undefined {
  if (name === undefined) return undefined;
  const record = volumes.find((volume) => volume.name === name);
  const mine = claims.find((claim) => claim.name === name && !claim.former)?.mark;
  return {
    name,
    volume: record === undefined ? undefined : parsedVolume(record),
    claimed: marks.some((mark) => mark.volume === name),
    mine,
    markedBytes: mine?.fileBytes ?? marks.find((mark) => mark.volume === name && mark.fileBytes)?.fileBytes,
  };
}

/** A volume of the same content under another name. */
export function twinOf(name: string, { volumes, marks }: PoolContents): string | undefined {
  const suffix = contentSuffix(name);
  if (suffix === undefined) return undefined;
  const isWhole = (other: VolumeRecord) =>
    marks.some(
      ({ volume, fileBytes }) =>
        volume === other.name && fileBytes !== undefined && !isChanged(parsedVolume(other), fileBytes),
    );
  return volumes.find(
    (other) => other.name !== name && contentSuffix(other.name) === suffix && isWhole(other),
  )?.name;
}

export function parsedVolume(record: VolumeRecord): ObservedVolume {
  const { format, physicalBytes, changedAt } = modelOf(record);
  return {
    path: record.path,
    format: format ?? "raw",
    sizeBytes: record.capacityBytes,
    fileBytes: physicalBytes,
    changedAt,
  };
}

/** What would break without a volume, as messages call it. */
export async function usersOfImage(
  host: Host,
  pool: string,
  named: { name: string; volume: Pick<ObservedVolume, "path"> | undefined },
): Promise<string[]> {
  return (await keepersOfImage(host, pool, named)).map(({ label }) => label);
}

/** The same, with whose they are. */
export async function keepersOfImage(
  host: Host,
  pool: string,
  { name, volume }: { name: string; volume: Pick<ObservedVolume, "path"> | undefined },
): Promise<Keeper[]> {
  if (volume === undefined) return [];
  const direct = (await usersOf(host, { pool, name, path: volume.path })).map(
    (user): Keeper => ({ kind: "domain", label: `domain ${user.name}`, host: host.name, ...user }),
  );
  const layers = (await layerKeepers(host, volume.path)).map(async (layer): Promise<Keeper> => {
    if (layer.kind !== "volume") return layer;
    const users = await usersOf(host, { pool: layer.pool, name: layer.volume, path: layer.path });
    const domains = users.map((user) => user.name).join(", ");
    const which = `volume ${layer.volume} in pool ${layer.pool}`;
    return { ...layer, label: `${which}${domains === "" ? "" : ` (domain ${domains})`}` };
  });
  return [...direct, ...(await Promise.all(layers))];
}
