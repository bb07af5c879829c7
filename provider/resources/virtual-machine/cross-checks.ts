import { formatBytes } from "../../planning/quantity.js";
import type { CrossCheck } from "../definition.js";
import { DEFAULT_TIMEOUT_MS, milliseconds } from "../inputs.js";
import { bootOrderChecks } from "./boot-order-checks.js";
import { diskChecks } from "./disk-checks.js";
import { features } from "./features/index.js";
import { interfaceChecks } from "./interface-checks.js";
import { type Inputs, volumeOf } from "./schema.js";

type Problems = ReturnType<CrossCheck<Inputs>>;

/** Problems between inputs that are fine one by one. */
export const crossChecks: readonly CrossCheck<Inputs>[] = [
  bootFiles,
  disksByThemselves,
  disksOnTheirHost,
  imagesOnTheirHost,
  imagesFit,
  disksApart,
  ...diskChecks,
  ...interfaceChecks,
  ...bootOrderChecks,
  waiting,
  ...features.flatMap((feature) => feature.crossChecks ?? []),
];

function bootFiles({ kernel, initrd, commandLine }: Inputs): Problems {
  if (kernel !== undefined) return [];
  return [
    ...(initrd === undefined
      ? []
      : [{ path: "initrd", message: "needs kernel: without it nothing loads it" }]),
    ...(commandLine === undefined
      ? []
      : [{ path: "commandLine", message: "needs kernel: a guest that boots from disk has its own" }]),
  ];
}

/** QEMU shows a virtio guest no more of a serial number. */
const LONGEST_VIRTIO_SERIAL = 20;

function disksByThemselves({ disks = [], adopt }: Inputs): Problems {
  const problems: Problems = [];
  disks.forEach((entry, i) => {
    const problem = (key: string, message: string) => problems.push({ path: `disks[${i}].${key}`, message });
    if (entry.disk !== undefined) {
      for (const key of ["size", "pool", "format", "backing", "image", "source", "name", "volume"] as const)
        if (entry[key] !== undefined)
          problem(key, "belongs to the Disk resource that disk names; give one or the other");
    } else {
      // What is taken over keeps the size that it has.
      const hasSize = entry.image !== undefined || entry.source !== undefined;
      if (entry.size === undefined && !hasSize && adopt !== true)
        problem("size", "is missing: give size and pool, or disk");
      if (entry.pool === undefined) problem("pool", "is missing: give size and pool, or disk");
      if (entry.name !== undefined && entry.volume !== undefined)
        problem("volume", "names the volume in full: give name or volume");
      if (entry.backing !== undefined && entry.format === "raw")
        problem("backing", "needs format qcow2: a raw image has no backing");
      if (entry.backing !== undefined && entry.image !== undefined)
        problem("image", "and backing both say what the disk begins with; give one of them");
      if (entry.source !== undefined && (entry.backing ?? entry.image) !== undefined)
        problem(
          "source",
          `and ${entry.backing === undefined ? "image" : "backing"} both say what the disk begins with; give one of them`,
        );
      if (entry.onImageChange !== undefined && entry.image === undefined)
        problem("onImageChange", "needs image: nothing else is meant by it");
    }
    if (entry.readonly === true && (entry.bus === "sata" || (entry.bus as string) === "ide"))
      problem(
        "readonly",
        `true isn't possible on bus "${entry.bus}": QEMU's ${entry.bus} disks are always writable; use bus "virtio" or "scsi", or a cdrom`,
      );
    if (entry.serial !== undefined && entry.serial.length > LONGEST_VIRTIO_SERIAL && isVirtio(entry.bus))
      problem(
        "serial",
        `${JSON.stringify(entry.serial)} must be at most ${LONGEST_VIRTIO_SERIAL} characters on bus "virtio": the guest sees no more of it`,
      );
  });
  return problems;
}

function isVirtio(bus: string | undefined): boolean {
  return (bus ?? "virtio") === "virtio";
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
  const seen = new Map<string, number>();
  return disks.flatMap((entry, i) => {
    const { pool, volume } = volumeOf(name, entry, i);
    const key = `${pool}/${volume}`;
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, i);
      return [];
    }
    return [
      {
        path: `disks[${i}]`,
        message: `is the same volume as disks[${first}], ${volume} in pool ${pool}; give one of them another name`,
      },
    ];
  });
}

function waiting({ waitFor = "none", waitTimeout, interfaces = [], timeouts }: Inputs): Problems {
  const problems: Problems = [];
  const createMs = timeouts?.create === undefined ? DEFAULT_TIMEOUT_MS.create : milliseconds(timeouts.create);
  if (waitTimeout !== undefined && milliseconds(waitTimeout) > createMs)
    problems.push({
      path: "waitTimeout",
      message: `${milliseconds(waitTimeout) / 1000} s must not be longer than creating may take in all, ${createMs / 1000} s; raise timeouts.create too`,
    });
  if ((waitFor === "ipAddress" || waitFor === "ssh") && interfaces.length === 0)
    problems.push({
      path: "waitFor",
      message: `"${waitFor}" needs an interface: without one the guest has no address`,
    });
  if (waitTimeout !== undefined && waitFor === "none")
    problems.push({ path: "waitTimeout", message: 'needs waitFor, such as "ssh": nothing is waited for' });
  return problems;
}
