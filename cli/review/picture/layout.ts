import type { Impact } from "../impact.js";

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Something to be written, on its base line; it is as wide as `width` at most. */
export interface Label {
  text: string;
  x: number;
  y: number;
  width: number;
  size: number;
  tone: Tone;
  anchor: "start" | "end";
  strong?: boolean;
  /** What is gone. */
  struck?: boolean;
}

/** How something is told apart: by colour, and by its words. */
export type Tone = "text" | "soft" | "bad" | "warn" | "good";

/** A host, before or after. */
export interface Box extends Rect {
  labels: Label[];
  marks: Mark[];
}

/** A small shape: a guest is round, a disk square; of a host of many, a part of a bar. */
export interface Mark extends Rect {
  shape: "round" | "square" | "bar";
  tone: Tone;
}

export interface Arrow {
  from: { x: number; y: number };
  to: { x: number; y: number };
  thickness: number;
}

/** A picture as shapes in places; drawing it is another matter. */
export interface Layout {
  width: number;
  height: number;
  boxes: Box[];
  /** Above the boxes and below. */
  labels: Label[];
  arrows: Arrow[];
  /** What it shows, for those who don't see it. */
  description: string;
}

export const MARGIN = 4;
export const GAP = 10;
export const PADDING = 8;

/** Where the two columns are, for a picture of that width; what moves is drawn between them. */
export function columnsOf(width: number): { left: number; right: number; columnWidth: number } {
  const between = Math.max(28, Math.round(width * 0.09));
  const columnWidth = (width - 2 * MARGIN - between) / 2;
  return { left: MARGIN, right: MARGIN + columnWidth + between, columnWidth };
}

export function toneOf(impact: Impact): Tone {
  switch (impact) {
    case "deleteData":
    case "replace":
    case "restart":
    case "stop":
    case "pause":
    case "disconnect":
    case "detach":
    case "delete":
      return "bad";
    case "refused":
    case "unreachable":
    case "unknown":
    case "migrate":
      return "warn";
    case "live":
    case "nextBoot":
      return "good";
    case "none":
      return "soft";
    default:
      return impact satisfies never;
  }
}
