import type { OperationOptions, Session } from "./session.js";

/** The host's hardware. */
export interface NodeRecord {
  /** Architecture, such as x86_64. */
  readonly architecture: string;
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly mhz: number;
  readonly numaNodes: number;
  readonly socketsPerNode: number;
  readonly coresPerSocket: number;
  readonly threadsPerCore: number;
}

/** What a domain would run on; libvirt's defaults where it isn't said. */
export interface HypervisorQuery {
  readonly emulator?: string | undefined;
  readonly architecture?: string | undefined;
  readonly machine?: string | undefined;
  readonly virtType?: "kvm" | "qemu" | undefined;
}

/** How the host's CPU relates to another: the same, more than it, or not enough. */
export type CpuComparison = "identical" | "superset" | "incompatible" | "error";

const COMPARISONS: Readonly<Record<number, CpuComparison>> = {
  0: "incompatible",
  1: "identical",
  2: "superset",
};

/** The host itself. Deadline 30 s. */
export class HostApi {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async hostname(options: OperationOptions = {}): Promise<string> {
    return (await this.#session.read("read the hostname", "ConnectGetHostname", {}, options)).hostname;
  }

  async capabilitiesXml(options: OperationOptions = {}): Promise<string> {
    return (await this.#session.read("read the capabilities", "ConnectGetCapabilities", {}, options))
      .capabilities;
  }

  async domainCapabilitiesXml(query: HypervisorQuery = {}, options: OperationOptions = {}): Promise<string> {
    const args = {
      emulatorbin: query.emulator,
      arch: query.architecture,
      machine: query.machine,
      virttype: query.virtType,
      flags: 0,
    };
    const operation = "read the domain capabilities";
    return (await this.#session.read(operation, "ConnectGetDomainCapabilities", args, options)).capabilities;
  }

  async nodeInfo(options: OperationOptions = {}): Promise<NodeRecord> {
    const node = await this.#session.read("read the hardware", "NodeGetInfo", {}, options);
    const end = node.model.indexOf(0);
    return {
      architecture: String.fromCharCode(...node.model.slice(0, end === -1 ? undefined : end)),
      memoryBytes: Number(node.memory) * 1_024,
      cpus: node.cpus,
      mhz: node.mhz,
      numaNodes: node.nodes,
      socketsPerNode: node.sockets,
      coresPerSocket: node.cores,
      threadsPerCore: node.threads,
    };
  }

  /** Such as "9.0.0". */
  async libvirtVersion(options: OperationOptions = {}): Promise<string> {
    return dotted(
      (await this.#session.read("read libvirt's version", "ConnectGetLibVersion", {}, options)).libVer,
    );
  }

  /** QEMU's, such as "7.2.17". */
  async hypervisorVersion(options: OperationOptions = {}): Promise<string> {
    return dotted((await this.#session.read("read QEMU's version", "ConnectGetVersion", {}, options)).hvVer);
  }

  async freeMemoryBytes(options: OperationOptions = {}): Promise<number> {
    return Number(
      (await this.#session.read("read the free memory", "NodeGetFreeMemory", {}, options)).freeMem,
    );
  }

  /** Whether a <cpu> would run here, in the eyes of the hypervisor and not only of the hardware. */
  async compareCpu(
    cpuXml: string,
    query: HypervisorQuery = {},
    options: OperationOptions = {},
  ): Promise<CpuComparison> {
    const args = { ...hypervisorArgs(query), xmlcpu: cpuXml, flags: 0 };
    const { result } = await this.#session.read(
      "compare a CPU",
      "ConnectCompareHypervisorCPU",
      args,
      options,
    );
    return COMPARISONS[result] ?? "error";
  }

  /** The best <cpu> that all of these (<cpu> elements or whole domain capabilities) can run. */
  async baselineCpu(
    cpuXmls: readonly string[],
    query: HypervisorQuery = {},
    options: OperationOptions = {},
  ): Promise<string> {
    const args = { ...hypervisorArgs(query), xMLCPUs: [...cpuXmls], flags: 0 };
    return (await this.#session.read("find a common CPU", "ConnectBaselineHypervisorCPU", args, options)).cpu;
  }
}

function hypervisorArgs(query: HypervisorQuery) {
  return {
    emulator: query.emulator,
    arch: query.architecture,
    machine: query.machine,
    virttype: query.virtType,
  };
}

// libvirt writes versions as major * 1,000,000 + minor * 1,000 + release.
function dotted(version: bigint): string {
  return `${version / 1_000_000n}.${(version / 1_000n) % 1_000n}.${version % 1_000n}`;
}
