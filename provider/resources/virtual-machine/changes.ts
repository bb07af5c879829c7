import { type DomainModel, describeDifferences, type ModelDifference } from "../../libvirt/xml/index.js";
import { formatBytes } from "../../planning/quantity.js";
import type { PropertyChange } from "../../planning/step.js";

/** What the live document tells of the moment or in other words than the definition: no sign of a change that waits. */
const SAID_OTHERWISE_WHILE_RUNNING = new Set([
  "name",
  "uuid",
  "description",
  "emulator",
  "architecture",
  "cpuMode",
  "memoryBytes",
  "onPoweroff",
  "onReboot",
  "onCrash",
]);
const NAMES: Readonly<Record<string, string>> = {
  maxMemoryBytes: "memory",
  memoryBytes: "balloon",
  accelerator: "emulation",
  directBoot: "kernel",
  consoleLog: "console.log",
};

/** What defining `to` would change in the definition `from`. */
export function definitionChanges(from: DomainModel, to: DomainModel): PropertyChange[] {
  const differences = describeDifferences(from, to);
  const memoryToo = differences.some((d) => d.path === "maxMemoryBytes");
  return differences
    .filter((d) => d.path !== "uuid" && !(memoryToo && d.path === "memoryBytes"))
    .flatMap(changeOf);
}

/** What the running guest doesn't have yet of its definition. */
export function waitingChanges(live: DomainModel, definition: DomainModel): PropertyChange[] {
  return describeDifferences(live, definition)
    .filter((d) => !(d.kind === "property" && SAID_OTHERWISE_WHILE_RUNNING.has(d.property)))
    .flatMap(changeOf);
}

function changeOf(difference: ModelDifference): PropertyChange[] {
  if (difference.kind === "property" && typeof difference.to === "number") return [numberChange(difference)];
  return [
    {
      property:
        difference.kind === "property"
          ? (NAMES[difference.property] ?? difference.property)
          : difference.path,
      from: show(difference.from),
      to: show(difference.to),
    },
  ];
}

function numberChange(difference: ModelDifference): PropertyChange {
  const bytes = difference.path.endsWith("Bytes");
  const text = (value: unknown) => (bytes ? formatBytes(Number(value)) : String(value));
  return {
    property: NAMES[difference.path] ?? difference.path,
    from: text(difference.from),
    to: text(difference.to),
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
  const source = ("source" in value ? (value as { source?: unknown }).source : value) as
    | Record<string, string>
    | undefined;
  if (source === undefined) return "empty";
  if (source.volume !== undefined) return `${source.volume} in ${source.pool}`;
  return Object.entries(source)
    .map(([kind, name]) => `${kind} ${name}`)
    .join(" ");
}
