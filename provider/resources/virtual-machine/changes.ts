import {
  type DomainDisk,
  type DomainModel,
  describeDifferences,
  type ModelDifference,
  sameValue,
} from "../../libvirt/xml/index.js";
import { formatBytes } from "../../planning/quantity.js";
import type { PropertyChange } from "../../planning/step.js";
import type { RunningEffect } from "./change-row.js";
import { changeTable, effectOf, rowOf } from "./change-table.js";
import { type GuestRun, newRun, type RunningGuest, runningGuest } from "./running-guest.js";

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

/**
 * Sorts what differs from `to`. Without a live document everything is the definition's. What is a stranger's a running guest isn't given, nor is it
 * taken from it.
 */
export function sortChanges(
  persistent: DomainModel | undefined,
  live: DomainModel | undefined,
  to: DomainModel,
  run: GuestRun = newRun,
  isStranger: (difference: ModelDifference) => boolean = () => false,
): Changes {
  const definition =
    persistent === undefined
      ? []
      : describeDifferences(persistent, { ...to, name: persistent.name }).filter((d) => d.path !== "uuid");
  if (live === undefined) return untold({ definition, silent: definition, live: [], waiting: [] }, [], to);
  const changes: Changes = { definition, silent: [], live: [], waiting: [] };
  const compared = describeDifferences(runningModel(live, persistent ?? live, to, run), to).filter(
    (difference) => {
      const row = rowOf(difference);
      if (difference.kind !== "property" && row.comparedWhileRunning === false) return false;
      return row.isMet?.(difference.from, difference.to) !== true;
    },
  );
  if (compared.length === 0 && definition.length === 0) return changes;
  const guest = runningGuest(live, persistent ?? live, to, run);
  const fromNetworks = compared.filter((difference) => isFromNetwork(difference, guest));
  const left = compared.filter(
    (difference) =>
      isStranger(difference) && (difference.to !== undefined || effectIn(difference, guest) === "live"),
  );
  const running = compared.filter((d) => !fromNetworks.includes(d) && !left.includes(d));
  const effects = effectsOf(running, guest);
  const put = (difference: ModelDifference, what: RunningEffect) => {
    if (what === "live") changes.live.push(difference);
    else if (what === "nextBoot") changes.waiting.push(difference);
    else changes.silent.push(difference);
  };
  for (const difference of running) {
    const what = effects.get(difference) ?? "none";
    put(difference, what);
    const order = what === "live" ? laterBootOrder(difference) : undefined;
    if (order === undefined) continue;
    put(order, "nextBoot");
    changes.definition = [...changes.definition, order];
  }
  const seen = new Set(running.map(({ path }) => path));
  for (const difference of definition) {
    if (seen.has(difference.path)) continue;
    const back = backToNetwork(difference, fromNetworks, guest);
    if (back !== undefined) {
      put(back, sameValue(back.from, back.to) ? "none" : effectIn(back, guest));
      continue;
    }
    // The guest has it already, or its document can't tell.
    const isHidden =
      (difference.kind !== "property" && rowOf(difference).comparedWhileRunning === false) ||
      fromNetworks.some(({ path }) => path === difference.path);
    put(difference, isHidden && effectIn(difference, guest) !== "none" ? "nextBoot" : "none");
  }
  return untold(changes, running, to);
}

function effectIn(difference: ModelDifference, guest: RunningGuest): RunningEffect {
  const possible = effectOf(difference, guest);
  if (isDeclined(difference, guest)) return "nextBoot";
  if (possible !== "live" || guest.patched?.has(difference.path) !== true) return possible;
  // What the guest has there is the patch's, and stays so until it starts without that.
  return sameValue(guest.live.patches, guest.to.patches) ? "none" : "nextBoot";
}

/** What goes makes room for what comes, so that is looked at first. */
function effectsOf(
  differences: readonly ModelDifference[],
  guest: RunningGuest,
): Map<ModelDifference, RunningEffect> {
  const wanted = differences.map((difference) => ({
    difference,
    ports: rowOf(difference).ports?.(difference, guest) ?? 0,
  }));
  const effects = new Map<ModelDifference, RunningEffect>();
  let { freePorts } = guest;
  for (const { difference, ports } of wanted.sort((a, b) => Math.min(a.ports, 0) - Math.min(b.ports, 0))) {
    const effect = effectIn(difference, { ...guest, freePorts });
    effects.set(difference, effect);
    if (effect === "live" && freePorts !== undefined) freePorts -= ports;
  }
  return effects;
}

/** An interface that says nothing of a property has it from its network, and its live document says it. */
function isFromNetwork(difference: ModelDifference, { to, networks }: RunningGuest): boolean {
  if (difference.kind !== "interface" || difference.property === undefined) return false;
  if (difference.to !== undefined) return false;
  const source = to.interfaces.find(({ mac }) => mac === difference.mac)?.source;
  if (source === undefined || !("network" in source)) return false;
  return networks?.get(source.network)?.gives.includes(difference.property) ?? false;
}

/**
 * An interface whose own VLANs are taken off its definition has those of its network: where these can be changed live they are, for from then on
 * the network's plan has it go over to them.
 */
function backToNetwork(
  { path }: ModelDifference,
  fromNetworks: readonly ModelDifference[],
  guest: RunningGuest,
): ModelDifference | undefined {
  const found = fromNetworks.find((difference) => difference.path === path);
  if (found?.kind !== "interface" || found.property !== "vlan" || effectOf(found, guest) !== "live")
    return undefined;
  const source = guest.to.interfaces.find(({ mac }) => mac === found.mac)?.source;
  if (source === undefined || !("network" in source)) return undefined;
  return { ...found, to: guest.networks?.get(source.network)?.vlanOf(source.portgroup) };
}

/** A device that is plugged in takes its place in the boot order at the next boot: a running guest's can't be changed. */
function laterBootOrder(difference: ModelDifference): ModelDifference | undefined {
  if (difference.kind === "property" || difference.property !== undefined) return undefined;
  const order = (difference.to as { bootOrder?: number } | undefined)?.bootOrder;
  if (order === undefined) return undefined;
  return {
    ...difference,
    property: "bootOrder",
    path: `${difference.path}.bootOrder`,
    from: undefined,
    to: order,
  } as ModelDifference;
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
  const model: Record<string, unknown> = { ...live, disks: live.disks.map((disk) => asDefined(disk, to)) };
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

/** At a guest's start libvirt takes the cache from disks that others write to, where nobody has said which they are to have. */
function asDefined(disk: DomainDisk, to: DomainModel): DomainDisk {
  const wanted = to.disks.find(({ target }) => target === disk.target);
  if (!disk.shareable || disk.readonly || disk.cache !== "none" || wanted?.cache !== undefined) return disk;
  const { cache: _, ...defined } = disk;
  return defined;
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

/** What the running guest doesn't have yet of its definition, as texts. */
export function pendingChanges(live: DomainModel, definition: DomainModel, run: GuestRun): PropertyChange[] {
  const unpaused: GuestRun = {
    paused: false,
    notes: run.notes,
    balloonAnswers: run.balloonAnswers,
    balloonLeavesBytes: run.balloonLeavesBytes,
    plugsFolders: run.plugsFolders,
    networks: run.networks,
    get room() {
      return run.room;
    },
    get hotplug() {
      return run.hotplug;
    },
    get patched() {
      return run.patched;
    },
    get definedDimmsBytes() {
      return run.definedDimmsBytes;
    },
  };
  const { waiting, live: refused } = sortChanges(definition, live, definition, unpaused);
  return toTexts([...waiting, ...refused]);
}

/** For people: the inputs' names, and values without what only libvirt calls so. A disk on another bus is one change, and not one that is lost. */
export function toTexts(differences: readonly ModelDifference[]): PropertyChange[] {
  const moves = differences.flatMap((from) => {
    const to = differences.find((other) => isOnAnotherBus(from, other));
    return to === undefined ? [] : [{ from, to }];
  });
  return differences.flatMap((difference) => {
    if (moves.some(({ to }) => to === difference)) return [];
    const move = moves.find(({ from }) => from === difference);
    return move === undefined ? textOf(difference) : textOfMove(move.from, move.to);
  });
}

/** libvirt tells disks apart by targets, and a target goes with a bus. */
function isOnAnotherBus(goes: ModelDifference, comes: ModelDifference): boolean {
  const [before, after] = [wholeDisk(goes)?.from, wholeDisk(comes)?.to];
  return before?.source !== undefined && after !== undefined && sameValue(before.source, after.source);
}

function wholeDisk(
  difference: ModelDifference,
): { from: DomainDisk | undefined; to: DomainDisk | undefined } | undefined {
  if (difference.kind !== "disk" || difference.property !== undefined) return undefined;
  return { from: difference.from as DomainDisk | undefined, to: difference.to as DomainDisk | undefined };
}

function textOfMove(goes: ModelDifference, comes: ModelDifference): PropertyChange {
  const bus = (value: ModelDifference["from"]) => show((value as DomainDisk).bus);
  return {
    ...{ property: `${goes.path}.bus`, from: bus(goes.from) },
    to: `${bus(comes.to)} (as ${comes.path})`,
  };
}

function textOf(difference: ModelDifference): PropertyChange {
  const row = rowOf(difference);
  const told = row.describe?.(difference.from, difference.to);
  if (told !== undefined) return told;
  const property = row.label ?? (difference.kind === "property" ? row.input : undefined) ?? difference.path;
  const bytes = difference.path.endsWith("Bytes");
  const text = (value: unknown) => {
    if (value === undefined) return row.showNone ?? "none";
    if (typeof value === "number" && bytes) return formatBytes(value);
    return row.show?.(value) ?? show(value);
  };
  const warning = row.warning?.(difference);
  return {
    ...{ property, from: text(difference.from), to: text(difference.to) },
    ...(warning === undefined ? {} : { warning }),
  };
}

function show(value: unknown): string {
  if (value === undefined) return "none";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object" || value === null) return String(value);
  if ("kernel" in value)
    return Object.values(value as object)
      .map((part) => JSON.stringify(part))
      .join(" ");
  if ("source" in value || "target" in value || "volume" in value || isSource(value))
    return showSource(value);
  return JSON.stringify(value);
}

function isSource(value: object): boolean {
  const keys = Object.keys(value);
  if ("device" in value && "mode" in value) return true;
  return (
    keys.length === 1 && ["file", "block", "network", "bridge", "other", "model"].includes(keys[0] ?? "")
  );
}

function showSource(value: object): string {
  const source = ("source" in value || "target" in value ? (value as { source?: unknown }).source : value) as
    | Record<string, string>
    | undefined;
  if (source === undefined) return "empty";
  if (source.volume !== undefined) return `${source.volume} in ${source.pool}`;
  return Object.entries(source)
    .map(([kind, name]) => `${kind} ${name}`)
    .join(" ");
}
