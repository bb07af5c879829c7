import { escapeMarkdown as escaped } from "../../markup.js";
import { kindLabel } from "../finding.js";
import type { DriftReport } from "../report-schema.js";
import { remarkOf, silenceOf, subjectOf, title, upOf, verdict } from "./words.js";

/** For issues, chat and job summaries. */
export function asMarkdown(report: DriftReport): string {
  const lines = [`## ${escaped(title(report))}`, "", `**${escaped(verdict(report))}**`, ""];
  for (const host of report.hosts.filter(({ status }) => status === "unreachable"))
    lines.push(`- host ${escaped(host.name)} did not answer: ${escaped(silenceOf(host))}`);
  if (report.findings.length > 0) {
    lines.push(
      "",
      "| | what | host | property | wanted | found | `pulumi up` would |",
      `|${"---|".repeat(7)}`,
    );
    for (const found of report.findings) {
      const cells = [
        kindLabel(found.kind),
        subjectOf(found),
        found.host ?? "",
        found.property ?? "",
        found.wanted ?? "",
        found.found ?? remarkOf(found),
        upOf(found),
      ];
      lines.push(`| ${cells.map(escaped).join(" | ")} |`);
    }
  }
  if (report.notes.length > 0) lines.push("", ...report.notes.map((note) => `- ${escaped(note)}`));
  const left = [
    ...(report.ignored > 0 ? [`${report.ignored} ignored`] : []),
    ...(report.known > 0 ? [`${report.known} known since ${report.since}`] : []),
  ];
  lines.push("", `<sub>${[`kvm drift, ${report.at}`, ...left].join(" · ")}</sub>`);
  return `${lines.join("\n")}\n`;
}
