import { oneLine } from "../../hosts/errors.js";
import type { Host } from "../../hosts/host.js";
import { isLibvirtError } from "../../libvirt/index.js";
import type { Identity } from "../../planning/owner.js";
import type { ApplyContext } from "../definition.js";
import { LONGEST_WAIT_MS, rescanPool } from "../rescan.js";
import { virsh } from "../virsh.js";
import { describe } from "./describe.js";
import { removeFile } from "./files.js";
import { type FoundSnapshot, isOwn, type ObservedMachine, observe, type SnapshotRequest } from "./observe.js";
import { putDisksBack } from "./put-back.js";
import { disksTakenOut, takenOut, upperFirst } from "./removal.js";
import { notedIn, recordOf } from "./revert.js";
import type { Inputs, Outputs } from "./schema.js";
import { inTurn } from "./turns.js";

const LOOK_EVERY_MS = 1_000;

/**
 * Deletes the snapshot, and merges what the guest wrote since into its disks, while it runs too. With `retainOnDelete` only the mark on it goes. A
 * snapshot of the same name with another's mark is left alone.
 */
export async function remove(
  id: string,
  outputs: Outputs & Inputs,
  identity: Identity,
  context: ApplyContext,
): Promise<void> {
  const request: SnapshotRequest = {
    ...{ identity, inputs: outputs, previous: outputs, recorded: { id, outputs } },
  };
  const { ref, machine, snapshot } = await observe(request, { hosts: context.hosts, fresh: true });
  const host = context.hosts.get(ref);
  const isOurs = snapshot?.mark !== undefined && isOwn(snapshot.mark, request);
  if (machine !== undefined && snapshot !== undefined && isOurs)
    await inTurn(`${host.name}/${machine.uuid}`, async () => {
      if (outputs.retainOnDelete === true)
        await describe(host, machine.uuid, snapshot, snapshot.text, undefined);
      else await merge(host, machine, snapshot, context);
      await host.observations.refreshDomain({ uuid: machine.uuid });
    });
  // A namesake's files have its name as well.
  if (outputs.retainOnDelete !== true && (snapshot === undefined || isOurs))
    await removeFiles(host, outputs, context);
}

async function merge(
  host: Host,
  machine: ObservedMachine,
  snapshot: FoundSnapshot,
  context: ApplyContext,
): Promise<void> {
  const { uuid } = machine;
  const libvirt = await host.libvirt();
  const reverting = notedIn(await recordOf(host, machine));
  if (
    reverting?.snapshot === snapshot.model.name &&
    snapshot.model.disks.some(({ overlay }) => overlay !== undefined)
  )
    await putDisksBack(host, uuid, snapshot, reverting, context);
  const timer = setInterval(() => void report(), LOOK_EVERY_MS);
  const report = async () => {
    for (const { target } of machine.disks) {
      const job = await libvirt.domains.blockJob(uuid, target).catch(() => undefined);
      if (job === undefined || job.totalBytes === 0) continue;
      const percent = Math.floor((job.doneBytes / job.totalBytes) * 100);
      context.log.progress(`merging what disk ${target} got since: ${percent}%`);
    }
  };
  try {
    const recordOnly = isBeyondMerging(machine, snapshot, context);
    await libvirt.domains.deleteSnapshot(uuid, snapshot.model.name, { recordOnly, signal: context.signal });
  } catch (error) {
    if (isLibvirtError(error, "snapshotNotFound")) return;
    const why = oneLine(error);
    if (/not a leaf snapshot/.test(why))
      throw new Error(`${why}; ${upperFirst("others are")}`, { cause: error });
    if (/could not find base disk source/.test(why))
      throw new Error(
        `${why}: a disk of ${machine.name} isn't a layer over what snapshot ${snapshot.model.name} keeps any more, as after a virsh blockcommit; to have it forgotten, and nothing merged: ${virsh("snapshot-delete", machine.name, snapshot.model.name, "--metadata")}`,
        { cause: error },
      );
    throw error;
  } finally {
    clearInterval(timer);
  }
}

/** Somebody has taken out a disk that it is of: libvirtd (9.0) crashes when it deletes the snapshot, and later ones refuse to. */
function isBeyondMerging(
  machine: ObservedMachine,
  snapshot: FoundSnapshot,
  { log }: Pick<ApplyContext, "log">,
): boolean {
  const out = disksTakenOut(machine, snapshot);
  if (out.targets.length === 0) return false;
  const what = takenOut(machine, snapshot, out.targets);
  if (out.isExternal) throw new Error(`${what}; plug it in again first`);
  log.warning(
    `${what}: it is forgotten, and what it keeps in ${(snapshot.model.keptIn ?? []).join(", ")} stays there (qemu-img snapshot -d ${snapshot.model.name} removes it, while the guest is off)`,
  );
  return true;
}

/** libvirt leaves the file with the memory; its pools still list the files that it has merged. */
async function removeFiles(host: Host, outputs: Outputs, { log, signal }: ApplyContext): Promise<void> {
  const { memoryFile, overlays = {} } = outputs;
  try {
    if (memoryFile !== undefined && !(await removeFile(host, memoryFile, signal)))
      log.warning(`${memoryFile} is left on ${host.name}: it is in no pool that runs`);
    for (const pool of await host.observations.pools()) {
      const { volumes } = await host.observations.contents(pool.name);
      const paths = Object.values(overlays);
      if (volumes.some(({ path }) => paths.includes(path)))
        await rescanPool(host, pool.name, { signal, waitMs: LONGEST_WAIT_MS });
    }
  } catch (error) {
    log.warning(`files of the snapshot may be left on ${host.name}: ${oneLine(error)}`);
  }
}
