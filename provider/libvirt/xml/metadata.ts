import type { Element } from "@xmldom/xmldom";
import { type Lease, leaseKind } from "./lease.js";
import { setMark } from "./mark.js";
import { type MigrationJournal, migrationJournalKind } from "./migration-journal.js";
import { type OwnerMark, ownerMarkKind } from "./owner-mark.js";

/** Our records in the `<metadata>` of a domain or network. */
export interface Marks {
  owner?: OwnerMark;
  lease?: Lease;
  migration?: MigrationJournal;
}

/** Gives a new document the marks that there are. */
export function setMarks(root: Element, marks: Marks): void {
  if (marks.owner !== undefined) setMark(ownerMarkKind, root, marks.owner);
  if (marks.lease !== undefined) setMark(leaseKind, root, marks.lease);
  if (marks.migration !== undefined) setMark(migrationJournalKind, root, marks.migration);
}
