import { bootMenu } from "./boot-menu.js";
import { channels } from "./channels.js";
import { clock } from "./clock.js";
import { cpuCache, cpuFeatures, cpuMigratable, cpuTopology } from "./cpu.js";
import { cpuLimits, emulatorPin, iothreadPins, iothreads, vcpuPins } from "./cpu-tune.js";
import { filesystems } from "./filesystems.js";
import { graphics } from "./graphics.js";
import { hostDevices } from "./host-devices.js";
import { hyperv } from "./hyperv.js";
import { ignition } from "./ignition.js";
import { inputDevices } from "./input-devices.js";
import { acpi, ioapic, kvmHidden, pmu, smm, vmcoreinfo, vmport } from "./machine-features.js";
import { memoryBacking } from "./memory-backing.js";
import { memoryTune, numaTune } from "./memory-tune.js";
import { osIdentity } from "./os-identity.js";
import type { DomainPart } from "./part.js";
import { rng } from "./rng.js";
import { serialPorts } from "./serial-ports.js";
import { sound } from "./sound.js";
import { title } from "./title.js";
import { tpm } from "./tpm.js";
import { video } from "./video.js";
import { watchdog } from "./watchdog.js";

export type { BootMenu } from "./boot-menu.js";
export { type Channel, sortedChannels } from "./channels.js";
export { type Clock, sortedTimers, type Timer } from "./clock.js";
export type { CpuFeature, CpuTopology } from "./cpu.js";
export type { CpuLimits, Pin } from "./cpu-tune.js";
export { type Filesystem, sortedFilesystems } from "./filesystems.js";
export type { Graphics } from "./graphics.js";
export { type HostDevice, hostDeviceKey, sortedHostDevices } from "./host-devices.js";
export type { HyperV } from "./hyperv.js";
export { type InputDevice, sortedInputDevices } from "./input-devices.js";
export type { MemoryBacking } from "./memory-backing.js";
export type { MemoryTune, NumaTune } from "./memory-tune.js";
export type { DomainPart, PartDevices } from "./part.js";
export type { Rng } from "./rng.js";
export type { SerialPort } from "./serial-ports.js";
export type { Tpm } from "./tpm.js";
export type { Video } from "./video.js";
export type { Watchdog } from "./watchdog.js";

/** Every part by the name of its property in the domain model. */
export const domainParts = {
  ignition,
  cpuFeatures,
  cpuTopology,
  cpuCache,
  cpuMigratable,
  iothreads,
  vcpuPins,
  emulatorPin,
  iothreadPins,
  cpuLimits,
  memoryBacking,
  memoryTune,
  numaTune,
  bootMenu,
  filesystems,
  channels,
  hostDevices,
  rng,
  title,
  watchdog,
  osIdentity,
  acpi,
  smm,
  pmu,
  vmport,
  vmcoreinfo,
  ioapic,
  kvmHidden,
  hyperv,
  clock,
  tpm,
  graphics,
  video,
  sound,
  inputDevices,
  serialPorts,
};

export type DomainPartName = keyof typeof domainParts;

/** The values of the parts, as properties of the domain model. */
export type DomainPartValues = {
  [Name in DomainPartName]?: (typeof domainParts)[Name] extends DomainPart<infer Value> ? Value : never;
};

export const domainPartNames = Object.keys(domainParts) as DomainPartName[];

/** The part of a property whose value's type isn't told apart: what is read with it can be written with it. */
export function partOf(name: DomainPartName): DomainPart<unknown> {
  return domainParts[name] as DomainPart<unknown>;
}

export function isPartName(name: string): name is DomainPartName {
  return Object.hasOwn(domainParts, name);
}
