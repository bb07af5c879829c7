import { z } from "zod";
import { type InputDevice, sortedInputDevices } from "../../../libvirt/xml/index.js";
import { oneOf } from "../../inputs.js";
import { typedRow } from "../change-row.js";
import type { Inputs } from "../schema.js";
import type { MachineFeature } from "./feature.js";
import { withStrangers } from "./set-or-keep.js";

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
  desire: (model, { inputs, previous, existing }) => {
    const all = withStrangers(
      devicesOf(inputs.inputDevices),
      devicesOf(previous?.inputDevices),
      existing?.inputDevices,
    );
    if (all === undefined) delete model.inputDevices;
    else model.inputDevices = sortedInputDevices(all);
  },
  rows: [
    typedRow("inputDevices", {
      input: "inputDevices",
      // On virtio each takes a PCIe port, which nobody counts here.
      effect: ({ from, to }, { room }) =>
        !room.hasUsb ||
        [from, to].flat().some((device) => (device as { bus?: string } | undefined)?.bus === "virtio")
          ? "nextBoot"
          : "live",
      running: "live on usb; at its next boot on virtio",
      show: (devices) => devices.map(({ type, bus }) => `${bus} ${type}`).join(", "),
    }),
  ],
};

function devicesOf(declared: Inputs["inputDevices"]): InputDevice[] | undefined {
  return declared?.map(({ type, bus = "usb" }) => ({ type, bus }));
}
