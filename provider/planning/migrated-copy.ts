import type { DomainRecord, DomainState } from "../libvirt/index.js";
import { type MigrationJournal, readMigrationJournal } from "../libvirt/xml/index.js";
import { readOnce } from "./read-once.js";

/** What a host says of its copy of a guest whose migration was interrupted. */
export type MigratedCopy =
  | { kind: "unanswered" }
  | { kind: "absent" }
  | {
      kind: "present";
      state: DomainState;
      /** libvirt's name of the reason for the state. */
      reason: string | undefined;
      persistent: boolean;
      /** Whether a job holds the domain: a migration away from here, one to here, or something else. */
      job: "none" | "outgoing" | "incoming" | "other";
      /** Whether the journal in the domain's metadata tells of the migration that is being settled. */
      journal: "same" | "other" | "none";
    };

/** A copy that is there. */
export type PresentCopy = Extract<MigratedCopy, { kind: "present" }>;

/**
 * What matters of a copy's state:
 * - `running`: the guest does work
 * - `frozen`: stopped by the migration, with all its memory or on the way to it
 * - `held`: stopped by something else: a person, an I/O error, its own sleep
 * - `off`
 * - `unclear`: no table knows it (post-copy, still starting)
 */
export type Activity = "running" | "frozen" | "held" | "off" | "unclear";

/** Classifies a copy's state. */
export function activityOf(copy: Pick<PresentCopy, "state" | "reason">): Activity {
  const reason = copy.reason ?? "";
  switch (copy.state) {
    case "running":
      return reason.startsWith("postCopy") ? "unclear" : "running";
    case "blocked":
    case "shuttingDown":
      return "running";
    case "paused":
      if (reason === "migration") return "frozen";
      return reason.startsWith("postCopy") || reason === "startingUp" ? "unclear" : "held";
    case "suspended":
    case "crashed":
      return "held";
    case "shutOff":
      return "off";
    case "noState":
      return "unclear";
    default:
      copy.state satisfies never;
      return "unclear";
  }
}

/** What stands in the metadata of a domain about a migration. */
export type JournalFinding =
  | { kind: "none" }
  | { kind: "journal"; journal: MigrationJournal }
  | { kind: "unreadable"; why: string };

/** The journal of a domain. It is written to both documents; one of them may have been replaced since. */
export const journalOf = readOnce(
  (record: Pick<DomainRecord, "liveXml" | "persistentXml">): JournalFinding => {
    let finding: JournalFinding = { kind: "none" };
    for (const xml of [record.liveXml, record.persistentXml]) {
      if (xml === undefined) continue;
      const journal = readMigrationJournal(xml, ({ detail }) => {
        finding = { kind: "unreadable", why: detail };
      });
      if (journal !== undefined) return { kind: "journal", journal };
    }
    return finding;
  },
);

/** Whether two notes tell of the same migration. */
export function sameMigration(a: MigrationJournal, b: MigrationJournal): boolean {
  return (
    a.from.uuid === b.from.uuid &&
    a.to.uuid === b.to.uuid &&
    a.epoch === b.epoch &&
    a.startedAtMs === b.startedAtMs
  );
}

/**
 * Whether a VM is in the middle of a migration, so that settling must come before anything else: a journal is found on
 * either host, or half of a migration that has none (any more).
 */
export function isInterrupted(source: DomainRecord | undefined, target: DomainRecord | undefined): boolean {
  return [source, target].some(
    (record) =>
      record !== undefined &&
      (journalOf(record).kind !== "none" || (record.state === "paused" && record.reasonName === "migration")),
  );
}
