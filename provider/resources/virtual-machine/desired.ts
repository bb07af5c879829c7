import type { HostFacts } from "../../hosts/facts.js";
import { type DomainModel, hasPcieRootPorts, machineCanonicalName } from "../../libvirt/xml/index.js";
import { desiredDisks } from "./desired-disks.js";
import { type Attached, desiredInterfaces } from "./desired-interfaces.js";
import type { Desire } from "./features/feature.js";
import { features } from "./features/index.js";
import type { Inputs } from "./schema.js";

const DEFAULT_MACHINE = "q35";
const HOTPLUG_PORTS = 8;

/** Where it is to be; `found`: it was there before this program had it. */
export interface Placing {
  uuid: string;
  facts: HostFacts;
  found?: boolean;
  /** Where its interfaces were when the former inputs were deployed; by default where they are. */
  pluggedBefore?: readonly Attached[];
}

/**
 * What the domain should be: the declared inputs over what is there. What isn't declared and never was stays as it is found, so that
 * what people set by other means survives; what was declared last time and isn't any more returns to its default.
 */
export function desiredModel(
  inputs: Inputs,
  previous: Inputs | undefined,
  existing: DomainModel | undefined,
  place: Placing,
): DomainModel {
  const accelerator = acceleratorOf(inputs, existing, place.facts);
  const machine = machineOf(inputs.machine, existing?.machine, accelerator, place.facts);
  const uuid = existing?.uuid ?? place.uuid;
  const model: DomainModel = {
    ...(existing ?? { agentChannel: true }),
    name: inputs.name,
    uuid,
    accelerator,
    machine,
    hotplugPorts: hotplugPortsOf(inputs, previous, existing, machine),
    memoryBytes: inputs.memory,
    maxMemoryBytes: existing?.maxMemoryBytes ?? inputs.memory,
    cpus: existing?.cpus ?? 1,
    maxCpus: existing?.maxCpus ?? 1,
    firmware: existing?.firmware ?? "bios",
    disks: desiredDisks(inputs, previous, { disks: [], ...existing, machine }),
    interfaces: desiredInterfaces(inputs, previous, existing?.interfaces ?? [], uuid, place.pluggedBefore),
  };
  if (existing === undefined) {
    model.architecture = place.facts.capabilities.architecture;
    const guest = place.facts.capabilities.guests.find((g) => g.architecture === model.architecture);
    if (guest?.emulator !== undefined) model.emulator = guest.emulator;
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
  const desire = desireOf(inputs, previous, existing, place);
  for (const feature of features) feature.desire(model, desire);
  return model;
}

function desireOf(
  inputs: Inputs,
  previous: Inputs | undefined,
  existing: DomainModel | undefined,
  { facts, found = false }: Placing,
): Desire {
  return { inputs, previous, existing, facts, found };
}

/** Devices take ports; as long as nothing else is declared there are as many free ones after a change as before, up to the default. */
function hotplugPortsOf(
  inputs: Inputs,
  previous: Inputs | undefined,
  existing: DomainModel | undefined,
  machine: string,
): number {
  if (!hasPcieRootPorts(machine)) return 0;
  if (inputs.hotplugSlots !== undefined) return inputs.hotplugSlots;
  if (existing === undefined || previous?.hotplugSlots !== undefined) return HOTPLUG_PORTS;
  return Math.min(existing.hotplugPorts, HOTPLUG_PORTS);
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

export function acceleratorOf(
  inputs: Inputs,
  existing: DomainModel | undefined,
  facts: HostFacts,
): "kvm" | "qemu" {
  if (inputs.emulation === "kvm" || inputs.emulation === "qemu") return inputs.emulation;
  return existing?.accelerator ?? (facts.kvm ? "kvm" : "qemu");
}

/** An alias means a family of versions: which of them was pinned at creation stays, whatever it stands for on newer hosts. */
export function machineOf(
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
