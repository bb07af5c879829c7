import type { Host } from "../hosts/host.js";
import { buildVolume } from "../libvirt/xml/index.js";
import type { ApplyContext } from "./definition.js";
import { abandonFilling, beginFilling, endFilling } from "./filling.js";
import { checksumText } from "./image/checksum.js";
import { progressLine, UPLOAD_TIMEOUT_MS } from "./image/fetching.js";
import { lookAtFile, readFileOnce, sumOfFile } from "./image/local-file.js";
import { withHoles } from "./image/sending.js";
import { LONGEST_WAIT_MS, rescanPool } from "./rescan.js";

/** A volume that begins with a file. */
export interface NewContent {
  pool: string;
  name: string;
  /** As a guest is to see it, at least as much as the file has. */
  size: number;
  /** What the file was in the preview, where that is on record. */
  sourceChecksum?: string | undefined;
}

/**
 * Fills a new volume with a file of this machine. Beside it stands an empty one that says so: until that is gone the volume counts as
 * absent, and a run that comes after one that was cut off makes it anew.
 */
export async function sendSource(
  { pool, name, size, sourceChecksum }: NewContent,
  source: string,
  host: Host,
  context: ApplyContext,
): Promise<void> {
  const { signal } = context;
  const file = await lookAtFile(source);
  if (sourceChecksum !== undefined) {
    const checksum = checksumText({ algorithm: "sha256", hex: await sumOfFile(file, "sha256") });
    if (sourceChecksum !== checksum)
      throw new Error(`source: ${file.path} was changed since the preview; run the preview again`);
  }
  const libvirt = await host.libvirt();
  const filling = { host, pool, volume: name };
  await beginFilling(filling, { signal });
  try {
    const xml = buildVolume({ name, format: "raw", capacityBytes: 0, allocationBytes: 0 });
    await libvirt.volumes.create(pool, xml, { signal });
    const content = readFileOnce(file, { fromByte: 0, bytes: file.bytes });
    await libvirt.volumes.upload(pool, name, withHoles(content), {
      ...{ signal, sparse: true, timeoutMs: UPLOAD_TIMEOUT_MS },
      onProgress: (done) => context.log.progress(progressLine(host.name, "sending", done, file.bytes)),
    });
    // libvirt sees what it is only now.
    await rescanPool(host, pool, { signal, waitMs: LONGEST_WAIT_MS });
    const record = await libvirt.volumes.observe(pool, name);
    if (record === undefined)
      throw new Error(`volume ${name} isn't in pool ${pool} on ${host.name}, though it was sent`);
    if (record.capacityBytes < size) await libvirt.volumes.resize(pool, name, size, { signal });
  } catch (error) {
    await abandonFilling(filling).catch(() => undefined);
    throw error;
  }
  await endFilling(filling);
}
