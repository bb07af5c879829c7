import type { Host } from "../../hosts/host.js";

interface Volume {
  pool: string;
  volume: string;
}

/** By host, as one process sees it, and by the identity of the VM. */
const left = new WeakMap<Host, Map<string, Volume[]>>();

/** Remembers that this deployment has deleted a VM and left its disk, as `retainOnDelete` says. */
export function noteLeft(host: Host, identityHash: string, disk: Volume): void {
  const byIdentity = left.get(host) ?? new Map<string, Volume[]>();
  left.set(host, byIdentity);
  byIdentity.set(identityHash, [...(byIdentity.get(identityHash) ?? []), disk]);
}

/**
 * The disks that this deployment has left of a VM: one that is replaced is deleted and then made anew, and finds its own. A later deployment
 * finds nobody's disks, and asks.
 */
export function leftDisks(host: Host, identityHash: () => string | undefined): readonly Volume[] {
  return left.get(host)?.get(identityHash() ?? "") ?? [];
}
