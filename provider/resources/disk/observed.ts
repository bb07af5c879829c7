import { type DiskPlace, isAt } from "./place.js";
import type { ObservedSource } from "./source.js";
import type { UserElsewhere } from "./users-elsewhere.js";

export interface ObservedDisk {
  /** Where it should be. */
  target: DiskPlace;
  /** Where it is instead, or as well: where it was before, or wherever its virtual machine has taken it. */
  elsewhere: DiskPlace | undefined;
  /** A move that was cut off, and wasn't one to where the disk should be by now. `to` is absent when it never came to a copy. */
  interrupted?: { from: DiskPlace; to: DiskPlace | undefined } | undefined;
  /** What its content comes from; absent where none is declared. */
  source?: ObservedSource | undefined;
  /** Volumes that are layers over the disk; read when it isn't where it should be. */
  layers: string[];
  /** What uses it on other hosts, which share its storage; read when it isn't where it should be, is to grow, or is to be made anew. */
  usersElsewhere?: UserElsewhere[];
}

/** Where the disk's data is. Half a migration leaves a volume on both hosts: then it is where the guest runs. */
export function whereItIs({ target, elsewhere }: Pick<ObservedDisk, "target" | "elsewhere">) {
  const runsAt = (place: DiskPlace) => place.users.some(({ running }) => running);
  if (isAt(elsewhere) && (!isAt(target) || (runsAt(elsewhere) && !runsAt(target)))) return elsewhere;
  return isAt(target) ? target : undefined;
}
