import { scratchName } from "../../hosts/volume-mark.js";
import type { VolumeRecord } from "../../libvirt/index.js";
import { buildVolume, type VolumeModel } from "../../libvirt/xml/index.js";
import { formatBytes } from "../../planning/quantity.js";
import { modelOf } from "../volume-model.js";
import { deleteVolume } from "./notes.js";
import { contentOf, fillVolume } from "./stream.js";
import type { MoveContext, PoolPlace, VolumeMove } from "./volume-move.js";

const LOOK_EVERY_MS = 2_000;

/**
 * Copies a volume that nobody has open: on one host by libvirt itself, between two through this process. A layer stays one on its host, where its
 * base is; on another host it becomes a whole image. What is encrypted libvirt can't read: it is copied as it is.
 */
export async function copyFile(move: VolumeMove, old: VolumeRecord, context: MoveContext): Promise<void> {
  const { from, to, mark } = move;
  const { format = "raw", capacityBytes, backing, encrypted } = modelOf(old);
  const whole: VolumeModel = { name: mark.volume, format, capacityBytes, allocationBytes: 0 };
  if (!(await isSameMachine(move))) {
    if (backing === undefined) await stream(from, old, move, context);
    else await streamFlattened(move, { ...whole, name: scratchName(mark) }, context);
  } else if (backing === undefined && encrypted !== true)
    await convert(from, mark.volume, to, whole, context);
  else await stream(from, old, move, context);
}

async function isSameMachine({ from, to }: VolumeMove): Promise<boolean> {
  const [here, there] = await Promise.all([from.host.observations.facts(), to.host.observations.facts()]);
  return here.uuid === there.uuid;
}

async function stream(
  from: PoolPlace,
  source: VolumeRecord,
  { to, mark }: VolumeMove,
  { log, signal }: MoveContext,
): Promise<void> {
  const { format = "raw", capacityBytes, physicalBytes } = modelOf(source);
  const lengthBytes = physicalBytes ?? source.capacityBytes;
  const content = contentOf({ ...from, name: source.name }, lengthBytes);
  await fillVolume(
    { ...to, name: mark.volume },
    content,
    { format, capacityBytes },
    {
      signal,
      progress: (doneBytes, totalBytes) =>
        log.progress(
          `copying disk ${mark.volume}: ${formatBytes(doneBytes)} of ${formatBytes(totalBytes)} (holes included)`,
        ),
    },
  );
}

/** libvirt's copy of a layer is a whole image; it is made beside the layer, and goes again. */
async function streamFlattened(move: VolumeMove, scratch: VolumeModel, context: MoveContext): Promise<void> {
  const { from, mark } = move;
  const { host, pool } = from;
  await deleteVolume({ host, pool, name: scratch.name, signal: context.signal });
  try {
    await convert(from, mark.volume, from, scratch, context);
    const flat = await (await host.libvirt()).volumes.observe(pool, scratch.name);
    if (flat === undefined) throw new Error(`the copy of volume ${mark.volume} on ${host.name} is gone`);
    await stream(from, flat, move, context);
  } finally {
    await deleteVolume({ host, pool, name: scratch.name });
  }
}

/** libvirt can't say how far a copy is; how much room it takes by now can be seen. */
async function convert(
  from: PoolPlace,
  source: string,
  to: PoolPlace,
  made: VolumeModel,
  { log, signal }: MoveContext,
): Promise<void> {
  const libvirt = await to.host.libvirt();
  const timer = setInterval(() => {
    void libvirt.volumes.observe(to.pool, made.name).then(
      (volume) => log.progress(`copying disk ${source}: ${formatBytes(volume?.allocationBytes ?? 0)} so far`),
      () => undefined,
    );
  }, LOOK_EVERY_MS);
  try {
    const input = { pool: from.pool, name: source };
    await libvirt.volumes.createFrom(to.pool, buildVolume(made), input, { signal });
  } finally {
    clearInterval(timer);
  }
  await to.host.observations.refreshVolume(to.pool, made.name);
}
