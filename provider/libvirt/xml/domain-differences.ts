import type {
  CpuMode,
  DirectBoot,
  DiskSource,
  DomainDisk,
  DomainInterface,
  DomainModel,
  InterfaceSource,
} from "./domain-model.js";

/** A value of a domain model. */
export type ModelValue =
  | string
  | number
  | boolean
  | CpuMode
  | DirectBoot
  | DiskSource
  | InterfaceSource
  | DomainDisk
  | DomainInterface
  | undefined;

/**
 * One property in which two models differ. `path` is the property's name ("memoryBytes"), a disk that is only in
 * one of them ("disks[vdb]"), or a property of one that is in both ("disks[vdb].cache", "interfaces[52:54:00:00:00:01].link").
 */
export interface ModelDifference {
  path: string;
  from: ModelValue;
  to: ModelValue;
}

/** The properties that are compared as they are, all but the lists and `hotplugPorts`; the compiler checks that none is forgotten. */
type PlainProperty = Exclude<keyof DomainModel, "disks" | "interfaces" | "hotplugPorts">;
const plainProperties: Record<PlainProperty, true> = {
  name: true,
  uuid: true,
  accelerator: true,
  architecture: true,
  machine: true,
  emulator: true,
  description: true,
  memoryBytes: true,
  maxMemoryBytes: true,
  cpus: true,
  maxCpus: true,
  cpuMode: true,
  firmware: true,
  directBoot: true,
  consoleLog: true,
  agentChannel: true,
  rng: true,
  onPoweroff: true,
  onReboot: true,
  onCrash: true,
};

const diskProperties: Record<Exclude<keyof DomainDisk, "target">, true> = {
  bus: true,
  device: true,
  source: true,
  format: true,
  cache: true,
  io: true,
  discard: true,
  serial: true,
  readonly: true,
  shareable: true,
  bootOrder: true,
};

const interfaceProperties: Record<Exclude<keyof DomainInterface, "mac">, true> = {
  source: true,
  model: true,
  link: true,
};

/**
 * All differences of two domains, but for `hotplugPorts` and the order of disks and interfaces.
 * Models that only differ in these give an empty list.
 */
export function describeDifferences(from: DomainModel, to: DomainModel): ModelDifference[] {
  return [
    ...compareProperties("", plainProperties, from, to),
    ...compareLists("disks", diskProperties, keyed(from.disks, "target"), keyed(to.disks, "target")),
    ...compareLists(
      "interfaces",
      interfaceProperties,
      keyed(from.interfaces, "mac"),
      keyed(to.interfaces, "mac"),
    ),
  ];
}

/** The difference of each property of two disks of one target. */
export function describeDiskDifferences(from: DomainDisk, to: DomainDisk): ModelDifference[] {
  return compareProperties("", diskProperties, from, to);
}

function keyed<Key extends string, T extends Record<Key, string>>(
  list: readonly T[],
  key: Key,
): Map<string, T> {
  return new Map(list.map((item) => [item[key], item]));
}

function compareLists<T extends DomainDisk | DomainInterface>(
  listName: string,
  properties: Partial<Record<keyof T, true>>,
  from: ReadonlyMap<string, T>,
  to: ReadonlyMap<string, T>,
): ModelDifference[] {
  const keys = new Set([...from.keys(), ...to.keys()]);
  return [...keys].flatMap((key) => {
    const path = `${listName}[${key}]`;
    const before = from.get(key);
    const after = to.get(key);
    if (before === undefined || after === undefined) return [{ path, from: before, to: after }];
    return compareProperties(`${path}.`, properties, before, after);
  });
}

function compareProperties<T extends object>(
  prefix: string,
  properties: Partial<Record<keyof T, true>>,
  from: T,
  to: T,
): ModelDifference[] {
  return (Object.keys(properties) as (keyof T & string)[]).flatMap((property) => {
    const before = from[property] as ModelValue;
    const after = to[property] as ModelValue;
    return sameValue(before, after) ? [] : [{ path: `${prefix}${property}`, from: before, to: after }];
  });
}

/** Whether two values of models are the same; an absent property is one that is undefined. */
export function sameValue(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) =>
    sameValue((left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key]),
  );
}
