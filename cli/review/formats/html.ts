import { escapeMarkup as e } from "../../markup.js";
import { page } from "../../page.js";
import { type Impact, impactLabel, impacts, isFelt, isUntold, worstOf } from "../impact.js";
import { drawn, layoutOf, pictureStyle } from "../picture/picture.js";
import type { HostRoom, ReviewedChange, ReviewReport } from "../report.js";
import { roughly } from "../sizes.js";
import { countsText, moveText, reasonLabel, title, toneOf } from "./words.js";

/** In CSS pixels: of a phone's screen, and of a desk's. */
const PICTURE_WIDTHS = { narrow: 344, wide: 960 };
/** Groups of more than these are folded, unless somebody would feel them. */
const MOST_UNFOLDED = 12;

export function asHtml(report: ReviewReport): string {
  const tone = { good: "good", warn: "unsure", bad: "bad" }[toneOf(report)];
  const [first = "", ...more] = report.verdict;
  const head = {
    ...{ title: title(report), style: `${pictureStyle}${style}`, at: report.at },
    remark: `; ${countsText(report)}`,
  };
  return page(head, "kvm review", [
    '<p class="question">Will any guest notice?</p>',
    `<div class="verdict ${tone}" role="status"><p class="answer">${e(first)}</p>`,
    ...(more.length === 0 ? [] : ["<ul>", ...more.map((sentence) => `<li>${e(sentence)}</li>`), "</ul>"]),
    "</div>",
    ...badges(report),
    ...errorsPart(report),
    ...changesPart(report),
    ...picturePart(report),
    ...hostsPart(report),
    ...notesPart(report),
  ]);
}

const style = `
.question{margin:.5rem 0;font-size:1.15rem}
.verdict p,.verdict ul{margin:.25rem 0}.verdict ul{padding-left:1.25rem;font-size:1rem}
.answer{font-size:1.3rem;font-weight:700}
.badges{display:flex;flex-wrap:wrap;gap:.5rem;list-style:none;padding:0}
.badge{border:1px solid;border-radius:1rem;padding:0 .7rem;font-size:.9rem;white-space:nowrap}
.badge.bad{color:var(--bad);background:var(--bad-bg)}.badge.warn{color:var(--unsure);background:var(--unsure-bg)}.badge.good{color:var(--good);background:var(--good-bg)}.badge.soft{color:var(--soft)}
article{border:1px solid var(--line);border-radius:.5rem;padding:.5rem .9rem;margin:.6rem 0;background:var(--card)}
article h3{font-size:1rem;margin:.2rem 0;overflow-wrap:anywhere}
article ul{margin:.3rem 0;padding-left:1.25rem}article li{overflow-wrap:anywhere}
li.bad{color:var(--bad);font-weight:600}
.where{color:var(--soft);font-weight:400}
summary{cursor:pointer;padding:.25rem 0}
pre{overflow-x:auto;background:var(--page);border:1px solid var(--line);border-radius:.4rem;padding:.5rem;font-size:.8rem;line-height:1.4}
pre ins{color:var(--good);text-decoration:none}pre del{color:var(--bad);text-decoration:none}
figure{margin:0}.narrow{display:none}
@media (max-width:46rem){.wide{display:none}.narrow{display:block}}
`;

function toneOfImpact(impact: Impact): "bad" | "warn" | "good" | "soft" {
  if (isFelt(impact) || impact === "delete") return "bad";
  if (isUntold(impact) || impact === "migrate") return "warn";
  return impact === "none" ? "soft" : "good";
}

function badges({ summary }: ReviewReport): string[] {
  const items = impacts
    .filter((impact) => summary[impact] > 0)
    .map(
      (impact) =>
        `<li class="badge ${toneOfImpact(impact)}">${e(impactLabel(impact))}: ${summary[impact]}</li>`,
    );
  return items.length === 0
    ? []
    : ['<ul class="badges" aria-label="Resources by effect">', ...items, "</ul>"];
}

function errorsPart({ errors }: ReviewReport): string[] {
  if (errors.length === 0) return [];
  return [
    "<h2>Errors of the preview</h2>",
    "<ul>",
    ...errors.map((error) => `<li class="bad">${e(error)}</li>`),
    "</ul>",
  ];
}

function changesPart({ changes }: ReviewReport): string[] {
  if (changes.length === 0) return ["<h2>Changes</h2>", "<p>None.</p>"];
  return impacts.flatMap((impact) => {
    const group = changes.filter((change) => worstOf(change.impacts) === impact);
    if (group.length === 0) return [];
    const label = impactLabel(impact);
    const head = `${label[0]?.toUpperCase()}${label.slice(1)} (${group.length})`;
    const isHeavy = isFelt(impact) || isUntold(impact);
    const shown = group.length <= MOST_UNFOLDED ? group.length : isHeavy ? MOST_UNFOLDED : 0;
    const folded = group.slice(shown).flatMap(article);
    return [
      `<section aria-labelledby="h-${impact}">`,
      `<h2 id="h-${impact}">${e(head)}</h2>`,
      ...group.slice(0, shown).flatMap(article),
      ...(folded.length === 0
        ? []
        : [
            "<details>",
            `<summary>${group.length - shown}${shown === 0 ? "" : " more"} resources</summary>`,
            ...folded,
            "</details>",
          ]),
      "</section>",
    ];
  });
}

function article(change: ReviewedChange): string[] {
  const { kind, name, operation, hosts, steps, move, reason, notes, xmlDiff, runs } = change;
  const state = runs === undefined ? "" : runs ? ", running" : ", off";
  const where = `${hosts.length === 0 ? "" : `on ${hosts.join(", ")}, `}${operation}${state}`;
  return [
    "<article>",
    `<h3>${e(kind)} ${e(name)} <span class="where">${e(where)}</span></h3>`,
    `<ul class="badges">${change.impacts.map((impact) => `<li class="badge ${toneOfImpact(impact)}">${e(impactLabel(impact))}</li>`).join("")}</ul>`,
    "<ul>",
    ...steps.flatMap(({ lines, impacts: all }) =>
      lines.map((line) => `<li${all.some((impact) => isFelt(impact)) ? ' class="bad"' : ""}>${e(line)}</li>`),
    ),
    ...(move === undefined ? [] : [`<li>${e(moveText(move))}</li>`]),
    ...(reason === undefined ? [] : [`<li><strong>${reasonLabel(change)}:</strong> ${e(reason)}</li>`]),
    ...notes.map((note) => `<li>${e(note)}</li>`),
    ...(steps.length + notes.length === 0 && reason === undefined ? ["<li>nothing on a host</li>"] : []),
    "</ul>",
    ...(xmlDiff === undefined
      ? []
      : [
          "<details><summary>what changes in its definition</summary>",
          `<pre tabindex="0">${diffMarkup(xmlDiff)}</pre>`,
          "</details>",
        ]),
    "</article>",
  ];
}

function diffMarkup(xmlDiff: string): string {
  return xmlDiff
    .split("\n")
    .map((line) =>
      line.startsWith("+")
        ? `<ins>${e(line)}</ins>`
        : line.startsWith("-")
          ? `<del>${e(line)}</del>`
          : e(line),
    )
    .join("\n");
}

function picturePart({ topology }: ReviewReport): string[] {
  if (topology.hosts.length === 0) return [];
  return [
    "<section>",
    "<h2>Before and after</h2>",
    `<figure class="wide">${drawn(layoutOf(topology, PICTURE_WIDTHS.wide))}</figure>`,
    `<figure class="narrow">${drawn(layoutOf(topology, PICTURE_WIDTHS.narrow))}</figure>`,
    "</section>",
  ];
}

const HOST_HEAD = ["host", "running guests", "memory that they may claim", "virtual CPUs"];
const POOL_HEAD = ["host", "pool", "free now", "free when new disks are full", "of"];

function hostsPart({ hosts }: ReviewReport): string[] {
  if (hosts.length === 0) return [];
  const isTouched = ({ status, guests, memory, cpus, pools }: HostRoom) =>
    status === "unreachable" ||
    [guests, memory, cpus, ...pools].some((room) => room !== undefined && room.before !== room.after);
  const touched = hosts.filter(isTouched);
  const rest = hosts.filter((host) => !isTouched(host));
  return [
    ...(touched.length === 0 ? [] : roomTables("touched", "Room on the hosts", touched)),
    ...(rest.length === 0
      ? []
      : [
          "<details>",
          `<summary>room on ${rest.length} ${touched.length === 0 ? "" : "other "}${rest.length === 1 ? "host" : "hosts"}, as before</summary>`,
          ...roomTables("rest", "Hosts as before", rest),
          "</details>",
        ]),
  ];
}

function roomTables(id: string, caption: string, hosts: readonly HostRoom[]): string[] {
  const rows = hosts.map((host) =>
    row(hostCells(host), HOST_HEAD, host.status === "unreachable" ? "bad" : ""),
  );
  const pools = hosts.flatMap(({ name, pools: list }) =>
    list.map(({ name: pool, before, after, capacityBytes }) =>
      row(
        [name, pool, roughly(before), roughly(after), roughly(capacityBytes)].map(e),
        POOL_HEAD,
        after < 0 ? "bad" : "",
      ),
    ),
  );
  return [
    ...table(`${id}-hosts`, caption, HOST_HEAD, rows),
    ...(pools.length === 0 ? [] : table(`${id}-pools`, `${caption}: pools`, POOL_HEAD, pools)),
  ];
}

function hostCells({ name, status, reason, guests, memory, cpus }: HostRoom): string[] {
  if (status === "unreachable") return [e(name), e(`did not answer: ${reason ?? ""}`), "", ""];
  const arrow = (change: { before: number; after: number } | undefined, text: (value: number) => string) =>
    change === undefined
      ? ""
      : change.before === change.after
        ? text(change.before)
        : `${text(change.before)} → ${text(change.after)}`;
  const meter =
    memory === undefined || memory.totalBytes === 0
      ? ""
      : ` <meter min="0" max="${memory.totalBytes}" high="${Math.round(memory.totalBytes * 0.9)}" value="${Math.min(memory.after, memory.totalBytes)}" aria-label="memory of guests afterwards"></meter>`;
  return [
    e(name),
    e(arrow(guests, String)),
    `${e(arrow(memory, roughly))}${memory === undefined ? "" : e(` of ${roughly(memory.totalBytes)}`)}${meter}`,
    `${e(arrow(cpus, String))}${cpus === undefined ? "" : e(` on ${cpus.total}`)}`,
  ];
}

function notesPart({ notes }: ReviewReport): string[] {
  if (notes.length === 0) return [];
  return ["<h2>Notes</h2>", "<ul>", ...notes.map((note) => `<li>${e(note)}</li>`), "</ul>"];
}

function table(id: string, caption: string, head: readonly string[], rows: readonly string[]): string[] {
  return [
    `<section aria-labelledby="h-${id}">`,
    `<h2 id="h-${id}">${e(caption)}</h2>`,
    // Roles, because a table that is laid out as cards would lose those that its elements have.
    `<table role="table" aria-labelledby="h-${id}"><thead role="rowgroup"><tr role="row">${head.map((text) => `<th role="columnheader" scope="col">${e(text)}</th>`).join("")}</tr></thead>`,
    '<tbody role="rowgroup">',
    ...rows,
    "</tbody></table>",
    "</section>",
  ];
}

/** Cells are markup. On a narrow screen each stands on its own line, after its column's name. */
function row(cells: readonly string[], head: readonly string[], tone: string): string {
  const [first = "", ...rest] = cells;
  const label = (i: number) => e(head[i] ?? "");
  const others = rest.map((cell, i) =>
    cell === ""
      ? '<td role="cell" class="empty"></td>'
      : `<td role="cell" data-label="${label(i + 1)}">${cell}</td>`,
  );
  return `<tr role="row"${tone === "" ? "" : ` class="${tone}"`}><th role="rowheader" scope="row" data-label="${label(0)}">${first}</th>${others.join("")}</tr>`;
}
