import { formatBytes } from "../../planning/quantity.js";
import type { CrossCheck } from "../definition.js";
import { DEFAULT_TIMEOUT_MS, milliseconds } from "../inputs.js";
import { ofEach, problemIf, type Rule, repeated } from "../rules.js";
import { bootOrderChecks } from "./boot-order-checks.js";
import { diskChecks } from "./disk-checks.js";
import { features } from "./features/index.js";
import { interfaceChecks } from "./interface-checks.js";
import { type DiskInputs, type Inputs, volumeOf } from "./schema.js";

type Problems = ReturnType<CrossCheck<Inputs>>;

const bootFiles: readonly CrossCheck<Inputs>[] = [
  ({ kernel, initrd }) =>
    problemIf(
      initrd !== undefined && kernel === undefined,
      "initrd",
      "needs kernel: without it nothing loads it",
    ),
  ({ kernel, commandLine }) =>
    problemIf(
      commandLine !== undefined && kernel === undefined,
      "commandLine",
      "needs kernel: a guest that boots from disk has its own",
    ),
];

/** QEMU shows a virtio guest no more of a serial number. */
const LONGEST_VIRTIO_SERIAL = 20;

const diskRules: readonly Rule<DiskInputs>[] = [
  ...(["size", "pool", "format", "backing", "image", "source", "name", "volume"] as const).map(
    (key): Rule<DiskInputs> =>
      (entry) =>
        problemIf(
          entry[key] !== undefined && entry.disk !== undefined,
          key,
          "belongs to the Disk resource that disk names; give one or the other",
        ),
  ),
  ({ disk, pool }) =>
    problemIf(disk === undefined && pool === undefined, "pool", "is missing: give size and pool, or disk"),
  ({ disk, name, volume }) =>
    problemIf(
      disk === undefined && name !== undefined && volume !== undefined,
      "volume",
      "names the volume in full: give name or volume",
    ),
  ({ disk, backing, format }) =>
    problemIf(
      disk === undefined && backing !== undefined && format === "raw",
      "backing",
      "needs format qcow2: a raw image has no backing",
    ),
  ({ disk, backing, image }) =>
    problemIf(
      disk === undefined && backing !== undefined && image !== undefined,
      "image",
      "and backing both say what the disk begins with; give one of them",
    ),
  ({ disk, source, backing, image }) =>
    problemIf(
      disk === undefined && source !== undefined && (backing ?? image) !== undefined,
      "source",
      `and ${backing === undefined ? "image" : "backing"} both say what the disk begins with; give one of them`,
    ),
  ({ disk, onImageChange, image }) =>
    problemIf(
      disk === undefined && onImageChange !== undefined && image === undefined,
      "onImageChange",
      "needs image: nothing else is meant by it",
    ),
  ({ readonly, bus }) =>
    problemIf(
      readonly === true && (bus === "sata" || (bus as string) === "ide"),
      "readonly",
      `true isn't possible on bus "${bus}": QEMU's ${bus} disks are always writable; use bus "virtio" or "scsi", or a cdrom`,
    ),
  ({ serial, bus = "virtio" }) =>
    problemIf(
      serial !== undefined && serial.length > LONGEST_VIRTIO_SERIAL && bus === "virtio",
      "serial",
      `${JSON.stringify(serial)} must be at most ${LONGEST_VIRTIO_SERIAL} characters on bus "virtio": the guest sees no more of it`,
    ),
];

function disksHaveSizes({ disks = [], adopt }: Inputs): Problems {
  // What is taken over keeps the size that it has.
  return disks.flatMap(({ disk, size, image, source }, i) =>
    problemIf(
      disk === undefined && size === undefined && (image ?? source) === undefined && adopt !== true,
      `disks[${i}].size`,
      "is missing: give size and pool, or disk",
    ),
  );
}

function disksOnTheirHost({ disks = [], host }: Inputs): Problems {
  return disks.flatMap(({ disk }, i) =>
    disk === undefined || disk.host === host
      ? []
      : [
          {
            path: `disks[${i}].disk`,
            message: `disk ${disk.name} is on host ${disk.host}, the virtual machine on ${host}: give both the same host`,
          },
        ],
  );
}

function imagesOnTheirHost({ disks = [], host }: Inputs): Problems {
  return disks.flatMap(({ image }, i) =>
    image?.elsewhere === undefined
      ? []
      : [
          {
            path: `disks[${i}].image`,
            message: `image ${image.name} is on ${image.elsewhere || "no host"}, the virtual machine on ${host}: add ${host} to the image's hosts`,
          },
        ],
  );
}

function imagesFit({ disks = [] }: Inputs): Problems {
  return disks.flatMap(({ image, size }, i) =>
    size === undefined || image === undefined || size >= image.sizeBytes
      ? []
      : [
          {
            path: `disks[${i}].size`,
            message: `${formatBytes(size)} is less than the ${formatBytes(image.sizeBytes)} of image ${image.name}, whose end would be cut off; give at least that, or no size`,
          },
        ],
  );
}

function disksApart({ disks = [], name }: Inputs): Problems {
  return repeated(
    disks.map((entry, i) => volumeOf(name, entry, i)),
    ({ pool, volume }) => `${pool}/${volume}`,
    ({ pool, volume }, i, firstAt) => [
      {
        path: `disks[${i}]`,
        message: `is the same volume as disks[${firstAt}], ${volume} in pool ${pool}; give one of them another name`,
      },
    ],
  );
}

const waiting: readonly CrossCheck<Inputs>[] = [
  ({ waitTimeout, timeouts }) => {
    if (waitTimeout === undefined) return [];
    const create = timeouts?.create;
    const createMs = create === undefined ? DEFAULT_TIMEOUT_MS.create : milliseconds(create);
    return problemIf(
      milliseconds(waitTimeout) > createMs,
      "waitTimeout",
      `${milliseconds(waitTimeout) / 1000} s must not be longer than creating may take in all, ${createMs / 1000} s; raise timeouts.create too`,
    );
  },
  ({ waitFor, interfaces = [] }) =>
    problemIf(
      (waitFor === "ipAddress" || waitFor === "ssh") && interfaces.length === 0,
      "waitFor",
      `"${waitFor}" needs an interface: without one the guest has no address`,
    ),
  ({ waitFor = "none", waitTimeout }) =>
    problemIf(
      waitTimeout !== undefined && waitFor === "none",
      "waitTimeout",
      'needs waitFor, such as "ssh": nothing is waited for',
    ),
];

/** Problems between inputs that are fine one by one. */
export const crossChecks: readonly CrossCheck<Inputs>[] = [
  ...bootFiles,
  ...ofEach("disks", diskRules),
  disksHaveSizes,
  disksOnTheirHost,
  imagesOnTheirHost,
  imagesFit,
  disksApart,
  ...diskChecks,
  ...interfaceChecks,
  ...bootOrderChecks,
  ...waiting,
  ...features.flatMap((feature) => feature.crossChecks ?? []),
];
