import { oneLine } from "../../hosts/errors.js";
import type { DomainLifecycle, Libvirt } from "../../libvirt/index.js";
import { parseDomain } from "../../libvirt/xml/index.js";
import { until } from "../until.js";

/** QEMU tries again at once what it couldn't read or write. */
const FAILS_AGAIN_WITHIN_MS = 2_000;

const CAUSES = {
  noSpace: "there is no room left to write to",
  unspecified: "there is an error of the storage at",
} as const;

/** libvirt hears of it from QEMU. */
const AWAKE_WITHIN_MS = 10_000;

/** What keeps a guest from going on, and what may help. */
export interface Standstill {
  why: string;
  remedy: string;
}

/**
 * Has a guest go on that is paused, or has suspended itself to RAM. One that an I/O error had paused may be paused again by the same one: then this
 * says what is wrong with which disk.
 */
export async function resumeGuest(
  libvirt: Libvirt,
  uuid: string,
  signal: AbortSignal,
): Promise<Standstill | undefined> {
  const before = await libvirt.domains.observe({ uuid });
  // It may have woken up by itself.
  if (before?.state === "running") return undefined;
  if (before?.state === "suspended") return await wakeGuest(libvirt, uuid, signal);
  if (before?.reasonName !== "ioError") {
    await libvirt.domains.resume(uuid);
    return undefined;
  }
  const resume = () => libvirt.domains.resume(uuid);
  const isPausedAgain = (event: DomainLifecycle) => event === "suspended";
  await actUntil(libvirt, uuid, resume, isPausedAgain, { withinMs: FAILS_AGAIN_WITHIN_MS, signal });
  const after = await libvirt.domains.observe({ uuid });
  return after?.reasonName === "ioError" ? await causeOf(libvirt, uuid, after.liveXml) : undefined;
}

async function wakeGuest(
  libvirt: Libvirt,
  uuid: string,
  signal: AbortSignal,
): Promise<Standstill | undefined> {
  const remedy = "reset it, or cut its power (virsh reset, virsh destroy)";
  try {
    const wakeUp = () => libvirt.domains.wakeUp(uuid);
    const isAwake = (event: DomainLifecycle) => event !== "pmSuspended";
    await actUntil(libvirt, uuid, wakeUp, isAwake, { withinMs: AWAKE_WITHIN_MS, signal });
  } catch (error) {
    signal.throwIfAborted();
    return { why: `it sleeps (suspended to RAM) and can't be woken up: ${oneLine(error)}`, remedy };
  }
  const after = await libvirt.domains.observe({ uuid });
  return after?.state === "suspended"
    ? { why: "it sleeps (suspended to RAM) and doesn't wake up", remedy }
    : undefined;
}

/** Does something, and waits until libvirt tells of what comes of it, or the time is over. */
async function actUntil(
  libvirt: Libvirt,
  uuid: string,
  act: () => Promise<void>,
  isIt: (event: DomainLifecycle) => boolean,
  { withinMs, signal }: { withinMs: number; signal: AbortSignal },
): Promise<void> {
  let wake: () => void = () => undefined;
  let hasCome = false;
  const subscription = await libvirt.events.on("domainLifecycle", (told) => {
    if (told.uuid !== uuid || told.event === "unknown" || !isIt(told.event)) return;
    hasCome = true;
    wake();
  });
  try {
    await act();
    await until(
      (resolve) => {
        wake = resolve;
        if (hasCome) resolve();
      },
      withinMs,
      signal,
    );
  } finally {
    await subscription.close().catch(() => undefined);
  }
}

async function causeOf(libvirt: Libvirt, uuid: string, liveXml: string | undefined): Promise<Standstill> {
  const errors = await libvirt.domains.diskErrors(uuid);
  const disks = liveXml === undefined ? [] : parseDomain(liveXml).disks;
  const causes = errors.map(({ disk, error }) => {
    const source = disks.find(({ target }) => target === disk)?.source;
    const file = source !== undefined && "file" in source ? ` (${source.file})` : "";
    return `${CAUSES[error]} disk ${disk}${file}`;
  });
  return {
    why: `an I/O error pauses it again${causes.length === 0 ? "" : `: ${causes.join(", ")}`}`,
    remedy: "put that right, with room there or another pool for the disk",
  };
}
