import {
  escapeMarkup as e,
  escapeMarkdown as escaped,
  straight,
  unlinked,
  unmentioned,
} from "../../markup.js";
import { impactLabel, impacts, worstOf } from "../impact.js";
import type { HostRoom, ReviewedChange, ReviewReport } from "../report.js";
import { countsText, memoryText, moveText, poolText, reasonLabel, title, toneOf } from "./words.js";

/** What forges take of a comment is 65,536 characters at the least; in bytes, to be safe. */
export const MOST_BYTES = 60_000;
/** Kept for what comes after the changes. */
const ROOM_FOR_END = 6_000;
/** One line mustn't take the whole comment. */
const LONGEST_LINE = 600;
const LONGEST_SENTENCE = 1_500;
const MOST_DIFF_LINES = 60;

/** For a comment on a pull request: the worst first, the rest folded, never longer than a comment may be. */
export function asMarkdown(report: ReviewReport): string {
  const [first = "", ...more] = report.verdict;
  const sign = { good: "🟢", warn: "🟡", bad: "🔴" }[toneOf(report)];
  const text = new BoundedText(MOST_BYTES - ROOM_FOR_END);
  text.add(`## ${short(title(report), 200)}`, "", "### Will any guest notice?", "");
  text.add(`${sign} **${short(first, LONGEST_SENTENCE)}**`, "");
  for (const sentence of more) text.add(`- ${short(sentence, LONGEST_SENTENCE)}`);
  for (const error of report.errors) text.add("", `> **error** ${short(error, LONGEST_LINE)}`);
  if (report.changes.length > 0)
    text.add(
      "",
      `| | |`,
      "|---|---|",
      ...impacts
        .filter((one) => report.summary[one] > 0)
        .map((one) => `| ${impactLabel(one)} | ${report.summary[one]} |`),
    );
  text.add("");
  const left = report.changes.findIndex((change) => !text.add(...changeLines(change)));
  const leftOut = left === -1 ? [] : report.changes.slice(left);
  const end = new BoundedText(ROOM_FOR_END - 200);
  if (leftOut.length > 0)
    end.add(
      "",
      `**${leftOut.length} more changes are left out here**, none worse than: ${impactLabel(worstOf(leftOut.flatMap((one) => one.impacts)))}. The HTML page has them.`,
    );
  end.add(
    "",
    "<details><summary>Room on the hosts</summary>",
    "",
    "| host | guests | memory | CPUs | pools |",
    `|${"---|".repeat(5)}`,
  );
  const hosts = report.hosts.findIndex((host) => !end.add(hostLine(host)));
  if (hosts !== -1) end.force(`| and ${report.hosts.length - hosts} more | | | | |`);
  end.force("", "</details>");
  for (const note of report.notes) end.add("", `- ${short(note, LONGEST_LINE)}`);
  end.force("", `<sub>${[`kvm review, ${report.at}`, countsText(report)].join(" · ")}</sub>`);
  return `${text.lines.join("\n")}\n${end.lines.join("\n")}\n`;
}

function changeLines(change: ReviewedChange): string[] {
  const { kind, name, operation, hosts, reason, notes, move, steps, xmlDiff } = change;
  const on =
    hosts.length === 0 ? "" : ` on ${hosts.slice(0, 3).join(", ")}${hosts.length > 3 ? ", ..." : ""}`;
  const head = `<b>${impactLabel(worstOf(change.impacts))}</b>: ${inSummary(`${kind} ${name}${on}`)} (${operation})`;
  const lines = steps.flatMap((step) => step.lines);
  return [
    "<details>",
    `<summary>${head}</summary>`,
    "",
    ...lines.slice(0, 40).map((line) => `- ${short(line, LONGEST_LINE)}`),
    ...(lines.length > 40 ? [`- and ${lines.length - 40} more`] : []),
    ...(move === undefined ? [] : [`- ${short(moveText(move), LONGEST_LINE)}`]),
    ...(reason === undefined ? [] : [`- **${reasonLabel(change)}**: ${short(reason, LONGEST_SENTENCE)}`]),
    ...notes.slice(0, 10).map((note) => `- ${short(note, LONGEST_LINE)}`),
    ...(xmlDiff === undefined ? [] : ["", ...diffLines(xmlDiff)]),
    "",
    "</details>",
    "",
  ];
}

/** Within a fence that is longer than any in it. */
function diffLines(xmlDiff: string): string[] {
  const lines = straight(xmlDiff)
    .split("\n")
    .map((line) => cut(line, LONGEST_LINE));
  const shown = lines.slice(0, MOST_DIFF_LINES);
  if (lines.length > shown.length) shown.push(`... ${lines.length - shown.length} more lines`);
  const longest = Math.max(2, ...(xmlDiff.match(/`+/g) ?? []).map((ticks) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return [`${fence}diff`, ...shown, fence];
}

function hostLine(host: HostRoom): string {
  const { name, status, guests, memory, cpus, pools } = host;
  if (status === "unreachable") return `| ${short(name, 100)} | did not answer | | | |`;
  const arrow = (change: { before: number; after: number } | undefined) =>
    change === undefined
      ? ""
      : change.before === change.after
        ? String(change.before)
        : `${change.before} -> ${change.after}`;
  const cells = [
    name,
    arrow(guests),
    memory === undefined ? "" : memoryText(memory),
    `${arrow(cpus)} on ${cpus?.total ?? "?"}`,
    pools.map(poolText).join("; "),
  ];
  return `| ${cells.map((cell) => short(cell, 300)).join(" | ")} |`;
}

/** Within HTML, which not every forge leaves as it is: nothing in it is markup of either kind. */
function inSummary(text: string): string {
  return unlinked(e(unmentioned(cut(text, 200))))
    .replace(/[[\]`*_~\\]/g, (letter) => `&#${letter.charCodeAt(0)};`)
    .replace(/\s+/g, " ");
}

function short(text: string, length: number): string {
  return escaped(cut(text, length));
}

function cut(text: string, length: number): string {
  const letters = [...text];
  return letters.length <= length ? text : `${letters.slice(0, length - 1).join("")}…`;
}

/** Lines as far as they fit; what doesn't fit whole isn't begun. */
class BoundedText {
  readonly lines: string[] = [];
  readonly #most: number;
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(...lines: string[]): boolean {
    const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
    if (this.#bytes + bytes > this.#most) return false;
    this.force(...lines);
    return true;
  }

  force(...lines: string[]): void {
    this.lines.push(...lines);
    this.#bytes += lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
  }
}
