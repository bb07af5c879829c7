import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../hosts/host.js";
import { fillingName } from "../hosts/volume-mark.js";
import { isLibvirtError } from "../libvirt/index.js";
import { buildVolume } from "../libvirt/xml/index.js";

const LOOK_EVERY_MS = 1_000;

interface Filling {
  host: Host;
  pool: string;
  /** Under its own name already, and not whole yet. */
  volume: string;
}

/**
 * Notes that a volume is about to be filled: while the note stands nobody takes it for whole. What a run that was cut off has left of it is
 * taken away.
 */
export async function beginFilling(
  { host, pool, volume }: Filling,
  options: { signal: AbortSignal; onWaiting?: () => void },
): Promise<void> {
  const libvirt = await host.libvirt();
  const note = buildVolume({
    name: fillingName(volume),
    format: "raw",
    capacityBytes: 0,
    allocationBytes: 0,
  });
  await libvirt.volumes.create(pool, note).catch((error: unknown) => {
    if (!isLibvirtError(error, "alreadyExists")) throw error;
  });
  for (;;) {
    try {
      await libvirt.volumes.delete(pool, volume);
      return;
    } catch (error) {
      if (isLibvirtError(error, "volumeNotFound")) return;
      // libvirt, or another process, is filling it at present.
      if (!isLibvirtError(error, "operationInvalid")) throw error;
      options.onWaiting?.();
      await sleep(LOOK_EVERY_MS, undefined, { signal: options.signal });
    }
  }
}

/** The volume is whole. */
export async function endFilling({ host, pool, volume }: Filling): Promise<void> {
  const libvirt = await host.libvirt();
  await libvirt.volumes.delete(pool, fillingName(volume)).catch((error: unknown) => {
    if (!isLibvirtError(error, "volumeNotFound")) throw error;
  });
  host.observations.listAgain(pool, [volume]);
}

/** Nothing comes of it. */
export async function abandonFilling(filling: Filling): Promise<void> {
  const libvirt = await filling.host.libvirt();
  await libvirt.volumes.delete(filling.pool, filling.volume).catch((error: unknown) => {
    if (!isLibvirtError(error, "volumeNotFound")) throw error;
  });
  await endFilling(filling);
}
