import { z } from "zod";
import { oneOf, yesOrNo } from "../../inputs.js";
import { typedRow } from "../change-row.js";
import type { Inputs } from "../schema.js";
import type { MachineFeature } from "./feature.js";
import { setOrKeep } from "./set-or-keep.js";

const choices = z.strictObject(
  { model: oneOf(["tpm-crb", "tpm-tis"]).optional(), version: oneOf(["2.0", "1.2"]).optional() },
  { error: "must be { model, version }" },
);

export const tpmShape = {
  tpm: z.union([yesOrNo(), choices], { error: "must be true, false or { model, version }" }).optional(),
};

/** Emulated by swtpm; what a chip of the host's own is for is a matter of `xml`. */
export const tpmFeature: MachineFeature = {
  shape: tpmShape,
  desire: (model, { inputs, previous }) => {
    // `false` says that there is none, as nothing does once something was declared.
    const declared = inputs.tpm === false ? undefined : tpmOf(inputs.tpm);
    setOrKeep(model, "tpm", declared, previous?.tpm ?? inputs.tpm);
  },
  obstacles: ({ tpm }, { name, capabilities }) => {
    if (tpm?.backend !== "emulator") return [];
    const { tpmBackends, tpmModels, tpmVersions } = capabilities;
    if (!tpmBackends.includes("emulator"))
      return [
        {
          property: "tpm",
          message: `${name} can't emulate a TPM; install swtpm and swtpm-tools there, or set tpm: false`,
        },
      ];
    if (!tpmModels.includes(tpm.model))
      return [
        {
          property: "tpm",
          message: `${name} has no TPM of model ${tpm.model}; it has ${tpmModels.join(", ")}`,
        },
      ];
    if (tpm.version !== undefined && tpmVersions.length > 0 && !tpmVersions.includes(tpm.version))
      return [
        {
          property: "tpm",
          message: `${name} has no TPM of version ${tpm.version}; it has ${tpmVersions.join(", ")}`,
        },
      ];
    return [];
  },
  crossChecks: [
    ({ tpm }) =>
      typeof tpm === "object" && tpm.version === "1.2" && tpm.model === "tpm-crb"
        ? [{ path: "tpm.version", message: '"1.2" needs model "tpm-tis": tpm-crb is of version 2.0' }]
        : [],
  ],
  rows: [
    typedRow("tpm", {
      input: "tpm",
      effect: "nextBoot",
      note: "what is stored in one that is taken away stays on the host until the VM is deleted",
      show: ({ model, backend, version }) =>
        [model, version, backend === "emulator" ? undefined : backend]
          .filter((word) => word !== undefined)
          .join(" "),
    }),
  ],
};

function tpmOf(declared: Exclude<Inputs["tpm"], false>) {
  if (declared === undefined) return undefined;
  const { model, version = "2.0" } = declared === true ? {} : declared;
  return { model: model ?? (version === "1.2" ? "tpm-tis" : "tpm-crb"), backend: "emulator", version };
}
