import { z } from "zod";
import type { MemoryBacking, MemoryTune, ModelDifference, NumaTune } from "../../../libvirt/xml/index.js";
import { formatBytes } from "../../../planning/quantity.js";
import { memorySize, oneOf, size, yesOrNo } from "../../inputs.js";
import { ofPart, problemIf, type Rule } from "../../rules.js";
import type { Inputs } from "../schema.js";
import { cpuSetInput } from "./cpu-set-input.js";
import type { MachineFeature } from "./feature.js";
import { setOrKeep } from "./set-or-keep.js";

const KIB = 1_024;
const hugePage = z.strictObject(
  {
    size: size({ granularityBytes: KIB, leastBytes: 64 * KIB, mostBytes: 2 ** 35 }),
    nodeset: cpuSetInput("NUMA cells").optional(),
  },
  { error: "must be { size, nodeset }" },
);

export const memoryBackingShape = {
  memoryBacking: z
    .strictObject(
      {
        hugePages: z
          .union([z.boolean(), z.array(hugePage)], {
            error: "must be true, false or a list of { size, nodeset }",
          })
          .optional(),
        locked: yesOrNo().optional(),
        noSharePages: yesOrNo().optional(),
        source: oneOf(["anonymous", "file", "memfd"]).optional(),
        access: oneOf(["shared", "private"]).optional(),
        allocation: oneOf(["immediate", "ondemand"]).optional(),
        discard: yesOrNo().optional(),
      },
      { error: "must be { hugePages, locked, source, access, ... }" },
    )
    .optional(),
  memoryTune: z
    .strictObject(
      {
        hardLimit: memorySize().optional(),
        softLimit: memorySize().optional(),
        swapHardLimit: memorySize().optional(),
      },
      { error: "must be { hardLimit, softLimit, swapHardLimit }" },
    )
    .optional(),
  numaTune: z
    .strictObject(
      {
        mode: oneOf(["strict", "preferred", "interleave", "restrictive"]).optional(),
        nodeset: cpuSetInput("NUMA nodes"),
      },
      { error: "must be { mode, nodeset }" },
    )
    .optional(),
};

type Limits = NonNullable<Inputs["memoryTune"]>;
type BackingInputs = NonNullable<Inputs["memoryBacking"]>;

const limitRules: readonly Rule<Limits>[] = [
  ({ hardLimit, softLimit }) =>
    hardLimit === undefined || softLimit === undefined
      ? []
      : problemIf(
          softLimit > hardLimit,
          "softLimit",
          `${formatBytes(softLimit)} must be at most hardLimit, ${formatBytes(hardLimit)}`,
        ),
  ({ hardLimit, swapHardLimit }) =>
    hardLimit === undefined || swapHardLimit === undefined
      ? []
      : problemIf(
          swapHardLimit < hardLimit,
          "swapHardLimit",
          `${formatBytes(swapHardLimit)} must be at least hardLimit, ${formatBytes(hardLimit)}: it counts memory and swap`,
        ),
];

const backingRules: readonly Rule<BackingInputs>[] = [
  ({ hugePages, source }) =>
    problemIf(
      hugePages !== undefined && hugePages !== false && (source === "file" || source === "anonymous"),
      "source",
      `${JSON.stringify(source)} has no huge pages; use "memfd", or leave it out`,
    ),
  ({ hugePages }) =>
    problemIf(
      Array.isArray(hugePages) && hugePages.filter(({ nodeset }) => nodeset === undefined).length > 1,
      "hugePages",
      "may have one entry without nodeset, for all other cells",
    ),
];

export const memoryBackingFeature: MachineFeature = {
  shape: memoryBackingShape,
  crossChecks: [
    hardLimitAndMemory,
    ...ofPart("memoryTune", limitRules),
    ...ofPart("memoryBacking", backingRules),
    pagesAndMemory,
  ],
  desire: (model, { inputs, previous }) => {
    const { memoryBacking, memoryTune, numaTune } = inputs;
    setOrKeep(
      model,
      "memoryBacking",
      memoryBacking && toBacking(memoryBacking),
      previous?.memoryBacking ?? memoryBacking,
    );
    const tune = {
      ...(memoryTune?.hardLimit === undefined ? {} : { hardLimitBytes: memoryTune.hardLimit }),
      ...(memoryTune?.softLimit === undefined ? {} : { softLimitBytes: memoryTune.softLimit }),
      ...(memoryTune?.swapHardLimit === undefined ? {} : { swapHardLimitBytes: memoryTune.swapHardLimit }),
    };
    const hasTune = Object.keys(tune).length > 0;
    setOrKeep(model, "memoryTune", hasTune ? tune : undefined, previous?.memoryTune ?? memoryTune);
    const nodes = numaTune && { mode: numaTune.mode ?? "strict", nodeset: numaTune.nodeset };
    setOrKeep(model, "numaTune", nodes, previous?.numaTune);
  },
  rows: [
    { input: "memoryBacking", property: "memoryBacking", effect: "nextBoot", show: showBacking },
    {
      input: "memoryTune",
      property: "memoryTune",
      effect: "live",
      note: "at its next boot on a host without the kernel's memory controller",
      show: (value) =>
        Object.entries(value as MemoryTune)
          .map(([name, bytes]) => `${name.replace(/Bytes$/, "")} ${formatBytes(Number(bytes))}`)
          .join(" "),
    },
    {
      input: "numaTune",
      property: "numaTune",
      effect: ({ from, to }: ModelDifference) => {
        const [before, after] = [from, to] as (NumaTune | undefined)[];
        // libvirt moves a running guest's memory to other nodes, and changes nothing else.
        return before?.mode === after?.mode && before?.mode === "strict" ? "live" : "nextBoot";
      },
      running: "other nodes: live; another mode: at its next boot",
      note: "at its next boot on a host without the kernel's cpuset controller",
      show: (value) => {
        const { mode, nodeset } = value as NumaTune;
        return `${mode} ${nodeset}`;
      },
    },
  ],
};

function toBacking(inputs: BackingInputs): MemoryBacking | undefined {
  const { hugePages, locked, noSharePages, source, access, allocation, discard } = inputs;
  const pages = hugePages === true ? [] : hugePages === false ? undefined : hugePages;
  const backing: MemoryBacking = {
    ...(pages === undefined
      ? {}
      : {
          hugePages: pages.map(({ size: sizeBytes, nodeset }) => ({
            sizeBytes,
            ...(nodeset === undefined ? {} : { nodeset }),
          })),
        }),
    ...(noSharePages ? { noSharePages } : {}),
    ...(locked ? { locked } : {}),
    ...(source === undefined ? {} : { source }),
    ...(access === undefined ? {} : { access }),
    ...(allocation === undefined ? {} : { allocation }),
    ...(discard ? { discard } : {}),
  };
  return Object.keys(backing).length === 0 ? undefined : backing;
}

function showBacking(value: unknown): string {
  const { hugePages, ...rest } = value as MemoryBacking;
  const pages =
    hugePages === undefined
      ? []
      : hugePages.length === 0
        ? ["huge pages"]
        : hugePages.map(
            ({ sizeBytes, nodeset }) =>
              `huge pages of ${formatBytes(sizeBytes)}${nodeset === undefined ? "" : ` for cells ${nodeset}`}`,
          );
  const others = Object.entries(rest).map(([name, of]) => (of === true ? name : `${name} ${of}`));
  return [...pages, ...others].join(", ");
}

function hardLimitAndMemory({ memoryTune, memory, maxMemory = memory }: Inputs) {
  const { hardLimit } = memoryTune ?? {};
  if (hardLimit === undefined) return [];
  // QEMU itself needs some, too; the kernel ends a guest that goes beyond.
  return problemIf(
    hardLimit <= maxMemory,
    "memoryTune.hardLimit",
    `${formatBytes(hardLimit)} must be more than the guest's memory, ${formatBytes(maxMemory)}, by some hundred MiB: QEMU needs them, and the kernel kills a guest that goes beyond`,
  );
}

function pagesAndMemory({ memoryBacking, memory, maxMemory = memory }: Inputs) {
  const pages = memoryBacking?.hugePages;
  return (Array.isArray(pages) ? pages : []).flatMap(({ size: sizeBytes, nodeset }, i) =>
    problemIf(
      nodeset === undefined && maxMemory % sizeBytes !== 0,
      `memoryBacking.hugePages[${i}].size`,
      `${formatBytes(sizeBytes)} does not divide the guest's memory, ${formatBytes(maxMemory)}`,
    ),
  );
}
