import { z } from "zod";
import type { BootMenu } from "../../../libvirt/xml/index.js";
import { duration, milliseconds } from "../../inputs.js";
import { typedRow } from "../change-row.js";
import type { MachineFeature } from "./feature.js";
import { setOrKeep } from "./set-or-keep.js";

export const bootMenuShape = {
  bootMenu: z
    .union([z.boolean(), z.strictObject({ timeout: duration({ leastMs: 1, mostMs: 65_535 }) })], {
      error: "must be true, false or { timeout }",
    })
    .optional(),
};

export const bootMenuFeature: MachineFeature = {
  shape: bootMenuShape,
  desire: (model, { inputs, previous }) => {
    const { bootMenu } = inputs;
    const declared: BootMenu | undefined =
      bootMenu === undefined
        ? undefined
        : typeof bootMenu === "boolean"
          ? { enabled: bootMenu }
          : { enabled: true, timeoutMs: milliseconds(bootMenu.timeout) };
    setOrKeep(model, "bootMenu", declared, previous?.bootMenu);
  },
  rows: [
    typedRow("bootMenu", {
      input: "bootMenu",
      effect: "nextBoot",
      show: ({ enabled, timeoutMs }) =>
        enabled ? `shown${timeoutMs === undefined ? "" : ` for ${timeoutMs} ms`}` : "not shown",
    }),
  ],
};
