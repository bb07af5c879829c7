import { displayWidth, letters } from "../../display-width.js";
import { harmless } from "../../markup.js";
import type { Paint } from "../../paint.js";
import { type Finding, kindLabel } from "../finding.js";
import type { DriftReport } from "../report-schema.js";
import { remarkOf, silenceOf, subjectOf, title, upOf, verdict } from "./words.js";

const HEAD = ["", "what", "host", "property", "wanted", "found", "pulumi up would"];
const WIDEST = [22, 34, 16, 22, 26, 26, 60];

/** For people at a terminal. */
export function asTable(report: DriftReport, paint: Paint): string {
  return laidOutReport(harmless(report), paint);
}

function laidOutReport(report: DriftReport, paint: Paint): string {
  const lines = [paint.strong(title(report)), ""];
  if (report.findings.length > 0) {
    const rows = report.findings.map((found) => ({ found, cells: cellsOf(found) }));
    const used = HEAD.map((head, i) =>
      Math.min(
        WIDEST[i] as number,
        Math.max(head.length, ...rows.map(({ cells }) => longest(cells[i] ?? ""))),
      ),
    );
    const shown = HEAD.map((_, i) => i === 0 || rows.some(({ cells }) => cells[i] !== ""));
    lines.push(...laidOut(HEAD, used, shown).map(paint.faint));
    for (const { found, cells } of rows)
      lines.push(
        ...laidOut(cells, used, shown).map((line, i) =>
          i === 0 ? paintKind(line, cells[0] as string, found, paint) : line,
        ),
      );
    lines.push("");
  }
  for (const host of report.hosts.filter(({ status }) => status === "unreachable"))
    lines.push(`${paint.bad(`host ${host.name} did not answer`)}: ${silenceOf(host)}`);
  for (const note of report.notes) lines.push(`note: ${note}`);
  if (report.ignored > 0) lines.push(`${report.ignored} ignored`);
  if (report.known > 0) lines.push(`${report.known} known since ${report.since}`);
  const tone = report.outcome === "same" ? paint.good : paint.bad;
  lines.push(tone(verdict(report)));
  return `${lines.join("\n")}\n`;
}

function cellsOf(found: Finding): string[] {
  const { kind, host, property, wanted } = found;
  return [
    kindLabel(kind),
    subjectOf(found),
    host ?? "",
    property ?? "",
    wanted ?? "",
    found.found ?? remarkOf(found),
    upOf(found),
  ];
}

function paintKind(line: string, label: string, { kind }: Finding, paint: Paint): string {
  const isNotice = kind === "pendingRestart" || kind === "poolNearlyFull" || kind === "unmanaged";
  return (isNotice ? paint.warn(label) : paint.bad(label)) + line.slice(label.length);
}

/** A row, its long cells on several lines. */
function laidOut(cells: readonly string[], widths: readonly number[], shown: readonly boolean[]): string[] {
  const wrapped = cells.map((cell, i) => wrap(cell, widths[i] as number));
  const height = Math.max(1, ...wrapped.map((lines) => lines.length));
  return Array.from({ length: height }, (_, row) =>
    wrapped
      .map((lines, i) => padded(lines[row] ?? "", widths[i] as number))
      .filter((_cell, i) => shown[i])
      .join("  ")
      .trimEnd(),
  );
}

function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (let word of paragraph.split(" ")) {
      if (line !== "" && displayWidth(line) + 1 + displayWidth(word) > width) {
        lines.push(line);
        line = "";
      }
      while (displayWidth(word) > width) {
        const part = fitting(word, width);
        lines.push(part);
        word = word.slice(part.length);
      }
      line = line === "" ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines;
}

/** The beginning that fits. */
function fitting(word: string, width: number): string {
  let part = "";
  let used = 0;
  for (const { letter, columns } of letters(word)) {
    used += columns;
    if (used > width) break;
    part += letter;
  }
  return part;
}

function longest(text: string): number {
  return Math.max(...text.split("\n").map(displayWidth));
}
