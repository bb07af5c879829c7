import { createHash } from "node:crypto";
import type { HostFacts } from "../../hosts/facts.js";
import {
  type DiskSource,
  type DomainDisk,
  type DomainInterface,
  type DomainModel,
  machineCanonicalName,
} from "../../libvirt/xml/index.js";
import { features } from "./features/index.js";
import { orKept } from "./features/set-or-keep.js";
import { type DiskInputs, type Inputs, type InterfaceInputs, volumeOf } from "./schema.js";

const DEFAULT_MACHINE = "q35";
const HOTPLUG_PORTS = 8;
const MOST_INTERFACES = 32;
const TARGET_PREFIX = { virtio: "vd", scsi: "sd", sata: "sd" } as const;

/**
 * What the domain should be: the declared inputs over what is there. What isn't declared and never was stays as it is found, so that
 * what people set by other means survives; what was declared last time and isn't any more returns to its default.
 */
export function desiredModel(
  inputs: Inputs,
  previous: Inputs | undefined,
  existing: DomainModel | undefined,
  place: { uuid: string; facts: HostFacts },
): DomainModel {
  const accelerator = acceleratorOf(inputs, existing, place.facts);
  const cpus = inputs.cpus ?? 1;
  const model: DomainModel = {
    ...(existing ?? { agentChannel: true, rng: true, hotplugPorts: HOTPLUG_PORTS }),
    name: inputs.name,
    uuid: existing?.uuid ?? place.uuid,
    accelerator,
    machine: machineOf(inputs.machine, existing?.machine, accelerator, place.facts),
    memoryBytes: inputs.memory,
    maxMemoryBytes: inputs.memory,
    cpus,
    maxCpus: Math.max(inputs.maxCpus ?? cpus, cpus),
    firmware: existing?.firmware ?? "bios",
    disks: desiredDisks(inputs, previous, existing?.disks ?? []),
    interfaces: desiredInterfaces(inputs, previous, existing?.interfaces ?? [], existing?.uuid ?? place.uuid),
  };
  if (existing === undefined) {
    model.architecture = place.facts.capabilities.architecture;
    const guest = place.facts.capabilities.guests.find((g) => g.architecture === model.architecture);
    if (guest?.emulator !== undefined) model.emulator = guest.emulator;
    // libvirt's default, a CPU of 2003, is what nobody with hardware virtualisation wants; under emulation it is right.
    if (accelerator === "kvm") model.cpuMode = "host-model";
  }
  setOrKeep(model, "description", inputs.description, previous?.description);
  setOrKeep(model, "consoleLog", inputs.console?.log, previous?.console?.log);
  const directBoot =
    inputs.kernel === undefined
      ? undefined
      : {
          kernel: inputs.kernel,
          ...(inputs.initrd === undefined ? {} : { initrd: inputs.initrd }),
          // libvirt takes an empty text for none.
          ...(inputs.commandLine ? { commandLine: inputs.commandLine } : {}),
        };
  setOrKeep(model, "directBoot", directBoot, previous?.kernel);
  for (const feature of features) feature.desire(model, { inputs, previous, existing, facts: place.facts });
  return model;
}

function setOrKeep<K extends "description" | "consoleLog" | "directBoot">(
  model: DomainModel,
  key: K,
  declared: DomainModel[K],
  declaredBefore: unknown,
): void {
  if (declared) model[key] = declared;
  else if (declared !== undefined || declaredBefore !== undefined) delete model[key];
}

function acceleratorOf(inputs: Inputs, existing: DomainModel | undefined, facts: HostFacts): "kvm" | "qemu" {
  if (inputs.emulation === "kvm" || inputs.emulation === "qemu") return inputs.emulation;
  return existing?.accelerator ?? (facts.kvm ? "kvm" : "qemu");
}

/** An alias means a family of versions: which of them was pinned at creation stays, whatever it stands for on newer hosts. */
function machineOf(
  declared: string | undefined,
  existing: string | undefined,
  accelerator: string,
  facts: HostFacts,
): string {
  const wanted = declared ?? DEFAULT_MACHINE;
  if (existing !== undefined && (declared === undefined || isOfFamily(existing, wanted))) return existing;
  const { capabilities } = facts;
  return machineCanonicalName(capabilities, capabilities.architecture, accelerator, wanted) ?? wanted;
}

function isOfFamily(machine: string, alias: string): boolean {
  if (machine === alias) return true;
  if (alias === "q35") return machine.startsWith("pc-q35-");
  if (alias === "pc") return machine.startsWith("pc-i440fx-");
  return false;
}

/** Disks are told apart by their volumes; a disk that stays keeps its target, so that the guest sees it at its place. */
function desiredDisks(
  inputs: Inputs,
  previous: Inputs | undefined,
  existing: readonly DomainDisk[],
): DomainDisk[] {
  const declared = (inputs.disks ?? []).map((entry, i) => ({
    entry,
    source: volumeOf(inputs.name, entry, i),
  }));
  const entriesBefore = (previous?.disks ?? []).map((entry, i) => ({
    entry,
    source: volumeOf(previous?.name ?? "", entry, i),
  }));
  const before = entriesBefore.map((other) => other.source);
  const isOneOf = (source: DiskSource | undefined, list: { pool: string; volume: string }[]) =>
    list.some((other) => sameVolume(source, other));
  const kept = existing.filter(
    (disk) =>
      isOneOf(
        disk.source,
        declared.map((d) => d.source),
      ) || !isOneOf(disk.source, before),
  );
  const found = (source: { pool: string; volume: string }) =>
    kept.find((disk) => sameVolume(disk.source, source));
  const strangers = kept.filter(
    (disk) =>
      !isOneOf(
        disk.source,
        declared.map((d) => d.source),
      ),
  );
  const taken = new Set(kept.map((disk) => disk.target));
  const made = declared.map(({ entry, source }): DomainDisk => {
    const there = found(source);
    const entryBefore = entriesBefore.find((other) => sameVolume(other.source, source))?.entry;
    const bus = orKept(entry.bus, entryBefore?.bus, there?.bus) ?? "virtio";
    const keepsPlace = there !== undefined && prefixOf(there.bus) === prefixOf(bus);
    const target = keepsPlace ? there.target : freeTarget(prefixOf(bus), taken);
    taken.add(target);
    return diskOf(entry, entryBefore, source, keepsPlace ? there : undefined, target, bus);
  });
  return [...made, ...strangers];
}

function diskOf(
  entry: DiskInputs,
  entryBefore: DiskInputs | undefined,
  source: { pool: string; volume: string },
  there: DomainDisk | undefined,
  target: string,
  bus: DomainDisk["bus"],
): DomainDisk {
  const disk: DomainDisk = {
    ...there,
    target,
    bus,
    device: "disk",
    source,
    format: entry.format ?? entry.disk?.format ?? there?.format ?? "qcow2",
    readonly: entry.readonly ?? false,
    shareable: there?.shareable ?? false,
  };
  for (const key of ["serial", "cache", "discard"] as const) {
    const value = orKept(entry[key], entryBefore?.[key], there?.[key]);
    if (value === undefined) delete disk[key];
    else disk[key] = value;
  }
  return disk;
}

function prefixOf(bus: string): string {
  return (TARGET_PREFIX as Record<string, string>)[bus] ?? "hd";
}

function freeTarget(prefix: string, taken: ReadonlySet<string>): string {
  for (let i = 0; ; i++) {
    const target = `${prefix}${letters(i)}`;
    if (!taken.has(target)) return target;
  }
}

/** a, b, ... z, aa, ab, ... as disks are counted. */
function letters(index: number): string {
  const last = String.fromCharCode(97 + (index % 26));
  return index < 26 ? last : `${letters(Math.floor(index / 26) - 1)}${last}`;
}

export function sameVolume(
  source: DiskSource | undefined,
  volume: { pool: string; volume: string },
): boolean {
  return (
    source !== undefined && "pool" in source && source.pool === volume.pool && source.volume === volume.volume
  );
}

/**
 * Interfaces are told apart by MAC. One without a declared MAC is the existing one on the same network that no other claims, else a new one
 * with an address made of the VM's UUID, so that it is the same in every plan.
 */
function desiredInterfaces(
  inputs: Inputs,
  previous: Inputs | undefined,
  existing: readonly DomainInterface[],
  uuid: string,
): DomainInterface[] {
  const declared = inputs.interfaces ?? [];
  const claimed = new Set(declared.flatMap((entry) => entry.mac ?? []));
  const made = declared.map((entry): DomainInterface => {
    const mac = entry.mac ?? existingFor(entry, existing, claimed)?.mac ?? freeMac(uuid, claimed);
    claimed.add(mac);
    const there = existing.find((other) => other.mac === mac);
    return {
      ...there,
      source: sourceOf(entry),
      mac,
      model: entry.model ?? there?.model ?? "virtio",
      link: entry.link ?? "up",
    };
  });
  const ours = new Set([
    ...Array.from({ length: MOST_INTERFACES }, (_, i) => madeMac(uuid, i)),
    ...(previous?.interfaces ?? []).flatMap((entry) => entry.mac ?? []),
  ]);
  return [...made, ...existing.filter((other) => !claimed.has(other.mac) && !ours.has(other.mac))];
}

function existingFor(
  entry: InterfaceInputs,
  existing: readonly DomainInterface[],
  claimed: ReadonlySet<string>,
): DomainInterface | undefined {
  const wanted = sourceOf(entry);
  return existing.find(
    (other) => !claimed.has(other.mac) && JSON.stringify(other.source) === JSON.stringify(wanted),
  );
}

function sourceOf(entry: InterfaceInputs): { network: string } | { bridge: string } {
  return entry.network !== undefined ? { network: entry.network } : { bridge: entry.bridge ?? "" };
}

function freeMac(uuid: string, claimed: ReadonlySet<string>): string {
  for (let i = 0; ; i++) {
    const mac = madeMac(uuid, i);
    if (!claimed.has(mac)) return mac;
  }
}

/** In QEMU's range, 52:54:00. */
export function madeMac(uuid: string, index: number): string {
  const hash = createHash("sha256").update(`${uuid}/${index}`).digest();
  return ["52", "54", "00", ...[0, 1, 2].map((i) => (hash[i] as number).toString(16).padStart(2, "0"))].join(
    ":",
  );
}
