import { z } from "zod";
import { oneOf } from "../../inputs.js";
import type { MachineFeature } from "./feature.js";
import { setOrKeep } from "./set-or-keep.js";

export const watchdogShape = {
  watchdog: z
    .strictObject(
      {
        model: oneOf(["i6300esb", "ib700", "itco"]).optional(),
        action: oneOf(["reset", "shutdown", "poweroff", "pause", "none", "dump", "inject-nmi"]).optional(),
      },
      { error: "must be { model, action }" },
    )
    .optional(),
};

export const watchdogFeature: MachineFeature = {
  shape: watchdogShape,
  desire: (model, { inputs, previous }) => {
    const { watchdog } = inputs;
    const declared =
      watchdog === undefined
        ? undefined
        : { model: watchdog.model ?? "i6300esb", action: watchdog.action ?? "reset" };
    setOrKeep(model, "watchdog", declared, previous?.watchdog);
  },
  rows: [
    {
      input: "watchdog",
      property: "watchdog",
      effect: "nextBoot",
      show: (value) => {
        const { model, action } = value as { model: string; action: string };
        return `${model} (${action})`;
      },
    },
  ],
};
