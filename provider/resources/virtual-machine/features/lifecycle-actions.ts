import { oneOf } from "../../inputs.js";
import type { MachineFeature } from "./feature.js";

export const lifecycleActionsShape = {
  onPoweroff: oneOf(["destroy", "restart"]).optional(),
  onReboot: oneOf(["restart", "destroy"]).optional(),
  onCrash: oneOf(["destroy", "restart", "preserve", "coredump-destroy", "coredump-restart"]).optional(),
};

const DEFAULTS = { onPoweroff: "destroy", onReboot: "restart", onCrash: "destroy" } as const;

/** What becomes of a guest that ends, restarts or crashes by itself. */
export const lifecycleActionsFeature: MachineFeature = {
  shape: lifecycleActionsShape,
  desire: (model, { inputs, previous }) => {
    for (const key of ["onPoweroff", "onReboot", "onCrash"] as const)
      model[key] = inputs[key] ?? (previous?.[key] === undefined ? model[key] : undefined) ?? DEFAULTS[key];
  },
  crossChecks: [
    ({ onPoweroff, onReboot }) =>
      onPoweroff === "restart" && onReboot === "destroy"
        ? [
            {
              path: "onPoweroff",
              message: '"restart" doesn\'t go with onReboot "destroy": QEMU can\'t tell the two apart',
            },
          ]
        : [],
  ],
  rows: [
    { input: "onPoweroff", property: "onPoweroff", effect: "live" },
    { input: "onReboot", property: "onReboot", effect: "live" },
    { input: "onCrash", property: "onCrash", effect: "live" },
  ],
};
