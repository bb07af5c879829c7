import { counted } from "../../counted.js";
import { escapeMarkup as e } from "../../markup.js";
import { page } from "../../page.js";
import { type Finding, type FindingKind, findingKinds, kindLabel } from "../finding.js";
import type { DriftReport } from "../report-schema.js";
import { remarkOf, silenceOf, subjectOf, title, upOf, verdict } from "./words.js";

export function asHtml(report: DriftReport): string {
  const tone = report.outcome === "same" ? "good" : report.outcome === "drift" ? "bad" : "unsure";
  const kinds = findingKinds.filter((kind) => report.summary[kind] > 0);
  return page({ title: title(report), at: report.at }, "kvm drift", [
    `<p class="verdict ${tone}" role="status">${e(verdict(report))}</p>`,
    ...hostsPart(report),
    ...kinds.flatMap((kind) => kindPart(kind, report)),
    ...poolsPart(report),
    ...notesPart(report),
  ]);
}

function hostsPart({ hosts, resources }: DriftReport): string[] {
  const rows = hosts.map((host) => {
    const { name, address, status } = host;
    const here = resources.filter((resource) => resource.hosts.includes(name));
    const same = here.filter((resource) => resource.status === "same").length;
    const state = status === "reached" ? "yes" : `none: ${silenceOf(host)}`;
    const isBad = status === "unreachable";
    return row(
      [name, address, state, `${same} of ${here.length} as declared`],
      HOST_HEAD,
      isBad ? "bad" : "",
    );
  });
  return table("hosts", "Hosts", HOST_HEAD, rows);
}

const HOST_HEAD = ["host", "address", "answer", "resources"];
const FINDING_HEAD = ["what", "host", "property", "wanted", "found", "pulumi up would"];
const POOL_HEAD = ["host", "pool", "used", ""];

function kindPart(kind: FindingKind, report: DriftReport): string[] {
  const findings = report.findings.filter((found) => found.kind === kind);
  const rows = findings.map((found) => row(cellsOf(found), FINDING_HEAD, toneOf(found)));
  const label = kindLabel(kind);
  return table(kind, `${label[0]?.toUpperCase()}${label.slice(1)} (${findings.length})`, FINDING_HEAD, rows);
}

function cellsOf(found: Finding): string[] {
  const { host, property, wanted } = found;
  return [
    ...[subjectOf(found), host ?? "", property ?? "", wanted ?? ""],
    ...[found.found ?? remarkOf(found), upOf(found)],
  ];
}

function toneOf({ effect }: Finding): string {
  return effect === "restart" || effect === "stop" || effect === "replace" || effect === "refused"
    ? "bad"
    : "";
}

function poolsPart({ pools }: DriftReport): string[] {
  if (pools.length === 0) return [];
  const rows = pools.map(
    ({ host, pool, usedPercent }) =>
      `<tr role="row"><th role="rowheader" scope="row" data-label="host">${e(host)}</th><td role="cell" data-label="pool">${e(pool)}</td><td role="cell" data-label="used">${usedPercent} %</td><td role="cell"><meter min="0" max="100" high="90" value="${usedPercent}" aria-label="${e(pool)} on ${e(host)}">${usedPercent} %</meter></td></tr>`,
  );
  return table("pools", "Room in storage pools", POOL_HEAD, rows);
}

function notesPart({ notes, ignored, known, since }: DriftReport): string[] {
  const all = [
    ...notes,
    ...(ignored > 0 ? [`${counted(ignored, "finding")} ignored`] : []),
    ...(known > 0 ? [`${counted(known, "finding")} known since ${since}`] : []),
  ];
  if (all.length === 0) return [];
  return ["<h2>Notes</h2>", "<ul>", ...all.map((note) => `<li>${e(note)}</li>`), "</ul>"];
}

function table(id: string, caption: string, head: readonly string[], rows: readonly string[]): string[] {
  return [
    `<section aria-labelledby="h-${id}">`,
    `<h2 id="h-${id}">${e(caption)}</h2>`,
    // Roles, because a table that is laid out as cards would lose those that its elements have.
    `<table role="table" aria-labelledby="h-${id}"><thead role="rowgroup"><tr role="row">${head.map(headCell).join("")}</tr></thead>`,
    '<tbody role="rowgroup">',
    ...rows,
    "</tbody></table>",
    "</section>",
  ];
}

function headCell(text: string): string {
  return text === "" ? '<td role="cell"></td>' : `<th role="columnheader" scope="col">${e(text)}</th>`;
}

/** On a narrow screen each cell stands on its own line, after its column's name. */
function row(cells: readonly string[], head: readonly string[], tone: string): string {
  const [first = "", ...rest] = cells;
  const label = (i: number) => e(head[i] ?? "");
  const others = rest.map((cell, i) =>
    cell === ""
      ? '<td role="cell" class="empty"></td>'
      : `<td role="cell" data-label="${label(i + 1)}">${e(cell)}</td>`,
  );
  return `<tr role="row"${tone === "" ? "" : ` class="${tone}"`}><th role="rowheader" scope="row" data-label="${label(0)}">${e(first)}</th>${others.join("")}</tr>`;
}
