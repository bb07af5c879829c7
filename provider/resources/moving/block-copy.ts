import type { Host } from "../../hosts/host.js";
import { isLibvirtError, type LibvirtEvents } from "../../libvirt/index.js";
import { buildCopyDestination, readDiskChains } from "../../libvirt/xml/index.js";
import { formatBytes } from "../../planning/quantity.js";
import type { ApplyContext } from "../definition.js";

const LOOK_EVERY_MS = 1_000;
/** Time for undoing what an abort has cut off. */
const UNDO_TIMEOUT_MS = 60_000;
const MIB = 2 ** 20;

/** A disk of a running domain, and the file that it is to go over to: it is there, as large as the disk, with the same backing. */
export interface LiveCopy {
  host: Host;
  uuid: string;
  /** The domain's name, for messages. */
  name: string;
  /** "vda" */
  disk: string;
  path: string;
  format: string;
  bandwidthMibPerSecond: number | undefined;
}

/** Begins the copy. */
export async function beginCopy(copy: LiveCopy): Promise<void> {
  const libvirt = await copy.host.libvirt();
  await libvirt.domains.blockCopy(copy.uuid, copy.disk, {
    destinationXml: buildCopyDestination({ file: copy.path }, copy.format),
    shallow: true,
    bandwidthBytesPerSecond:
      copy.bandwidthMibPerSecond === undefined ? undefined : copy.bandwidthMibPerSecond * MIB,
  });
}

/** Waits until the copy has caught up with the guest, however long that takes; throws when its job has ended instead. */
export async function untilReady(
  copy: LiveCopy,
  context: Pick<ApplyContext, "log" | "signal">,
): Promise<void> {
  const { host, uuid, name, disk } = copy;
  const libvirt = await host.libvirt();
  let wake = () => {};
  const isOurs = (event: LibvirtEvents["blockJob"]) => event.uuid === uuid && event.disk === disk;
  const subscription = await libvirt.events.on("blockJob", (event) => {
    if (isOurs(event)) wake();
  });
  try {
    for (;;) {
      context.signal.throwIfAborted();
      const mirror = await mirrorOf(copy);
      if (mirror === "gone")
        throw new Error(
          `the copy of disk ${disk} of ${name} on ${host.name} ended before it was complete; is ${copy.path} on storage with enough room, and does the guest still run?`,
        );
      if (mirror === "ready") return;
      const job = await libvirt.domains.blockJob(uuid, disk);
      if (job !== undefined)
        context.log.progress(
          `copying disk ${disk} while the guest runs: ${percent(job.doneBytes, job.totalBytes)} of ${formatBytes(job.totalBytes)}`,
        );
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_EVERY_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
        context.signal.addEventListener("abort", wake, { once: true });
      });
      context.signal.removeEventListener("abort", wake);
    }
  } finally {
    await subscription.close().catch(() => undefined);
  }
}

/** The guest goes over to the copy; what it had before is let go. Both documents name the copy then. */
export async function pivot(copy: LiveCopy, context: Pick<ApplyContext, "signal">): Promise<void> {
  const libvirt = await copy.host.libvirt();
  await libvirt.domains.endBlockJob(copy.uuid, copy.disk, { pivot: true }, { signal: context.signal });
}

/** Ends the copy if it is still under way; the guest stays with what it has. */
export async function endCopy(copy: LiveCopy): Promise<void> {
  const libvirt = await copy.host.libvirt();
  if ((await mirrorOf(copy)) === "gone") return;
  const signal = AbortSignal.timeout(UNDO_TIMEOUT_MS);
  await libvirt.domains
    .endBlockJob(copy.uuid, copy.disk, { pivot: false }, { signal })
    .catch((error: unknown) => {
      // It has ended by itself.
      if (!isLibvirtError(error, "domainNotFound", "operationInvalid", "invalidArgument")) throw error;
    });
}

async function mirrorOf(copy: LiveCopy): Promise<"copying" | "ready" | "gone"> {
  const xml = await liveXmlOf(copy);
  const chain =
    xml === undefined ? undefined : readDiskChains(xml).find(({ target }) => target === copy.disk);
  if (chain?.mirror?.path !== copy.path) return "gone";
  return chain.mirror.ready ? "ready" : "copying";
}

async function liveXmlOf({ host, uuid }: LiveCopy): Promise<string | undefined> {
  const libvirt = await host.libvirt();
  return (await libvirt.domains.observe({ uuid }))?.liveXml;
}

function percent(done: number, total: number): string {
  return total === 0 ? "0%" : `${Math.floor((done / total) * 100)}%`;
}
