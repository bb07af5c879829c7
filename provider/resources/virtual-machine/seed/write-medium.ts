import type { Host } from "../../../hosts/host.js";
import type { VolumeMark } from "../../../hosts/volume-mark.js";
import { buildVolume } from "../../../libvirt/xml/index.js";
import { writeVolumeMark } from "../../volumes.js";

/**
 * Writes a volume with its content, its mark first. The file is made empty and grows with what arrives, so that one that was cut off is
 * told from a whole one by its size. What a cut-off run has left is made anew.
 */
export async function writeMedium(made: {
  host: Host;
  pool: string;
  mark: VolumeMark;
  bytes: Buffer;
  signal: AbortSignal;
}): Promise<void> {
  const { host, pool, mark, bytes, signal } = made;
  const { volume } = mark;
  const libvirt = await host.libvirt();
  await writeVolumeMark(made);
  if ((await libvirt.volumes.observe(pool, volume)) !== undefined)
    await libvirt.volumes.delete(pool, volume, { signal });
  const xml = buildVolume({ name: volume, format: "raw", capacityBytes: 0, allocationBytes: 0 });
  await libvirt.volumes.create(pool, xml, { signal });
  await libvirt.volumes.upload(pool, volume, piecesOf(bytes), { signal });
  await host.observations.refreshVolume(pool, volume);
  const written = await libvirt.volumes.observe(pool, volume);
  if (written?.capacityBytes !== bytes.length)
    throw new Error(
      `volume ${volume} in pool ${pool} on ${host.name} has ${written?.capacityBytes ?? 0} bytes instead of ${bytes.length}`,
    );
}

const PIECE_BYTES = 2 ** 17;

async function* piecesOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}
