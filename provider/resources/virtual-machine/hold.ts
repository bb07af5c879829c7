import type { ApplyContext } from "../definition.js";
import { acquireLease } from "./lease.js";
import { isUnsettled, type ObservedMachine, whereItIs } from "./observed.js";
import type { MachineRequest } from "./request.js";

/**
 * Takes the lease on the domain, waiting for another process that is at work on it. There is none to take on a VM that isn't there yet, nor
 * in the middle of a migration, where libvirt changes no metadata: settling that has its own way of waiting.
 */
export async function hold(
  _request: MachineRequest,
  observed: ObservedMachine,
  context: ApplyContext,
): Promise<((last: ObservedMachine) => Promise<void>) | undefined> {
  const place = whereItIs(observed);
  if (place?.domain === undefined) return async () => undefined;
  if (isUnsettled(place.domain)) return undefined;
  const lease = await acquireLease(context.hosts.get(place.ref), place.domain.record.uuid, context);
  return async (last) => {
    const now = whereItIs(last);
    if (now !== undefined) lease.follow(context.hosts.get(now.ref));
    await lease.release();
  };
}
