import { z } from "zod";
import { libvirtAttribute, oneOf } from "../../inputs.js";
import { medium } from "../cdrom-schema.js";
import type { Inputs } from "../schema.js";
import type { MachineFeature } from "./feature.js";
import { setOrKeep } from "./set-or-keep.js";

/** The versions whose needs are known. */
const WINDOWS = ["11", "10", "2025", "2022", "2019"];

export const osShape = {
  os: z
    .strictObject(
      {
        type: oneOf(["linux", "windows"]),
        version: libvirtAttribute({ mostBytes: 64 })
          .regex(/^[A-Za-z0-9._-]+$/, { error: 'must be a version, such as "11", "2025" or "debian13"' })
          .optional(),
        virtioDrivers: medium.optional(),
      },
      { error: "must be { type, version, virtioDrivers }" },
    )
    .optional(),
};

export const osFeature: MachineFeature = {
  shape: osShape,
  desire: (model, { inputs, previous }) =>
    setOrKeep(model, "osIdentity", inputs.os && osIdentity(inputs.os), previous?.os),
  crossChecks: [
    ({ os }) =>
      os?.type === "windows" && os.version !== undefined && !WINDOWS.includes(os.version)
        ? [
            {
              path: "os.version",
              message: `${JSON.stringify(os.version)} must be one of ${WINDOWS.map((version) => JSON.stringify(version)).join(", ")} with type "windows"`,
            },
          ]
        : [],
    ({ os }) =>
      os?.type === "linux" && os.virtioDrivers !== undefined
        ? [{ path: "os.virtioDrivers", message: 'is for type "windows": Linux has these drivers' }]
        : [],
    ({ os, machine, firmware }) =>
      os?.type === "windows" &&
      firmware === undefined &&
      machine !== undefined &&
      /^pc$|^pc-i440fx-/.test(machine)
        ? [
            {
              path: "machine",
              message: `${JSON.stringify(machine)} doesn't go with the firmware that Windows gets, "uefi-secure-boot"; leave it at "q35", or give firmware "bios" too`,
            },
          ]
        : [],
    ({ os, features, firmware }) =>
      os?.type === "windows" &&
      firmware === undefined &&
      (features?.smm === false || features?.acpi === false)
        ? [
            {
              path: `features.${features.smm === false ? "smm" : "acpi"}`,
              message:
                'false doesn\'t go with the firmware that Windows gets, "uefi-secure-boot"; give firmware "bios" too',
            },
          ]
        : [],
    ({ os, cdroms = [] }) => {
      const i =
        os?.virtioDrivers === undefined ? -1 : cdroms.findIndex(({ name }) => name === "virtio-drivers");
      return i < 0
        ? []
        : [
            {
              path: `cdroms[${i}].name`,
              message: '"virtio-drivers" is the drive of os.virtioDrivers; give another name',
            },
          ];
    },
    ({ os, ignition }) =>
      os?.type === "windows" && ignition !== undefined
        ? [
            {
              path: "ignition",
              message:
                'is for Linux, and os.type is "windows"; use answerFile, or cloudInit with cloudbase-init',
            },
          ]
        : [],
  ],
  rows: [
    {
      input: "os",
      property: "osIdentity",
      effect: "none",
      comparedWhileRunning: false,
      note: "what Windows gets unless inputs say otherwise (firmware, TPM, clock, ...) has the rows of these inputs",
    },
  ],
};

/** Names of the libosinfo database, by which other tools know what a guest is. */
function osIdentity({ type, version }: NonNullable<Inputs["os"]>): string {
  if (type === "windows") {
    const server = /^20\d\d$/.test(version ?? "") ? `2k${version?.slice(2).replace(/^0/, "")}` : undefined;
    return `http://microsoft.com/win/${server ?? version ?? "11"}`;
  }
  const [, vendor, release] = /^([a-z]+)-?(\d.*)$/.exec(version ?? "") ?? [];
  switch (vendor) {
    case "debian":
      return `http://debian.org/debian/${release}`;
    case "ubuntu":
      return `http://ubuntu.com/ubuntu/${release}`;
    case "fedora":
      return `http://fedoraproject.org/fedora/${release}`;
    case "rhel":
      return `http://redhat.com/rhel/${release}`;
    case "alpine":
      return `http://alpinelinux.org/alpinelinux/${release}`;
    default:
      return "http://libosinfo.org/linux/2022";
  }
}
