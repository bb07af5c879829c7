import type { Host } from "../../hosts/host.js";
import type { PoolRecord } from "../../libvirt/index.js";
import { placeOf } from "../pool-place.js";
import { kindOf } from "../storage-pool/kinds.js";
import { ownMarks } from "./disks.js";
import type { ObservedDomain, ObservedPool } from "./observed.js";
import { isOwn, type MachineRequest } from "./request.js";
import { type Inputs, volumeOf } from "./schema.js";
import { bootMedia } from "./seed/boot-media.js";

/**
 * The pools where the VM's disks should be, were, and are, and the other end when one is on its way between two. A disk that its guest kept until it
 * ended may be in one that nothing else tells of any more.
 */
export async function poolsOf(
  host: Host,
  records: PoolRecord[],
  request: MachineRequest,
  domain: ObservedDomain | undefined,
  fresh: boolean,
): Promise<ObservedPool[]> {
  const declared = [request.inputs, request.previous].flatMap((inputs) =>
    inputs === undefined
      ? []
      : [
          ...(inputs.disks ?? []).map((disk) => disk.disk?.pool ?? disk.pool ?? ""),
          ...mediaOf(inputs).map(({ pool }) => pool),
        ],
  );
  const inDocuments = [domain?.persistent, domain?.live].flatMap((model) =>
    [...(model?.disks ?? []).map(({ source }) => source), model?.ignition].flatMap((source) =>
      source !== undefined && "pool" in source ? [source.pool] : [],
    ),
  );
  const pools: ObservedPool[] = [];
  const names = new Set([...declared, ...inDocuments]);
  for (const name of names) {
    const pool = await observePool(host, name, records, request, fresh);
    if (pool === undefined) continue;
    pools.push(pool);
    const { leaving } = pool.contents.notes;
    const isOurs = ownMarks(request, domain);
    if (!leaving.some(isOurs)) continue;
    for (const other of records) {
      if (names.has(other.name) || !other.active) continue;
      const { marks, notes } = await host.observations.marks(other.name);
      if ([...marks, ...notes.unfinished].some(isOurs)) names.add(other.name);
    }
  }
  const owner = domain?.owner !== undefined && isOwn(domain.owner, request) ? domain.owner : undefined;
  for (const record of owner === undefined ? [] : records) {
    if (names.has(record.name) || !record.active || kindOf(placeOf(record).type)?.holdsFiles !== true)
      continue;
    const { marks } = await host.observations.marks(record.name);
    if (!marks.some(({ nonce }) => nonce === owner?.nonce)) continue;
    const contents = await host.observations.contents(record.name);
    pools.push({ name: record.name, ...placeOf(record), active: true, contents });
  }
  return pools;
}

async function observePool(
  host: Host,
  name: string,
  records: PoolRecord[],
  request: MachineRequest,
  fresh: boolean,
): Promise<ObservedPool | undefined> {
  if (fresh && !records.some((record) => record.name === name && record.active))
    await host.observations.refreshPool(name);
  const record = (await host.observations.pools()).find((pool) => pool.name === name);
  if (record === undefined) return undefined;
  if (fresh && record.active)
    for (const [i, disk] of (request.inputs.disks ?? []).entries()) {
      const { pool, volume } = volumeOf(request.inputs.name, disk, i);
      if (pool === name) await host.observations.refreshVolume(pool, volume);
    }
  if (fresh && record.active)
    for (const { pool, volume } of mediaOf(request.inputs))
      if (pool === name) await host.observations.refreshVolume(pool, volume);
  return {
    name,
    ...placeOf(record),
    active: record.active,
    contents: await host.observations.contents(name),
  };
}

/** The volumes that are to be in drives, or to be handed to the guest. */
function mediaOf(inputs: Inputs): { pool: string; volume: string }[] {
  const inDrives = (inputs.cdroms ?? []).flatMap(({ source }) =>
    source === undefined || typeof source === "string" ? [] : [source],
  );
  return [...bootMedia(inputs), ...inDrives];
}
