import { hasPcieRootPorts } from "../../libvirt/xml/index.js";
import type { CrossCheck } from "../definition.js";
import { limitProblems } from "./disk-limits.js";
import type { DiskInputs, Inputs } from "./schema.js";

type Problems = ReturnType<CrossCheck<Inputs>>;

/** What the settings of disks and drives ask of each other. */
export const diskChecks: readonly CrossCheck<Inputs>[] = [
  ({ disks = [] }) => disks.flatMap((entry, i) => located(`disks[${i}]`, settingProblems(entry))),
  ({ disks = [] }) =>
    disks.flatMap((entry, i) => located(`disks[${i}].limits`, limitProblems(entry.limits ?? {}))),
  ({ disks = [], cdroms = [], machine }) =>
    [
      ...disks.map(({ bus }, i) => ({ bus, path: `disks[${i}].bus` })),
      ...cdroms.map(({ bus }, i) => ({ bus, path: `cdroms[${i}].bus` })),
    ].flatMap(({ bus, path }) =>
      bus === "ide" && (machine === undefined || hasPcieRootPorts(machine))
        ? [{ path, message: `"ide" needs machine "pc": ${machine ?? "q35"} has no such bus; use "sata"` }]
        : [],
    ),
  ({ cdroms = [] }) => {
    const names = cdroms.map(({ name }, i) => name ?? String(i));
    return names.flatMap((name, i) =>
      names.indexOf(name) < i
        ? [
            {
              path: `cdroms[${i}].name`,
              message: `${JSON.stringify(name)} is that of cdroms[${names.indexOf(name)}] already`,
            },
          ]
        : [],
    );
  },
];

function located(path: string, problems: Problems): Problems {
  return problems.map((problem) => ({ ...problem, path: `${path}.${problem.path}` }));
}

function settingProblems(entry: DiskInputs): Problems {
  const problems: Problems = [];
  const problem = (path: string, message: string) => problems.push({ path, message });
  const { bus = "virtio", cache, io, discard, detectZeroes } = entry;
  if (io === "native" && cache !== "none" && cache !== "directsync")
    problem("io", '"native" needs cache "none" or "directsync"');
  if (detectZeroes === "unmap" && discard !== "unmap")
    problem("detectZeroes", '"unmap" needs discard "unmap"');
  if (entry.queues !== undefined && bus !== "virtio") problem("queues", `needs bus "virtio", not "${bus}"`);
  if (entry.wwn !== undefined && bus !== "scsi" && bus !== "sata" && bus !== "ide")
    problem("wwn", `needs bus "scsi", "sata" or "ide", not "${bus}"`);
  // With only an id of a Disk its format may be whatever it has.
  const format = entry.format ?? entry.disk?.format ?? (entry.disk === undefined ? "qcow2" : "raw");
  if (entry.shareable === true && format !== "raw")
    problem("shareable", 'needs format "raw": two guests that write to one qcow2 image destroy it');
  if (entry.retainOnDelete !== undefined && entry.disk !== undefined)
    problem("retainOnDelete", "belongs to the Disk resource that disk names");
  return problems;
}
