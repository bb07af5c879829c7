import type { Host } from "../../hosts/host.js";
import type { StreamChunk } from "../../libvirt/index.js";
import { buildVolume } from "../../libvirt/xml/index.js";
import { LONGEST_WAIT_MS, rescanPool } from "../rescan.js";
import { modelOf } from "../volume-model.js";
import { ContentDigest } from "./digest.js";

/** Streams end with the operation's own deadline, or when nothing moves for minutes. */
const NO_DEADLINE_MS = 7 * 24 * 3_600_000;

export interface StreamedVolume {
  host: Host;
  pool: string;
  name: string;
}

/** What is to be in a volume, piece by piece, and how long it is, holes included. */
export interface Content {
  lengthBytes: number;
  read(signal: AbortSignal): AsyncIterable<StreamChunk>;
}

/** The file of a volume as it is, whatever its format; its holes come as holes. */
export function contentOf({ host, pool, name }: StreamedVolume, lengthBytes: number): Content {
  return {
    lengthBytes,
    read: async function* (signal) {
      const libvirt = await host.libvirt();
      yield* libvirt.volumes.download(pool, name, { sparse: true, signal, timeoutMs: NO_DEADLINE_MS });
    },
  };
}

/**
 * Makes a volume whose file is the content to the byte, and reads it back to see that it is. libvirt learns its format by looking at
 * it: a new qcow2 would have had data of its own where the content has holes.
 */
export async function fillVolume(
  volume: StreamedVolume,
  content: Content,
  expected: { format: string; capacityBytes?: number | undefined },
  context: { signal: AbortSignal; progress(doneBytes: number, totalBytes: number): void },
): Promise<void> {
  const { host, pool, name } = volume;
  const { signal } = context;
  const libvirt = await host.libvirt();
  const place = `volume ${name} in pool ${pool} on ${host.name}`;
  const xml = buildVolume({ name, format: "raw", capacityBytes: content.lengthBytes, allocationBytes: 0 });
  await libvirt.volumes.create(pool, xml, { signal });
  const sent = new ContentDigest();
  await libvirt.volumes.upload(pool, name, noted(content.read(signal), sent), {
    sparse: true,
    signal,
    timeoutMs: NO_DEADLINE_MS,
    onProgress: (doneBytes) => context.progress(doneBytes, content.lengthBytes),
  });
  if (sent.lengthBytes !== content.lengthBytes)
    throw new Error(
      `${place} was to get ${content.lengthBytes} bytes, and there were ${sent.lengthBytes}: what it was read from changed meanwhile`,
    );
  const kept = new ContentDigest();
  for await (const chunk of contentOf(volume, content.lengthBytes).read(signal)) kept.add(chunk);
  if (kept.digest() !== sent.digest())
    throw new Error(`${place} doesn't have the content that was sent: its checksum differs`);
  // libvirt looks by itself too, some time after the last byte.
  await rescanPool(host, pool, { signal, waitMs: LONGEST_WAIT_MS, volumes: [name] });
  const made = (await host.observations.contents(pool)).volumes.find((other) => other.name === name);
  const { format = "raw", capacityBytes } = made === undefined ? { capacityBytes: 0 } : modelOf(made);
  if (format !== expected.format || (expected.capacityBytes ?? capacityBytes) !== capacityBytes)
    throw new Error(
      `${place} was to be ${expected.format} of ${expected.capacityBytes ?? capacityBytes} bytes and is ${format} of ${capacityBytes}`,
    );
}

async function* noted(
  chunks: AsyncIterable<StreamChunk>,
  digest: ContentDigest,
): AsyncGenerator<StreamChunk> {
  for await (const chunk of chunks) {
    digest.add(chunk);
    yield chunk;
  }
}
