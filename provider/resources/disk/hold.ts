import type { Host } from "../../hosts/host.js";
import type { ApplyContext } from "../definition.js";
import { shareLease } from "../shared-lease.js";
import type { ObservedDisk } from "./observed.js";
import type { DiskRequest } from "./place.js";

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
    for (const [uuid, host] of machines) releases.push(await shareLease(host, uuid, context));
  } catch (error) {
    await releaseAll();
    throw error;
  }
  return releaseAll;
}
