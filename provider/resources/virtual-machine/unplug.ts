import type { Host } from "../../hosts/host.js";
import type { ApplyContext } from "../definition.js";
import { until } from "../until.js";

/** How long a guest may take to let go of a device, and how often it is asked meanwhile. */
const LETS_GO_WITHIN_MS = 30_000;
export const ASK_AGAIN_MS = 5_000;

/** A guest doesn't let go of a device: it uses it, or knows nothing of devices that go. It may later, and without it once it has restarted. */
export class NotLetGo extends Error {
  override readonly name = "NotLetGo";
  readonly kind = "notLetGo";
}

/** A device of a running guest that is to go. */
export interface Unplugged {
  xml: string;
  alias: string | undefined;
  /** Whether a live document still has it. */
  isThere(liveXml: string): boolean;
}

/**
 * Takes a device from a running guest. libvirt asks the guest, and says it is done when it has asked; this returns when the device is gone, and
 * fails when the guest doesn't let go of it.
 *
 * @throws NotLetGo
 */
export async function unplug(
  host: Host,
  machine: { uuid: string; name: string; letsGoWithinMs?: number | undefined },
  device: Unplugged,
  context: ApplyContext,
): Promise<void> {
  const { uuid, name, letsGoWithinMs = LETS_GO_WITHIN_MS } = machine;
  const libvirt = await host.libvirt();
  const deadline = context.now() + letsGoWithinMs;
  let wake: () => void = () => undefined;
  const subscription = await libvirt.events.on("deviceRemoved", (event) => {
    if (event.uuid === uuid && event.alias === device.alias) wake();
  });
  let refusal: unknown;
  try {
    for (;;) {
      await libvirt.domains.detachDevice(uuid, device.xml, { live: true }).catch((error: unknown) => {
        // It may have gone after it was asked the first time; else the reason is told in the end.
        refusal = error;
      });
      await until(
        (resolve) => {
          wake = resolve;
          void libvirt.domains
            .xml(uuid)
            .then((xml) => !device.isThere(xml) && resolve())
            .catch(() => undefined);
        },
        ASK_AGAIN_MS,
        context.signal,
      );
      if (!device.isThere(await libvirt.domains.xml(uuid))) return;
      if (context.now() >= deadline) break;
      context.log.progress(`waiting for the guest to let go of ${device.alias ?? "a device"}`);
    }
  } finally {
    await subscription.close().catch(() => undefined);
  }
  throw new NotLetGo(
    `guest ${name} does not let go of ${device.alias ?? "the device"} (${letsGoWithinMs / 1000} s)`,
    { cause: refusal },
  );
}
