import type { Element } from "@xmldom/xmldom";
import { removeElement } from "./element.js";
import type { MarkKind, OnMarkProblem } from "./mark.js";
import {
  addMarkChild,
  markChildren,
  readMark,
  requireMarkChild,
  requireMarkChoice,
  requireMarkCount,
  requireMarkText,
  withMark,
  writeMark,
} from "./mark.js";

/** A volume that goes along with its VM. */
export interface MigratedVolume {
  sourcePool: string;
  targetPool: string;
  name: string;
  sourcePath: string;
  targetPath: string;
  /** Whether the VM's own, and so removed at the source in the end. */
  owned: boolean;
}

/** A migration under way, noted in both documents of the domain before it begins, so that whoever finds it can settle it. */
export interface MigrationJournal {
  from: { name: string; uuid: string };
  to: { name: string; uuid: string; migrationUri: string };
  /** Counts the migrations of this domain: an older note is not a newer one's. */
  epoch: number;
  startedAtMs: number;
  /** Whether the domain was autostarted at the source, to be restored at the target. */
  autostart: boolean;
  storage: "shared" | "copy";
  volumes: MigratedVolume[];
}

const yesNo = ["yes", "no"] as const;

/** How the journal is kept. */
export const migrationJournalKind: MarkKind<MigrationJournal> = {
  uri: "urn:pulumi-kvm:migration:1",
  key: "kvm-migration",
  elementName: "migration",
  read: (element) => {
    const from = requireMarkChild(element, "from");
    const to = requireMarkChild(element, "to");
    return {
      from: { name: requireMarkText(from, "name"), uuid: requireMarkText(from, "uuid") },
      to: {
        name: requireMarkText(to, "name"),
        uuid: requireMarkText(to, "uuid"),
        migrationUri: requireMarkText(to, "migrationUri"),
      },
      epoch: requireMarkCount(element, "epoch"),
      startedAtMs: requireMarkCount(element, "startedAtMs"),
      autostart: requireMarkChoice(element, "autostart", yesNo) === "yes",
      storage: requireMarkChoice(element, "storage", ["shared", "copy"]),
      volumes: markChildren(element, "volume").map(readVolume),
    };
  },
  write: (element, journal) => {
    element.setAttribute("epoch", String(journal.epoch));
    element.setAttribute("startedAtMs", String(journal.startedAtMs));
    element.setAttribute("autostart", journal.autostart ? "yes" : "no");
    element.setAttribute("storage", journal.storage);
    const from = markChildren(element, "from")[0] ?? addMarkChild(element, "from");
    from.setAttribute("name", journal.from.name);
    from.setAttribute("uuid", journal.from.uuid);
    const to = markChildren(element, "to")[0] ?? addMarkChild(element, "to");
    to.setAttribute("name", journal.to.name);
    to.setAttribute("uuid", journal.to.uuid);
    to.setAttribute("migrationUri", journal.to.migrationUri);
    const present = markChildren(element, "volume");
    const kept = journal.volumes.map((volume) => present.find((child) => isSameVolume(child, volume)));
    for (const child of present) if (!kept.includes(child)) removeElement(child);
    journal.volumes.forEach((volume, index) => {
      writeVolume(kept[index] ?? addMarkChild(element, "volume"), volume);
    });
  },
};

/** Reads the migration under way; undefined when there is none, or when the note can't be read (`onProblem` is told). Never throws. */
export function readMigrationJournal(xml: string, onProblem?: OnMarkProblem): MigrationJournal | undefined {
  return readMark(migrationJournalKind, xml, onProblem);
}

/** The element for DomainSetMetadata with `migrationJournalKind.uri` and `.key`; `over` is the domain's XML, whose unknown attributes are kept. */
export function writeMigrationJournal(journal: MigrationJournal, over?: string): string {
  return writeMark(migrationJournalKind, journal, over);
}

/** The XML of a domain with this journal, or without any. */
export function withMigrationJournal(xml: string, journal: MigrationJournal | undefined): string {
  return withMark(migrationJournalKind, xml, journal);
}

function readVolume(element: Element): MigratedVolume {
  return {
    sourcePool: requireMarkText(element, "sourcePool"),
    targetPool: requireMarkText(element, "targetPool"),
    name: requireMarkText(element, "name"),
    sourcePath: requireMarkText(element, "sourcePath"),
    targetPath: requireMarkText(element, "targetPath"),
    owned: requireMarkChoice(element, "owned", yesNo) === "yes",
  };
}

function isSameVolume(element: Element, volume: MigratedVolume): boolean {
  return (
    element.getAttribute("sourcePool") === volume.sourcePool && element.getAttribute("name") === volume.name
  );
}

function writeVolume(element: Element, volume: MigratedVolume): void {
  element.setAttribute("sourcePool", volume.sourcePool);
  element.setAttribute("targetPool", volume.targetPool);
  element.setAttribute("name", volume.name);
  element.setAttribute("sourcePath", volume.sourcePath);
  element.setAttribute("targetPath", volume.targetPath);
  element.setAttribute("owned", volume.owned ? "yes" : "no");
}
