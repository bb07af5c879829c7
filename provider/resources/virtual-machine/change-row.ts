import type {
  DomainModel,
  DomainPartName,
  DomainProperty,
  ModelDifference,
  PluggingRoom,
} from "../../libvirt/xml/index.js";
import type { PropertyChange } from "../../planning/step.js";
import type { NetworkTraits } from "./network-traits.js";

/** What a change does to a running guest: applied now, saved for its next start, or nothing that it could notice. */
export type RunningEffect = "live" | "nextBoot" | "none";

/** The running guest, as far as it decides what can be done live. */
export interface RunningGuest {
  live: DomainModel;
  /** What it should be. */
  to: DomainModel;
  paused: boolean;
  /** What can be plugged in. */
  room: PluggingRoom;
  /** PCIe ports that are left when the plan comes to this change; undefined on machines that have a bus for many instead. */
  freePorts: number | undefined;
  /** Folders of the host can be plugged in: libvirt 9 crashes where it has no cgroups. */
  plugsFolders: boolean;
  /** The networks of the host, by name. */
  networks: ReadonlyMap<string, NetworkTraits>;
}

/**
 * A row of the table of changes: what the planner goes by, and what README prints. The first row that is of a difference decides.
 */
export interface ChangeRow {
  /** As programs write it, "disks[].size"; what is more than one name is Markdown. Absent: programs can't set it. */
  input?: string;
  /** A property of the domain, or a test of any difference. */
  property: DomainProperty | ((difference: ModelDifference) => boolean);
  effect: RunningEffect | ((difference: ModelDifference, guest: RunningGuest) => RunningEffect);
  /** How many PCIe ports it takes when it is live; less than none when it gives some back. Default: none. */
  ports?(difference: ModelDifference, guest: RunningGuest): number;
  /** What README says of the running guest; by default what a constant effect means. */
  running?: string;
  note?: string;
  /** What messages call it; default: the input, else the property. Of disks and interfaces: what they call the property. */
  label?: string;
  /** What people should know before it is done to a running guest, as the end of the line that says so. */
  warning?(difference: ModelDifference): string | undefined;
  /**
   * False: the live document tells the moment, or says it in other words than the definition; only a changed definition shows the change.
   * Default true.
   */
  comparedWhileRunning?: false;
  /** Whether what the running guest has amounts to what it should have, though it differs from the words of the definition. */
  isMet?(live: unknown, wanted: unknown): boolean;
  /** A value in words, without secrets. Default: as JSON. */
  show?(value: unknown): string;
  /** A change that is told otherwise than by its values; undefined for one that isn't. */
  describe?(from: unknown, to: unknown): PropertyChange | undefined;
}

/** A row of a part of the model, whose functions know the type of its values. */
export function typedRow<Name extends DomainPartName>(
  property: Name,
  row: Omit<ChangeRow, "property" | "isMet" | "show" | "describe"> & {
    isMet?(live: DomainModel[Name], wanted: DomainModel[Name]): boolean;
    show?(value: NonNullable<DomainModel[Name]>): string;
    describe?(from: DomainModel[Name], to: DomainModel[Name]): PropertyChange | undefined;
  },
): ChangeRow {
  return { property, ...row } as ChangeRow;
}
