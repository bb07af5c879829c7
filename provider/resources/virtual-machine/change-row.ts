import type {
  DomainModel,
  DomainPartName,
  DomainProperty,
  ModelDifference,
} from "../../libvirt/xml/index.js";
import type { PropertyChange } from "../../planning/step.js";
import type { RunningGuest } from "./running-guest.js";

/** What a change does to a running guest: applied now, saved for its next start, or nothing that it could notice. */
export type RunningEffect = "live" | "nextBoot" | "none";

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
  /** What messages call it; default: the input, else the property. */
  label?: string;
  /** What a running guest loses by it, as the end of the line that says so. */
  warning?(difference: ModelDifference): string | undefined;
  /**
   * False: the live document tells the moment, or says it in other words than the definition. What the guest runs with is then what its
   * definition says, or what was noted when that was changed under it. Default true.
   */
  comparedWhileRunning?: false;
  /** Whether what the running guest has amounts to what it should have, though it differs from the words of the definition. */
  isMet?(live: unknown, wanted: unknown): boolean;
  /** A value in words, without secrets. Default: as JSON. */
  show?(value: unknown): string;
  /** What no value is called. Default: "none". */
  showNone?: string;
  /** A change that is told otherwise than by its values; undefined for one that isn't. */
  describe?(from: unknown, to: unknown): PropertyChange | undefined;
  /** Of what isn't compared: whether the live document leaves it open that the guest runs with a value. */
  mayRunWith?(live: DomainModel, value: unknown): boolean;
  /** Says that the difference goes without saying, because another one of the same change says it. */
  impliedBy?(difference: ModelDifference, others: readonly ModelDifference[], to: DomainModel): boolean;
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
