import { hasPcieRootPorts } from "../../libvirt/xml/index.js";
import type { CrossCheck } from "../definition.js";
import { ofEach, ofPart, problemIf, type Rule, repeated } from "../rules.js";
import { limitRules } from "./disk-limits.js";
import type { DiskInputs, Inputs } from "./schema.js";

const settingRules: readonly Rule<DiskInputs>[] = [
  ({ io, cache }) =>
    problemIf(
      io === "native" && cache !== "none" && cache !== "directsync",
      "io",
      '"native" needs cache "none" or "directsync"',
    ),
  ({ detectZeroes, discard }) =>
    problemIf(
      detectZeroes === "unmap" && discard !== "unmap",
      "detectZeroes",
      '"unmap" needs discard "unmap"',
    ),
  ({ queues, bus = "virtio" }) =>
    problemIf(queues !== undefined && bus !== "virtio", "queues", `needs bus "virtio", not "${bus}"`),
  ({ wwn, bus = "virtio" }) =>
    problemIf(
      wwn !== undefined && bus !== "scsi" && bus !== "sata" && bus !== "ide",
      "wwn",
      `needs bus "scsi", "sata" or "ide", not "${bus}"`,
    ),
  ({ shareable, format: declared, disk }) => {
    // With only an id of a Disk its format may be whatever it has.
    const format = declared ?? disk?.format ?? (disk === undefined ? "qcow2" : "raw");
    return problemIf(
      shareable === true && format !== "raw",
      "shareable",
      'needs format "raw": two guests that write to one qcow2 image destroy it',
    );
  },
  ({ retainOnDelete, disk }) =>
    problemIf(
      retainOnDelete !== undefined && disk !== undefined,
      "retainOnDelete",
      "belongs to the Disk resource that disk names",
    ),
];

/** What the settings of disks and drives ask of each other. */
export const diskChecks: readonly CrossCheck<Inputs>[] = [
  ...ofEach("disks", [...settingRules, ...ofPart("limits", limitRules)]),
  ...(["disks", "cdroms"] as const).map(
    (key): CrossCheck<Inputs> =>
      (inputs) =>
        (inputs[key] ?? []).flatMap((device: { bus?: string | undefined }, i: number) =>
          device.bus === "ide" ? ideOf(inputs, `${key}[${i}].bus`) : [],
        ),
  ),
  ({ cdroms = [] }) =>
    repeated(
      cdroms,
      ({ name }, i) => name ?? String(i),
      ({ name }, i, firstAt) => [
        {
          path: `cdroms[${i}].name`,
          message: `${JSON.stringify(name ?? String(i))} is that of cdroms[${firstAt}] already`,
        },
      ],
    ),
];

function ideOf({ machine }: Inputs, path: string) {
  return problemIf(
    machine === undefined || hasPcieRootPorts(machine),
    path,
    `"ide" needs machine "pc": ${machine ?? "q35"} has no such bus; use "sata"`,
  );
}
