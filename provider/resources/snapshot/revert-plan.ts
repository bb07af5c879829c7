import { createHash } from "node:crypto";
import type { Refusal } from "../../planning/plan.js";
import { isOlder } from "../version.js";
import type { FoundSnapshot, ObservedMachine, ObservedSnapshot } from "./observe.js";
import type { Inputs } from "./schema.js";

/** Since then libvirt reverts to external snapshots. */
const REVERTS_EXTERNAL_SINCE = "9.9.0";
/** Since then surely to those that were taken of a running guest without its memory as well; 10.0.0 refuses their state. */
const REVERTS_DISKS_SINCE = "10.10.0";

/** Whether libvirt takes the guest back itself. Else we put the disks back. */
export function isRevertedByLibvirt(
  { model }: FoundSnapshot,
  { type }: Inputs,
  libvirtVersion: string,
): boolean {
  if (type === "internal") return true;
  return !isOlder(
    libvirtVersion,
    model.state === "disk-snapshot" ? REVERTS_DISKS_SINCE : REVERTS_EXTERNAL_SINCE,
  );
}

/** What a snapshot's mark says of a value of `revert`. */
export function revertToken(revert: string): string {
  return createHash("sha256").update(revert).digest("hex").slice(0, 16);
}

export function revertRefusals(
  inputs: Inputs,
  { ref, libvirtVersion, others, lostFiles = [] }: ObservedSnapshot,
  snapshot: FoundSnapshot,
  machine: ObservedMachine,
): Refusal[] {
  const { model } = snapshot;
  const what = `${machine.name} on ${ref.name} can't be reverted to snapshot ${inputs.name}`;
  const refusals: Refusal[] = [];
  if (lostFiles.length > 0)
    refusals.push({
      kind: "missing",
      message: `${what}: ${lostFiles.join(", ")}, which it is kept in, is gone, and libvirt would leave the guest off; put it back, or leave revert as it was`,
    });
  if (isRevertedByLibvirt(snapshot, inputs, libvirtVersion)) return refusals;
  if (model.memory.place === "external")
    refusals.push({
      kind: "notSupported",
      message: `${what}: it has the guest's memory in a file, and libvirt ${libvirtVersion} doesn't go back to that (${REVERTS_EXTERNAL_SINCE} does); upgrade libvirt there, or restore it with virsh restore`,
    });
  const later = others.filter((other) => other.model.parent === model.name).map((other) => other.model.name);
  if (later.length > 0)
    refusals.push({
      kind: "inUse",
      message: `${what}: snapshot ${later.join(", ")} was taken on top of it, and libvirt ${libvirtVersion} can't keep both; delete that first`,
    });
  return refusals;
}
