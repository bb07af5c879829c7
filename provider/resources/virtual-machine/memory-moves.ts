import { type DomainModel, type HotplugState, VIRTIO_MEM_BLOCK_BYTES } from "../../libvirt/xml/index.js";
import { dimmsBytes, type RunningGuest } from "./running-guest.js";

/** One thing by which a running guest is given memory, or gives some back. */
export type MemoryMove =
  /** The balloon leaves the guest this much of what it booted with and of its modules. */
  | { kind: "balloon"; toBytes: number }
  /** The guest is asked to take this much from its virtio-mem device. */
  | { kind: "virtioMem"; requestedBytes: number }
  | { kind: "plugDimm"; sizeBytes: number }
  | { kind: "unplugDimm"; alias: string; sizeBytes: number };

/** Linux brings a module into use in blocks of this size, and refuses what isn't whole blocks. */
export const DIMM_BLOCK_BYTES = 128 * 2 ** 20;

/** With less no guest goes on living. */
const LEAST_BALLOON_BYTES = 32 * 2 ** 20;

/**
 * How a running guest comes to have so much memory: the balloon first when it is given more, last when it gives back, since what was plugged in
 * is there to be unplugged. Undefined: not without a restart.
 */
export function memoryMoves(
  guest: Pick<RunningGuest, "live" | "hotplug" | "definedDimmsBytes">,
  goalBytes: number,
): MemoryMove[] | undefined {
  const more = goalBytes - guest.live.memoryBytes;
  return more > 0 ? growing(guest, more) : shrinking(guest, -more);
}

type Given = Parameters<typeof memoryMoves>[0];

/** What the balloon leaves of the memory that it works on, and how much that is without it. */
function balloonOf({ live, hotplug }: { live: DomainModel; hotplug: HotplugState }) {
  return {
    leavesBytes: live.memoryBytes - (hotplug.virtioMem?.currentBytes ?? 0),
    fullBytes: hotplug.bootMemoryBytes + dimmsBytes(hotplug),
  };
}

function growing(guest: Given, moreBytes: number): MemoryMove[] | undefined {
  const { live, hotplug } = guest;
  const { leavesBytes, fullBytes } = balloonOf(guest);
  const moves: MemoryMove[] = [];
  const deflated = hotplug.hasBalloon ? Math.min(moreBytes, Math.max(0, fullBytes - leavesBytes)) : 0;
  if (deflated > 0) moves.push({ kind: "balloon", toBytes: leavesBytes + deflated });
  const rest = moreBytes - deflated;
  if (rest === 0) return moves;
  if (hotplug.virtioMem !== undefined) {
    const { currentBytes, sizeBytes, blockBytes } = hotplug.virtioMem;
    const requestedBytes = currentBytes + rest;
    const fits = requestedBytes <= sizeBytes && requestedBytes % (blockBytes || VIRTIO_MEM_BLOCK_BYTES) === 0;
    return fits ? [...moves, { kind: "virtioMem", requestedBytes }] : undefined;
  }
  if (live.memoryHotplug === undefined || rest % DIMM_BLOCK_BYTES !== 0) return undefined;
  const fits = fullBytes + rest <= live.maxMemoryBytes && hotplug.dimms.length < live.memoryHotplug.slots;
  return fits ? [...moves, { kind: "plugDimm", sizeBytes: rest }] : undefined;
}

function shrinking(guest: Given, lessBytes: number): MemoryMove[] | undefined {
  const { hotplug, definedDimmsBytes } = guest;
  const moves: MemoryMove[] = [];
  let rest = lessBytes;
  if (hotplug.virtioMem !== undefined) {
    const { currentBytes, blockBytes } = hotplug.virtioMem;
    const given = Math.min(currentBytes, rest - (rest % (blockBytes || VIRTIO_MEM_BLOCK_BYTES)));
    if (given > 0) moves.push({ kind: "virtioMem", requestedBytes: currentBytes - given });
    rest -= given;
  }
  // What the guest was started with may be where its kernel is.
  let unpluggable = dimmsBytes(hotplug) - definedDimmsBytes;
  let leavesBytes = balloonOf(guest).leavesBytes;
  for (const { alias, sizeBytes } of [...hotplug.dimms].sort((a, b) => b.sizeBytes - a.sizeBytes)) {
    if (alias === undefined || sizeBytes > rest || sizeBytes > unpluggable) continue;
    moves.push({ kind: "unplugDimm", alias, sizeBytes });
    rest -= sizeBytes;
    unpluggable -= sizeBytes;
    leavesBytes -= sizeBytes;
  }
  if (rest === 0) return moves;
  const toBytes = leavesBytes - rest;
  return hotplug.hasBalloon && toBytes >= LEAST_BALLOON_BYTES
    ? [...moves, { kind: "balloon", toBytes }]
    : undefined;
}

/**
 * Whether QEMU has been asked for it already, and the guest's driver is on its way there or has yet to come up. QEMU starts with the whole of
 * the memory, is told then what the definition says, and doesn't say what it was told.
 */
export function isAskedFor(
  { live, hotplug, definition, balloonAnswers, balloonLeavesBytes }: RunningGuest,
  goalBytes: number,
): boolean {
  const { virtioMem } = hotplug;
  if (virtioMem !== undefined && virtioMem.requestedBytes !== virtioMem.currentBytes)
    return live.memoryBytes - virtioMem.currentBytes + virtioMem.requestedBytes === goalBytes;
  if (goalBytes >= live.memoryBytes) return false;
  const { leavesBytes, fullBytes } = balloonOf({ live, hotplug });
  const goalLeavesBytes = leavesBytes - (live.memoryBytes - goalBytes);
  // The document follows QEMU's events, of which there is one a second.
  if (balloonLeavesBytes === goalLeavesBytes) return true;
  if (definition.memoryBytes !== goalBytes) return false;
  if (leavesBytes >= fullBytes && balloonAnswers !== true) return true;
  // So a balloon that moves has left the place at which the document saw it.
  return (
    balloonLeavesBytes !== undefined &&
    balloonLeavesBytes < leavesBytes &&
    balloonLeavesBytes > goalLeavesBytes
  );
}
