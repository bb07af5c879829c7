import { parseDomain, readHotplugState } from "../../../libvirt/xml/index.js";
import { dimmsBytes } from "../running-guest.js";

/**
 * What a guest may use of a host's memory without being given more: what it boots with and what was plugged in, where memory is plugged; else
 * all that the balloon can give back to it.
 *
 * @param xml - Its live document, or the definition of one that is off.
 */
export function memoryNeededBytes(xml: string): number {
  const { memoryHotplug, maxMemoryBytes, memoryBytes } = parseDomain(xml);
  if (memoryHotplug === undefined) return maxMemoryBytes;
  const plugged = readHotplugState(xml);
  const { requestedBytes = 0, currentBytes = 0 } = plugged.virtioMem ?? {};
  const inDevice = Math.max(requestedBytes, currentBytes);
  return Math.max(memoryBytes, plugged.bootMemoryBytes + dimmsBytes(plugged) + inDevice);
}
