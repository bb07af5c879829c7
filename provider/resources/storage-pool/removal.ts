import type { Host } from "../../hosts/host.js";
import type { PoolContents } from "../../hosts/observations.js";
import { readSidecarName } from "../../hosts/volume-mark.js";
import type { Step } from "../../planning/step.js";
import type { ObserveContext } from "../definition.js";
import type { Keeper, RemovalObstacle } from "../removal-obstacle.js";
import { rescanPoolOnce } from "../rescan.js";
import { usersOf } from "../volumes.js";
import { isVolume } from "./files.js";
import { kindOf } from "./kinds.js";
import type { ObservedPool, ObservedPools, PoolRequest } from "./observe.js";
import { firstFew } from "./plan.js";

/** What removing the pool does. */
export async function removal(
  { inputs }: PoolRequest,
  { places, former }: ObservedPools,
  { hosts }: ObserveContext,
): Promise<Step[]> {
  const steps = [...places, ...former].map(async ({ ref, mine }): Promise<Step[]> => {
    if (mine === undefined) return [];
    const what = { subject: inputs.name, host: ref.name, effect: "none" as const };
    const isEmptied = inputs.forceDestroy === true && kindOf(mine.type)?.makesVolumes !== false;
    const contents = isEmptied ? await hosts.get(ref).observations.contents(mine.name) : undefined;
    const volumes = (contents?.volumes ?? []).filter(({ name }) => readSidecarName(name) === undefined);
    return [
      ...volumes.map(
        ({ name: volume, capacityBytes: sizeBytes }): Step => ({
          ...{ kind: "deleteVolume", ...what, pool: mine.name, volume, sizeBytes },
        }),
      ),
      { kind: "releasePool", ...what, reason: "no longer declared" },
    ];
  });
  return (await Promise.all(steps)).flat();
}

/** For what removing it is refused. Of a pool that is stopped, or can't be looked into, nothing is known. */
export async function obstacles(
  { inputs }: PoolRequest,
  { places, former }: ObservedPools,
  { hosts }: ObserveContext,
): Promise<RemovalObstacle[]> {
  const found = [...places, ...former].map(async ({ ref, mine }) => {
    if (mine?.active !== true) return [];
    const host = hosts.get(ref);
    const policy = policyFor(mine, inputs);
    // Files that were deleted behind libvirt's back are no volumes.
    if (!(await rescanPoolOnce(host, mine.name).catch(() => false))) return [];
    return await volumeObstacles(host, mine, policy, await host.observations.contents(mine.name));
  });
  return (await Promise.all(found)).flat();
}

export type VolumesOnRelease = "stay" | "forbid" | "go";

/** What a server has is never the pool's to take away: it is only looked at from here. */
export function policyFor(
  { type }: Pick<ObservedPool, "type">,
  { forceDestroy }: Pick<PoolRequest["inputs"], "forceDestroy">,
): VolumesOnRelease {
  if (kindOf(type)?.makesVolumes === false) return "stay";
  return forceDestroy === true ? "go" : "forbid";
}

export async function volumeObstacles(
  host: Host,
  pool: Pick<ObservedPool, "name">,
  policy: VolumesOnRelease,
  contents: Pick<PoolContents, "volumes"> & Partial<PoolContents>,
): Promise<RemovalObstacle[]> {
  const { marks = [], notes = { unfinished: [], leaving: [] } } = contents;
  const volumes = contents.volumes.filter(({ name }) => isVolume(name));
  const what = `storage pool ${pool.name} on ${host.name}`;
  if (policy === "forbid") {
    const all = [...marks, ...notes.unfinished, ...notes.leaving];
    const keepers = volumes.map(
      ({ name, path }): Keeper => ({
        ...{ kind: "volume", label: name, host: host.name, pool: pool.name, volume: name, path },
        marks: all.filter((mark) => mark.volume === name),
      }),
    );
    const refusal = (left: readonly Keeper[]) =>
      `${what} still has ${left.length === 1 ? "a volume" : `${left.length} volumes`} in it: ${firstFew(left.map(({ label }) => label))}; delete what isn't needed, or set forceDestroy: true to have them deleted with the pool, or retainOnDelete to leave it as it is (and deploy that before)`;
    return [{ keepers, refusal }];
  }
  const used = volumes.map(async (volume): Promise<RemovalObstacle> => {
    const users = await usersOf(host, volume);
    const keepers = users.map(
      (user): Keeper => ({ kind: "domain", label: user.name, host: host.name, ...user }),
    );
    const refusal = ([user]: readonly Keeper[]) =>
      `${what} has volume ${volume.name}, which domain ${user?.label} uses; remove the disk from it first`;
    return { keepers, refusal };
  });
  return await Promise.all(used);
}
