import type { Host } from "../hosts/host.js";
import { sidecarName, type VolumeMark } from "../hosts/volume-mark.js";
import type { VolumeRecord } from "../libvirt/index.js";
import { isLibvirtError, LibvirtError } from "../libvirt/index.js";
import { buildVolume } from "../libvirt/xml/index.js";
import { attachmentsOn } from "./attachments.js";
import { beginFilling, endFilling } from "./filling.js";
import { LONGEST_WAIT_MS, rescanPool } from "./rescan.js";
import { modelOf } from "./volume-model.js";

/** A volume of a pool on a host. */
interface VolumePlace {
  host: Host;
  pool: string;
  volume: string;
}

/** What a new volume is a layer over: a volume by pool and name, one of the same pool by name, or a path on the host. */
export type Backing = { pool: string; volume: string } | string;

export interface NewVolume extends VolumePlace {
  format: "qcow2" | "raw";
  sizeBytes: number;
  backing?: Backing | undefined;
  /** A volume of the host that it begins as a copy of; larger than that it may be. */
  copyOf?: { pool: string; volume: string } | undefined;
  mark: VolumeMark;
  signal: AbortSignal;
}

/** Makes a volume, its mark first: whoever finds a mark without a volume knows what was about to be made. */
export async function ensureVolume(made: NewVolume): Promise<void> {
  const { host, pool, volume, format, sizeBytes, signal } = made;
  const libvirt = await host.libvirt();
  const backing = made.backing === undefined ? undefined : await resolveBacking(host, pool, made.backing);
  const isNewMark = await writeVolumeMark(made);
  if (made.copyOf !== undefined) {
    await copyVolume(made, made.copyOf);
    return;
  }
  const xml = buildVolume({
    name: volume,
    format,
    capacityBytes: sizeBytes,
    allocationBytes: 0,
    ...(backing === undefined ? {} : { backing }),
  });
  const make = () => libvirt.volumes.create(pool, xml, { signal });
  try {
    await make().catch(async (error: unknown) => {
      // A file that was deleted behind its back libvirt has in its list until it looks again.
      if (
        !isLibvirtError(error, "alreadyExists") ||
        (await libvirt.volumes.observe(pool, volume)) !== undefined
      )
        throw error;
      await rescanPool(host, pool, { signal, waitMs: LONGEST_WAIT_MS, volumes: [volume] });
      await make();
    });
  } catch (error) {
    // An old mark's volume may have been made by the call before this one, whose answer was lost.
    if (!isNewMark && isLibvirtError(error, "alreadyExists")) {
      await host.observations.refreshVolume(pool, volume);
      return;
    }
    // Where libvirt said no, nothing of ours is there: our mark must not come to stand beside what somebody else made.
    if (isNewMark && isAnswered(error)) {
      // That it fails as well is no news.
      await removeVolumeMark(made).catch(() => undefined);
      // A file that libvirt didn't know of is named by the next plan.
      await rescanPool(host, pool, { signal, volumes: [volume] }).catch(() => undefined);
    }
    throw error;
  }
  await host.observations.refreshVolume(pool, volume);
}

/** A copy that is cut off isn't taken for a volume: the next run makes it anew. */
async function copyVolume(made: NewVolume, from: { pool: string; volume: string }): Promise<void> {
  const { host, pool, volume, format, sizeBytes, signal } = made;
  const libvirt = await host.libvirt();
  const filling = { host, pool, volume };
  await beginFilling(filling, { signal });
  const xml = buildVolume({ name: volume, format, capacityBytes: sizeBytes, allocationBytes: 0 });
  await libvirt.volumes.createFrom(pool, xml, { pool: from.pool, name: from.volume }, { signal });
  await endFilling(filling);
}

/** Notes whose a volume is; one that is noted already stays. Tells whether it was new. */
export async function writeVolumeMark(place: {
  host: Host;
  pool: string;
  mark: VolumeMark;
}): Promise<boolean> {
  const { host, pool, mark } = place;
  const { marks } = await host.observations.contents(pool);
  if (marks.some((other) => sidecarName(other) === sidecarName(mark))) return false;
  const capacityBytes = mark.fileBytes ?? 0;
  const xml = buildVolume({ name: sidecarName(mark), format: "raw", capacityBytes, allocationBytes: 0 });
  const libvirt = await host.libvirt();
  await libvirt.volumes.create(pool, xml).catch((error: unknown) => {
    // On storage that hosts share the other one may have made it, which this host's libvirt hasn't seen yet.
    const isUnseen = isLibvirtError(error, "operationInvalid") && /already exists/.test(error.message);
    if (!isUnseen && !isLibvirtError(error, "alreadyExists")) throw error;
  });
  await host.observations.noteMark(pool, mark);
  return true;
}

/** Notes that a volume has come to another owner, or its owner to another name. */
export async function replaceVolumeMark(place: {
  host: Host;
  pool: string;
  former: VolumeMark;
  mark: VolumeMark;
}): Promise<void> {
  const { host, pool, former, mark } = place;
  if (sidecarName(former) === sidecarName(mark)) return;
  await writeVolumeMark(place);
  await removeVolumeMark({ host, pool, mark: former });
  // Marks are dropped by their nonce, which both may share.
  await host.observations.dropMark(pool, mark);
  await host.observations.noteMark(pool, mark);
}

/** Removes the note of whose a volume is, if it is there. */
export async function removeVolumeMark(place: { host: Host; pool: string; mark: VolumeMark }): Promise<void> {
  const { host, pool, mark } = place;
  const libvirt = await host.libvirt();
  await ifThere(libvirt.volumes.delete(pool, sidecarName(mark)));
  await host.observations.dropMark(pool, mark);
}

/** Deletes a marked volume, then its mark; what is gone already is success. */
export async function deleteOwnVolume(place: {
  host: Host;
  pool: string;
  mark: VolumeMark;
  signal: AbortSignal;
}): Promise<void> {
  const { host, pool, mark, signal } = place;
  signal.throwIfAborted();
  const libvirt = await host.libvirt();
  await ifThere(libvirt.volumes.delete(pool, mark.volume));
  await host.observations.refreshVolume(pool, mark.volume);
  await removeVolumeMark(place);
}

/** Grows a volume in place: through QEMU when a running guest has it open, so that the guest sees it, else in the file. */
export async function growVolume(
  place: VolumePlace & { toBytes: number; signal: AbortSignal },
): Promise<void> {
  const { host, pool, volume, toBytes, signal } = place;
  const libvirt = await host.libvirt();
  const record = await libvirt.volumes.observe(pool, volume);
  if (record === undefined)
    throw new Error(`volume ${volume} isn't in pool ${pool} on ${host.name} any more`);
  const users = (await usersOf(host, record)).filter(({ running }) => running);
  if (users.length === 0) await libvirt.volumes.resize(pool, volume, toBytes, { signal });
  else {
    // Of several that share it each has to be told; one that only reads can't be, and has the new size after its next start.
    let refusal: unknown;
    let told = 0;
    for (const { uuid } of users)
      await libvirt.domains.blockResize(uuid, record.path, toBytes, { signal }).then(
        () => {
          told += 1;
        },
        (error: unknown) => {
          if (!isLibvirtError(error, "operationUnsupported")) throw error;
          refusal = error;
        },
      );
    if (told === 0) throw refusal;
    // libvirt learns of the file's new size only by looking again.
    await rescanPool(host, pool, { signal, waitMs: LONGEST_WAIT_MS, volumes: [volume] });
  }
  await host.observations.refreshVolume(pool, volume);
  const after = await libvirt.volumes.observe(pool, volume);
  if ((after?.capacityBytes ?? 0) < toBytes)
    throw new Error(`volume ${volume} was to grow to ${toBytes} bytes and has ${after?.capacityBytes ?? 0}`);
}

/** A domain with a volume among its disks. */
export interface VolumeUser {
  uuid: string;
  name: string;
  /** It has the volume open now, rather than only at its next start. */
  running: boolean;
}

/** The domains that have a volume open, or will when they start; also those of which a disk is a layer over it. */
export async function usersOf(
  host: Host,
  volume: Pick<VolumeRecord, "pool" | "name" | "path">,
): Promise<VolumeUser[]> {
  const users = new Map<string, VolumeUser>();
  for (const { uuid, name, running } of await attachmentsOn(host, volume))
    users.set(uuid, { uuid, name, running: running || users.get(uuid)?.running === true });
  return [...users.values()];
}

async function resolveBacking(
  host: Host,
  pool: string,
  backing: Backing,
): Promise<{ path: string; format: string }> {
  const libvirt = await host.libvirt();
  let record: VolumeRecord | undefined;
  if (typeof backing !== "string") record = await libvirt.volumes.observe(backing.pool, backing.volume);
  else if (backing.startsWith("/")) record = await libvirt.volumes.byPath(backing);
  else record = await libvirt.volumes.observe(pool, backing);
  if (record === undefined)
    throw new Error(
      `the backing ${typeof backing === "string" ? backing : `${backing.volume} in pool ${backing.pool}`} isn't in a pool on ${host.name}`,
    );
  return { path: record.path, format: modelOf(record).format ?? "raw" };
}

/** libvirt has decided, rather than that its answer didn't come. */
export function isAnswered(error: unknown): boolean {
  return error instanceof LibvirtError && !isLibvirtError(error, "connectionLost", "timeout", "aborted");
}

async function ifThere(deleting: Promise<void>): Promise<void> {
  await deleting.catch((error: unknown) => {
    if (!isLibvirtError(error, "volumeNotFound")) throw error;
  });
}
