import { z } from "zod";
import {
  type DomainModel,
  type MemoryHotplug,
  type ModelDifference,
  VIRTIO_MEM_BLOCK_BYTES,
} from "../../../libvirt/xml/index.js";
import { formatBytes } from "../../../planning/quantity.js";
import type { CrossCheck } from "../../definition.js";
import { memorySize, oneOf, wholeNumber } from "../../inputs.js";
import { problemIf } from "../../rules.js";
import type { RunningEffect } from "../change-row.js";
import { isAskedFor, memoryMoves } from "../memory-moves.js";
import type { RunningGuest } from "../running-guest.js";
import type { Inputs } from "../schema.js";
import type { Desire, MachineFeature, Obstacle, Provider } from "./feature.js";

const DEFAULT_SLOTS = 16;
const MIB = 2 ** 20;

export const memoryShape = {
  memory: memorySize(),
  maxMemory: memorySize().optional(),
  memoryHotplug: z
    .strictObject(
      {
        type: oneOf(["dimm", "virtio-mem"]),
        slots: wholeNumber(1, 256).optional(),
        bootMemory: memorySize().optional(),
      },
      { error: "must be { type, slots, bootMemory }" },
    )
    .optional(),
};

const BOOT_MEMORY = "memoryHotplug.bootMemory";

const hotplugRules: readonly CrossCheck<Inputs>[] = [
  ({ maxMemory, memoryHotplug }) =>
    problemIf(
      memoryHotplug !== undefined && maxMemory === undefined,
      "memoryHotplug",
      "needs maxMemory: how much can be plugged in, in all",
    ),
  ({ memoryHotplug }) =>
    problemIf(
      memoryHotplug?.bootMemory !== undefined && memoryHotplug.type === "dimm",
      BOOT_MEMORY,
      'goes with type "virtio-mem": with "dimm" the guest boots with all of memory',
    ),
  ({ memory, maxMemory, memoryHotplug }) => {
    if (memoryHotplug?.bootMemory === undefined || memoryHotplug.type === "dimm") return [];
    const { bootMemory } = memoryHotplug;
    if (bootMemory > memory)
      return [
        {
          path: BOOT_MEMORY,
          message: `${formatBytes(bootMemory)} must be at most memory, ${formatBytes(memory)}`,
        },
      ];
    return problemIf(
      bootMemory === maxMemory,
      BOOT_MEMORY,
      "must be less than maxMemory: nothing would be left to plug in",
    );
  },
];

const blockRules = (["memory", "maxMemory", "bootMemory"] as const).map(
  (key): CrossCheck<Inputs> =>
    (inputs) => {
      if (inputs.memoryHotplug?.type !== "virtio-mem") return [];
      const bytes = key === "bootMemory" ? inputs.memoryHotplug.bootMemory : inputs[key];
      return problemIf(
        bytes !== undefined && bytes % VIRTIO_MEM_BLOCK_BYTES !== 0,
        key === "bootMemory" ? BOOT_MEMORY : key,
        `${formatBytes(bytes ?? 0)} must be a multiple of ${formatBytes(VIRTIO_MEM_BLOCK_BYTES)} with memoryHotplug "virtio-mem"`,
      );
    },
);

export const memoryFeature: MachineFeature = {
  shape: memoryShape,
  crossChecks: [maximum, ...hotplugRules, ...blockRules],
  desire: (model, desire) => {
    const { inputs } = desire;
    model.memoryBytes = inputs.memory;
    const hotplug = desiredHotplug(desire);
    if (hotplug === undefined) delete model.memoryHotplug;
    else model.memoryHotplug = hotplug;
    model.maxMemoryBytes = inputs.maxMemory ?? Math.max(foundMaximumBytes(desire) ?? 0, inputs.memory);
  },
  obstacles: (model, host) => [...tooOldForVirtioMem(model, host), ...moreThanHostHas(model, host)],
  rows: [
    {
      input: "memory",
      property: "memoryBytes",
      effect: memoryEffect,
      running: "live up to `maxMemory`, by the balloon or as `memoryHotplug` says; at its next boot beyond",
      note: "a guest without a driver for it, or that doesn't let go, has it at its next boot",
    },
    {
      input: "maxMemory",
      property: "maxMemoryBytes",
      // One that could have more than it is to have lacks nothing.
      effect: ({ from, to }, { to: model }) =>
        to === model.memoryBytes && Number(from) > Number(to) ? "none" : "nextBoot",
      running: "at its next boot",
      impliedBy: (_, others, to) =>
        to.maxMemoryBytes === to.memoryBytes && others.some(({ path }) => path === "memoryBytes"),
    },
    {
      input: "memoryHotplug",
      property: "memoryHotplug",
      // What has been plugged in while it runs belongs to what it boots with next.
      effect: (difference) => (isOfBootMemory(difference) ? "none" : "nextBoot"),
      running: "at its next boot",
      impliedBy: (difference, others) =>
        isOfBootMemory(difference) && others.some(({ path }) => /^(memory|maxMemory)Bytes$/.test(path)),
      show: (value) => {
        const { type, slots, bootBytes } = value as MemoryHotplug;
        return `${type} in ${slots} ${slots === 1 ? "slot" : "slots"} beside ${formatBytes(bootBytes)}`;
      },
    },
  ],
};

function tooOldForVirtioMem({ memoryHotplug }: DomainModel, { name, facts }: Provider): Obstacle[] {
  const { libvirtVersion, qemuVersion } = facts;
  if (memoryHotplug?.type !== "virtio-mem") return [];
  if (isAtLeast(libvirtVersion, 7, 9) && isAtLeast(qemuVersion, 5, 1)) return [];
  const message = `memoryHotplug "virtio-mem" needs libvirt 7.9 and QEMU 5.1, and ${name} has libvirt ${libvirtVersion} and QEMU ${qemuVersion}; upgrade them, or use "dimm"`;
  return [{ property: "memoryHotplug", message }];
}

/** QEMU asks for what a guest boots with and for what its balloon may give it later, and Linux refuses more than there is. */
function moreThanHostHas(model: DomainModel, { name, facts }: Provider): Obstacle[] {
  const { memoryBytes, maxMemoryBytes = 0, memoryHotplug } = model;
  const wayOut = "give it less, or another host";
  const has = `is more than ${name} has, ${formatBytes(facts.memoryBytes - (facts.memoryBytes % MIB))}`;
  if (memoryBytes > facts.memoryBytes)
    return [{ property: "memoryBytes", message: `memory: ${formatBytes(memoryBytes)} ${has}; ${wayOut}` }];
  if (memoryHotplug === undefined && maxMemoryBytes > facts.memoryBytes)
    return [
      {
        property: "maxMemoryBytes",
        message: `maxMemory: ${formatBytes(maxMemoryBytes)} ${has}, and without memoryHotplug the guest doesn't start unless all of it is there; ${wayOut}`,
      },
    ];
  return [];
}

function isAtLeast(version: string, major: number, minor: number): boolean {
  const [first = 0, second = 0] = version.split(".").map(Number);
  return first > major || (first === major && second >= minor);
}

function memoryEffect({ to }: ModelDifference, guest: RunningGuest): RunningEffect {
  const goalBytes = Number(to);
  if (isAskedFor(guest, goalBytes)) return "none";
  // One that stands still answers nothing.
  if (guest.paused) return "nextBoot";
  return memoryMoves(guest, goalBytes) === undefined ? "nextBoot" : "live";
}

function isOfBootMemory({ from, to }: ModelDifference): boolean {
  const [before, after] = [from, to] as (MemoryHotplug | undefined)[];
  return before?.type === after?.type && before?.slots === after?.slots;
}

function foundMaximumBytes({ previous, existing, found }: Desire): number | undefined {
  const isKept = found || (existing?.memoryHotplug !== undefined && previous?.memoryHotplug === undefined);
  return isKept && previous?.maxMemory === undefined ? existing?.maxMemoryBytes : undefined;
}

function desiredHotplug({ inputs, previous, existing }: Desire): MemoryHotplug | undefined {
  const found = existing?.memoryHotplug;
  const { memory, maxMemory = memory, memoryHotplug: declared } = inputs;
  const modulesBytes = found?.modulesBytes ?? 0;
  const rest = Math.max(0, memory - modulesBytes);
  if (declared !== undefined) {
    const bootBytes = declared.bootMemory ?? defaultBootBytes(declared.type, rest, maxMemory);
    const slots = declared.slots ?? (declared.type === "dimm" ? DEFAULT_SLOTS : 1);
    const made = { type: declared.type, slots, bootBytes, modulesBytes };
    const devices = declared.type === "virtio-mem" ? found?.devices : undefined;
    return devices === undefined ? made : { ...made, devices };
  }
  if (found === undefined || previous?.memoryHotplug !== undefined) return undefined;
  const fullBytes = found.bootBytes + modulesBytes;
  // What the balloon holds back, or a virtio-mem device gives, changes before what it boots with.
  const isFull = found.type === "dimm" && existing?.memoryBytes === fullBytes;
  const fits = found.type === "dimm" ? memory <= fullBytes : memory >= fullBytes;
  return { ...found, bootBytes: !isFull && fits ? found.bootBytes : rest };
}

/** A virtio-mem device has to have something to give, at any size of the guest. */
function defaultBootBytes(type: MemoryHotplug["type"], memoryBytes: number, maxMemoryBytes: number): number {
  if (type === "dimm") return memoryBytes;
  const half = maxMemoryBytes / 2;
  return Math.min(memoryBytes, half - (half % VIRTIO_MEM_BLOCK_BYTES));
}

function maximum({ memory, maxMemory }: Inputs): ReturnType<CrossCheck<Inputs>> {
  if (maxMemory === undefined || maxMemory >= memory) return [];
  return [
    {
      path: "maxMemory",
      message: `${formatBytes(maxMemory)} must be at least memory, ${formatBytes(memory)}`,
    },
  ];
}
