import type { Host } from "../../hosts/host.js";
import type { DomainRecord } from "../../libvirt/index.js";
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

/**
 * Shuts a guest down through its agent where one answers, else and then as its power button would. Whether it obeys is the guest's business: after the
 * time-out its power is cut if `force` allows it, else it is left running and this fails.
 */
export async function shutDown(
  host: Host,
  machine: { uuid: string; name: string },
  options: { timeoutMs: number; force: boolean },
  context: ApplyContext,
): Promise<void> {
  const { uuid, name } = machine;
  const libvirt = await host.libvirt();
  const { timeoutMs } = options;
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
      if (record === undefined || record.state === "shutOff") return;
      if (isKeptCrashed(record)) {
        if (options.force) break;
        throw new Error(
          `guest ${name} has crashed instead of shutting down, and is kept to be looked at (onCrash "preserve"); the next deployment ends what is left of it`,
        );
      }
      const leftMs = deadline - context.now();
      if (leftMs <= 0) break;
      standsStill =
        record.state === "paused" || record.state === "suspended"
          ? await resumeGuest(libvirt, uuid, context.signal)
          : undefined;
      const ask =
        standsStill === undefined
          ? nextAsk(asked, { nowMs: context.now(), leftMs, timeoutMs }, isAgentConnected(record.liveXml))
          : undefined;
      if (ask !== undefined) {
        const { way } = ask;
        asked = { way, atMs: context.now() };
        await libvirt.domains
          .shutdown(uuid, { mode: way, timeoutMs: ask.answerMs })
          .catch((error: unknown) => {
            asked = { way, atMs: context.now(), failed: true };
            context.log.warning(
              `asking the guest to shut down: ${error instanceof Error ? error.message : String(error)}`,
            );
          });
        // The button is next.
        if (asked.failed === true && way === "agent") continue;
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
  const inVain = `did not shut down within ${timeoutMs / 1000} s`;
  if (!options.force && standsStill !== undefined)
    throw new Error(
      `guest ${name} ${inVain}: ${standsStill.why}; ${standsStill.remedy}, or set forceStop: true to cut its power`,
    );
  if (!options.force)
    throw new Error(
      `guest ${name} ${inVain} and runs on${
        hasCrashed ? ": it crashed instead, and libvirt started it again" : ""
      }; shut it down from inside, raise shutdownTimeout, or set forceStop: true to cut its power`,
    );
  context.log.warning(
    `guest ${name} ${hasCrashed ? "has crashed instead of shutting down" : inVain}${standsStill === undefined ? "" : ` (${standsStill.why})`}: its power is cut`,
  );
  await libvirt.domains.destroy(uuid, { graceful: true });
}

/** What libvirt does about a panic takes a moment, but for this, which lasts. */
export function isKeptCrashed({ state, liveXml }: DomainRecord): boolean {
  return state === "crashed" && liveXml !== undefined && parseDomain(liveXml).onCrash === "preserve";
}
