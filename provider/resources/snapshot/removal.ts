import type { Step } from "../../planning/step.js";
import { isOwn, type ObservedSnapshot, type SnapshotRequest } from "./observe.js";

/** What removing the snapshot does. Pure. */
export function removal(request: SnapshotRequest, { ref, machine, snapshot }: ObservedSnapshot): Step[] {
  if (machine === undefined || snapshot?.mark === undefined || !isOwn(snapshot.mark, request)) return [];
  const { inputs } = request;
  const kept = inputs.retainOnDelete === true;
  const effect = machine.isActive && !kept ? "live" : "none";
  const what = { subject: snapshot.model.name, machine: machine.name, host: ref.name };
  return [{ kind: "removeSnapshot", ...what, kept, effect }];
}
