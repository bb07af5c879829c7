import type { DomainModel, ModelDifference } from "../../../libvirt/xml/index.js";
import { wholeNumber } from "../../inputs.js";
import type { RunningEffect } from "../change-row.js";
import type { RunningGuest } from "../running-guest.js";
import type { Inputs } from "../schema.js";
import type { Desire, MachineFeature } from "./feature.js";
import { orKept } from "./set-or-keep.js";

const MOST_CPUS = 4_096;

export const cpusShape = {
  cpus: wholeNumber(1, MOST_CPUS).optional(),
  maxCpus: wholeNumber(1, MOST_CPUS).optional(),
};

export const cpusFeature: MachineFeature = {
  shape: cpusShape,
  crossChecks: [
    ({ maxCpus, cpus = 1 }) =>
      maxCpus === undefined || maxCpus >= cpus
        ? []
        : [{ path: "maxCpus", message: `${maxCpus} must be at least cpus, ${cpus}` }],
    ({ cpu, cpus = 1, maxCpus }) => {
      const product = topologyProduct(cpu?.topology);
      if (product === undefined || product === maxCpus) return [];
      if (maxCpus !== undefined)
        return [
          {
            path: "cpu.topology",
            message: `makes ${product} CPUs, and maxCpus is ${maxCpus}: give one of them alone, or the same`,
          },
        ];
      if (product >= cpus) return [];
      return [{ path: "cpu.topology", message: `makes ${product} CPUs, fewer than cpus, ${cpus}` }];
    },
  ],
  desire: (model, desire) => {
    const { inputs, previous, existing, found } = desire;
    model.cpus = orKept(inputs.cpus, previous?.cpus, found ? existing?.cpus : undefined) ?? 1;
    const declared = inputs.maxCpus ?? topologyProduct(inputs.cpu?.topology);
    model.maxCpus = declared ?? Math.max(foundMaxCpus(desire) ?? 1, model.cpus);
  },
  rows: [
    {
      input: "cpus",
      property: "cpus",
      effect: cpusEffect,
      running: "live up to `maxCpus`; at its next boot beyond",
      note: "fewer: live with KVM, as far as they were plugged in while it ran; at its next boot under emulation",
    },
    {
      input: "maxCpus",
      property: "maxCpus",
      // One that could have more than it is to have lacks nothing.
      effect: ({ from, to }, { to: model }) =>
        to === model.cpus && Number(from) > Number(to) ? "none" : "nextBoot",
      running: "at its next boot",
      impliedBy: (_, others, to) => to.maxCpus === to.cpus && others.some(({ path }) => path === "cpus"),
    },
  ],
};

function cpusEffect({ from, to }: ModelDifference, { live, hotplug, paused }: RunningGuest): RunningEffect {
  if (Number(to) > Number(from)) return Number(to) <= live.maxCpus ? "live" : "nextBoot";
  // Emulated CPUs don't go: it times out, and the next one that is plugged in ends QEMU.
  if (live.accelerator === "qemu" || paused) return "nextBoot";
  return Number(from) - Number(to) <= hotplug.pluggedCpus ? "live" : "nextBoot";
}

function foundMaxCpus({ previous, existing, found }: Desire): number | undefined {
  const declaredBefore = previous?.maxCpus ?? topologyProduct(previous?.cpu?.topology);
  return found && declaredBefore === undefined ? existing?.maxCpus : undefined;
}

type TopologyInputs = NonNullable<NonNullable<Inputs["cpu"]>["topology"]>;

/** How many CPUs a topology has room for. */
export function topologyProduct(topology: TopologyInputs | DomainModel["cpuTopology"]): number | undefined {
  if (topology === undefined) return undefined;
  const { sockets = 1, dies = 1, cores = 1, threads = 1 } = topology;
  return sockets * dies * cores * threads;
}
