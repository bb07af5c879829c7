import { z } from "zod";
import { oneOf, size, wholeNumber } from "../../inputs.js";
import { typedRow } from "../change-row.js";
import type { MachineFeature } from "./feature.js";

const KIB = 1_024;
const MIB = 2 ** 20;

export const videoShape = {
  video: z
    .strictObject(
      {
        model: oneOf(["virtio", "qxl", "vga", "bochs", "cirrus", "ramfb", "none"]),
        heads: wholeNumber(1, 16).optional(),
        memory: size({ granularityBytes: MIB, leastBytes: MIB, mostBytes: 512 * MIB }).optional(),
      },
      { error: "must be { model, heads, memory }" },
    )
    .optional(),
};

/** libvirt gives a guest with a screen a card of 1995 unless it is told another. */
const DEFAULT = { model: "virtio" };

/** After graphics, of which it depends whether there is a card without anybody's asking for one. */
export const videoFeature: MachineFeature = {
  shape: videoShape,
  desire: (model, { inputs, previous }) => {
    const { video } = inputs;
    if (video !== undefined) {
      const { model: name, heads, memory } = video;
      model.video = {
        model: name,
        ...(heads === undefined || heads === 1 ? {} : { heads }),
        ...(memory === undefined ? {} : { memoryKib: memory / KIB }),
      };
      return;
    }
    const before = previous?.video !== undefined;
    if (model.graphics !== undefined) {
      if (before) model.video = DEFAULT;
      else model.video ??= DEFAULT;
    } else if (before || previous?.graphics !== undefined) delete model.video;
  },
  obstacles: ({ video }, { name, capabilities }) =>
    video === undefined || capabilities.videoModels.includes(video.model)
      ? []
      : [
          {
            property: "video",
            message: `${name} has no graphics card of model ${video.model}; it has ${capabilities.videoModels.join(", ")}`,
          },
        ],
  crossChecks: [
    ({ video }) =>
      video?.heads !== undefined && video.heads > 1 && !["virtio", "qxl"].includes(video.model)
        ? [{ path: "video.heads", message: `${video.heads} screens need model "virtio" or "qxl"` }]
        : [],
    ({ video }) =>
      video?.memory !== undefined && !["qxl", "vga", "bochs", "cirrus"].includes(video.model)
        ? [
            {
              path: "video.memory",
              message: `belongs to models "qxl", "vga", "bochs" and "cirrus"; ${JSON.stringify(video.model)} has none of its own`,
            },
          ]
        : [],
    ({ video }) =>
      video?.memory !== undefined && !Number.isInteger(Math.log2(video.memory))
        ? [{ path: "video.memory", message: `${video.memory / MIB} MiB must be a power of two` }]
        : [],
  ],
  rows: [
    typedRow("video", {
      input: "video",
      effect: "nextBoot",
      show: ({ model, heads, memoryKib }) =>
        [
          model === "none" ? "no card" : model,
          heads === undefined ? undefined : `${heads} screens`,
          memoryKib === undefined ? undefined : `${memoryKib / KIB} MiB`,
        ]
          .filter((word) => word !== undefined)
          .join(", "),
    }),
  ],
};
