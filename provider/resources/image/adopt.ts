import { createHash } from "node:crypto";
import type { Host } from "../../hosts/host.js";
import type { ApplyContext } from "../definition.js";
import { isAsDownloaded } from "./as-downloaded.js";
import { progressLine } from "./fetching.js";
import type { ImageRequest, WantedVolume } from "./observed.js";
import { expectedChecksum } from "./sending.js";

/**
 * Whether a volume that somebody put there is what is declared.
 *
 * @throws when it isn't; where that can't be told, a warning says so.
 */
export async function verifyFound(
  wanted: WantedVolume,
  request: ImageRequest,
  host: Host,
  { log, signal }: ApplyContext,
): Promise<void> {
  const { inputs } = request;
  const expected = expectedChecksum(request);
  if (expected === undefined || !isAsDownloaded(inputs)) {
    log.warning(
      `what is in volume ${wanted.name} on ${host.name} can't be compared with what is declared; it is taken as it is`,
    );
    return;
  }
  const hashing = createHash(expected.algorithm);
  const { volumes } = await host.libvirt();
  let done = 0;
  for await (const chunk of volumes.download(inputs.pool, wanted.name, { signal })) {
    if (chunk.kind === "hole") throw new Error("a transfer that isn't sparse has no holes");
    hashing.update(chunk.bytes);
    done += chunk.bytes.byteLength;
    log.progress(progressLine(host.name, "verifying", done, wanted.volume?.fileBytes));
  }
  const hex = hashing.digest("hex");
  if (hex !== expected.hex)
    throw new Error(
      `volume ${wanted.name} in pool ${inputs.pool} on ${host.name} can't be taken over: its ${expected.algorithm} sum is ${hex}, and ${expected.hex} is declared; delete it, or give another name`,
    );
}
