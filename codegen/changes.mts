// README's table of what each change does to a running VM, from the data that the planner goes by.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ChangeNote } from "../provider/planning/change-note.js";
import { diskNotes } from "../provider/resources/disk/change-notes.js";
import { networkNotes } from "../provider/resources/network/change-notes.js";
import { snapshotNotes } from "../provider/resources/snapshot/change-notes.js";
import { poolNotes } from "../provider/resources/storage-pool/change-notes.js";
import { machineNotes } from "../provider/resources/virtual-machine/change-notes.js";
import type { ChangeRow, RunningEffect } from "../provider/resources/virtual-machine/change-row.js";
import { changeTable } from "../provider/resources/virtual-machine/change-table.js";

const BEGIN = "<!-- The table of changes is generated: npm run generate -->";
const END = "<!-- End of the table of changes -->";
const SAYS: Readonly<Record<RunningEffect, string>> = {
  live: "live",
  nextBoot: "at its next boot",
  none: "nothing",
};

/** The lines of the table in Markdown. */
export function changesTable(): string {
  const notes = [
    ...machineNotes,
    ...changeTable.flatMap(noteOf),
    ...diskNotes,
    ...networkNotes,
    ...poolNotes,
    ...snapshotNotes,
    { input: "Host: anything", running: "nothing" },
  ];
  const rows = notes.map(({ input, running, note = "" }) => [code(input), running, note]);
  return alignedTable([["change", "a running guest", ""], ...rows]);
}

/** A Markdown table with its columns aligned, as the formatter wants it. */
function alignedTable([head = [], ...rows]: string[][]): string {
  const widths = head.map((_, i) => Math.max(3, ...[head, ...rows].map((row) => [...(row[i] ?? "")].length)));
  const line = (cells: string[]) =>
    `| ${widths.map((width, i) => (cells[i] ?? "") + " ".repeat(width - [...(cells[i] ?? "")].length)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

/** A README with the table as it should be. */
export function withChangesTable(readme: string): string {
  const [from, to] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (from < 0 || to < from) throw new Error("README.md lacks the marks of the table of changes");
  return `${readme.slice(0, from)}${BEGIN}\n\n${changesTable()}\n\n${readme.slice(to)}`;
}

function noteOf(row: ChangeRow): ChangeNote[] {
  const { input, effect, note } = row;
  if (input === undefined) return [];
  const running = row.running ?? (typeof effect === "string" ? SAYS[effect] : undefined);
  if (running === undefined) throw new Error(`the row of ${input} doesn't say what a running guest feels`);
  return [{ input, running, ...(note === undefined ? {} : { note }) }];
}

/** A bare name in code; what is more than a name has its own marks. */
function code(input: string): string {
  return /^[\w.[\]]+$/.test(input) ? `\`${input}\`` : input;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = join(process.cwd(), "README.md");
  writeFileSync(path, withChangesTable(readFileSync(path, "utf8")));
}
