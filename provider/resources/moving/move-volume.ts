import { oneLine } from "../../hosts/errors.js";
import { scratchName } from "../../hosts/volume-mark.js";
import { isLibvirtError, type VolumeRecord } from "../../libvirt/index.js";
import { buildVolume } from "../../libvirt/xml/index.js";
import type { Attachment } from "../attachments.js";
import { layersOver } from "../layers.js";
import { LONGEST_WAIT_MS, rescanPool } from "../rescan.js";
import { virsh } from "../virsh.js";
import { modelOf } from "../volume-model.js";
import { removeVolumeMark, writeVolumeMark } from "../volumes.js";
import { beginCopy, endCopy, type LiveCopy, pivot, untilReady } from "./block-copy.js";
import { copyFile } from "./file-copy.js";
import { clearNote, deleteNoted, deleteVolume, setNote } from "./notes.js";
import { redefineDisk } from "./redefine.js";
import { isWhole, look, type Side } from "./side.js";
import type { MoveContext, PoolPlace, VolumeMove } from "./volume-move.js";

/** Time for taking away what an abort has cut off. */
const UNDO_TIMEOUT_MS = 60_000;

/**
 * Brings a volume to another place: through QEMU while a guest has it open (which goes over to the copy without noticing), else by
 * copying its file. It may be called again after it was cut off anywhere: a copy that has not come to its end is made anew, or waited for if
 * a guest still writes to both; one that has is kept. In the end there is one volume.
 *
 * The order: the notes "leaving" and "unfinished" at the two places, the copy, whoever uses the volume goes over to it, its mark. From there on
 * the old volume counts for nothing: it loses its mark, the new one its note, and the old one is deleted.
 */
export async function moveVolume(move: VolumeMove, context: MoveContext): Promise<void> {
  const { from, to, mark } = move;
  const [old, made] = await Promise.all([look(from, mark), look(to, mark)]);
  if (!isWhole(made, old)) {
    if (old.volume === undefined || !old.isMarked)
      throw new Error(`volume ${mark.volume} isn't in pool ${from.pool} on ${from.host.name} any more`);
    if (old.attachments.length > 1)
      throw new Error(
        `volume ${mark.volume} in pool ${from.pool} on ${from.host.name} can't move while ${names(old.attachments)} use it; detach it from all but one`,
      );
    const [layer] = await layersOver(from.host, old.volume.path);
    const above = layer === undefined ? old.attachments.find(({ depth }) => depth > 0) : undefined;
    if (layer !== undefined || above !== undefined)
      throw new Error(
        `volume ${mark.volume} in pool ${from.pool} on ${from.host.name} can't move: ${layer === undefined ? `disk ${above?.target} of domain ${above?.name}` : `volume ${layer}`} is a layer over it and would lose it; delete that first`,
      );
    await setNote("leaving", { ...from, mark });
    const [user] = old.attachments;
    if (user?.running === true) await copyLive(user, old.volume, made, move, context);
    else await copyWhileOff(user, old.volume, move, context);
  }
  await finish(move, context);
}

/**
 * Brings a move that was cut off to one of its two ends, without going on with the copy: whatever is whole stays, the rest goes.
 *
 * @returns where the volume is.
 */
export async function settleMove(move: VolumeMove, context: MoveContext): Promise<"from" | "to"> {
  const { from, to, mark } = move;
  const [old, made] = await Promise.all([look(from, mark), look(to, mark)]);
  if (isWhole(made, old)) {
    await finish(move, context);
    return "to";
  }
  if (old.volume === undefined || !old.isMarked)
    throw new Error(
      `volume ${mark.volume} was on its way from pool ${from.pool} on ${from.host.name} to pool ${to.pool} on ${to.host.name}, and neither has all of it; find its content, for instance in a backup`,
    );
  for (const user of old.attachments)
    if (user.mirror !== undefined && user.mirror.path === made.volume?.path)
      await endCopy(copyOf(user, made.volume.path, old.volume, move));
  if (made.isUnfinished) await deleteNoted("unfinished", { ...to, mark, signal: context.signal });
  await deleteVolume({ ...from, name: scratchName(mark) });
  await clearNote("leaving", { ...from, mark });
  return "from";
}

async function copyLive(
  user: Attachment,
  old: VolumeRecord,
  made: Side,
  move: VolumeMove,
  context: MoveContext,
): Promise<void> {
  const { from } = move;
  const { mirror } = user;
  const goesOn =
    mirror?.job === "copy" &&
    made.isUnfinished &&
    made.volume !== undefined &&
    mirror.path === made.volume.path;
  if (mirror !== undefined && !goesOn)
    throw new Error(
      `disk ${user.target} of ${user.name} on ${from.host.name} is being copied to ${mirror.path} by somebody else; let that end, or end it with ${virsh("blockjob", user.name, user.target, "--abort")}`,
    );
  let copy = goesOn ? copyOf(user, mirror.path, old, move) : undefined;
  try {
    if (copy === undefined) {
      copy = copyOf(user, await makeDestination(old, move, context), old, move);
      await beginCopy(copy);
    }
    await untilReady(copy, context);
    await pivot(copy, context);
  } catch (error) {
    if (await hasGoneOver(move)) return;
    if (copy !== undefined) await endCopy(copy);
    await undo(move, error, context);
    throw error;
  }
  if (!(await hasGoneOver(move)))
    throw new Error(
      `${user.name} on ${from.host.name} was to go over to ${copy.path} and didn't, though libvirt says that it did`,
    );
}

function copyOf(user: Attachment, path: string, old: VolumeRecord, move: VolumeMove): LiveCopy {
  const { format = "raw" } = modelOf(old);
  return {
    ...{ host: move.from.host, uuid: user.uuid, name: user.name, disk: user.target, path, format },
    bandwidthMibPerSecond: move.bandwidthMibPerSecond,
  };
}

/** Some domain has the copy among its disks. */
async function hasGoneOver({ to, mark }: VolumeMove): Promise<boolean> {
  return (await look(to, mark)).attachments.length > 0;
}

/** A file for the copy, with the same backing: a layer stays a layer. */
async function makeDestination(old: VolumeRecord, move: VolumeMove, context: MoveContext): Promise<string> {
  const { to, mark } = move;
  await clear(move, context);
  const { format, capacityBytes, backing } = modelOf(old);
  await setNote("unfinished", { ...to, mark });
  const xml = buildVolume({
    ...{ name: mark.volume, capacityBytes, allocationBytes: 0 },
    ...(format === undefined ? {} : { format }),
    ...(backing === undefined ? {} : { backing }),
  });
  const libvirt = await to.host.libvirt();
  return (await libvirt.volumes.create(to.pool, xml, { signal: context.signal })).path;
}

async function copyWhileOff(
  user: Attachment | undefined,
  old: VolumeRecord,
  move: VolumeMove,
  context: MoveContext,
): Promise<void> {
  const { from, to, mark } = move;
  try {
    await clear(move, context);
    await setNote("unfinished", { ...to, mark });
    await copyFile(move, old, context);
    const [now] = (await look(from, mark)).attachments;
    if (now?.running === true)
      throw new Error(
        `domain ${now.name} was started on ${from.host.name} while its disk ${mark.volume} was copied, so the copy is no longer what it has; deploy again: the disk moves while the guest runs`,
      );
    const made = (await look(to, mark)).volume;
    if (user !== undefined && made !== undefined) await redefineDisk(from.host, user, old, made);
  } catch (error) {
    if (!(await hasGoneOver(move))) await undo(move, error, context);
    throw error;
  }
}

/** What a run that was cut off has left at the new place goes; anything else that has the name stays and is in the way. */
async function clear({ to, mark }: VolumeMove, { signal }: MoveContext): Promise<void> {
  // Files that libvirt hasn't seen yet must not come to stand beside the note.
  if (!(await rescanPool(to.host, to.pool, { signal, waitMs: LONGEST_WAIT_MS, volumes: [mark.volume] })))
    throw new Error(`pool ${to.pool} isn't there, or is stopped, on ${to.host.name}`);
  const { volume, isMarked, isUnfinished } = await look(to, mark);
  if (volume !== undefined && !isUnfinished) throw new NameTaken(to, mark.volume);
  if (isMarked) await removeVolumeMark({ ...to, mark });
  if (isUnfinished) await deleteNoted("unfinished", { ...to, mark, signal });
}

class NameTaken extends Error {
  constructor({ host, pool }: PoolPlace, volume: string) {
    super(
      `there is a volume ${volume} in pool ${pool} on ${host.name} already, which isn't this disk's; remove it, or give the disk another name`,
    );
  }
}

/** Takes away what failed. When this run can't, a later one does. */
async function undo({ from, to, mark }: VolumeMove, failure: unknown, { log }: MoveContext): Promise<void> {
  // Then what has the name is somebody else's.
  const isTaken = failure instanceof NameTaken || isLibvirtError(failure, "alreadyExists");
  try {
    if (isTaken) await clearNote("unfinished", { ...to, mark });
    else await deleteNoted("unfinished", { ...to, mark, signal: AbortSignal.timeout(UNDO_TIMEOUT_MS) });
    await clearNote("leaving", { ...from, mark });
  } catch (error) {
    log.warning(
      `the unfinished copy of volume ${mark.volume} is left in pool ${to.pool} on ${to.host.name} until the next deployment: ${oneLine(error)}`,
    );
  }
}

/** From here on the copy is the volume; what is left at the old place goes. */
async function finish({ from, to, mark }: VolumeMove, { signal }: MoveContext): Promise<void> {
  await writeVolumeMark({ ...to, mark });
  const left = await look(from, mark);
  const [user] = left.attachments;
  if (user !== undefined)
    throw new Error(
      `volume ${mark.volume} has moved to pool ${to.pool} on ${to.host.name}, and what is left of it in pool ${from.pool} on ${from.host.name} can't be deleted since domain ${user.name} uses it; detach it there`,
    );
  if (left.isLeaving) await removeVolumeMark({ ...from, mark });
  await clearNote("unfinished", { ...to, mark });
  if (left.isLeaving) await deleteNoted("leaving", { ...from, mark, signal });
  await to.host.observations.refreshVolume(to.pool, mark.volume);
}

function names(attachments: readonly Attachment[]): string {
  return attachments.map(({ name }) => `domain ${name}`).join(", ");
}
