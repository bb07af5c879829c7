import { attributeOf, childElement, childElements, childText, textOf } from "./element.js";
import { readXml } from "./read-xml.js";
import { parseCount, requireText, withoutUndefined } from "./value.js";

/** How a host's CPUs are arranged. */
export interface CpuTopology {
  sockets: number;
  dies: number;
  cores: number;
  threads: number;
}

/** A machine type; `canonical` is what an alias resolves to on this host. */
export interface GuestMachine {
  name: string;
  canonical?: string;
  maxCpus?: number;
}

/** What a host can run for one architecture. */
export interface GuestCapabilities {
  architecture: string;
  emulator?: string;
  /** "qemu" always, "kvm" where it is usable. */
  accelerators: string[];
  machines: GuestMachine[];
}

/** What a host says of itself. */
export interface Capabilities {
  hostUuid: string;
  architecture: string;
  cpuModel?: string;
  topology?: CpuTopology;
  guests: GuestCapabilities[];
}

/**
 * Reads the capabilities of a host.
 * @throws XmlError when it is no `<capabilities>` document, or has no host UUID or architecture.
 */
export function parseCapabilities(xml: string): Capabilities {
  const root = readXml(xml, "capabilities");
  const host = childElement(root, "host");
  const cpu = childElement(host, "cpu");
  const topology = childElement(cpu, "topology");
  const count = (name: string) => parseCount(attributeOf(topology, name)) ?? 1;
  return withoutUndefined({
    hostUuid: requireText(childText(host, "uuid"), "the host's <uuid>"),
    architecture: requireText(childText(cpu, "arch"), "the host's <arch>"),
    cpuModel: childText(cpu, "model"),
    topology:
      topology === undefined
        ? undefined
        : {
            sockets: count("sockets"),
            dies: count("dies"),
            cores: count("cores"),
            threads: count("threads"),
          },
    guests: childElements(root, "guest").flatMap((guest) => {
      const arch = childElement(guest, "arch");
      const architecture = attributeOf(arch, "name");
      if (arch === undefined || architecture === undefined || childText(guest, "os_type") !== "hvm")
        return [];
      const domains = childElements(arch, "domain");
      // An accelerator may come with machines of its own, which then stand in its <domain>.
      const machines = [arch, ...domains].flatMap((parent) =>
        childElements(parent, "machine").map((machine) =>
          withoutUndefined({
            name: textOf(machine) ?? "",
            canonical: attributeOf(machine, "canonical"),
            maxCpus: parseCount(attributeOf(machine, "maxCpus")),
          }),
        ),
      );
      return [
        withoutUndefined({
          architecture,
          emulator: childText(arch, "emulator"),
          accelerators: domains.flatMap((domain) => attributeOf(domain, "type") ?? []),
          machines: machines.filter((machine) => isFirstChoice(machine, machines)),
        }),
      ];
    }),
  });
}

/**
 * Ubuntu's QEMU has aliases twice, "q35" for "pc-q35-noble" and for "pc-q35-8.2": which it makes of them is chance. The one with a version's number is taken,
 * which other distributions have as well.
 */
function isFirstChoice(machine: GuestMachine, all: readonly GuestMachine[]): boolean {
  const same = all.filter(({ name }) => name === machine.name);
  return machine === (same.find(({ canonical }) => /-\d+\.\d+/.test(canonical ?? "")) ?? same[0]);
}

/**
 * The version that a host makes of a machine type ("q35" -> "pc-q35-7.2"); a name that is no alias gives itself.
 * Undefined when the host has no such machine for the architecture and accelerator.
 */
export function machineCanonicalName(
  capabilities: Capabilities,
  architecture: string,
  accelerator: string,
  name: string,
): string | undefined {
  const machine = capabilities.guests
    .filter((guest) => guest.architecture === architecture && guest.accelerators.includes(accelerator))
    .flatMap((guest) => guest.machines)
    .find((candidate) => candidate.name === name);
  return machine === undefined ? undefined : (machine.canonical ?? machine.name);
}
