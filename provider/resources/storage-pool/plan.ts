import { reachingParts } from "../../libvirt/xml/index.js";
import { emptyPlan, type Plan, type Refusal } from "../../planning/plan.js";
import type { PropertyChange } from "../../planning/step.js";
import { virsh } from "../virsh.js";
import { declaredModel, desiredSource, differingIn, showPool } from "./desired.js";
import { kindOf } from "./kinds.js";
import {
  type FormerPlace,
  modelOf,
  type ObservedPool,
  type ObservedPools,
  type PoolPlace,
  type PoolRequest,
} from "./observe.js";

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
    const found = observed.places.flatMap(({ mine }) => (mine?.name === inputs.name ? [modelOf(mine)] : []));
    const declared = declaredModel(inputs);
    const others = [declaredModel(previous), ...found].flatMap((other) => differingIn(declared, other));
    result.replaceBecause.push(...new Set(others));
  }
  const replaced = result.replaceBecause.length > 0;
  if (replaced) planReplacement(request, observed, result);
  for (const place of observed.places) planPlace(request, place, replaced, result);
  if (!replaced) for (const former of observed.former) planRelease(request, former, result);
  return result;
}

/** The former pool is removed first, under the conditions with which it was deployed. */
function planReplacement({ previous }: PoolRequest, { places }: ObservedPools, result: Plan): void {
  for (const { ref, mine, replaced = [] } of places) {
    if (mine === undefined || replaced.length === 0 || kindOf(mine.type)?.makesVolumes === false) continue;
    const what = `storage pool ${mine.name} on ${ref.name}`;
    const why = result.replaceBecause.join(", ");
    const volumes = firstFew(replaced);
    if (previous?.forceDestroy === true)
      result.warnings.push(
        `${what} is replaced for ${why}, and forceDestroy deletes what is in it: ${volumes}`,
      );
    else
      result.refusals.push({
        kind: "inUse",
        message: `${what} can't be replaced for ${why} while volumes are in it: ${volumes}; keep it as it is, move the disks to another pool and delete what isn't needed first, or set forceDestroy: true (and deploy that) to have them deleted with it`,
      });
  }
}

function planPlace(request: PoolRequest, place: PoolPlace, replaced: boolean, result: Plan): void {
  const { inputs } = request;
  const { mine, namesake, neighbour } = place;
  const host = place.ref.name;
  const subject = inputs.name;
  const declared = declaredModel(inputs);
  if (neighbour !== undefined) result.refusals.push(placeTaken(declared, host, neighbour));
  const isAdopted = mine === undefined && namesake !== undefined && inputs.adopt === true;
  if (namesake !== undefined && !isAdopted) {
    result.refusals.push({
      kind: "foreignObject",
      message: `there is a storage pool ${subject} on ${host} already, which this program didn't make (UUID ${namesake.uuid}, ${namesake.path ?? namesake.type}); give another name, or set adopt: true to take it over`,
    });
    return;
  }
  if (isAdopted && differingIn(declared, modelOf(namesake)).length > 0) {
    result.refusals.push({
      kind: "foreignObject",
      message: `storage pool ${subject} on ${host} can't be taken over: it is a ${showPool(modelOf(namesake))} and a ${showPool(declared)} is declared; declare what it is, or give another name`,
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
  if (pool.name !== inputs.name || differingIn(declared, modelOf(pool)).length > 0) {
    // A replacement's check comes before the old pool is gone; afterwards nothing may be left of it.
    if (request.chosen === undefined)
      result.steps.push({ kind: "definePool", subject, host, effect: "none", reason: "new" });
    else
      result.refusals.push({
        kind: "ambiguous",
        message: `storage pool ${pool.name} on ${host}, a ${showPool(modelOf(pool))}, has the UUID of this resource, ${pool.uuid}, and ${inputs.name}, a ${showPool(declared)}, is declared; undefine it with ${virsh("pool-undefine", pool.name)}, or declare what it is`,
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
  // What is taken over keeps what the program doesn't mention.
  const { adopt, autostart = adopt === true ? pool.autostart : true } = request.inputs;
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
  const changes = changesOf(request, pool);
  if (changes.length > 0) planChange(request, place, pool, changes, result);
  if (place.lostFolder !== undefined)
    result.warnings.push(
      `folder ${place.lostFolder} of storage pool ${subject} isn't on ${host} any more: it is made anew, and so are disks that were in it, empty; put it back first if it was moved, or mount what belongs there`,
    );
  if (!pool.active)
    result.steps.push({ kind: "startPool", subject, host, effect: "none", reason: "it is stopped" });
  if (pool.autostart !== autostart)
    result.steps.push({ kind: "setPoolAutostart", subject, host, to: autostart, effect: "none" });
}

/** In what the way to the storage differs, in the inputs' words. */
function changesOf({ inputs, previous }: PoolRequest, pool: ObservedPool): PropertyChange[] {
  const wanted = desiredSource(inputs, previous, pool.source);
  const show = (value: unknown) =>
    value === undefined ? "none" : typeof value === "string" ? value : JSON.stringify(value);
  return reachingParts.flatMap((part) => {
    const [from, to] = [show(pool.source?.[part]), show(wanted[part])];
    return from === to ? [] : [{ property: `source.${part}`, from, to }];
  });
}

/** A pool has to be stopped for it, under which no guest may have a disk. */
function planChange(
  { inputs }: PoolRequest,
  { ref, machines }: PoolPlace,
  pool: ObservedPool,
  changes: PropertyChange[],
  result: Plan,
): void {
  if (pool.active && machines.length > 0) {
    const what = changes.map(({ property, from, to }) => `${property} ${from} -> ${to}`).join(", ");
    result.refusals.push({
      kind: "inUse",
      message: `storage pool ${inputs.name} on ${ref.name} has to stop for ${what}, and ${machines.join(", ")} ${machines.length === 1 ? "runs" : "run"} from disks in it; stop ${machines.length === 1 ? "it" : "them"} first, or make another pool and move the disks there`,
    });
    return;
  }
  result.steps.push({ kind: "changePool", subject: inputs.name, host: ref.name, changes, effect: "none" });
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

function placeTaken(
  declared: ReturnType<typeof declaredModel>,
  host: string,
  neighbour: ObservedPool,
): Refusal {
  const holdsFiles = kindOf(declared.type)?.holdsFiles ?? true;
  const what = holdsFiles ? `folder ${declared.path}` : `the storage of this ${showPool(declared)}`;
  const [one, other] = holdsFiles ? ["folder", "path"] : ["storage", "source"];
  return {
    kind: "foreignObject",
    message: `${what} on ${host} is that of another storage pool, ${neighbour.name}: two pools over one ${one} lose track of its volumes; use that pool, or give another ${other}`,
  };
}

/** Names for a message that stays readable. */
export function firstFew(names: string[]): string {
  const most = 5;
  const rest = names.length - most;
  return rest > 0 ? `${names.slice(0, most).join(", ")} and ${rest} more` : names.join(", ");
}
