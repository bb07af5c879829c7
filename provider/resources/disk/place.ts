import type { HostRef } from "../../hosts/host-ref.js";
import type { VolumeMark } from "../../hosts/volume-mark.js";
import type { VolumeRecord } from "../../libvirt/index.js";
import { parsePool } from "../../libvirt/xml/index.js";
import { identityHash } from "../../planning/owner.js";
import { type Attachment, attachmentsOn } from "../attachments.js";
import { identitiesOf, type ObserveContext, type Request } from "../definition.js";
import { modelOf } from "../volume-model.js";
import type { Inputs, Outputs } from "./schema.js";

export type DiskRequest = Request<Inputs, Outputs>;

/** A volume as a plan looks at it. */
export interface ObservedVolume {
  path: string;
  key: string;
  format: string;
  encrypted?: true | undefined;
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
  /** The pool's type; a folder where it isn't known. */
  poolType?: string | undefined;
  /** The pool's folder. */
  folder: string | undefined;
  /** Room in the pool. */
  availableBytes: number;
  volume: ObservedVolume | undefined;
  /** This resource's mark of a volume of that name, whether there is one or not. A copy that a domain has gone over to counts as marked. */
  mark: VolumeMark | undefined;
  /** A move to here that isn't finished. */
  unfinished: VolumeMark | undefined;
  /** A move away from here that isn't finished. */
  leaving: VolumeMark | undefined;
  /** Marks of a volume of that name that are others'. */
  foreignMarks: VolumeMark[];
  /** The host's domains that use the volume, or will at their next start. */
  users: Attachment[];
}

/** It is at a place when a volume of its name is there and a mark says that it is this resource's. */
export function isAt(
  place: DiskPlace | undefined,
): place is DiskPlace & { volume: ObservedVolume; mark: VolumeMark } {
  return place?.volume !== undefined && place.mark !== undefined;
}

export function isSamePlace(a: DiskPlace, b: DiskPlace): boolean {
  return a.hostUuid === b.hostUuid && a.pool === b.pool && a.name === b.name;
}

export function refOf(inputs: Pick<Inputs, "host" | "connection" | "credentials">): HostRef {
  return { name: inputs.host, connection: inputs.connection, credentials: inputs.credentials ?? {} };
}

/** The hashes in this resource's marks: of today's name, and of yesterday's after a rename. */
function identityHashes(request: DiskRequest): string[] {
  return identitiesOf(request).map(identityHash);
}

/** Reads a place. */
export async function lookAt(
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
  const { volumes, marks, notes } = await observations.contents(poolName);
  const record = volumes.find((volume) => volume.name === name);
  const named = (list: VolumeMark[]) => list.filter((mark) => mark.volume === name);
  const unfinished = ownMark(named(notes.unfinished), request);
  const users = record === undefined ? [] : await attachmentsOn(host, record);
  return {
    ...{ ref, hostUuid, pool: poolName, name, poolState, users, unfinished },
    poolType: pool === undefined ? undefined : parsePool(pool.xml).type,
    folder: pool === undefined ? undefined : parsePool(pool.xml).path,
    availableBytes: pool?.availableBytes ?? 0,
    volume: record === undefined ? undefined : toVolume(record),
    mark: ownMark(named(marks), request) ?? (users.length > 0 ? unfinished : undefined),
    leaving: ownMark(named(notes.leaving), request),
    foreignMarks: named(marks).filter((other) => !isOwn(other, request)),
  };
}

/** The places on a host, whatever the pool, where this resource's marks are. */
export async function placesWithMarks(
  ref: HostRef,
  name: string,
  request: DiskRequest,
  context: ObserveContext,
): Promise<DiskPlace[]> {
  const { observations } = context.hosts.get(ref);
  const places: DiskPlace[] = [];
  for (const pool of await observations.pools()) {
    if (!pool.active) continue;
    const { marks, notes } = await observations.marks(pool.name);
    const isHere = [...marks, ...notes.unfinished].some(
      (mark) => mark.volume === name && isOwn(mark, request),
    );
    if (isHere) places.push(await lookAt(ref, { pool: pool.name, name }, request, context));
  }
  return places;
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
  const { format = "raw", encrypted } = modelOf(record);
  return { path, key, capacityBytes, allocationBytes, format, encrypted };
}
