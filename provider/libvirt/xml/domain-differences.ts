import type { DiskLimits } from "./disk-limits.js";
import type {
  CpuMode,
  DirectBoot,
  DiskSource,
  DomainDisk,
  DomainInterface,
  DomainModel,
  InterfaceSource,
  VirtualPort,
} from "./domain-model.js";
import { type DomainPartName, type DomainPartValues, domainPartNames } from "./domain-parts/index.js";
import type { Bandwidth, InterfaceFilter } from "./interface-traffic.js";
import type { MemoryHotplug } from "./memory.js";
import type { Vlan } from "./network-vlan.js";
import type { NumaCell } from "./numa.js";
import type { XmlPatch } from "./patches.js";
import { sameValue } from "./value.js";

/** A value of a domain model. */
export type ModelValue =
  | string
  | number
  | boolean
  | CpuMode
  | DirectBoot
  | MemoryHotplug
  | NumaCell[]
  | DiskSource
  | DiskLimits
  | Vlan
  | VirtualPort
  | Bandwidth
  | InterfaceFilter
  | InterfaceSource
  | DomainDisk
  | DomainInterface
  | DomainPartValues[DomainPartName]
  | XmlPatch[]
  | undefined;

/** What every difference has. `path` is for people: "memoryBytes", "disks[vdb]", "cdroms[sda].source", "interfaces[52:54:00:00:00:01].link". */
interface Difference {
  path: string;
  from: ModelValue;
  to: ModelValue;
}

/** A property of the domain itself that differs. */
export interface PropertyDifference extends Difference {
  kind: "property";
  property: DomainProperty;
}

/** A disk that is in one of the models only (no `property`), or a property of one that is in both. */
export interface DiskDifference extends Difference {
  kind: "disk";
  target: string;
  device: DomainDisk["device"];
  property?: DiskProperty;
}

/** An interface that is in one of the models only (no `property`), or a property of one that is in both. */
export interface InterfaceDifference extends Difference {
  kind: "interface";
  mac: string;
  property?: InterfaceProperty;
}

/** One thing in which two domains differ. */
export type ModelDifference = PropertyDifference | DiskDifference | InterfaceDifference;

/** The properties of a domain that are compared as they are. */
export type DomainProperty = Exclude<keyof DomainModel, "disks" | "otherTargets" | "interfaces">;
export type DiskProperty = Exclude<keyof DomainDisk, "target">;
export type InterfaceProperty = Exclude<keyof DomainInterface, "mac">;

// The records make the compiler notice a property of the model that is forgotten here.
const coreProperties: Record<Exclude<DomainProperty, DomainPartName>, true> = {
  name: true,
  uuid: true,
  accelerator: true,
  architecture: true,
  machine: true,
  emulator: true,
  description: true,
  memoryBytes: true,
  maxMemoryBytes: true,
  memoryHotplug: true,
  numa: true,
  cpus: true,
  maxCpus: true,
  cpuMode: true,
  firmware: true,
  directBoot: true,
  consoleLog: true,
  agentChannel: true,
  onPoweroff: true,
  onReboot: true,
  onCrash: true,
  hotplugPorts: true,
  patches: true,
};

const domainProperties = {
  ...coreProperties,
  ...Object.fromEntries(domainPartNames.map((name) => [name, true])),
} as Record<DomainProperty, true>;

const diskProperties: Record<DiskProperty, true> = {
  bus: true,
  device: true,
  source: true,
  format: true,
  cache: true,
  io: true,
  discard: true,
  detectZeroes: true,
  queues: true,
  iothread: true,
  limits: true,
  serial: true,
  wwn: true,
  readonly: true,
  shareable: true,
  bootOrder: true,
  alias: true,
};

const interfaceProperties: Record<InterfaceProperty, true> = {
  source: true,
  model: true,
  link: true,
  vlan: true,
  virtualPort: true,
  bandwidth: true,
  filter: true,
  mtu: true,
  queues: true,
  trustGuestRxFilters: true,
  bootOrder: true,
};

/**
 * All differences of two domains. The order of disks and interfaces is none, nor are more free PCIe ports than wanted: they come and go with
 * the devices.
 */
export function describeDifferences(from: DomainModel, to: DomainModel): ModelDifference[] {
  const enoughPorts = from.hotplugPorts >= to.hotplugPorts;
  return [
    ...changedProperties(
      domainProperties,
      enoughPorts ? { ...from, hotplugPorts: to.hotplugPorts } : from,
      to,
    ).map(
      ({ property, ...change }): PropertyDifference => ({
        kind: "property",
        property,
        path: property,
        ...change,
      }),
    ),
    ...compareDisks(byTarget(from), byTarget(to)),
    ...compareInterfaces(byMac(from), byMac(to)),
  ];
}

function compareDisks(
  from: ReadonlyMap<string, DomainDisk>,
  to: ReadonlyMap<string, DomainDisk>,
): DiskDifference[] {
  return unionOfKeys(from, to).flatMap((target): DiskDifference[] => {
    const [before, after] = [from.get(target), to.get(target)];
    const { device = "disk" } = after ?? before ?? {};
    const path = `${device === "cdrom" ? "cdroms" : "disks"}[${target}]`;
    if (before === undefined || after === undefined)
      return [{ kind: "disk", target, device, path, from: before, to: after }];
    return changedProperties(diskProperties, before, after).map(({ property, ...change }) => ({
      kind: "disk",
      target,
      device,
      property,
      path: `${path}.${property}`,
      ...change,
    }));
  });
}

function compareInterfaces(
  from: ReadonlyMap<string, DomainInterface>,
  to: ReadonlyMap<string, DomainInterface>,
): InterfaceDifference[] {
  return unionOfKeys(from, to).flatMap((mac): InterfaceDifference[] => {
    const [before, after] = [from.get(mac), to.get(mac)];
    const path = `interfaces[${mac}]`;
    if (before === undefined || after === undefined)
      return [{ kind: "interface", mac, path, from: before, to: after }];
    return changedProperties(interfaceProperties, before, after).map(({ property, ...change }) => ({
      kind: "interface",
      mac,
      property,
      path: `${path}.${property}`,
      ...change,
    }));
  });
}

function byTarget(model: DomainModel): Map<string, DomainDisk> {
  return new Map(model.disks.map((disk) => [disk.target, disk]));
}

function byMac(model: DomainModel): Map<string, DomainInterface> {
  return new Map(model.interfaces.map((made) => [made.mac, made]));
}

function unionOfKeys(left: ReadonlyMap<string, unknown>, right: ReadonlyMap<string, unknown>): string[] {
  return [...new Set([...left.keys(), ...right.keys()])];
}

function changedProperties<Property extends string>(
  properties: Record<Property, true>,
  from: Partial<Record<Property, ModelValue>>,
  to: Partial<Record<Property, ModelValue>>,
): { property: Property; from: ModelValue; to: ModelValue }[] {
  return (Object.keys(properties) as Property[])
    .filter((property) => !sameValue(from[property], to[property]))
    .map((property) => ({ property, from: from[property], to: to[property] }));
}
