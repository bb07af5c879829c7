import type { Host } from "../../hosts/host.js";
import type { DomainRecord, Libvirt } from "../../libvirt/index.js";
import { parseDomain } from "../../libvirt/xml/index.js";
import type { ApplyContext } from "../definition.js";
import { until } from "../until.js";
import { type Asked, askAgainMs, nextAsk, type Way } from "./presses.js";
import { resumeGuest, type Standstill } from "./resume-guest.js";
import { isAgentConnected } from "./wait/addresses.js";

/** Its end is an event; in between people are told how long it may still take. */
const LOOK_EVERY_MS = 2_000;

const WAYS: Record<Way, string> = {
  agent: "its agent was asked",
  acpi: "its power button was pressed (ACPI)",
};

interface ShutdownOptions {
  timeoutMs: number;
  force: boolean;
}

/**
 * Shuts a guest down through its agent where one answers, else and then as its power button would. Whether it obeys is the guest's business: after the
 * time-out its power is cut if `force` allows it, else it is left running and this fails.
 */
export async function shutDown(
  host: Host,
  machine: { uuid: string; name: string },
  options: ShutdownOptions,
  context: ApplyContext,
): Promise<void> {
  const { uuid, name } = machine;
  const { force, timeoutMs } = options;
  const libvirt = await host.libvirt();
  const inVain = await askUntilOff(libvirt, machine, options, context);
  if (inVain === undefined) return;
  const { hasCrashed, standsStill } = inVain;
  const notWithin = `did not shut down within ${timeoutMs / 1000} s`;
  if (!force && standsStill !== undefined)
    throw new Error(
      `guest ${name} ${notWithin}: ${standsStill.why}; ${standsStill.remedy}, or set forceStop: true to cut its power`,
    );
  if (!force)
    throw new Error(
      `guest ${name} ${notWithin} and runs on${
        hasCrashed ? ": it crashed instead, and libvirt started it again" : ""
      }; shut it down from inside, raise shutdownTimeout, or set forceStop: true to cut its power`,
    );
  context.log.warning(
    `guest ${name} ${hasCrashed ? "has crashed instead of shutting down" : notWithin}${standsStill === undefined ? "" : ` (${standsStill.why})`}: its power is cut`,
  );
  await libvirt.domains.destroy(uuid, { graceful: true });
}

/** Asks until the guest is off, which is undefined, or the time is over: then it says what came in between. */
async function askUntilOff(
  libvirt: Libvirt,
  { uuid, name }: { uuid: string; name: string },
  { timeoutMs, force }: ShutdownOptions,
  context: ApplyContext,
): Promise<{ hasCrashed: boolean; standsStill: Standstill | undefined } | undefined> {
  const deadline = context.now() + timeoutMs;
  let asked: Asked | undefined;
  let wake: () => void = () => undefined;
  let hasCrashed = false;
  let standsStill: Standstill | undefined;
  const subscription = await libvirt.events.on("domainLifecycle", (event) => {
    if (event.uuid !== uuid) return;
    hasCrashed ||= event.event === "crashed";
    if (event.event === "stopped" || event.event === "crashed") wake();
  });
  try {
    for (;;) {
      const record = await libvirt.domains.observe({ uuid });
      if (record === undefined || record.state === "shutOff") return undefined;
      const leftMs = deadline - context.now();
      if (isCrashKept(record)) {
        if (force) return { hasCrashed, standsStill };
        throw new Error(
          `guest ${name} has crashed instead of shutting down, and is kept to be looked at (onCrash "preserve"); the next deployment ends what is left of it`,
        );
      }
      if (leftMs <= 0) return { hasCrashed, standsStill };
      standsStill =
        record.state === "paused" || record.state === "suspended"
          ? await resumeGuest(libvirt, uuid, context.signal)
          : undefined;
      if (standsStill === undefined) {
        asked = await askOnce(libvirt, record, asked, { leftMs, timeoutMs }, context);
        // The button is next.
        if (asked?.failed === true && asked.way === "agent") continue;
      }
      const way = standsStill?.why ?? WAYS[asked?.way ?? "acpi"];
      context.log.progress(`waiting for the guest to shut down (${way}), ${Math.ceil(leftMs / 1000)} s left`);
      await until(
        (resolve) => {
          wake = resolve;
        },
        Math.min(leftMs, LOOK_EVERY_MS, askAgainMs(timeoutMs)),
        context.signal,
      );
    }
  } finally {
    await subscription.close().catch(() => undefined);
  }
}
/** In whatever way it is the guest's turn to be asked now, if in any; how it was asked last. */
async function askOnce(
  libvirt: Libvirt,
  { uuid, liveXml }: DomainRecord,
  asked: Asked | undefined,
  time: { leftMs: number; timeoutMs: number },
  context: ApplyContext,
): Promise<Asked | undefined> {
  const nowMs = context.now();
  const next = nextAsk(asked, { nowMs, ...time }, isAgentConnected(liveXml));
  if (next === undefined) return asked;
  const { way } = next;
  const now: Asked = { way, atMs: nowMs };
  try {
    await libvirt.domains.shutdown(uuid, { mode: way, timeoutMs: next.answerMs });
    return now;
  } catch (error) {
    context.log.warning(
      `asking the guest to shut down: ${error instanceof Error ? error.message : String(error)}`,
    );
    return { ...now, failed: true };
  }
}

/** What libvirt does about a panic takes a moment, but for this, which lasts. */
export function isCrashKept({ state, liveXml }: DomainRecord): boolean {
  return state === "crashed" && liveXml !== undefined && parseDomain(liveXml).onCrash === "preserve";
}
