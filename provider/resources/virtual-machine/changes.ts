import { type DomainModel, describeDifferences, type ModelDifference } from "../../libvirt/xml/index.js";
import { formatBytes } from "../../planning/quantity.js";
import type { PropertyChange } from "../../planning/step.js";
import type { RunningEffect } from "./change-row.js";
import { changeTable, effectOf, rowOf } from "./change-table.js";
import { type GuestRun, newRun } from "./running-guest.js";

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
  run: GuestRun = newRun,
): Changes {
  const definition =
    persistent === undefined
      ? []
      : describeDifferences(persistent, { ...to, name: persistent.name }).filter((d) => d.path !== "uuid");
  if (live === undefined) return untold({ definition, silent: definition, live: [], waiting: [] }, [], to);
  const changes: Changes = { definition, silent: [], live: [], waiting: [] };
  const running = describeDifferences(runningModel(live, persistent ?? live, to, run), to).filter(
    (difference) => {
      const row = rowOf(difference);
      if (difference.kind !== "property" && row.comparedWhileRunning === false) return false;
      return row.isMet?.(difference.from, difference.to) !== true;
    },
  );
  let pluggedBefore = 0;
  const effect = (difference: ModelDifference): RunningEffect => {
    const possible = effectOf(difference, {
      ...run,
      live,
      definition: persistent ?? live,
      to,
      pluggedBefore,
    });
    return isDeclined(difference, run) ? "nextBoot" : possible;
  };
  const put = (difference: ModelDifference, what: RunningEffect) => {
    if (what === "live") changes.live.push(difference);
    else if (what === "nextBoot") changes.waiting.push(difference);
    else changes.silent.push(difference);
  };
  for (const difference of running) {
    const what = effect(difference);
    put(difference, what);
    if (what === "live" && isPluggedIn(difference)) pluggedBefore += 1;
  }
  const seen = new Set(running.map(({ path }) => path));
  for (const difference of definition) {
    if (seen.has(difference.path)) continue;
    // The guest has it already, or its document can't tell.
    const isHidden = difference.kind !== "property" && rowOf(difference).comparedWhileRunning === false;
    put(difference, isHidden && effect(difference) !== "none" ? "nextBoot" : "none");
  }
  return untold(changes, running, to);
}

/** Leaves out what another change of the same says already. */
function untold(changes: Changes, running: readonly ModelDifference[], to: DomainModel): Changes {
  const all = [...changes.definition, ...running];
  const told = (list: ModelDifference[]) =>
    list.filter((difference) => rowOf(difference).impliedBy?.(difference, all, to) !== true);
  return {
    definition: changes.definition,
    silent: told(changes.silent),
    live: told(changes.live),
    waiting: told(changes.waiting),
  };
}

/** Tried in this run of the guest, and not gone along with. */
function isDeclined(difference: ModelDifference, { notes }: GuestRun): boolean {
  return notes.declined.some(({ path, to }) => path === difference.path && to === valueText(difference.to));
}

/** A value of the model as run notes keep it. */
export function valueText(value: unknown): string {
  return JSON.stringify(value ?? null);
}

/** The live document's model, with what the document doesn't tell as the guest was started with it. */
function runningModel(
  live: DomainModel,
  definition: DomainModel,
  to: DomainModel,
  { notes }: GuestRun,
): DomainModel {
  const model: Record<string, unknown> = { ...live };
  for (const row of changeTable) {
    const { property, comparedWhileRunning, mayRunWith } = row;
    if (comparedWhileRunning !== false || typeof property === "function") continue;
    const noted = notes.startedWith[property];
    const mayRun = (value: unknown) => mayRunWith?.(live, value) !== false;
    let value: unknown = definition[property];
    if (noted !== undefined) value = (JSON.parse(noted) as unknown) ?? undefined;
    // Changed by hand, and the guest shows that it runs with something else.
    else if (!mayRun(value)) value = mayRun(to[property]) ? to[property] : live[property];
    if (value === undefined) delete model[property];
    else model[property] = value;
  }
  return model as unknown as DomainModel;
}

/**
 * What has to be noted of a running guest before its definition becomes `to`: the values that it was started with, where its document doesn't
 * tell them.
 */
export function startedWith(
  live: DomainModel,
  definition: DomainModel,
  to: DomainModel,
  run: GuestRun,
): Record<string, string> {
  const running = runningModel(live, definition, to, run);
  const noted: Record<string, string> = { ...run.notes.startedWith };
  for (const difference of describeDifferences(definition, to)) {
    const { comparedWhileRunning, effect } = rowOf(difference);
    if (difference.kind !== "property" || comparedWhileRunning !== false || effect === "none") continue;
    noted[difference.property] ??= valueText(running[difference.property]);
  }
  return noted;
}

function isPluggedIn(difference: ModelDifference): boolean {
  return difference.kind !== "property" && difference.property === undefined && difference.to !== undefined;
}

/** What the running guest doesn't have yet of its definition, as texts. */
export function pendingChanges(live: DomainModel, definition: DomainModel, run: GuestRun): PropertyChange[] {
  const unpaused: GuestRun = {
    paused: false,
    notes: run.notes,
    balloonAnswers: run.balloonAnswers,
    get hotplug() {
      return run.hotplug;
    },
    get definedDimmsBytes() {
      return run.definedDimmsBytes;
    },
  };
  const { waiting, live: refused } = sortChanges(definition, live, definition, unpaused);
  return toTexts([...waiting, ...refused]);
}

/** For people: the inputs' names, and values without what only libvirt calls so. */
export function toTexts(differences: readonly ModelDifference[]): PropertyChange[] {
  return differences.map(textOf);
}

function textOf(difference: ModelDifference): PropertyChange {
  const row = rowOf(difference);
  const told = row.describe?.(difference.from, difference.to);
  if (told !== undefined) return told;
  const property = row.label ?? (difference.kind === "property" ? row.input : undefined) ?? difference.path;
  const bytes = difference.path.endsWith("Bytes");
  const text = (value: unknown) => {
    if (value === undefined) return "none";
    if (typeof value === "number" && bytes) return formatBytes(value);
    return row.show?.(value) ?? show(value);
  };
  return { property, from: text(difference.from), to: text(difference.to) };
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
