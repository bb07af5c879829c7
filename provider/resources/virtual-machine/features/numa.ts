import { z } from "zod";
import { firstCpus, type NumaCell, parseCpuSet } from "../../../libvirt/xml/index.js";
import { formatBytes } from "../../../planning/quantity.js";
import type { CrossCheck } from "../../definition.js";
import { memorySize, oneOf, wholeNumber } from "../../inputs.js";
import { problemIf } from "../../rules.js";
import type { Inputs } from "../schema.js";
import { cpuSetInput } from "./cpu-set-input.js";
import { topologyProduct } from "./cpus.js";
import type { Desire, MachineFeature } from "./feature.js";

const LOCAL_DISTANCE = 10;
const REMOTE_DISTANCE = 20;
const MIB = 2 ** 20;

const cell = z.strictObject(
  {
    cpus: cpuSetInput(),
    memory: memorySize(),
    memAccess: oneOf(["shared", "private"]).optional(),
    distances: z
      .array(wholeNumber(LOCAL_DISTANCE, 254), { error: "must be a list of distances, one to each cell" })
      .optional(),
  },
  { error: "must be { cpus, memory, ... }" },
);

export const numaShape = {
  numa: z
    .strictObject(
      {
        cells: z
          .array(cell, { error: "must be a list of cells" })
          .min(1, { error: "must have at least one entry" })
          .max(64, { error: "must have at most 64 entries" }),
      },
      { error: "must be { cells }" },
    )
    .optional(),
};

export const numaFeature: MachineFeature = {
  shape: numaShape,
  crossChecks: [cellsMemory, cellsCpus, cellsAllCpus, cellsDistances],
  desire: (model, desire) => {
    const cells = desiredCells(desire, model.memoryHotplug?.bootBytes ?? model.maxMemoryBytes);
    // Memory hotplug asks for a node; one that says no more is the same.
    const only = { cpus: firstCpus(model.maxCpus), memoryBytes: model.memoryHotplug?.bootBytes };
    const isOnly = cells?.length === 1 && JSON.stringify(cells) === JSON.stringify([only]);
    if (cells === undefined || isOnly) delete model.numa;
    else model.numa = cells;
  },
  rows: [
    {
      input: "numa",
      property: "numa",
      effect: "nextBoot",
      show: (value) =>
        (value as NumaCell[])
          .map(({ cpus, memoryBytes }) => `CPUs ${cpus || "none"} with ${formatBytes(memoryBytes)}`)
          .join(" and "),
    },
  ],
};

function desiredCells({ inputs, previous, existing }: Desire, bootBytes: number): NumaCell[] | undefined {
  if (inputs.numa !== undefined) return withDistances(inputs.numa.cells);
  return previous?.numa === undefined ? scaled(existing?.numa, bootBytes) : undefined;
}

type CellInputs = NonNullable<Inputs["numa"]>["cells"];

/** libvirt completes the table of distances by its own lights as soon as there is one. */
function withDistances(cells: CellInputs): NumaCell[] {
  const isGiven = cells.some(({ distances }) => distances !== undefined);
  const between = (from: number, to: number) =>
    cells[from]?.distances?.[to] ??
    cells[to]?.distances?.[from] ??
    (from === to ? LOCAL_DISTANCE : REMOTE_DISTANCE);
  return cells.map(({ cpus, memory, memAccess }, index) => ({
    cpus,
    memoryBytes: memory,
    ...(memAccess === undefined ? {} : { memAccess }),
    ...(isGiven ? { distances: cells.map((_, other) => between(index, other)) } : {}),
  }));
}

/** Cells that somebody made, when the guest's memory changes: each keeps its part of it, in whole MiB. */
function scaled(cells: NumaCell[] | undefined, bootBytes: number): NumaCell[] | undefined {
  const sumBytes = (cells ?? []).reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  if (cells === undefined || sumBytes === bootBytes || sumBytes === 0) return cells;
  let left = bootBytes;
  return cells.map((given, index) => {
    const part = Math.floor(((given.memoryBytes / sumBytes) * bootBytes) / MIB) * MIB;
    const memoryBytes = index === cells.length - 1 ? left : part;
    left -= memoryBytes;
    return { ...given, memoryBytes };
  });
}

function cellsMemory({ numa, memory, maxMemory, memoryHotplug }: Inputs): ReturnType<CrossCheck<Inputs>> {
  if (numa === undefined) return [];
  const sum = numa.cells.reduce((bytes, each) => bytes + each.memory, 0);
  const [name, bytes] =
    memoryHotplug?.bootMemory !== undefined
      ? ["memoryHotplug.bootMemory", memoryHotplug.bootMemory]
      : memoryHotplug?.type === "virtio-mem"
        ? ["memoryHotplug.bootMemory", undefined]
        : memoryHotplug === undefined && maxMemory !== undefined
          ? ["maxMemory", maxMemory]
          : ["memory", memory];
  if (bytes === undefined)
    return [{ path: name, message: 'is missing: with numa and type "virtio-mem" the cells share it out' }];
  if (sum === bytes) return [];
  return [
    {
      path: "numa.cells",
      message: `have ${formatBytes(sum)} of memory in all, and must have what the guest boots with: ${name}, ${formatBytes(bytes)}`,
    },
  ];
}

function cellsCpus({ numa, cpus = 1, maxCpus, cpu }: Inputs): ReturnType<CrossCheck<Inputs>> {
  const most = maxCpus ?? topologyProduct(cpu?.topology) ?? cpus;
  const cellOf = new Map<number, number>();
  return (numa?.cells ?? []).flatMap((each, index) => {
    const members = parseCpuSet(each.cpus) ?? [];
    const path = `numa.cells[${index}].cpus`;
    const beyond = members.filter((member) => member >= most);
    const twice = members.filter((member) => cellOf.has(member));
    for (const member of members) cellOf.set(member, index);
    return [
      ...(beyond.length === 0
        ? []
        : [{ path, message: `${each.cpus} must be CPUs of the guest, which has 0 to ${most - 1}` }]),
      ...(twice.length === 0
        ? []
        : [{ path, message: `has CPU ${twice[0]}, which another cell has already` }]),
    ];
  });
}

function cellsAllCpus(inputs: Inputs): ReturnType<CrossCheck<Inputs>> {
  const { numa, cpus = 1, maxCpus, cpu } = inputs;
  if (numa === undefined || cellsCpus(inputs).length > 0) return [];
  const most = maxCpus ?? topologyProduct(cpu?.topology) ?? cpus;
  const members = new Set(numa.cells.flatMap((each) => parseCpuSet(each.cpus) ?? []));
  const missing = Array.from({ length: most }, (_, member) => member).find((member) => !members.has(member));
  return problemIf(
    missing !== undefined,
    "numa.cells",
    `must have all ${most} CPUs of the guest: CPU ${missing} is in none`,
  );
}

function cellsDistances({ numa }: Inputs): ReturnType<CrossCheck<Inputs>> {
  return (numa?.cells ?? []).flatMap(({ distances }, index, cells) => {
    if (distances === undefined) return [];
    const path = `numa.cells[${index}].distances`;
    if (distances.length !== cells.length)
      return [{ path, message: `must have one distance to each of the ${cells.length} cells` }];
    if (distances[index] !== LOCAL_DISTANCE)
      return [{ path, message: `must be ${LOCAL_DISTANCE} to the cell itself, at place ${index}` }];
    return [];
  });
}
