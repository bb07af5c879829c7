import { z } from "zod";
import { sortedInputDevices } from "../../../libvirt/xml/index.js";
import { oneOf } from "../../inputs.js";
import { typedRow } from "../change-row.js";
import type { MachineFeature } from "./feature.js";
import { setOrKeep } from "./set-or-keep.js";

export const inputDevicesShape = {
  inputDevices: z
    .array(
      z.strictObject(
        { type: oneOf(["tablet", "mouse", "keyboard"]), bus: oneOf(["usb", "virtio"]).optional() },
        { error: "must be { type, bus }" },
      ),
      { error: "must be a list of input devices" },
    )
    .max(8, { error: "must have at most 8 entries" })
    .optional(),
};

export const inputDevicesFeature: MachineFeature = {
  shape: inputDevicesShape,
  desire: (model, { inputs, previous }) => {
    const declared = inputs.inputDevices?.map(({ type, bus = "usb" }) => ({ type, bus }));
    // An empty list says that there are none, as nothing does once something was declared.
    setOrKeep(
      model,
      "inputDevices",
      declared === undefined || declared.length === 0 ? undefined : sortedInputDevices(declared),
      previous?.inputDevices ?? declared,
    );
  },
  rows: [
    typedRow("inputDevices", {
      input: "inputDevices",
      // On virtio each takes a PCIe port, which nobody counts here.
      effect: ({ from, to }) =>
        [from, to].flat().some((device) => (device as { bus?: string } | undefined)?.bus === "virtio")
          ? "nextBoot"
          : "live",
      running: "live on usb; at its next boot on virtio",
      show: (devices) => devices.map(({ type, bus }) => `${bus} ${type}`).join(", "),
    }),
  ],
};
