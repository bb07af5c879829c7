import { posix } from "node:path";
import type { Host } from "../../hosts/host.js";
import { isLibvirtError } from "../../libvirt/index.js";
import { poolOf } from "../pool-of.js";
import { LONGEST_WAIT_MS, rescanPool } from "../rescan.js";
import type { FoundSnapshot, ObservedMachine } from "./observe.js";
import { externalDisks } from "./plan.js";
import type { Inputs } from "./schema.js";

/** The files that an external snapshot makes. */
export interface SnapshotFiles {
  /** By target. */
  overlays: Map<string, string>;
  memory: string | undefined;
}

/** Beside each disk a file of its name and the snapshot's. */
export function filesFor(
  inputs: Inputs,
  machine: ObservedMachine,
  others: readonly FoundSnapshot[],
): SnapshotFiles {
  const disks = externalDisks(inputs, machine);
  const overlays = new Map(
    disks.map(({ target, path = "" }) => [target, `${withoutSnapshot(path, others)}.${inputs.name}`]),
  );
  const [first = ""] = overlays.values();
  const memory =
    inputs.memory === true ? `${posix.dirname(first)}/${machine.name}.${inputs.name}.memory` : undefined;
  return { overlays, memory };
}

/** The disk's own file: that of an earlier snapshot has that one's name at its end. */
function withoutSnapshot(path: string, others: readonly FoundSnapshot[]): string {
  const made = others.find(({ model }) => model.disks.some(({ overlay }) => overlay === path));
  const suffix = `.${made?.model.name}`;
  return made !== undefined && path.endsWith(suffix) ? path.slice(0, -suffix.length) : path;
}

/** What stands at a path that is in a pool of the host; the pool is looked at anew. */
export async function volumeAt(
  host: Host,
  path: string,
  signal: AbortSignal,
): Promise<{ pool: string; name: string; isThere: boolean } | undefined> {
  const pool = await poolOf(host, path);
  if (pool === undefined) return undefined;
  await rescanPool(host, pool.name, { signal, waitMs: LONGEST_WAIT_MS });
  const name = posix.basename(path);
  const { volumes } = await host.observations.contents(pool.name);
  return { pool: pool.name, name, isThere: volumes.some((volume) => volume.name === name) };
}

/** Removes a file of a snapshot's, if libvirt can see it; tells whether it surely is gone. */
export async function removeFile(host: Host, path: string, signal: AbortSignal): Promise<boolean> {
  const found = await volumeAt(host, path, signal);
  if (found === undefined) return false;
  if (!found.isThere) return true;
  const libvirt = await host.libvirt();
  await libvirt.volumes.delete(found.pool, found.name).catch((error: unknown) => {
    if (!isLibvirtError(error, "volumeNotFound")) throw error;
  });
  await host.observations.refreshVolume(found.pool, found.name);
  return true;
}
