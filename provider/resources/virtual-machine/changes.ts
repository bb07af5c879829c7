import {
  type DomainModel,
  describeDifferences,
  hasPcieRootPorts,
  type ModelDifference,
  type PluggingRoom,
  scsiControllersOf,
} from "../../libvirt/xml/index.js";
import { formatBytes } from "../../planning/quantity.js";
import type { PropertyChange } from "../../planning/step.js";
import type { ChangeRow, RunningEffect, RunningGuest } from "./change-row.js";
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

/** What is known of the running guest and its host beside the guest's documents. */
export type RunningPlace = Pick<RunningGuest, "paused"> &
  Partial<Pick<RunningGuest, "room" | "plugsFolders" | "networks">>;

/** Sorts what differs from `to`. Without a live document everything is the definition's. */
export function sortChanges(
  persistent: DomainModel | undefined,
  live: DomainModel | undefined,
  to: DomainModel,
  place: RunningPlace,
): Changes {
  const definition =
    persistent === undefined
      ? []
      : describeDifferences(persistent, { ...to, name: persistent.name }).filter((d) => d.path !== "uuid");
  if (live === undefined) return { definition, silent: definition, live: [], waiting: [] };
  const guest = guestOf(live, to, place);
  const compared = describeDifferences(live, to).filter((difference) => {
    const row = rowOf(difference);
    return row.comparedWhileRunning !== false && row.isMet?.(difference.from, difference.to) !== true;
  });
  const fromNetworks = compared.filter((difference) => isFromNetwork(difference, guest));
  const running = compared.filter((difference) => !fromNetworks.includes(difference));
  const seen = new Set(running.map(({ path }) => path));
  const changes: Changes = { definition, silent: [], live: [], waiting: [] };
  const put = (difference: ModelDifference, effect: RunningEffect) => {
    if (effect === "live") changes.live.push(difference);
    else if (effect === "nextBoot") changes.waiting.push(difference);
    else changes.silent.push(difference);
  };
  const effects = effectsOf(running, guest);
  for (const difference of running) {
    const effect = effects.get(difference) ?? "none";
    put(difference, effect);
    const order = effect === "live" ? laterBootOrder(difference) : undefined;
    if (order !== undefined) {
      put(order, "nextBoot");
      changes.definition = [...changes.definition, order];
    }
  }
  for (const difference of definition) {
    if (seen.has(difference.path)) continue;
    // The guest has it already, or its document can't tell.
    const untold =
      rowOf(difference).comparedWhileRunning === false ||
      fromNetworks.some(({ path }) => path === difference.path);
    put(difference, untold && effectOf(difference, guest) !== "none" ? "nextBoot" : "none");
  }
  return changes;
}

function guestOf(live: DomainModel, to: DomainModel, place: RunningPlace): RunningGuest {
  const isPcie = hasPcieRootPorts(live.machine);
  const room: PluggingRoom = place.room ?? {
    freePorts: isPcie ? live.hotplugPorts : undefined,
    hasPciBus: !isPcie,
    hasUsb: true,
    hasVirtioSerial: live.agentChannel,
    scsiControllers: scsiControllersOf(live.disks),
    sharesMemory: false,
  };
  return {
    live,
    to,
    paused: place.paused,
    room,
    freePorts: room.freePorts,
    plugsFolders: place.plugsFolders ?? false,
    networks: place.networks ?? new Map(),
  };
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
    const effect = effectOf(difference, { ...guest, freePorts });
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
  return networks.get(source.network)?.gives.includes(difference.property) ?? false;
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
  const warning = row.warning?.(difference);
  return { ...valuesOf(difference, row), ...(warning === undefined ? {} : { warning }) };
}

function valuesOf(difference: ModelDifference, row: ChangeRow): PropertyChange {
  const property =
    difference.kind === "property"
      ? (row.label ?? row.input ?? difference.path)
      : row.label === undefined
        ? difference.path
        : difference.path.replace(/[^.]+$/, row.label);
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
  if ("source" in value || "target" in value || "volume" in value || isSource(value))
    return showSource(value);
  return JSON.stringify(value);
}

function isSource(value: object): boolean {
  const keys = Object.keys(value);
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
