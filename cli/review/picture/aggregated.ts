import { type Impact, impactLabel, impacts } from "../impact.js";
import type { Topology, TopologyMachine } from "../report.js";
import {
  type Box,
  columnsOf,
  GAP,
  type Label,
  type Layout,
  MARGIN,
  type Mark,
  PADDING,
  toneOf,
} from "./layout.js";
import { fitted, widthOf } from "./text-width.js";

const TITLE = 13;
const SMALL = 10.5;
const COLUMN_HEAD = 22;
const ROW_HEIGHT = 50;
/** Hosts that have a row of their own. */
const MOST_HOSTS = 30;

/** Hosts with how many guests they have, and what becomes of those: for many of them. Hosts on which nothing changes share a row. */
export function aggregated(topology: Topology, width: number): Layout {
  const { left, right, columnWidth } = columnsOf(width);
  const { machines, networks } = topology;
  const badness = new Map<string, number>();
  const note = (host: string | undefined, impact: Impact) => {
    if (host === undefined || impact === "none") return;
    badness.set(host, (badness.get(host) ?? 0) + weightOf(impact));
  };
  for (const { before, after, impact } of machines) {
    note(before, impact);
    if (after !== before) note(after, impact === "none" ? "live" : impact);
  }
  for (const { before, after, impact } of networks)
    for (const host of new Set([...before, ...after])) note(host, impact);
  const touched = topology.hosts
    .filter((host) => badness.has(host))
    .sort((a, b) => (badness.get(b) ?? 0) - (badness.get(a) ?? 0))
    .slice(0, MOST_HOSTS);
  const own = new Set(touched);
  const shown = topology.hosts.filter((host) => own.has(host));
  const rest = topology.hosts.filter((host) => !own.has(host));
  const rows = [...shown.map((host) => ({ title: host, hosts: [host] }))];
  if (rest.length > 0)
    rows.push({
      title: shown.length === 0 ? `${rest.length} hosts` : `${rest.length} other hosts`,
      hosts: rest,
    });

  const boxes: Box[] = [];
  const middles = new Map<string, number>();
  let y = MARGIN + COLUMN_HEAD;
  const most = Math.max(1, ...topology.hosts.map((host) => countOn(machines, [host])));
  for (const { title, hosts } of rows) {
    for (const host of hosts) middles.set(host, y + ROW_HEIGHT / 2);
    for (const side of ["before", "after"] as const) {
      const x = side === "before" ? left : right;
      const inside = machines.filter((machine) => hosts.includes(machine[side] ?? ""));
      boxes.push(toBox({ x, y, width: columnWidth, height: ROW_HEIGHT }, title, inside, side, most));
    }
    y += ROW_HEIGHT + GAP;
  }
  return {
    ...{ width, height: y - GAP + MARGIN, boxes },
    labels: [columnHead("before", left, columnWidth), columnHead("after", right, columnWidth)],
    arrows: movesBetween(machines, middles, { from: left + columnWidth, to: right }),
    description: describe(rows, machines),
  };
}

/** One that is bad counts for more than any number of those that aren't. */
function weightOf(impact: Impact): number {
  const tone = toneOf(impact);
  return tone === "bad" ? 1e6 : tone === "warn" ? 1e3 : 1;
}

function columnHead(text: string, x: number, width: number): Label {
  return { ...{ text, x, y: MARGIN + 14, width, size: TITLE }, tone: "soft", anchor: "start", strong: true };
}

function countOn(machines: readonly TopologyMachine[], hosts: readonly string[]): number {
  const on = (host: string | undefined) => host !== undefined && hosts.includes(host);
  const count = (side: "before" | "after") => machines.filter((machine) => on(machine[side])).length;
  return Math.max(count("before"), count("after"));
}

function toBox(
  rect: Pick<Box, "x" | "y" | "width" | "height">,
  title: string,
  machines: readonly TopologyMachine[],
  side: "before" | "after",
  most: number,
): Box {
  const room = rect.width - 2 * PADDING;
  const count = `${machines.length} ${machines.length === 1 ? "guest" : "guests"}`;
  const countWidth = widthOf(count, SMALL);
  const told = side === "after" ? machines : machines.filter(({ after }) => after === undefined);
  const counts = impacts
    .map((impact) => ({ impact, number: told.filter((machine) => machine.impact === impact).length }))
    .filter(({ impact, number }) => number > 0 && impact !== "none");
  const moved =
    side === "after"
      ? machines.filter(({ before, after }) => before !== undefined && before !== after).length
      : 0;
  const fresh = side === "after" ? machines.filter(({ before }) => before === undefined).length : 0;
  const words = [
    ...counts.map(({ impact, number }) => `${number} ${impactLabel(impact)}`),
    ...(fresh > 0 ? [`${fresh} new`] : []),
    ...(moved > 0 ? [`${moved} come`] : []),
  ].join(", ");
  const worst = counts[0]?.impact ?? "none";
  const text = fitted(words, SMALL, room);
  return {
    ...rect,
    labels: [
      {
        ...{ text: fitted(title, TITLE, room - countWidth - 6), x: rect.x + PADDING, y: rect.y + 17 },
        ...{ width: room - countWidth - 6, size: TITLE, tone: "text", anchor: "start", strong: true },
      },
      {
        ...{ text: count, x: rect.x + rect.width - PADDING, y: rect.y + 17, width: countWidth },
        ...{ size: SMALL, tone: "soft", anchor: "end" },
      },
      ...(text === ""
        ? []
        : [
            {
              ...{ text, x: rect.x + PADDING, y: rect.y + 43, width: room, size: SMALL },
              ...{ tone: toneOf(worst), anchor: "start" as const },
            },
          ]),
    ],
    marks: barOf(rect, machines.length, counts, most),
  };
}

/** As long as there are guests; the parts that something becomes of first. */
function barOf(
  rect: Pick<Box, "x" | "y" | "width">,
  total: number,
  counts: readonly { impact: Impact; number: number }[],
  most: number,
): Mark[] {
  // The row of many hosts is full, whatever their number.
  const scale = (rect.width - 2 * PADDING) / Math.max(most, total);
  const marks: Mark[] = [];
  let x = rect.x + PADDING;
  const add = (number: number, tone: Mark["tone"]) => {
    if (number <= 0) return;
    marks.push({ x, y: rect.y + 23, width: number * scale, height: 8, shape: "bar", tone });
    x += number * scale;
  };
  for (const { impact, number } of counts) add(number, toneOf(impact));
  add(total - counts.reduce((sum, { number }) => sum + number, 0), "soft");
  return marks;
}

function movesBetween(
  machines: readonly TopologyMachine[],
  middles: ReadonlyMap<string, number>,
  x: { from: number; to: number },
): Layout["arrows"] {
  const counts = new Map<string, { from: number; to: number; number: number }>();
  for (const { before, after } of machines) {
    if (before === undefined || after === undefined || before === after) continue;
    const [from, to] = [middles.get(before), middles.get(after)];
    if (from === undefined || to === undefined) continue;
    const key = `${from} ${to}`;
    counts.set(key, { from, to, number: (counts.get(key)?.number ?? 0) + 1 });
  }
  return [...counts.values()].map(({ from, to, number }) => ({
    ...{ from: { x: x.from, y: from }, to: { x: x.to, y: to } },
    thickness: Math.min(8, 1.5 + Math.log2(number)),
  }));
}

function describe(
  rows: readonly { title: string; hosts: string[] }[],
  machines: readonly TopologyMachine[],
): string {
  const lines = rows.map(({ title, hosts }) => {
    const on = (side: "before" | "after") =>
      machines.filter((machine) => hosts.includes(machine[side] ?? "")).length;
    return `${title}: ${on("before")} guests before, ${on("after")} after`;
  });
  return `Hosts before and after the change. ${lines.join("; ")}.`;
}
