import { isLibvirtError, type Libvirt } from "../libvirt/index.js";
import { type Capabilities, type GuestCapabilities, parseCapabilities } from "../libvirt/xml/capabilities.js";
import { type DomainCapabilities, parseDomainCapabilities } from "../libvirt/xml/domain-capabilities.js";
import { machineFamily } from "../libvirt/xml/machine-types.js";

/** What a host is, as far as it doesn't change while Pulumi runs. */
export interface HostFacts {
  uuid: string;
  hostname: string;
  cpuModel: string;
  cpus: number;
  memoryBytes: number;
  libvirtVersion: string;
  qemuVersion: string;
  capabilities: Capabilities;
  /** Whether guests of the host's own architecture can use hardware virtualisation. */
  kvm: boolean;
  /** Versioned machine types of the host's own architecture. */
  machineTypes: string[];
  /** What guests of the usual machines may have. */
  platforms: Platform[];
}

/** One kind of machine on a host: what QEMU, and the firmware and daemons beside it, can give to its guests. */
export interface Platform {
  /** Versioned. */
  machine: string;
  accelerator: string;
  capabilities: DomainCapabilities;
}

/** The platform that a machine type belongs to, whichever version it is; undefined when the host didn't say. */
export function platformOf(
  facts: HostFacts,
  machine: { machine: string; accelerator: string },
): Platform | undefined {
  const family = machineFamily(machine.machine);
  return facts.platforms.find(
    (other) => other.accelerator === machine.accelerator && machineFamily(other.machine) === family,
  );
}

/** Aliases of the machines that programs use; each stands for the newest version. */
const USUAL_MACHINES = ["q35", "pc", "virt"];

export async function readFacts(libvirt: Libvirt): Promise<HostFacts> {
  const [capabilitiesXml, hostname, node, libvirtVersion, qemuVersion] = await Promise.all([
    libvirt.host.capabilitiesXml(),
    libvirt.host.hostname(),
    libvirt.host.nodeInfo(),
    libvirt.host.libvirtVersion(),
    libvirt.host.hypervisorVersion(),
  ]);
  const capabilities = parseCapabilities(capabilitiesXml);
  const native = capabilities.guests.filter((guest) => guest.architecture === capabilities.architecture);
  const machines = native.flatMap((guest) => guest.machines);
  return {
    uuid: capabilities.hostUuid,
    hostname,
    cpuModel: capabilities.cpuModel ?? "unknown",
    cpus: node.cpus,
    memoryBytes: node.memoryBytes,
    libvirtVersion,
    qemuVersion,
    capabilities,
    kvm: native.some((guest) => guest.accelerators.includes("kvm")),
    platforms: await readPlatforms(libvirt, native),
    machineTypes: [...new Set(machines.filter((m) => m.canonical === undefined).map((m) => m.name))].sort(),
  };
}

async function readPlatforms({ host }: Libvirt, guests: readonly GuestCapabilities[]): Promise<Platform[]> {
  const queries = guests.flatMap(({ architecture, emulator, accelerators, machines }) =>
    machines
      .filter(({ name }) => USUAL_MACHINES.includes(name))
      .flatMap(({ name, canonical }) =>
        accelerators.map((accelerator) => ({
          architecture,
          emulator,
          accelerator,
          machine: canonical ?? name,
        })),
      ),
  );
  const platforms = await Promise.all(
    queries.map(async ({ architecture, emulator, accelerator, machine }) => {
      const query = { architecture, emulator, machine, virtType: accelerator as "kvm" | "qemu" };
      const xml = await host.domainCapabilitiesXml(query).catch((error: unknown) => {
        // Drivers without them, and accelerators that are listed and don't work, have nothing to say.
        if (isLibvirtError(error, "connectionLost")) throw error;
        return undefined;
      });
      return xml === undefined ? [] : [{ machine, accelerator, capabilities: parseDomainCapabilities(xml) }];
    }),
  );
  return platforms.flat();
}
