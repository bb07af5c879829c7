import { dimmXml, memoryDeviceXml, parseDomain, readHotplugState } from "../../libvirt/xml/index.js";
import { formatBytes } from "../../planning/quantity.js";
import type { ApplyContext } from "../definition.js";
import { until } from "../until.js";
import { type MemoryMove, memoryMoves } from "./memory-moves.js";
import { NotTaken, orNotTaken } from "./not-taken.js";
import type { RunningMachine } from "./running-machine.js";

/** How long a guest may take to do what its memory drivers are asked for, and how often the host is asked whether it has. */
const TAKES_WITHIN_MS = 30_000;
const ASK_AGAIN_MS = 1_000;

/**
 * Gives a running guest memory, or takes some. What QEMU calls done is what it has asked its guest for; whether the guest has gone along is
 * looked at, and what it hasn't moved at all is asked for no more.
 */
export async function changeMemory(machine: RunningMachine, context: ApplyContext): Promise<void> {
  const goalBytes = machine.to.memoryBytes;
  let refused: NotTaken | undefined;
  // A module that the guest doesn't let go of leaves its memory to the balloon.
  for (const withModules of [true, false]) {
    const { live, moves } = await movesOf(machine, goalBytes, withModules);
    if (live === goalBytes) return;
    if (moves === undefined) break;
    try {
      for (const move of moves) await make(machine, move, context);
      return;
    } catch (error) {
      if (!(error instanceof NotTaken)) throw error;
      refused ??= error;
      if (!moves.some(({ kind }) => kind === "unplugDimm")) break;
    }
  }
  throw refused ?? new NotTaken(`it can't come to ${formatBytes(goalBytes)} while it runs`);
}

async function movesOf(machine: RunningMachine, goalBytes: number, withModules: boolean) {
  const xml = await liveXmlOf(machine);
  const live = parseDomain(xml);
  const state = readHotplugState(xml);
  const kept = state.dimms.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const definedDimmsBytes = withModules ? (machine.to.memoryHotplug?.modulesBytes ?? 0) : kept;
  const moves = memoryMoves({ live, hotplug: state, definedDimmsBytes }, goalBytes);
  return { live: live.memoryBytes, moves };
}

async function liveXmlOf({ host, uuid }: RunningMachine): Promise<string> {
  return await (await host.libvirt()).domains.xml(uuid);
}

async function make(machine: RunningMachine, move: MemoryMove, context: ApplyContext): Promise<void> {
  const { uuid } = machine;
  const { domains, events } = await machine.host.libvirt();
  const live = { live: true };
  switch (move.kind) {
    case "balloon": {
      const before = leftByBalloon(await liveXmlOf(machine));
      await orNotTaken(() => domains.setMemory(uuid, move.toBytes, live));
      const arm = (wake: () => void) => events.on("balloonChange", (event) => event.uuid === uuid && wake());
      const left = await untilIs(machine, { arm, read: leftByBalloon, wanted: move.toBytes }, context);
      if (left === move.toBytes) return;
      if (left === before) await orNotTaken(() => domains.setMemory(uuid, before, live));
      throw new NotTaken(
        `its balloon has not moved ${left === before ? "" : "all the way "}within ${TAKES_WITHIN_MS / 1_000} s: the guest has no driver for it, or needs the memory`,
      );
    }
    case "virtioMem": {
      const before = takenOf(await liveXmlOf(machine));
      await orNotTaken(() => request(machine, move.requestedBytes));
      const arm = (wake: () => void) =>
        events.on("memoryDeviceSizeChange", (event) => event.uuid === uuid && wake());
      const taken = await untilIs(machine, { arm, read: takenOf, wanted: move.requestedBytes }, context);
      if (taken === move.requestedBytes) return;
      await orNotTaken(() => request(machine, taken));
      throw new NotTaken(
        `it has ${taken === before ? "not changed" : `come to ${formatBytes(taken)} of`} what it takes of its virtio-mem device within ${TAKES_WITHIN_MS / 1_000} s: it has no driver for it, or doesn't let go`,
      );
    }
    case "plugDimm":
      await orNotTaken(() => domains.attachDevice(uuid, dimmXml(move.sizeBytes), live));
      return;
    case "unplugDimm": {
      const device = memoryDeviceXml(await liveXmlOf(machine), move.alias);
      if (device === undefined) return;
      await orNotTaken(() => domains.detachDevice(uuid, device, live));
      const arm = (wake: () => void) => events.on("deviceRemoved", (event) => event.uuid === uuid && wake());
      const read = (xml: string) => (memoryDeviceXml(xml, move.alias) === undefined ? 0 : 1);
      if ((await untilIs(machine, { arm, read, wanted: 0 }, context)) !== 0)
        throw new NotTaken(`it doesn't let go of the memory module ${move.alias}`);
      return;
    }
    default:
      move satisfies never;
  }
}

async function request(machine: RunningMachine, requestedBytes: number): Promise<void> {
  const { domains } = await machine.host.libvirt();
  const xml = await liveXmlOf(machine);
  const alias = readHotplugState(xml).virtioMem?.alias ?? "";
  const device = memoryDeviceXml(xml, alias, { requestedBytes });
  if (device === undefined) throw new NotTaken("it has no virtio-mem device any more");
  await domains.updateDevice(machine.uuid, device, { live: true });
}

function leftByBalloon(liveXml: string): number {
  return parseDomain(liveXml).memoryBytes - takenOf(liveXml);
}

function takenOf(liveXml: string): number {
  return readHotplugState(liveXml).virtioMem?.currentBytes ?? 0;
}

/** What the live document says in the end: as soon as it is what is wanted, else after the time that a guest may take. */
async function untilIs(
  machine: RunningMachine,
  waited: {
    arm(wake: () => void): Promise<{ close(): Promise<void> }>;
    read(liveXml: string): number;
    wanted: number;
  },
  context: ApplyContext,
): Promise<number> {
  const deadline = context.now() + TAKES_WITHIN_MS;
  let wake: () => void = () => undefined;
  const subscription = await waited.arm(() => wake());
  try {
    for (;;) {
      const is = waited.read(await liveXmlOf(machine));
      if (is === waited.wanted || context.now() >= deadline) return is;
      await until(
        (resolve) => {
          wake = resolve;
        },
        ASK_AGAIN_MS,
        context.signal,
      );
    }
  } finally {
    await subscription.close().catch(() => undefined);
  }
}
