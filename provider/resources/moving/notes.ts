import { setTimeout as sleep } from "node:timers/promises";
import { noteName, type VolumeMark, type VolumeNote } from "../../hosts/volume-mark.js";
import { isLibvirtError } from "../../libvirt/index.js";
import { buildVolume } from "../../libvirt/xml/index.js";
import type { PoolPlace } from "./volume-move.js";

type MarkedPlace = PoolPlace & { mark: VolumeMark };

/** A copy that outlived its client is still written by libvirt, which doesn't say for how long. */
const LOOK_AGAIN_MS = 500;
const COPY_MAY_LAST_MS = 3_600_000;

/** Notes something about a volume; a note that is there already stays. */
export async function setNote(note: VolumeNote, { host, pool, mark }: MarkedPlace): Promise<void> {
  const name = noteName(note, mark);
  const { notes } = await host.observations.contents(pool);
  if (notes[note].some((other) => noteName(note, other) === name)) return;
  const libvirt = await host.libvirt();
  const xml = buildVolume({ name, format: "raw", capacityBytes: 0, allocationBytes: 0 });
  await libvirt.volumes.create(pool, xml).catch((error: unknown) => {
    if (!isLibvirtError(error, "alreadyExists")) throw error;
  });
  await host.observations.setNote(pool, note, mark, true);
}

export async function clearNote(note: VolumeNote, { host, pool, mark }: MarkedPlace): Promise<void> {
  await deleteVolume({ host, pool, name: noteName(note, mark) });
  await host.observations.setNote(pool, note, mark, false);
}

/** Deletes a volume that is noted as unfinished or as left, then the note. What is gone already is success. */
export async function deleteNoted(
  note: VolumeNote,
  place: MarkedPlace & { signal: AbortSignal },
): Promise<void> {
  const { host, pool, mark, signal } = place;
  await deleteVolume({ host, pool, name: mark.volume, signal });
  await host.observations.refreshVolume(pool, mark.volume);
  await clearNote(note, place);
}

/** Deletes a volume, also one that libvirt is still filling: it is waited for. */
export async function deleteVolume(
  place: PoolPlace & { name: string; signal?: AbortSignal | undefined },
): Promise<void> {
  const { host, pool, name, signal } = place;
  const libvirt = await host.libvirt();
  for (let waitedMs = 0; ; waitedMs += LOOK_AGAIN_MS) {
    signal?.throwIfAborted();
    try {
      await libvirt.volumes.delete(pool, name);
      return;
    } catch (error) {
      if (isLibvirtError(error, "volumeNotFound")) return;
      if (!isStillWritten(error) || waitedMs > COPY_MAY_LAST_MS) throw error;
    }
    await sleep(LOOK_AGAIN_MS, undefined, { signal });
  }
}

function isStillWritten(error: unknown): boolean {
  return isLibvirtError(error, "operationInvalid") && /is still (being allocated|in use)/.test(error.message);
}

/** Of a move that nobody will finish: what isn't whole, or is only left, goes; a marked volume stays for its owner to delete. */
export async function dropNote(note: VolumeNote, place: MarkedPlace): Promise<void> {
  const { host, pool, mark } = place;
  const { marks } = await host.observations.contents(pool);
  const isMarked = marks.some((other) => other.volume === mark.volume && other.nonce === mark.nonce);
  if (isMarked) await clearNote(note, place);
  else await deleteNoted(note, { ...place, signal: new AbortController().signal });
}
