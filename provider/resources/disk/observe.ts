import { HostUnreachable } from "../../hosts/errors.js";
import { connectionKey, type HostRef } from "../../hosts/host-ref.js";
import type { ObserveContext } from "../definition.js";
import { layersOver } from "../layers.js";
import { roomIn } from "../pool-room.js";
import { rescanPool, rescanPoolOnce } from "../rescan.js";
import type { ObservedDisk } from "./observed.js";
import {
  type DiskPlace,
  type DiskRequest,
  isAt,
  isSamePlace,
  lookAt,
  placesWithMarks,
  refOf,
} from "./place.js";
import { reasonsToReplace, replacedPlace } from "./replacement.js";
import { observeSource } from "./source.js";
import { usersElsewhere } from "./users-elsewhere.js";

/**
 * Looks where the disk should be, then where it was, then on the stack's other hosts and in other pools: it is gone only when it is in no
 * place in which it could be.
 */
export async function observe(request: DiskRequest, context: ObserveContext): Promise<ObservedDisk> {
  const [volume, source] = await Promise.all([observeVolume(request, context), observeSource(request)]);
  const observed = { ...volume, source };
  if (reasonsToReplace(request, observed).length === 0) return observed;
  const old = replacedPlace(request, observed);
  return isAt(old) ? { ...observed, usersElsewhere: await usersElsewhere(old, request, context) } : observed;
}

async function observeVolume(request: DiskRequest, context: ObserveContext): Promise<ObservedDisk> {
  const { inputs } = request;
  const target = await lookAt(refOf(inputs), inputs, request, context);
  const formers = await formerPlaces(target, request, context);
  const known = [target, ...formers];
  const leaving = known.find((place) => place.leaving !== undefined);
  if (leaving !== undefined) {
    const other = await otherEndOf(leaving, known, request, context);
    if (leaving === target || (other !== undefined && other !== target))
      return {
        target,
        elsewhere: other === target ? leaving : other,
        interrupted: { from: leaving, to: other },
        layers: [],
      };
  }
  const elsewhere = leaving ?? (await findElsewhere(target, formers, request, context));
  if (isAt(target) && target.volume.capacityBytes < inputs.size)
    return { target, elsewhere, layers: [], usersElsewhere: await usersElsewhere(target, request, context) };
  if (elsewhere === undefined || isAt(target) || !isAt(elsewhere)) return { target, elsewhere, layers: [] };
  return {
    target: await withRoom(await seenAnew(target, elsewhere, request, context), context),
    elsewhere,
    layers: await layersOver(context.hosts.get(elsewhere.ref), elsewhere.volume.path),
    usersElsewhere: await usersElsewhere(elsewhere, request, context),
  };
}

/** Where it was last time, as far as that is another place. */
async function formerPlaces(
  target: DiskPlace,
  request: DiskRequest,
  context: ObserveContext,
): Promise<DiskPlace[]> {
  const { previous, recorded, inputs } = request;
  if (previous === undefined && recorded === undefined) return [];
  const where = previous ?? inputs;
  const isTarget = (ref: HostRef) =>
    where.pool === target.pool &&
    where.name === target.name &&
    connectionKey(ref) === connectionKey(target.ref);
  const places: DiskPlace[] = [];
  for (const ref of formerRefs(request)) {
    if (isTarget(ref)) continue;
    const place = await lookAt(ref, where, request, context).catch((error: unknown) => {
      // It is at home; that a host where it once was is gone is no obstacle.
      if (isAt(target) && error instanceof HostUnreachable) return undefined;
      throw error;
    });
    if (place === undefined || [target, ...places].some((other) => isSamePlace(other, place))) continue;
    places.push(place);
  }
  return places;
}

function formerRefs({ inputs, previous, recorded }: DiskRequest): HostRef[] {
  const refs: HostRef[] = [];
  const formerly = recorded?.outputs.formerly;
  if (formerly !== undefined) refs.push(refOf({ ...formerly, credentials: inputs.credentials }));
  if (recorded?.outputs.connection !== undefined) refs.push(refOf(recorded.outputs));
  if (previous !== undefined) refs.push(refOf(previous));
  return refs;
}

/** The place that a move from here, which was cut off, has got to. */
async function otherEndOf(
  leaving: DiskPlace,
  known: DiskPlace[],
  request: DiskRequest,
  context: ObserveContext,
): Promise<DiskPlace | undefined> {
  const isOther = (place: DiskPlace) =>
    !isSamePlace(place, leaving) && (place.unfinished !== undefined || isAt(place));
  const found = known.find(isOther);
  if (found !== undefined) return found;
  const { places, failure } = await allPlaces([leaving.ref, known[0]?.ref], leaving.name, request, context);
  const elsewhere = places.find(isOther);
  // What a silent host may have would be lost if the move were given up.
  if (elsewhere === undefined && failure !== undefined) throw failure.reason;
  return elsewhere;
}

async function findElsewhere(
  target: DiskPlace,
  formers: DiskPlace[],
  request: DiskRequest,
  context: ObserveContext,
): Promise<DiskPlace | undefined> {
  const { previous, recorded, inputs } = request;
  const found = formers.find(isAt);
  const unread = formers.find((place) => place.poolState === "stopped");
  if (found !== undefined) return found;
  if (isAt(target)) return undefined;
  if (previous === undefined && recorded === undefined) return unread;
  const { name } = previous ?? inputs;
  const { places, failure } = await allPlaces([target.ref], name, request, context);
  const elsewhere = places.find((place) => !isSamePlace(place, target) && isAt(place));
  // A second, empty disk must not come to be beside the one that a silent host may have.
  if (elsewhere === undefined && failure !== undefined) throw failure.reason;
  return elsewhere ?? unread;
}

/** Wherever on the stack's hosts this resource's marks are. */
async function allPlaces(
  refs: (HostRef | undefined)[],
  name: string,
  request: DiskRequest,
  context: ObserveContext,
): Promise<{ places: DiskPlace[]; failure: PromiseRejectedResult | undefined }> {
  const hosts = new Map(
    [...refs, ...context.hosts.declared()].flatMap((ref) =>
      ref === undefined ? [] : [[context.hosts.get(ref), ref]],
    ),
  );
  const answers = await Promise.allSettled(
    [...hosts.values()].map((ref) => placesWithMarks(ref, name, request, context)),
  );
  return {
    places: answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : [])),
    failure: answers.find((answer) => answer.status === "rejected"),
  };
}

async function withRoom(target: DiskPlace, { hosts }: ObserveContext): Promise<DiskPlace> {
  const host = hosts.get(target.ref);
  const pool = (await host.observations.pools()).find(({ name }) => name === target.pool);
  return pool === undefined ? target : { ...target, availableBytes: await roomIn(host, pool) };
}

/** What another host wrote to storage that both share, libvirt sees only when it looks again. */
async function seenAnew(
  target: DiskPlace,
  elsewhere: DiskPlace,
  request: DiskRequest,
  context: ObserveContext,
): Promise<DiskPlace> {
  if (target.hostUuid === elsewhere.hostUuid || target.poolState !== "running") return target;
  if (elsewhere.users.length > 0) return target;
  const host = context.hosts.get(target.ref);
  await (context.fresh
    ? rescanPool(host, target.pool, { volumes: [target.name] })
    : rescanPoolOnce(host, target.pool));
  return lookAt(target.ref, target, request, context);
}
