import { emptyPlan, type Plan, type Refusal } from "../../planning/plan.js";
import type { FormerPlace, ObservedPool, ObservedPools, PoolPlace, PoolRequest } from "./observe.js";

/** What it takes until each host has the pool, defined, running, and started with its host or not. */
export function plan(request: PoolRequest, observed: ObservedPools): Plan {
  const result = emptyPlan();
  const { inputs, previous } = request;
  for (const place of observed.places) {
    const twin = observed.places.find((other) => other.hostUuid === place.hostUuid);
    if (twin !== undefined && twin !== place)
      result.refusals.push({
        kind: "ambiguous",
        message: `hosts ${twin.ref.name} and ${place.ref.name} are one machine (libvirt's host UUID ${place.hostUuid}); name it once`,
      });
  }
  if (previous !== undefined) {
    if (previous.name !== inputs.name) result.replaceBecause.push("name");
    const isElsewhere = observed.places.some(
      ({ mine }) => mine !== undefined && mine.name === inputs.name && mine.path !== inputs.path,
    );
    if (previous.path !== inputs.path || isElsewhere) result.replaceBecause.push("path");
  }
  const replaced = result.replaceBecause.length > 0;
  for (const place of observed.places) planPlace(request, place, replaced, result);
  if (!replaced) for (const former of observed.former) planRelease(request, former, result);
  return result;
}

function planPlace(request: PoolRequest, place: PoolPlace, replaced: boolean, result: Plan): void {
  const { inputs } = request;
  const { mine, namesake, neighbour } = place;
  const host = place.ref.name;
  const subject = inputs.name;
  if (neighbour !== undefined) result.refusals.push(folderTaken(inputs.path, host, neighbour));
  const isAdopted = mine === undefined && namesake !== undefined && inputs.adopt === true;
  if (namesake !== undefined && !isAdopted) {
    result.refusals.push({
      kind: "foreignObject",
      message: `there is a storage pool ${subject} on ${host} already, which this program didn't make (UUID ${namesake.uuid}, ${namesake.path ?? namesake.type}); give another name, or set adopt: true to take it over`,
    });
    return;
  }
  if (isAdopted && (namesake.path !== inputs.path || namesake.type !== "dir")) {
    result.refusals.push({
      kind: "foreignObject",
      message: `storage pool ${subject} on ${host} can't be taken over: it is a ${namesake.type} pool at ${namesake.path ?? "no path"} and ${inputs.path} is declared; declare what it is, or give another name`,
    });
    return;
  }
  if (replaced) return;
  const pool = isAdopted ? namesake : mine;
  if (pool === undefined) {
    const reason = request.previous !== undefined && host in request.previous.hosts ? "it is gone" : "new";
    result.steps.push({ kind: "definePool", subject, host, effect: "none", reason });
    return;
  }
  if (pool.name !== inputs.name || pool.path !== inputs.path) {
    // A replacement's check comes before the old pool is gone; afterwards nothing may be left of it.
    if (request.chosen === undefined)
      result.steps.push({ kind: "definePool", subject, host, effect: "none", reason: "new" });
    else
      result.refusals.push({
        kind: "ambiguous",
        message: `storage pool ${pool.name} at ${pool.path ?? "no path"} on ${host} has the UUID of this resource, ${pool.uuid}, and ${inputs.name} at ${inputs.path} is declared; undefine it with virsh pool-undefine, or declare what it is`,
      });
    return;
  }
  // Adopting a pool is recording its UUID; nothing is written to it.
  if (isAdopted && request.chosen === undefined)
    result.steps.push({ kind: "adopt", subject: `storage pool ${subject}`, host, effect: "none" });
  planRepairs(request, place, pool, result);
}

function planRepairs(request: PoolRequest, place: PoolPlace, pool: ObservedPool, result: Plan): void {
  const host = place.ref.name;
  const subject = request.inputs.name;
  const autostart = request.inputs.autostart;
  if (!pool.persistent) {
    result.steps.push({
      kind: "definePool",
      subject,
      host,
      effect: "none",
      reason: "it runs without a definition",
    });
    return;
  }
  if (!pool.active)
    result.steps.push({ kind: "startPool", subject, host, effect: "none", reason: "it is stopped" });
  if (pool.autostart !== autostart)
    result.steps.push({ kind: "setPoolAutostart", subject, host, to: autostart, effect: "none" });
}

function planRelease(request: PoolRequest, former: FormerPlace, result: Plan): void {
  const { inputs } = request;
  const host = former.ref.name;
  if (former.onlyThere.length > 0 && inputs.forceDestroy !== true)
    result.refusals.push({
      kind: "inUse",
      message: `storage pool ${inputs.name} can't leave ${host} while volumes are in it that no other host of it has: ${firstFew(former.onlyThere)}; move or delete them first, or set forceDestroy: true to leave them there without a pool`,
    });
  else
    result.steps.push({
      kind: "releasePool",
      subject: inputs.name,
      host,
      effect: "none",
      reason: "the host isn't named any more",
    });
}

function folderTaken(path: string, host: string, neighbour: ObservedPool): Refusal {
  return {
    kind: "foreignObject",
    message: `folder ${path} on ${host} is that of another storage pool, ${neighbour.name}: two pools over one folder lose track of its volumes; use that pool, or give another path`,
  };
}

/** Names for a message that stays readable. */
export function firstFew(names: string[]): string {
  const most = 5;
  const rest = names.length - most;
  return rest > 0 ? `${names.slice(0, most).join(", ")} and ${rest} more` : names.join(", ");
}
