import {
  type DomainModel,
  hasPcieRootPorts,
  type ModelDifference,
  sameValue,
} from "../../libvirt/xml/index.js";
import type { ChangeRow, RunningEffect } from "./change-row.js";
import { features } from "./features/index.js";
import type { RunningGuest } from "./running-guest.js";

const disk = (test: (difference: Extract<ModelDifference, { kind: "disk" }>) => boolean) => {
  return (difference: ModelDifference) => difference.kind === "disk" && test(difference);
};
const nic = (test: (difference: Extract<ModelDifference, { kind: "interface" }>) => boolean) => {
  return (difference: ModelDifference) => difference.kind === "interface" && test(difference);
};

/** On these buses QEMU plugs and unplugs disks while the guest runs. */
const HOTPLUG_BUSES = new Set(["virtio", "scsi", "usb"]);

function diskPlugging(difference: ModelDifference, guest: RunningGuest): RunningEffect {
  if (difference.kind !== "disk") return "nextBoot";
  const made = difference.to as DomainModel["disks"][number] | undefined;
  const gone = difference.from as DomainModel["disks"][number] | undefined;
  const { bus, device } = made ?? gone ?? { bus: "ide", device: "cdrom" };
  if (device !== "disk" || !HOTPLUG_BUSES.has(bus)) return "nextBoot";
  // On another bus it is the same disk: the guest isn't left without it until its next boot.
  const others = made === undefined ? guest.to.disks : guest.live.disks;
  const source = (made ?? gone)?.source;
  if (source !== undefined && others.some((other) => sameValue(other.source, source))) return "nextBoot";
  // A guest that stands still doesn't let go of a device.
  if (made === undefined) return guest.paused ? "nextBoot" : "live";
  // The controller that libvirt would add by itself is one that no guest of today has a driver for.
  if (bus === "scsi") return guest.live.disks.some((other) => other.bus === "scsi") ? "live" : "nextBoot";
  return bus === "virtio" && !hasFreePort(guest) ? "nextBoot" : "live";
}

function interfacePlugging(difference: ModelDifference, guest: RunningGuest): RunningEffect {
  if (difference.to === undefined) return guest.paused ? "nextBoot" : "live";
  return hasFreePort(guest) ? "live" : "nextBoot";
}

/** On machines with PCIe each device takes a port, of which a domain has those that it was started with. */
function hasFreePort({ live, pluggedBefore }: RunningGuest): boolean {
  return !hasPcieRootPorts(live.machine) || live.hotplugPorts > pluggedBefore;
}

/** Of the inputs that aren't a feature of their own. */
const rows: readonly ChangeRow[] = [
  {
    input: "name",
    property: "name",
    effect: "none",
    comparedWhileRunning: false,
    running: "refused while it runs",
  },
  { property: "uuid", effect: "none", comparedWhileRunning: false },
  { input: "description", property: "description", effect: "none", comparedWhileRunning: false },
  { property: "architecture", effect: "nextBoot", comparedWhileRunning: false },
  { property: "emulator", effect: "nextBoot", comparedWhileRunning: false },
  { input: "emulation", property: "accelerator", effect: "nextBoot" },
  { input: "machine", property: "machine", effect: "nextBoot" },
  {
    input: "`kernel`, `initrd`, `commandLine`",
    property: "directBoot",
    effect: "nextBoot",
    label: "kernel",
  },
  { input: "console", property: "consoleLog", effect: "nextBoot", label: "console.log" },
  { property: "agentChannel", effect: "nextBoot" },
  { property: "rng", effect: "nextBoot" },
  {
    input: "`disks`, added or taken away",
    property: disk(({ property }) => property === undefined),
    effect: diskPlugging,
    running: "live on virtio, scsi and usb; at its next boot on sata, and without a free PCIe port",
    note: "the guest has to let go of a disk that is taken away; its volume is deleted afterwards if the VM owns it",
  },
  {
    input: "`disks[]`: `bus`, `cache`, `serial`, ...",
    property: disk(() => true),
    effect: "nextBoot",
  },
  {
    input: "`interfaces`, added or taken away",
    property: nic(({ property }) => property === undefined),
    effect: interfacePlugging,
    running: "live; at its next boot without a free PCIe port",
  },
  {
    input: "`interfaces[]`: `network`, `bridge`",
    property: nic(({ property }) => property === "source"),
    effect: "live",
    running: "live: the cable moves, the card stays",
  },
  { input: "interfaces[].link", property: nic(({ property }) => property === "link"), effect: "live" },
  { input: "interfaces[].model", property: nic(() => true), effect: "nextBoot" },
];

/** All rows; the features' come first. */
export const changeTable: readonly ChangeRow[] = [...features.flatMap((feature) => feature.rows), ...rows];

/** The row of a difference. */
export function rowOf(difference: ModelDifference): ChangeRow {
  const found = changeTable.find(({ property }) =>
    typeof property === "function"
      ? property(difference)
      : difference.kind === "property" && difference.property === property,
  );
  if (found === undefined) throw new Error(`no row of the table of changes is of ${difference.path}`);
  return found;
}

/** What a difference between the running guest and what should be does to the guest. */
export function effectOf(difference: ModelDifference, guest: RunningGuest): RunningEffect {
  const { effect } = rowOf(difference);
  return typeof effect === "function" ? effect(difference, guest) : effect;
}
