import type { Host } from "../../hosts/host.js";
import type { ApplyContext } from "../definition.js";
import { until } from "./until.js";

/** A guest that is just booting doesn't hear the power button: it is pressed again. */
const PRESS_AGAIN_MS = 10_000;

/**
 * Shuts a guest down as its power button would (through the agent where there is one). Whether it obeys is the guest's business: after the
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
      await libvirt.domains.shutdown(uuid).catch((error: unknown) => {
        context.log.warning(
          `asking the guest to shut down: ${error instanceof Error ? error.message : String(error)}`,
        );
      });
      context.log.progress(`waiting for the guest to shut down, ${Math.ceil(leftMs / 1000)} s left`);
      await until(
        (resolve) => {
          wake = resolve;
        },
        Math.min(leftMs, PRESS_AGAIN_MS),
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
