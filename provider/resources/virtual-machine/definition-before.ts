import type { Host } from "../../hosts/host.js";
import { isLibvirtError, LibvirtError } from "../../libvirt/index.js";
import { describeDifferences, parseDomain } from "../../libvirt/xml/index.js";
import type { MachineRequest } from "./request.js";

/** How domains were defined before this run changed them. */
const definedBefore = new WeakMap<MachineRequest, string>();

export function rememberDefinition(request: MachineRequest, xml: string): void {
  if (!definedBefore.has(request)) definedBefore.set(request, xml);
}

/**
 * Changes a running guest. If libvirt refuses a change, the domain is defined again as it was: with what its host can't do it might not start any
 * more, and a program that takes the change back would meet it there. Not once devices were plugged: they keep their places by the definition.
 */
export async function orAsDefinedBefore(
  request: MachineRequest,
  { host, uuid }: { host: Host; uuid: string },
  change: () => Promise<void>,
): Promise<void> {
  const { domains } = await host.libvirt();
  const before = definedBefore.get(request);
  const running = before === undefined ? undefined : parseDomain(await domains.xml(uuid));
  try {
    await change();
  } catch (error) {
    if (before !== undefined && running !== undefined && isRefused(error)) {
      const done = describeDifferences(running, parseDomain(await domains.xml(uuid)));
      const isPlugged = done.some(
        (difference) => difference.kind === "property" || difference.property === undefined,
      );
      if (!isPlugged) await domains.define(before, { validate: true });
    }
    throw error;
  }
}

/** By libvirt, rather than that its answer didn't come. */
function isRefused(error: unknown): boolean {
  return error instanceof LibvirtError && !isLibvirtError(error, "connectionLost", "timeout", "aborted");
}
