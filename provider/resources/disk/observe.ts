import { HostUnreachable } from "../../hosts/errors.js";
import { connectionKey, type HostRef } from "../../hosts/host-ref.js";
import type { VolumeMark } from "../../hosts/volume-mark.js";
import type { VolumeRecord } from "../../libvirt/index.js";
import { parsePool, parseVolume } from "../../libvirt/xml/index.js";
import { identityHash, identityOfUrn } from "../../planning/owner.js";
import type { ObserveContext, Request } from "../definition.js";
import { usersOf, type VolumeUser } from "../volumes.js";
import type { Inputs, Outputs } from "./schema.js";

export type DiskRequest = Request<Inputs, Outputs>;

/** A volume as a plan looks at it. */
export interface ObservedVolume {
  path: string;
  key: string;
  format: string;
  capacityBytes: number;
  allocationBytes: number;
}

/** A place on a host where the disk is, was or should be. */
export interface DiskPlace {
  ref: HostRef;
  hostUuid: string;
  pool: string;
  name: string;
  /** `absent`: no such pool; `stopped`: what is in it can't be read. */
  poolState: "absent" | "stopped" | "running";
  /** The pool's folder. */
  folder: string | undefined;
  volume: ObservedVolume | undefined;
  /** This resource's mark of a volume of that name; whether there is one or not. */
  mark: VolumeMark | undefined;
  /** Marks of a volume of that name that are others'. */
  foreignMarks: VolumeMark[];
  /** The host's domains that use the volume, or will at their next start. */
  users: VolumeUser[];
}

export interface ObservedDisk {
  /** Where it should be. */
  target: DiskPlace;
  /** Where it is instead, or as well: where it was before, or wherever its virtual machine has taken it. */
  elsewhere: DiskPlace | undefined;
}

/** Looks where the disk should be, then where it was, then on the stack's other hosts. */
export async function observe(request: DiskRequest, context: ObserveContext): Promise<ObservedDisk> {
  const { inputs, previous } = request;
  const target = await lookAt(refOf(inputs), inputs, request, context);
  const before = previous ?? inputs;
  const isRelocated = before.pool !== inputs.pool || before.name !== inputs.name;
  return { target, elsewhere: await findElsewhere(target, isRelocated, request, context) };
}

/** It is at a place when a volume of its name is there and a mark says that it is this resource's. */
export function isAt(
  place: DiskPlace | undefined,
): place is DiskPlace & { volume: ObservedVolume; mark: VolumeMark } {
  return place?.volume !== undefined && place.mark !== undefined;
}

/** Where the disk's data is. Half a migration leaves a volume on both hosts: then it is where the guest runs. */
export function whereItIs({ target, elsewhere }: ObservedDisk) {
  const runsAt = (place: DiskPlace) => place.users.some(({ running }) => running);
  if (isAt(elsewhere) && (!isAt(target) || (runsAt(elsewhere) && !runsAt(target)))) return elsewhere;
  return isAt(target) ? target : undefined;
}

export function refOf(inputs: Pick<Inputs, "host" | "connection" | "credentials">): HostRef {
  return { name: inputs.host, connection: inputs.connection, credentials: inputs.credentials ?? {} };
}

/** The hashes in this resource's marks: of today's name, and of yesterday's after a rename. */
export function identityHashes({ identity, previous }: DiskRequest): string[] {
  const before = previous === undefined ? undefined : identityOfUrn(previous.pulumiUrn);
  return [identityHash(identity), ...(before === undefined ? [] : [identityHash(before)])];
}

async function findElsewhere(
  target: DiskPlace,
  isRelocated: boolean,
  request: DiskRequest,
  context: ObserveContext,
): Promise<DiskPlace | undefined> {
  const { previous, recorded } = request;
  if (previous === undefined && recorded === undefined) return undefined;
  const where = previous ?? request.inputs;
  const seen = new Set(isRelocated ? [] : [connectionKey(target.ref)]);
  const unseen = (refs: HostRef[]) =>
    refs.filter((ref) => {
      const key = connectionKey(ref);
      return !seen.has(key) && seen.add(key);
    });
  const isOther = (place: DiskPlace) => isRelocated || place.hostUuid !== target.hostUuid;
  const isHere = !isRelocated && isAt(target);
  let unread: DiskPlace | undefined;
  for (const ref of unseen(formerRefs(request))) {
    const place = await lookAt(ref, where, request, context).catch((error: unknown) => {
      // It is at home; that a host where it once was is gone is no obstacle.
      if (isHere && error instanceof HostUnreachable) return undefined;
      throw error;
    });
    if (place === undefined || !isOther(place)) continue;
    if (isAt(place)) return place;
    if (place.poolState === "stopped") unread ??= place;
  }
  if (isHere) return undefined;
  const answers = await Promise.allSettled(
    unseen(context.hosts.declared()).map((ref) => lookAt(ref, where, request, context)),
  );
  const places = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  const found = places.find((place) => isOther(place) && isAt(place));
  if (found !== undefined) return found;
  const failure = answers.find((answer) => answer.status === "rejected");
  // A second, empty disk must not come to be beside the one that a silent host may have.
  if (failure !== undefined) throw failure.reason;
  return unread;
}

function formerRefs({ inputs, previous, recorded }: DiskRequest): HostRef[] {
  const refs: HostRef[] = [];
  const formerly = recorded?.outputs.formerly;
  if (formerly !== undefined) refs.push(refOf({ ...formerly, credentials: inputs.credentials }));
  if (recorded?.outputs.connection !== undefined) refs.push(refOf(recorded.outputs));
  if (previous !== undefined) refs.push(refOf(previous));
  return refs;
}

async function lookAt(
  ref: HostRef,
  where: { pool: string; name: string },
  request: DiskRequest,
  { hosts, fresh }: ObserveContext,
): Promise<DiskPlace> {
  const host = hosts.get(ref);
  const { observations } = host;
  const { pool: poolName, name } = where;
  const { uuid: hostUuid } = await observations.facts();
  if (fresh) await observations.refreshPool(poolName);
  const pool = (await observations.pools()).find((record) => record.name === poolName);
  const poolState = pool === undefined ? "absent" : pool.active ? "running" : "stopped";
  if (fresh && poolState === "running") await observations.refreshVolume(poolName, name);
  const contents = await observations.contents(poolName);
  const record = contents.volumes.find((volume) => volume.name === name);
  const marks = contents.marks.filter((mark) => mark.volume === name);
  const mark = ownMark(marks, request);
  return {
    ref,
    hostUuid,
    pool: poolName,
    name,
    poolState,
    folder: pool === undefined ? undefined : parsePool(pool.xml).path,
    volume: record === undefined ? undefined : toVolume(record),
    mark,
    foreignMarks: marks.filter((other) => !isOwn(other, request)),
    users: record === undefined ? [] : await usersOf(host, record),
  };
}

/** The recorded nonce decides; where none is on record, who is named. */
function ownMark(marks: VolumeMark[], request: DiskRequest): VolumeMark | undefined {
  const nonce = request.recorded?.outputs.nonce;
  return marks.find((mark) => mark.nonce === nonce) ?? marks.find((mark) => isOwn(mark, request));
}

function isOwn(mark: VolumeMark, request: DiskRequest): boolean {
  return (
    mark.nonce === request.recorded?.outputs.nonce || identityHashes(request).includes(mark.identityHash)
  );
}

function toVolume(record: VolumeRecord): ObservedVolume {
  const { path, key, capacityBytes, allocationBytes } = record;
  return { path, key, capacityBytes, allocationBytes, format: parseVolume(record.xml).format ?? "raw" };
}
