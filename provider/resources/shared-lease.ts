import type { Host } from "../hosts/host.js";
import type { ApplyContext } from "./definition.js";
import { acquireLease, type HeldLease } from "./virtual-machine/lease.js";

interface Shared {
  lease: Promise<HeldLease>;
  holders: number;
}
/** Two resources of one VM may be worked on at once: the lease on it is given back by the last. By run, host and domain. */
const shared = new Map<string, Shared>();

/** Takes the lease on a VM, together with whoever of this run has it already. What it returns gives it back. */
export async function shareLease(
  host: Host,
  uuid: string,
  context: ApplyContext,
): Promise<() => Promise<void>> {
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
