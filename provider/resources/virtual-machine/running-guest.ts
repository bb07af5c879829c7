import type { DomainRecord } from "../../libvirt/index.js";
import {
  type DomainModel,
  type HotplugState,
  noRunNotes,
  nothingPlugged,
  type RunNotes,
  readHotplugState,
  readRunNotes,
  runNotesKind,
} from "../../libvirt/xml/index.js";

/** What is known of one run of a guest beside the model of its live document. */
export interface GuestRun {
  paused: boolean;
  notes: RunNotes;
  readonly hotplug: HotplugState;
  /** The modules in the definition: those the guest was started with. */
  readonly definedDimmsBytes: number;
  /** Whether the guest's balloon driver has ever answered; undefined when nobody asked. */
  balloonAnswers?: boolean | undefined;
}

/** The running guest, as far as it decides what can be done live. */
export interface RunningGuest extends GuestRun {
  live: DomainModel;
  /** What it starts with next, before it is changed. */
  definition: DomainModel;
  /** What it should be. */
  to: DomainModel;
  /** How many devices the plan has plugged in before this one. */
  pluggedBefore: number;
}

/** Of a guest of which there is nothing to know. */
export const newRun: GuestRun = {
  paused: false,
  notes: noRunNotes,
  hotplug: nothingPlugged,
  definedDimmsBytes: 0,
};

/** The run of an active domain. What few plans need of the documents is read of them when it is needed. */
export function guestRunOf(record: DomainRecord, liveXml: string): GuestRun {
  let hotplug: HotplugState | undefined;
  let definedDimmsBytes: number | undefined;
  return {
    paused: record.state === "paused",
    notes: liveXml.includes(runNotesKind.uri) ? readRunNotes(liveXml) : noRunNotes,
    get hotplug() {
      hotplug ??= readHotplugState(liveXml);
      return hotplug;
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
