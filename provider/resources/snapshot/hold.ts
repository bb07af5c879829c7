import type { ApplyContext } from "../definition.js";
import { shareLease } from "../shared-lease.js";
import type { ObservedSnapshot, SnapshotRequest } from "./observe.js";

/** Nobody else changes the VM while a snapshot of it is taken, or it goes back to one. */
export async function hold(
  _request: SnapshotRequest,
  { ref, machine }: ObservedSnapshot,
  context: ApplyContext,
): Promise<(() => Promise<void>) | undefined> {
  if (machine === undefined) return async () => undefined;
  return shareLease(context.hosts.get(ref), machine.uuid, context);
}
