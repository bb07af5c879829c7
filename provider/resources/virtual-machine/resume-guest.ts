import type { Libvirt } from "../../libvirt/index.js";
import { parseDomain } from "../../libvirt/xml/index.js";
import { until } from "../until.js";

/** QEMU tries again at once what it couldn't read or write. */
const FAILS_AGAIN_WITHIN_MS = 2_000;

const CAUSES = {
  noSpace: "there is no room left to write to",
  unspecified: "there is an error of the storage at",
} as const;

/** Has a paused guest go on. One that an I/O error had paused may be paused again by the same one: then this says what is wrong with which disk. */
export async function resumeGuest(
  libvirt: Libvirt,
  uuid: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const before = await libvirt.domains.observe({ uuid });
  if (before?.reasonName !== "ioError") {
    await libvirt.domains.resume(uuid);
    return undefined;
  }
  let wake: () => void = () => undefined;
  let isPausedAgain = false;
  const subscription = await libvirt.events.on("domainLifecycle", (event) => {
    if (event.uuid !== uuid || event.event !== "suspended") return;
    isPausedAgain = true;
    wake();
  });
  try {
    await libvirt.domains.resume(uuid);
    await until(
      (resolve) => {
        wake = resolve;
        if (isPausedAgain) resolve();
      },
      FAILS_AGAIN_WITHIN_MS,
      signal,
    );
  } finally {
    await subscription.close().catch(() => undefined);
  }
  const after = await libvirt.domains.observe({ uuid });
  return after?.reasonName === "ioError" ? await causeOf(libvirt, uuid, after.liveXml) : undefined;
}

async function causeOf(libvirt: Libvirt, uuid: string, liveXml: string | undefined): Promise<string> {
  const errors = await libvirt.domains.diskErrors(uuid);
  const disks = liveXml === undefined ? [] : parseDomain(liveXml).disks;
  const causes = errors.map(({ disk, error }) => {
    const source = disks.find(({ target }) => target === disk)?.source;
    const file = source !== undefined && "file" in source ? ` (${source.file})` : "";
    return `${CAUSES[error]} disk ${disk}${file}`;
  });
  return `an I/O error pauses it again${causes.length === 0 ? "" : `: ${causes.join(", ")}`}`;
}
