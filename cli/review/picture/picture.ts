import { escapeMarkup as e } from "../../markup.js";
import type { Topology } from "../report.js";
import { aggregated } from "./aggregated.js";
import { detailed } from "./detailed.js";
import type { Arrow, Box, Label, Layout, Mark } from "./layout.js";

/** Beyond these nobody finds a guest in a picture. */
const MOST_HOSTS = 8;
const MOST_GUESTS = 80;

/** The stack before and after, as shapes of a picture of that width. Pure. */
export function layoutOf(topology: Topology, width: number): Layout {
  const isSmall =
    topology.hosts.length <= MOST_HOSTS && topology.machines.length + topology.disks.length <= MOST_GUESTS;
  return isSmall ? detailed(topology, width) : aggregated(topology, width);
}

/** The layout as an SVG element for a page. Its colours are the page's. Pure. */
export function drawn({ width, height, boxes, labels, arrows, description }: Layout): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${n(width)} ${n(height)}" width="${n(width)}" height="${n(height)}" role="img" aria-label="${e(description)}">`,
    ...labels.map(labelOf),
    ...boxes.flatMap(boxOf),
    ...arrows.map(arrowOf),
    "</svg>",
  ].join("\n");
}

function boxOf({ x, y, width, height, labels, marks }: Box): string[] {
  return [
    `<rect class="box" x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" rx="6"/>`,
    ...marks.map(markOf),
    ...labels.map(labelOf),
  ];
}

function markOf({ x, y, width, height, shape, tone }: Mark): string {
  if (shape === "round")
    return `<circle class="${tone}" cx="${n(x + width / 2)}" cy="${n(y + height / 2)}" r="${n(width / 2)}"/>`;
  return `<rect class="${tone}" x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}"/>`;
}

function labelOf({ text, x, y, size, tone, anchor, strong, struck }: Label): string {
  const classes = [tone, ...(strong === true ? ["strong"] : []), ...(struck === true ? ["struck"] : [])];
  return `<text class="${classes.join(" ")}" x="${n(x)}" y="${n(y)}" font-size="${n(size)}" text-anchor="${anchor}">${e(text)}</text>`;
}

function arrowOf({ from, to, thickness }: Arrow): string {
  const head = 5 + thickness;
  const end = to.x - head;
  const middle = (from.x + end) / 2;
  const line = `M${n(from.x)} ${n(from.y)}C${n(middle)} ${n(from.y)} ${n(middle)} ${n(to.y)} ${n(end)} ${n(to.y)}`;
  const tip = `M${n(to.x)} ${n(to.y)}l${n(-head)} ${n(-head / 2)}v${n(head)}z`;
  return `<path class="arrow" d="${line}" stroke-width="${n(thickness)}"/><path class="tip" d="${tip}"/>`;
}

function n(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** For the style of the page that a picture is in. */
export const pictureStyle = `
svg{width:100%;height:auto;display:block;font-family:system-ui,sans-serif}
svg .box{fill:var(--card);stroke:var(--line)}
svg .text{fill:var(--text)}svg .soft{fill:var(--soft)}svg .bad{fill:var(--bad)}svg .warn{fill:var(--unsure)}svg .good{fill:var(--good)}
svg .strong{font-weight:600}svg .struck{text-decoration:line-through}
svg .arrow{fill:none;stroke:var(--unsure)}svg .tip{fill:var(--unsure)}
`;
