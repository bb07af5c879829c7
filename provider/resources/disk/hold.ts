import type { Host } from "../../hosts/host.js";
import type { ApplyContext } from "../definition.js";
import { acquireLease, type HeldLease } from "../virtual-machine/lease.js";
import type { ObservedDisk } from "./observe.js";
import type { DiskRequest } from "./place.js";

interface Shared {
  lease: Promise<HeldLease>;
  holders: number;
}
/** Two disks of one VM may move at once: the lease on it is given back by the last. By run, host and domain. */
const shared = new Map<string, Shared>();

/** A disk that moves takes the lease on the VM that uses it, so that nobody else changes that VM meanwhile, or moves the disk as well. */
export async function hold(
  _request: DiskRequest,
  { target, elsewhere, interrupted }: ObservedDisk,
  context: ApplyContext,
): Promise<(() => Promise<void>) | undefined> {
  const places = [target, elsewhere, interrupted?.from, interrupted?.to];
  if (elsewhere === undefined && interrupted === undefined) return async () => undefined;
  const machines = new Map(
    places.flatMap((place) => {
      if (place === undefined) return [];
      const host = context.hosts.get(place.ref);
      return place.users.map(({ uuid }): [string, Host] => [uuid, host]);
    }),
  );
  const releases: (() => Promise<void>)[] = [];
  const releaseAll = async () => {
    for (const release of releases) await release();
  };
  try {
    for (const [uuid, host] of machines) releases.push(await share(host, uuid, context));
  } catch (error) {
    await releaseAll();
    throw error;
  }
  return releaseAll;
}

async function share(host: Host, uuid: string, context: ApplyContext): Promise<() => Promise<void>> {
  const key = `${context.run.id}/${host.name}/${uuid}`;
  const held = shared.get(key) ?? { lease: acquireLease(host, uuid, context), holders: 0 };
  shared.set(key, held);
  held.holders++;
  const leave = () => {
    held.holders--;
    if (held.holders === 0) shared.delete(key);
    return held.holders === 0;
  };
  const lease = await held.lease.catch((error: unknown) => {
    leave();
    throw error;
  });
  return async () => {
    if (leave()) await lease.release();
  };
}
