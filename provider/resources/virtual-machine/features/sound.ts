import { oneOf } from "../../inputs.js";
import type { MachineFeature } from "./feature.js";
import { setOrKeep } from "./set-or-keep.js";

export const soundShape = {
  sound: oneOf(["ich9", "ich6", "ac97", "usb"]).optional(),
};

export const soundFeature: MachineFeature = {
  shape: soundShape,
  desire: (model, { inputs, previous }) => setOrKeep(model, "sound", inputs.sound, previous?.sound),
  rows: [{ input: "sound", property: "sound", effect: "nextBoot" }],
};
