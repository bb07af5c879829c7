import { oneLine } from "../../hosts/errors.js";
import type { Host } from "../../hosts/host.js";
import { isLibvirtError, LibvirtError } from "../../libvirt/index.js";
import { describeDifferences, parseDomain } from "../../libvirt/xml/index.js";
import type { MachineRequest } from "./request.js";
import { forgetAwaited, noteAwaited } from "./wait/awaited.js";

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
      if (!isPlugged) await domains.define(before, { validate: false });
    }
    throw error;
  }
}

/**
 * Starts a guest that was shut down for a restart. What it should become may be taken by libvirt and yet not start: then it runs on as it was, by
 * its definition of before this run, or else by what it ran with. The error says so.
 */
export async function startOrAsBefore(
  request: MachineRequest,
  { host, uuid, ranWith }: { host: Host; uuid: string; ranWith: string },
  start: () => Promise<void>,
): Promise<void> {
  try {
    await start();
  } catch (error) {
    if (!isRefusedStart(error)) throw error;
    for (const before of [definedBefore.get(request), ranWith]) {
      if (before === undefined || !(await startsAs(before, { host, uuid }, start))) continue;
      await forgetAwaited(host, uuid);
      throw new Error(
        `guest ${request.inputs.name} couldn't be started again with what was changed, and runs on as it was before: ${oneLine(error)}`,
        { cause: error },
      );
    }
    throw error;
  }
}

async function startsAs(
  xml: string,
  { host, uuid }: { host: Host; uuid: string },
  start: () => Promise<void>,
): Promise<boolean> {
  const { domains } = await host.libvirt();
  const changed = await domains.xml(uuid, { inactive: true, secure: true });
  try {
    await domains.define(xml, { validate: false });
    await noteAwaited(host, uuid);
    await start();
    return true;
  } catch (error) {
    if (!isRefused(error)) throw error;
    await domains.define(changed, { validate: false });
    return false;
  }
}

/** Also where a disk that others have open was waited for, in vain. */
export function isRefusedStart(error: unknown): boolean {
  return isRefused(error) || (error instanceof Error && isRefused(error.cause));
}

/** By libvirt, rather than that its answer didn't come. */
function isRefused(error: unknown): boolean {
  return error instanceof LibvirtError && !isLibvirtError(error, "connectionLost", "timeout", "aborted");
}
