import { xmlText } from "../../inputs.js";
import type { MachineFeature } from "./feature.js";
import { setOrKeep } from "./set-or-keep.js";

export const titleShape = {
  title: xmlText({ mostBytes: 1_024 })
    .refine((s) => !/[\n]/.test(s), { error: "must not contain line breaks" })
    .optional(),
};

export const titleFeature: MachineFeature = {
  shape: titleShape,
  desire: (model, { inputs, previous }) =>
    // libvirt takes an empty text for none.
    setOrKeep(model, "title", inputs.title || undefined, previous?.title ?? inputs.title),
  rows: [{ input: "title", property: "title", effect: "none", comparedWhileRunning: false }],
};
