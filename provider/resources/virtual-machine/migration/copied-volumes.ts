import type { Host } from "../../../hosts/host.js";
import { readSidecarName, type VolumeMark } from "../../../hosts/volume-mark.js";
import { isLibvirtError } from "../../../libvirt/index.js";
import {
  buildVolume,
  diskUses,
  type MigratedVolume,
  readOwnerMark,
  type VolumeModel,
} from "../../../libvirt/xml/index.js";
import { identityHash } from "../../../planning/owner.js";
import { deleteOwnVolume, removeVolumeMark, writeVolumeMark } from "../../volumes.js";
import { MigrationError } from "./errors.js";

/** A pool and a volume in it, on one of the two hosts. */
interface Place {
  host: Host;
  pool: string;
}

/**
 * The mark beside a volume, read anew; none when the pool isn't known to the host any more. A pool that is only stopped is an error, for
 * nobody can see what is in it. Two marks would be nobody's work but a person's: then none counts.
 */
export async function readVolumeMark({ host, pool }: Place, volume: string): Promise<VolumeMark | undefined> {
  const { names } = await host
    .idempotent((libvirt) => libvirt.volumes.observeWhere(pool, () => false))
    .catch((error) => {
      if (isLibvirtError(error, "poolNotFound")) return { names: [] };
      throw error;
    });
  const marks = names.flatMap((name) => readSidecarName(name) ?? []).filter((m) => m.volume === volume);
  return marks.length === 1 ? marks[0] : undefined;
}

/**
 * The mark of a volume's copy: that of the volume itself, or for a volume without one the VM's, so that the copy can be told from
 * what others made.
 */
export async function markForCopy(
  source: Host,
  volume: MigratedVolume,
  domainXml: string,
): Promise<VolumeMark> {
  const own = await readVolumeMark({ host: source, pool: volume.sourcePool }, volume.name);
  if (own !== undefined) return own;
  const mark = vmMark(volume.name, domainXml);
  if (mark === undefined)
    throw new MigrationError(
      "failed",
      `volume ${volume.name} of ${source.name} and its virtual machine both have no mark of ours`,
    );
  return mark;
}

/** The mark of a volume that is a VM's; none when the VM isn't ours. */
export function vmMark(volume: string, domainXml: string): VolumeMark | undefined {
  const owner = readOwnerMark(domainXml);
  return owner === undefined ? undefined : { identityHash: identityHash(owner), nonce: owner.nonce, volume };
}

/**
 * Makes a volume at the target: first its mark, so that whoever finds it knows whose it is. One of that name that came there
 * since the preflight is somebody else's, and must not get to stand beside our mark.
 */
export async function makeMarkedVolume(
  { host, pool }: Place,
  mark: VolumeMark,
  volume: VolumeModel,
  signal: AbortSignal,
): Promise<void> {
  await writeVolumeMark({ host, pool, mark });
  const libvirt = await host.libvirt();
  // Nothing allocated: a qcow2 that libvirt makes for itself when it migrates comes out in full size.
  const xml = buildVolume({ ...volume, allocationBytes: 0 });
  try {
    await libvirt.volumes.create(pool, xml, { signal });
  } catch (error) {
    if (isLibvirtError(error, "alreadyExists")) await removeVolumeMark({ host, pool, mark });
    throw error;
  }
}

/**
 * Removes one of the two copies of a volume, then its mark. Only if it bears the nonce of the other copy's mark (or, for the
 * copy at the target, of the one that it was given), so that nothing is hit that came after it under the same name.
 *
 * @returns whether the volume is gone.
 */
export async function removeMarkedVolume({ host, pool }: Place, mark: VolumeMark): Promise<boolean> {
  const found = await readVolumeMark({ host, pool }, mark.volume);
  // The nonce decides: the VM's name, of which the rest of the mark is made, may have changed meanwhile.
  if (found === undefined || found.nonce !== mark.nonce) {
    const volume = await host
      .idempotent((libvirt) => libvirt.volumes.observe(pool, mark.volume))
      .catch((error: unknown) => {
        if (!isLibvirtError(error, "poolNotFound")) throw error;
      });
    return volume === undefined;
  }
  await host.idempotent(async () => {
    await deleteOwnVolume({ host, pool, mark: found, signal: new AbortController().signal });
  });
  return true;
}

/** Names of the host's domains that have this file as a disk. */
export async function usersOf(host: Host, path: string): Promise<string[]> {
  const records = await host.observations.domainsNow();
  return records
    .filter(({ liveXml, persistentXml }) =>
      [liveXml, persistentXml].some(
        (xml) =>
          xml !== undefined &&
          diskUses(xml).some(
            ({ source }) => source !== undefined && "file" in source && source.file === path,
          ),
      ),
    )
    .map(({ name }) => name);
}
