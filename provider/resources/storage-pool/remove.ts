import { oneLine } from "../../hosts/errors.js";
import type { Host } from "../../hosts/host.js";
import { isSidecar, readSidecarName } from "../../hosts/volume-mark.js";
import { isLibvirtError, type VolumeRecord } from "../../libvirt/index.js";
import type { Identity } from "../../planning/owner.js";
import { type ApplyContext, identitiesOf } from "../definition.js";
import { refuseFor } from "../removal-obstacle.js";
import { LONGEST_WAIT_MS, rescanPool } from "../rescan.js";
import { isVolume } from "./files.js";
import { kindOf } from "./kinds.js";
import { type ObservedPool, refsOf, toPool, uuidsOf } from "./observe.js";
import { policyFor, type VolumesOnRelease, volumeObstacles } from "./removal.js";
import type { Inputs, Outputs } from "./schema.js";

/** Removes the pool on every host, first where its folder isn't ours: on shared storage the one that made it comes last. */
export async function remove(
  _id: string,
  outputs: Outputs & Inputs,
  identity: Identity,
  context: ApplyContext,
): Promise<void> {
  const places = await Promise.all(
    refsOf(outputs).map(async (ref) => {
      const host = context.hosts.get(ref);
      const { uuid: hostUuid } = await host.observations.facts();
      const uuids = uuidsOf(identitiesOf({ identity, previous: outputs }), outputs, hostUuid);
      const pools = (await host.idempotent((libvirt) => libvirt.pools.observeAll())).map(toPool);
      const mine = pools.find((pool) => uuids.has(pool.uuid));
      return { host, mine, madeFolder: outputs.madeFolder?.[ref.name] === true };
    }),
  );
  // Looking comes before touching: a pool isn't removed on one host to be refused on the next.
  for (const { host, mine } of places)
    if (mine !== undefined) await refuseOverVolumes(host, mine, policyFor(mine, outputs), context);
  for (const { host, mine, madeFolder } of places.sort((a, b) => Number(a.madeFolder) - Number(b.madeFolder)))
    if (mine !== undefined)
      await release(host, mine, { madeFolder, volumes: policyFor(mine, outputs) }, context);
}

/** Takes a pool off a host; what is gone already is success. */
export async function release(
  host: Host,
  pool: ObservedPool,
  how: { madeFolder: boolean; volumes: VolumesOnRelease },
  context: ApplyContext,
): Promise<void> {
  const { pools, volumes } = await host.libvirt();
  const left = how.volumes === "stay" ? undefined : await refuseOverVolumes(host, pool, how.volumes, context);
  // Marks last: until then whoever looks sees whose the volumes are.
  for (const { name } of left ?? []) {
    context.signal.throwIfAborted();
    await unless("volumeNotFound", volumes.delete(pool.name, name));
  }
  if ((await pools.observe({ uuid: pool.uuid }))?.active === true) {
    if (how.volumes === "stay") await removeEmptyMarks(host, pool);
    await unless("poolNotFound", pools.stop(pool.uuid));
  }
  // Of other pools libvirt would take away what they stand on: volume groups, ZFS's pools.
  if (how.madeFolder && kindOf(pool.type)?.holdsFiles === true)
    await pools.delete(pool.uuid).catch((error: unknown) => {
      if (how.volumes !== "stay")
        context.log.warning(`folder ${pool.path} stays on ${host.name}: ${oneLine(error)}`);
    });
  if ((await pools.observe({ uuid: pool.uuid }))?.persistent === true)
    await unless("poolNotFound", pools.undefine(pool.uuid));
  await host.observations.refreshPool(pool.name);
}

/** All that is in the pool, volumes before marks. Throws when the volumes may not go. */
async function refuseOverVolumes(
  host: Host,
  pool: ObservedPool,
  policy: VolumesOnRelease,
  context: ApplyContext,
): Promise<VolumeRecord[]> {
  const all = await contentsOf(host, pool, context);
  const volumes = all.filter(({ name }) => isVolume(name));
  refuseFor(await volumeObstacles(host, pool, policy, { volumes }));
  return [...volumes, ...all.filter(({ name }) => isSidecar(name))];
}

/** A stopped pool is started to look into it; one whose folder is gone holds nothing. */
async function contentsOf(host: Host, pool: ObservedPool, context: ApplyContext): Promise<VolumeRecord[]> {
  const libvirt = await host.libvirt();
  const now = await libvirt.pools.observe({ uuid: pool.uuid });
  if (now === undefined) return [];
  try {
    if (now.active) await rescanPool(host, pool.name, { signal: context.signal, waitMs: LONGEST_WAIT_MS });
    else await libvirt.pools.start(pool.uuid, { signal: context.signal });
  } catch (error) {
    // Given up while it waited: what is in the pool isn't known.
    context.signal.throwIfAborted();
    if (isLibvirtError(error, "connectionLost") || isLibvirtError(error, "aborted")) throw error;
    context.log.warning(
      `what is in storage pool ${pool.name} on ${host.name} can't be read: ${oneLine(error)}`,
    );
    return [];
  }
  return libvirt.volumes.observeAll(pool.name);
}

/** Marks of volumes that were never made, or were deleted by hand. */
async function removeEmptyMarks(host: Host, pool: ObservedPool): Promise<void> {
  const { volumes } = await host.libvirt();
  const all = await volumes.observeAll(pool.name);
  const names = new Set(all.map(({ name }) => name));
  for (const { name } of all) {
    const mark = readSidecarName(name);
    if (mark !== undefined && !names.has(mark.volume))
      await unless("volumeNotFound", volumes.delete(pool.name, name));
  }
}

async function unless(kind: "volumeNotFound" | "poolNotFound", work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!isLibvirtError(error, kind)) throw error;
  });
}
