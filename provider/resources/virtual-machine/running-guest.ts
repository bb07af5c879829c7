import type { DomainRecord } from "../../libvirt/index.js";
import {
  type DomainModel,
  type HotplugState,
  hasPcieRootPorts,
  noRunNotes,
  nothingPlugged,
  type PluggingRoom,
  patchedPaths,
  type RunNotes,
  readHotplugState,
  readPluggingRoom,
  readRunNotes,
  runNotesKind,
  scsiControllersOf,
} from "../../libvirt/xml/index.js";
import type { NetworkTraits } from "./network-traits.js";

/** What is known of one run of a guest beside the model of its live document. */
export interface GuestRun {
  paused: boolean;
  notes: RunNotes;
  readonly hotplug: HotplugState;
  /** The modules in the definition: those the guest was started with. */
  readonly definedDimmsBytes: number;
  /** Whether the guest's balloon driver has ever answered; undefined when nobody asked. */
  balloonAnswers?: boolean | undefined;
  /** What the balloon leaves to the guest by what QEMU says, which is later than the document; undefined when nobody asked. */
  balloonLeavesBytes?: number | undefined;
  /** What can be plugged in. */
  readonly room?: PluggingRoom | undefined;
  /** What patches have made otherwise than the model of its live document says. */
  readonly patched?: ReadonlySet<string> | undefined;
  /** Folders of the host can be plugged in; asked only of a guest that is to have some. */
  plugsFolders?: boolean | undefined;
  /** The networks of its host, by name. */
  networks?: ReadonlyMap<string, NetworkTraits> | undefined;
}

/** The running guest, as far as it decides what can be done live. */
export interface RunningGuest extends GuestRun {
  live: DomainModel;
  /** What it starts with next, before it is changed. */
  definition: DomainModel;
  /** What it should be. */
  to: DomainModel;
  readonly room: PluggingRoom;
  /** PCIe ports that are left when the plan comes to this change; undefined on machines that have a bus for many instead. */
  freePorts: number | undefined;
}

/** Of a guest of which there is nothing to know. */
export const newRun: GuestRun = {
  paused: false,
  notes: noRunNotes,
  hotplug: nothingPlugged,
  definedDimmsBytes: 0,
};

/** The run of an active domain. What few plans need of the documents is read of them when it is needed. */
export function guestRunOf(
  record: DomainRecord,
  liveXml: string,
  networks: ReadonlyMap<string, NetworkTraits>,
): GuestRun {
  let hotplug: HotplugState | undefined;
  let definedDimmsBytes: number | undefined;
  let room: PluggingRoom | undefined;
  let patched: ReadonlySet<string> | undefined;
  return {
    paused: record.state === "paused" || record.state === "suspended",
    networks,
    notes: liveXml.includes(runNotesKind.uri) ? readRunNotes(liveXml) : noRunNotes,
    get hotplug() {
      hotplug ??= readHotplugState(liveXml);
      return hotplug;
    },
    get room() {
      room ??= readPluggingRoom(liveXml);
      return room;
    },
    get patched() {
      patched ??= patchedPaths(liveXml);
      return patched;
    },
    get definedDimmsBytes() {
      definedDimmsBytes ??=
        record.persistentXml === undefined ? 0 : dimmsBytes(readHotplugState(record.persistentXml));
      return definedDimmsBytes;
    },
  };
}

export function dimmsBytes({ dimms }: HotplugState): number {
  return dimms.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** A running guest before the first change of a plan. */
export function runningGuest(
  live: DomainModel,
  definition: DomainModel,
  to: DomainModel,
  run: GuestRun,
): RunningGuest {
  const isPcie = hasPcieRootPorts(live.machine);
  const room = run.room ?? {
    freePorts: isPcie ? live.hotplugPorts : undefined,
    hasPciBus: !isPcie,
    hasUsb: true,
    hasVirtioSerial: live.agentChannel,
    scsiControllers: scsiControllersOf(live.disks),
    sharesMemory: live.memoryBacking?.access === "shared",
  };
  return { ...run, live, definition, to, room, freePorts: room.freePorts };
}
