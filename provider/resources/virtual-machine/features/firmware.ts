import { oneOf } from "../../inputs.js";
import type { MachineFeature } from "./feature.js";

export const firmwareShape = {
  firmware: oneOf(["bios", "uefi", "uefi-secure-boot"]).optional(),
};

/** Firmware that protects its variables by the processor's system management mode has that with it. */
export const firmwareFeature: MachineFeature = {
  shape: firmwareShape,
  desire: (model, { inputs, previous, existing }) => {
    const kept = previous?.firmware === undefined ? existing?.firmware : undefined;
    model.firmware = inputs.firmware ?? kept ?? "bios";
    const wasSecure = existing?.firmware === "uefi-secure-boot";
    // A domain that was made without saying so has it nevertheless.
    if (model.firmware === "uefi-secure-boot") model.smm = wasSecure ? existing.smm : true;
    else if (wasSecure) delete model.smm;
  },
  obstacles: ({ firmware, machine }, { name, capabilities }) => {
    if (firmware === "bios") return [];
    const packages = "Debian's ovmf, Fedora's edk2-ovmf";
    if (!capabilities.firmware.includes("efi"))
      return [
        {
          property: "firmware",
          message: `${name} has no UEFI firmware for ${machine}; install it there (${packages}), or set firmware "bios"`,
        },
      ];
    if (firmware === "uefi-secure-boot" && !capabilities.secureBoot)
      return [
        {
          property: "firmware",
          message: `${name} has no UEFI firmware with secure boot for ${machine}; secure boot takes machine "q35" and an image that can do it (${packages}), or set firmware "uefi"`,
        },
      ];
    return [];
  },
  crossChecks: [
    ({ firmware, features }) =>
      firmware !== undefined && firmware !== "bios" && features?.acpi === false
        ? [
            {
              path: "features.acpi",
              message: `false doesn't go with firmware ${JSON.stringify(firmware)}: UEFI needs ACPI`,
            },
          ]
        : [],
    ({ firmware, features }) =>
      firmware === "uefi-secure-boot" && features?.smm === false
        ? [
            {
              path: "features.smm",
              message:
                'false doesn\'t go with firmware "uefi-secure-boot": without SMM the guest could change the keys',
            },
          ]
        : [],
    ({ firmware, machine }) =>
      firmware === "uefi-secure-boot" && machine !== undefined && /^pc$|^pc-i440fx-/.test(machine)
        ? [
            {
              path: "firmware",
              message: `"uefi-secure-boot" needs machine "q35": ${JSON.stringify(machine)} has no SMM`,
            },
          ]
        : [],
  ],
  rows: [
    {
      input: "firmware",
      property: "firmware",
      effect: "nextBoot",
      note: "its boot entries and keys begin anew; the former ones stay on the host until the VM is deleted",
    },
  ],
};
