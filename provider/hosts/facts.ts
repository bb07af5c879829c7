import type { Libvirt } from "../libvirt/index.js";
import { type Capabilities, parseCapabilities } from "../libvirt/xml/capabilities.js";

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
}

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
    machineTypes: [...new Set(machines.filter((m) => m.canonical === undefined).map((m) => m.name))].sort(),
  };
}
