import {
  type DomainDisk,
  type DomainModel,
  hasPcieRootPorts,
  type ModelDifference,
} from "../../../libvirt/xml/index.js";
import { ofPart } from "../../rules.js";
import { freeTarget, prefixOf } from "../disk-targets.js";
import type { Inputs } from "../schema.js";
import { answerFile, answerFileRules } from "../seed/answer-file-schema.js";
import {
  type BootMediumInput,
  bootMedia,
  defaultPool,
  mediumInputOf,
  mediumInputOfSource,
} from "../seed/boot-media.js";
import { cloudInitRules } from "../seed/cloud-init-checks.js";
import { cloudInit } from "../seed/cloud-init-schema.js";
import { ignition } from "../seed/ignition-schema.js";
import type { Desire, MachineFeature } from "./feature.js";
import { orKept } from "./set-or-keep.js";

export const seedShape = {
  cloudInit: cloudInit.meta({ secret: true }).optional(),
  answerFile: answerFile.meta({ secret: true }).optional(),
  ignition: ignition.meta({ secret: true }).optional(),
};

/** What a guest is told at its boot: on CD-ROMs, or by QEMU itself. */
export const seedFeature: MachineFeature = {
  shape: seedShape,
  crossChecks: [
    ...ofPart("cloudInit", cloudInitRules),
    ...ofPart("answerFile", answerFileRules),
    (inputs) =>
      inputs.cloudInit === undefined || inputs.cloudInit.pool !== undefined
        ? []
        : withoutPool(inputs, "cloudInit"),
    (inputs) =>
      inputs.answerFile === undefined || inputs.answerFile.pool !== undefined
        ? []
        : withoutPool(inputs, "answerFile"),
    (inputs) => (inputs.ignition === undefined ? [] : withoutPool(inputs, "ignition")),
    ({ name, disks = [] }) =>
      disks.flatMap((disk, i) =>
        disk.name === undefined || mediumInputOf(`${name}-${disk.name}`) === undefined
          ? []
          : [
              {
                path: `disks[${i}].name`,
                message: `${disk.name} is what seeds are called; give another name`,
              },
            ],
      ),
  ],
  desire(model, desire) {
    model.disks = withMedium(model, desire, "cloudInit");
    model.disks = withMedium(model, desire, "answerFile");
    const { inputs, previous } = desire;
    const [config] = bootMedia(inputs).filter(({ input }) => input === "ignition");
    if (config !== undefined) model.ignition = { pool: config.pool, volume: config.volume };
    else if (previous?.ignition !== undefined) delete model.ignition;
  },
  rows: [
    {
      input: "cloudInit",
      property: isMediumOf("cloudInit"),
      effect: "nextBoot",
      label: "cloudInit",
      note: "the guest then finds the new seed; its instance-id, by which cloud-init knows whether to run as on a first boot, stays unless `newInstanceOnChange`",
    },
    { input: "answerFile", property: isMediumOf("answerFile"), effect: "nextBoot", label: "answerFile" },
    {
      input: "ignition",
      property: "ignition",
      effect: "nextBoot",
      note: "Ignition reads it at a first boot only",
    },
  ],
};

function withoutPool({ disks }: Inputs, input: BootMediumInput) {
  if (defaultPool({ disks }) !== undefined) return [];
  return input === "ignition"
    ? [{ path: input, message: "needs a disk, in whose pool it is kept" }]
    : [{ path: `${input}.pool`, message: "is missing: there is no disk in whose pool it could be kept" }];
}

/** The disks with the CD-ROM that is declared, in the place of the one before it. Without any, one that never was declared stays. */
function withMedium(
  model: DomainModel,
  { inputs, previous, existing }: Desire,
  input: "cloudInit" | "answerFile",
): DomainDisk[] {
  const wanted = bootMedia(inputs).find((medium) => medium.input === input);
  if (wanted === undefined && previous?.[input] === undefined) return model.disks;
  const isOfIt = (disk: DomainDisk) => disk.device === "cdrom" && mediumInputOfSource(disk.source) === input;
  const others = model.disks.filter((disk) => !isOfIt(disk));
  if (wanted === undefined) return others;
  const there = model.disks.find(isOfIt);
  const bus = busOf(model, { inputs, previous }, input, there);
  // A running guest may still have a disk of the name of one that goes.
  const taken = new Set([...others, ...(existing?.disks ?? [])].map((disk) => disk.target));
  const target = there?.target ?? freeTarget(prefixOf(bus), taken);
  const { pool, volume } = wanted;
  return [
    ...others,
    {
      ...there,
      target,
      bus,
      device: "cdrom",
      source: { pool, volume },
      format: "raw",
      readonly: true,
      shareable: false,
    },
  ];
}

/**
 * Kernels made for clouds (Debian's, for one) have no driver for SATA; all have virtio's SCSI, which Windows lacks until somebody installs it.
 */
function busOf(
  { machine }: DomainModel,
  { inputs, previous }: Pick<Desire, "inputs" | "previous">,
  input: "cloudInit" | "answerFile",
  there: DomainDisk | undefined,
): DomainDisk["bus"] {
  const everySystems = hasPcieRootPorts(machine) ? "sata" : "ide";
  if (input === "answerFile") return there?.bus ?? everySystems;
  const windows = isWindows(inputs);
  // Another system may not find what the former did.
  const stays = previous === undefined || isWindows(previous) === windows;
  const kept = orKept(inputs.cloudInit?.bus, previous?.cloudInit?.bus, stays ? there?.bus : undefined);
  return kept ?? (windows ? everySystems : "scsi");
}

function isWindows({ cloudInit, os }: Pick<Inputs, "cloudInit" | "os">): boolean {
  return cloudInit?.datasource === "configDrive" || os?.type === "windows";
}

function isMediumOf(input: BootMediumInput) {
  return (difference: ModelDifference): boolean =>
    difference.kind === "disk" &&
    [difference.from, difference.to].some((value) => {
      if (typeof value !== "object") return false;
      const source = "target" in value ? value.source : value;
      return source !== undefined && "volume" in source && mediumInputOfSource(source) === input;
    });
}
