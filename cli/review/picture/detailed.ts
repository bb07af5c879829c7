import { type Impact, impactLabel } from "../impact.js";
import type { Topology, TopologyMachine, TopologyPlaced } from "../report.js";
import { type Box, columnsOf, GAP, type Label, type Layout, MARGIN, PADDING, toneOf } from "./layout.js";
import { fitted, widthOf } from "./text-width.js";

const TITLE = 13;
const NAME = 12;
const SMALL = 10.5;
const HEAD_HEIGHT = 26;
const COLUMN_HEAD = 22;
/** From here on what a guest has stands beside its name, else below it. */
const ONE_LINE_FROM = 300;
const ROW_HEIGHT = { oneLine: 20, twoLines: 32 };
const ONE_LINE_BELOW = 30;

/** A guest or a disk of its own, on one host. */
interface Entry {
  key: string;
  name: string;
  shape: "round" | "square";
  impact: Impact;
  detail: { before: string; after: string };
  before: string | undefined;
  after: string | undefined;
}

/** Each host, guest, disk and network: for few of them. */
export function detailed(topology: Topology, width: number): Layout {
  const { left, right, columnWidth } = columnsOf(width);
  const rowHeight = columnWidth >= ONE_LINE_FROM ? ROW_HEIGHT.oneLine : ROW_HEIGHT.twoLines;
  const entries = [...topology.machines.map(ofMachine), ...topology.disks.map(ofDisk)].sort((a, b) =>
    a.key < b.key ? -1 : 1,
  );
  const boxes: Box[] = [];
  const places = { before: new Map<string, number>(), after: new Map<string, number>() };
  let y = MARGIN + COLUMN_HEAD;
  for (const host of topology.hosts) {
    const here = {
      before: entries.filter((entry) => entry.before === host),
      after: entries.filter((entry) => entry.after === host),
    };
    const rows = Math.max(here.before.length, here.after.length, 1);
    const height = HEAD_HEIGHT + rows * rowHeight + 2 * SMALL + PADDING;
    for (const side of ["before", "after"] as const) {
      const x = side === "before" ? left : right;
      const box: Box = { x, y, width: columnWidth, height, labels: [], marks: [] };
      head(box, host, here[side]);
      for (const [i, entry] of here[side].entries()) {
        const rowY = y + HEAD_HEIGHT + i * rowHeight;
        row(box, entry, side, rowY, rowHeight);
        places[side].set(entry.key, rowY + rowHeight / 2);
      }
      foot(box, topology, host, side);
      boxes.push(box);
    }
    y += height + GAP;
  }
  const moving = entries.filter(
    (e) => e.before !== undefined && e.after !== undefined && e.before !== e.after,
  );
  const arrows = moving.flatMap(({ key }) => {
    const [from, to] = [places.before.get(key), places.after.get(key)];
    if (from === undefined || to === undefined) return [];
    return [{ from: { x: left + columnWidth, y: from }, to: { x: right, y: to }, thickness: 2 }];
  });
  const columnHead = (text: string, x: number): Label => ({
    ...{ text, x, y: MARGIN + 14, width: columnWidth, size: TITLE },
    ...{ tone: "soft", anchor: "start", strong: true },
  });
  return {
    ...{ width, height: y - GAP + MARGIN, boxes, arrows },
    labels: [columnHead("before", left), columnHead("after", right)],
    description: describe(entries, topology),
  };
}

function ofMachine(machine: TopologyMachine): Entry {
  const { name, before, after, impact, runs, former = machine } = machine;
  const of = ({ disks, networks }: Pick<TopologyMachine, "disks" | "networks">) =>
    [
      ...(runs === false ? ["off"] : []),
      ...(disks.length === 0 ? [] : [`${disks.length} ${disks.length === 1 ? "disk" : "disks"}`]),
      ...networks,
    ].join(", ");
  const detail = { before: of(former), after: of(machine) };
  return { key: `machine ${name}`, name, shape: "round", impact, detail, before, after };
}

function ofDisk({ name, before, after, impact }: TopologyPlaced): Entry {
  const [was, is] = [before[0], after[0]];
  const detail = { before: "disk", after: "disk" };
  return { key: `disk ${name}`, name, shape: "square", impact, detail, before: was, after: is };
}

function head(box: Box, host: string, entries: readonly Entry[]): void {
  const guests = entries.filter(({ shape }) => shape === "round").length;
  const count = `${guests} ${guests === 1 ? "guest" : "guests"}`;
  const y = box.y + 17;
  const countWidth = widthOf(count, SMALL);
  const room = box.width - 2 * PADDING;
  const text = fitted(host, TITLE, room - countWidth - 6);
  box.labels.push(
    {
      text,
      x: box.x + PADDING,
      y,
      width: room - countWidth - 6,
      size: TITLE,
      tone: "text",
      anchor: "start",
      strong: true,
    },
    {
      text: count,
      x: box.x + box.width - PADDING,
      y,
      width: countWidth,
      size: SMALL,
      tone: "soft",
      anchor: "end",
    },
  );
}

/** What becomes of it stands on the side where it is afterwards; of what goes, where it was. */
function row(box: Box, entry: Entry, side: "before" | "after", y: number, height: number): void {
  const { impact, name, shape } = entry;
  const detail = entry.detail[side];
  const isGone = entry.after === undefined;
  const isTold = side === "after" || isGone;
  const tone = isTold ? toneOf(impact) : "soft";
  const told =
    side === "after" && entry.before === undefined
      ? "new"
      : isTold && impact !== "none"
        ? impactLabel(impact)
        : "";
  const mark = 8;
  const x = box.x + PADDING + mark + 6;
  const right = box.x + box.width - PADDING;
  const base = y + 14;
  box.marks.push({
    ...{ x: box.x + PADDING, y: base - mark, width: mark, height: mark, shape },
    tone: told === "new" ? "good" : tone,
  });
  const isOneLine = height < ONE_LINE_BELOW;
  const detailY = isOneLine ? base : base + 13;
  const toldWidth = told === "" ? 0 : widthOf(told, SMALL) + 8;
  if (told !== "")
    box.labels.push({
      ...{ text: told, x: right, y: detailY, width: toldWidth - 8, size: SMALL, anchor: "end", strong: true },
      tone: told === "new" ? "good" : tone,
    });
  const wanted = widthOf(name, NAME);
  const room = right - x;
  const nameWidth = isOneLine ? (room - toldWidth) * (detail === "" ? 1 : 0.6) : room;
  box.labels.push({
    ...{ text: fitted(name, NAME, nameWidth), x, y: base, width: nameWidth, size: NAME, anchor: "start" },
    ...{ tone: "text", struck: isGone },
  });
  const detailX = isOneLine ? x + Math.min(wanted, nameWidth) + 8 : x;
  const detailWidth = right - detailX - toldWidth;
  const text = fitted(detail, SMALL, detailWidth);
  if (text !== "")
    box.labels.push({
      ...{ text, x: detailX, y: detailY, width: detailWidth, size: SMALL, tone: "soft", anchor: "start" },
    });
}

/** The networks and pools that the stack has on the host. */
function foot(box: Box, { networks, pools }: Topology, host: string, side: "before" | "after"): void {
  const here = (list: readonly TopologyPlaced[]) => list.filter((one) => one[side].includes(host));
  const named = [
    ...here(networks).map((one) => ({ one, text: one.name })),
    ...here(pools).map((one) => ({ one, text: `pool ${one.name}` })),
  ];
  const changed = named.some(({ one }) => one.impact !== "none");
  const room = box.width - 2 * PADDING;
  const text = fitted(
    named.length === 0
      ? ""
      : named
          .map(({ one, text: name }) =>
            side === "after" && one.impact !== "none" ? `${name} (${impactLabel(one.impact)})` : name,
          )
          .join(", "),
    SMALL,
    room,
  );
  if (text === "") return;
  const worst = named.map(({ one }) => toneOf(one.impact)).find((tone) => tone === "bad" || tone === "warn");
  box.labels.push({
    ...{ text, x: box.x + PADDING, y: box.y + box.height - PADDING, width: room, size: SMALL },
    ...{ tone: side === "after" && changed ? (worst ?? "soft") : "soft", anchor: "start" },
  });
}

function describe(entries: readonly Entry[], { hosts }: Topology): string {
  const told = entries
    .filter(({ impact, before, after }) => impact !== "none" || before !== after)
    .map(({ name, before, after, impact }) => {
      const where =
        before === after ? `on ${after ?? "no host"}` : `${before ?? "nowhere"} to ${after ?? "nowhere"}`;
      return `${name} (${where}): ${before === undefined ? "new" : impactLabel(impact)}`;
    });
  const all = `${hosts.length} hosts before and after the change.`;
  return told.length === 0 ? `${all} Nothing in it changes.` : `${all} ${told.join("; ")}.`;
}
