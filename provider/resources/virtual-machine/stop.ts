import type { Host } from "../../hosts/host.js";
import type { ApplyContext } from "../definition.js";
import { until } from "./until.js";
import { isAgentConnected } from "./wait/addresses.js";

/** A guest that is just booting doesn't hear the power button: it is pressed again, several times within whatever time there is. */
const ASK_AGAIN_MS = 10_000;
const PRESSES = 4;
/** Its end is an event; in between people are told how long it may still take. */
const LOOK_EVERY_MS = 2_000;

const WAYS = { agent: "its agent was asked", acpi: "its power button was pressed (ACPI)" };

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
  const deadline = context.now() + options.timeoutMs;
  const askAgainMs = Math.min(ASK_AGAIN_MS, options.timeoutMs / PRESSES);
  let asked: keyof typeof WAYS | undefined;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let wake: () => void = () => undefined;
  const subscription = await libvirt.events.on("domainLifecycle", (event) => {
    if (event.uuid === uuid && (event.event === "stopped" || event.event === "crashed")) wake();
  });
  try {
    for (;;) {
      const record = await libvirt.domains.observe({ uuid });
      if (record === undefined || record.state === "shutOff" || record.state === "crashed") return;
      const leftMs = deadline - context.now();
      if (leftMs <= 0) break;
      if (record.state === "paused") await libvirt.domains.resume(uuid);
      if (context.now() - askedAtMs >= askAgainMs) {
        askedAtMs = context.now();
        // An agent that can't do it now won't a moment later either.
        asked = asked === undefined && isAgentConnected(record.liveXml) ? "agent" : "acpi";
        await libvirt.domains
          .shutdown(uuid, { mode: asked, timeoutMs: Math.min(leftMs, ASK_AGAIN_MS) })
          .catch((error: unknown) => {
            context.log.warning(
              `asking the guest to shut down: ${error instanceof Error ? error.message : String(error)}`,
            );
          });
      }
      const way = WAYS[asked ?? "acpi"];
      context.log.progress(`waiting for the guest to shut down (${way}), ${Math.ceil(leftMs / 1000)} s left`);
      await until(
        (resolve) => {
          wake = resolve;
        },
        Math.min(leftMs, LOOK_EVERY_MS, askAgainMs),
        context.signal,
      );
    }
  } finally {
    await subscription.close().catch(() => undefined);
  }
  if (!options.force)
    throw new Error(
      `guest ${name} did not shut down within ${options.timeoutMs / 1000} s and runs on; shut it down from inside, raise shutdownTimeout, or set forceStop: true to cut its power`,
    );
  await libvirt.domains.destroy(uuid, { graceful: true });
}
