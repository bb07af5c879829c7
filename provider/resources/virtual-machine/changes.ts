import { type DomainModel, describeDifferences, type ModelDifference } from "../../libvirt/xml/index.js";
import { formatBytes } from "../../planning/quantity.js";
import type { PropertyChange } from "../../planning/step.js";
import type { RunningEffect } from "./change-row.js";
import { effectOf, rowOf } from "./change-table.js";

/** What stands between a VM and what it should be, by what becomes of it. */
export interface Changes {
  /** The definition isn't what it should be. */
  definition: ModelDifference[];
  /** Of these the running guest is spared. */
  silent: ModelDifference[];
  /** The running guest is given these now. */
  live: ModelDifference[];
  /** The running guest has these after its next start. */
  waiting: ModelDifference[];
}

/** Sorts what differs from `to`. Without a live document everything is the definition's. */
export function sortChanges(
  persistent: DomainModel | undefined,
  live: DomainModel | undefined,
  to: DomainModel,
  options: { paused: boolean },
): Changes {
  const definition =
    persistent === undefined
      ? []
      : describeDifferences(persistent, { ...to, name: persistent.name }).filter((d) => d.path !== "uuid");
  if (live === undefined) return { definition, silent: definition, live: [], waiting: [] };
  const changes: Changes = { definition, silent: [], live: [], waiting: [] };
  const running = describeDifferences(live, to).filter((difference) => {
    const row = rowOf(difference);
    return row.comparedWhileRunning !== false && row.isMet?.(difference.from, difference.to) !== true;
  });
  let pluggedBefore = 0;
  const put = (difference: ModelDifference, effect: RunningEffect) => {
    if (effect === "live") changes.live.push(difference);
    else if (effect === "nextBoot") changes.waiting.push(difference);
    else changes.silent.push(difference);
  };
  for (const difference of running) {
    const effect = effectOf(difference, { live, to, paused: options.paused, pluggedBefore });
    put(difference, effect);
    if (effect === "live" && isPluggedIn(difference)) pluggedBefore += 1;
  }
  const seen = new Set(running.map(({ path }) => path));
  for (const difference of definition) {
    if (seen.has(difference.path)) continue;
    // The guest has it already, or its document can't tell.
    const waits =
      rowOf(difference).comparedWhileRunning === false &&
      effectOf(difference, { live, to, paused: options.paused, pluggedBefore }) !== "none";
    put(difference, waits ? "nextBoot" : "none");
  }
  return changes;
}

function isPluggedIn(difference: ModelDifference): boolean {
  return difference.kind !== "property" && difference.property === undefined && difference.to !== undefined;
}

/** What the running guest doesn't have yet of its definition, as texts. */
export function pendingChanges(live: DomainModel, definition: DomainModel): PropertyChange[] {
  const { waiting, live: refused } = sortChanges(definition, live, definition, { paused: false });
  return toTexts([...waiting, ...refused]);
}

/** For people: the inputs' names, and values without what only libvirt calls so. */
export function toTexts(differences: readonly ModelDifference[]): PropertyChange[] {
  const memoryToo = differences.some((d) => d.path === "maxMemoryBytes");
  return differences.filter((d) => !(memoryToo && d.path === "memoryBytes")).map(textOf);
}

function textOf(difference: ModelDifference): PropertyChange {
  const row = rowOf(difference);
  const told = row.describe?.(difference.from, difference.to);
  if (told !== undefined) return told;
  const property = row.label ?? (difference.kind === "property" ? row.input : undefined) ?? difference.path;
  if (difference.kind === "property" && typeof difference.to === "number") {
    const bytes = difference.path.endsWith("Bytes");
    const text = (value: unknown) => (bytes ? formatBytes(Number(value)) : String(value));
    return { property, from: text(difference.from), to: text(difference.to) };
  }
  const inWords = (value: unknown) =>
    value === undefined || row.show === undefined ? show(value) : row.show(value);
  return { property, from: inWords(difference.from), to: inWords(difference.to) };
}

function show(value: unknown): string {
  if (value === undefined) return "none";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object" || value === null) return String(value);
  if ("kernel" in value)
    return Object.values(value as object)
      .map((part) => JSON.stringify(part))
      .join(" ");
  if ("source" in value || "volume" in value || isSource(value)) return showSource(value);
  return JSON.stringify(value);
}

function isSource(value: object): boolean {
  const keys = Object.keys(value);
  return (
    keys.length === 1 && ["file", "block", "network", "bridge", "other", "model"].includes(keys[0] ?? "")
  );
}

function showSource(value: object): string {
  const source = ("source" in value ? (value as { source?: unknown }).source : value) as
    | Record<string, string>
    | undefined;
  if (source === undefined) return "empty";
  if (source.volume !== undefined) return `${source.volume} in ${source.pool}`;
  return Object.entries(source)
    .map(([kind, name]) => `${kind} ${name}`)
    .join(" ");
}
