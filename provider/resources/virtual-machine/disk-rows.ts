import {
  type DiskDifference,
  type DiskLimits,
  type DomainDisk,
  diskLimitKinds,
  type ModelDifference,
  sameValue,
  scsiControllersOf,
} from "../../libvirt/xml/index.js";
import { formatBytes } from "../../planning/quantity.js";
import type { ChangeRow, RunningEffect } from "./change-row.js";
import type { RunningGuest } from "./running-guest.js";

/** On these buses QEMU plugs and unplugs disks while the guest runs. */
const HOTPLUG_BUSES = new Set(["virtio", "scsi", "usb"]);

const disk = (test: (difference: DiskDifference) => boolean) => {
  return (difference: ModelDifference) => difference.kind === "disk" && test(difference);
};
const whole = disk(({ property }) => property === undefined);
const isDrive = (difference: ModelDifference) =>
  difference.kind === "disk" && whole(difference) && diskOf(difference)?.device === "cdrom";
const property = (...names: DiskDifference["property"][]) =>
  disk((difference) => names.includes(difference.property));

/** The disk that comes, or goes. */
function diskOf({ from, to }: ModelDifference): DomainDisk | undefined {
  return (to ?? from) as DomainDisk | undefined;
}

function plugging(difference: ModelDifference, guest: RunningGuest): RunningEffect {
  const moved = diskOf(difference);
  if (moved === undefined || !HOTPLUG_BUSES.has(moved.bus)) return "nextBoot";
  const comes = difference.to !== undefined;
  // In a drive that was plugged in libvirt (9.0) can't change the medium any more, and an empty one it can't plug in.
  if (comes && moved.device === "cdrom") return "nextBoot";
  // On another bus it is the same disk: the guest isn't left without it until its next boot.
  const others = comes ? guest.live.disks : guest.to.disks;
  if (moved.source !== undefined && others.some((other) => sameValue(other.source, moved.source)))
    return "nextBoot";
  // A guest that stands still doesn't let go of a device.
  if (!comes) return guest.paused ? "nextBoot" : "live";
  if (moved.bus === "usb") return guest.room.hasUsb ? "live" : "nextBoot";
  return guest.freePorts === undefined || ports(difference, guest) <= guest.freePorts ? "live" : "nextBoot";
}

/** A virtio disk takes one, a SCSI disk none but for the controllers that it is the first on. */
function ports(difference: ModelDifference, { room }: RunningGuest): number {
  const moved = diskOf(difference);
  if (moved?.bus === "virtio") return difference.to === undefined ? -1 : 1;
  if (moved?.bus !== "scsi" || difference.to === undefined) return 0;
  return scsiControllersOf([moved]).filter((index) => !room.scsiControllers.includes(index)).length;
}

export const diskRows: readonly ChangeRow[] = [
  {
    input: "`cdroms`, added or taken away",
    property: isDrive,
    effect: plugging,
    ports,
    running: "added: at its next boot; taken away: live on scsi and usb, at its next boot on sata and ide",
  },
  {
    input: "`cdroms[].source`",
    property: disk((d) => d.property === "source" && d.device === "cdrom"),
    effect: "live",
    note: "the guest is asked for the medium, and with udev gives a mounted one too; a drive that it keeps locked is opened only with `force: true`",
  },
  {
    input: "`disks`, added or taken away",
    property: whole,
    effect: plugging,
    ports,
    running: "live on virtio, scsi and usb; at its next boot on sata and ide, and without a free PCIe port",
    note: "the guest loses a disk that is taken away, mounted or not; its volume is deleted afterwards if the VM owns it, unless `retainOnDelete`",
    warning: ({ to }) => (to === undefined ? "the guest loses it, mounted or not" : undefined),
  },
  {
    input: "disks[].limits",
    property: property("limits"),
    effect: "live",
    show: (value) => showLimits(value as DiskLimits),
  },
  // Only definitions have it at once.
  { property: property("alias"), effect: "none", comparedWhileRunning: false },
  {
    input: "`disks[].bootOrder`, `cdroms[].bootOrder`",
    property: property("bootOrder"),
    effect: "nextBoot",
  },
  {
    input: "`disks[]`: `bus`, `format`, `cache`, `io`, `discard`, `serial`, ...",
    property: disk(() => true),
    effect: "nextBoot",
    note: "libvirt changes none of these while a guest has the disk open",
  },
];

function showLimits({ steady, burst, burstSeconds, iopsSizeBytes }: DiskLimits): string {
  const amount = (kind: string, value: number) =>
    kind.toLowerCase().endsWith("iops") ? String(value) : formatBytes(value);
  return [
    ...diskLimitKinds.flatMap((kind) => {
      const value = steady[kind];
      if (value === undefined) return [];
      const most = burst?.[kind];
      const seconds = burstSeconds?.[kind];
      const more =
        most === undefined
          ? ""
          : ` (${amount(kind, most)} in bursts${seconds === undefined ? "" : ` of ${seconds} s`})`;
      return [`${kind} ${amount(kind, value)}${more}`];
    }),
    ...(iopsSizeBytes === undefined ? [] : [`iopsSize ${formatBytes(iopsSizeBytes)}`]),
  ].join(", ");
}
