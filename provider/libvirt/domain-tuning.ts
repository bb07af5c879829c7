import { domainByUuid } from "./domain-reference.js";
import { DomainSnapshotApi } from "./domain-snapshots.js";
import type { TypedParam } from "./rpc/index.js";
import type { OperationOptions } from "./session.js";

/** Which documents a change goes to: what runs, what the next start takes, or both. */
export interface DomainTarget {
  readonly live?: boolean;
  readonly persistent?: boolean;
}

/** What the balloon's driver in the guest, and QEMU, say of the guest's memory. */
export interface BalloonStats {
  /** What the balloon leaves to the guest; undefined without one. */
  readonly actualBytes: number | undefined;
  /** The driver has answered since the guest was started. */
  readonly driverAnswers: boolean;
}

const KIB = 1_024;
/** virDomainMemoryStatTags. */
const STAT = { actualBalloon: 6, lastUpdate: 9 } as const;
const MOST_STATS = 16;
/** VIR_DOMAIN_MEMORY_PARAM_UNLIMITED. */
const UNLIMITED_KIB = 9_007_199_254_740_991n;

/** Where a domain runs on its host, and how much of it. A `cpuMap` has a bit for each CPU of the host. */
export class DomainTuningApi extends DomainSnapshotApi {
  async pinVcpu(uuid: string, vcpu: number, cpuMap: Buffer, target: DomainTarget): Promise<void> {
    const args = { dom: domainByUuid(uuid), vcpu, cpumap: cpuMap, flags: targetFlags(target) };
    await this.session.change(`pin vcpu ${vcpu} of domain ${uuid}`, "DomainPinVcpuFlags", args, {});
  }

  async pinEmulator(uuid: string, cpuMap: Buffer, target: DomainTarget): Promise<void> {
    const args = { dom: domainByUuid(uuid), cpumap: cpuMap, flags: targetFlags(target) };
    await this.session.change(`pin the emulator of domain ${uuid}`, "DomainPinEmulator", args, {});
  }

  async pinIothread(uuid: string, iothread: number, cpuMap: Buffer, target: DomainTarget): Promise<void> {
    const args = {
      dom: domainByUuid(uuid),
      iothreadsID: iothread,
      cpumap: cpuMap,
      flags: targetFlags(target),
    };
    await this.session.change(`pin I/O thread ${iothread} of domain ${uuid}`, "DomainPinIothread", args, {});
  }

  async addIothread(uuid: string, iothread: number, target: DomainTarget): Promise<void> {
    const args = { dom: domainByUuid(uuid), iothreadID: iothread, flags: targetFlags(target) };
    await this.session.change(`add I/O thread ${iothread} to domain ${uuid}`, "DomainAddIothread", args, {});
  }

  async removeIothread(uuid: string, iothread: number, target: DomainTarget): Promise<void> {
    const args = { dom: domainByUuid(uuid), iothreadID: iothread, flags: targetFlags(target) };
    const operation = `remove I/O thread ${iothread} of domain ${uuid}`;
    await this.session.change(operation, "DomainDelIothread", args, {});
  }

  /** Shares of the host's CPUs, periods and quotas, by libvirt's names. */
  async setScheduler(uuid: string, limits: ReadonlyMap<string, bigint>, target: DomainTarget): Promise<void> {
    const params = [...limits].map(
      ([field, value]): TypedParam => ({ field, type: field.endsWith("quota") ? "hyper" : "uhyper", value }),
    );
    const args = { dom: domainByUuid(uuid), params, flags: targetFlags(target) };
    const operation = `set the CPU limits of domain ${uuid}`;
    await this.session.change(operation, "DomainSetSchedulerParametersFlags", args, {});
  }

  /** Limits of memory in KiB, by libvirt's names; undefined: no limit. */
  async setMemoryLimits(
    uuid: string,
    limits: ReadonlyMap<string, bigint | undefined>,
    target: DomainTarget,
  ): Promise<void> {
    const params = [...limits].map(
      ([field, value]): TypedParam => ({ field, type: "uhyper", value: value ?? UNLIMITED_KIB }),
    );
    const args = { dom: domainByUuid(uuid), params, flags: targetFlags(target) };
    const operation = `set the memory limits of domain ${uuid}`;
    await this.session.change(operation, "DomainSetMemoryParameters", args, {});
  }

  async setNumaNodes(uuid: string, nodeset: string, target: DomainTarget): Promise<void> {
    const params: TypedParam[] = [{ field: "numa_nodeset", type: "string", value: nodeset }];
    const args = { dom: domainByUuid(uuid), params, flags: targetFlags(target) };
    await this.session.change(`set the NUMA nodes of domain ${uuid}`, "DomainSetNumaParameters", args, {});
  }

  /** Asks QEMU; the deadline is short, since one that hangs doesn't answer. */
  async balloonStats(uuid: string, options: OperationOptions = {}): Promise<BalloonStats> {
    const args = { dom: domainByUuid(uuid), maxStats: MOST_STATS, flags: 0 };
    const operation = `read the memory statistics of domain ${uuid}`;
    const { stats } = await this.session.read(operation, "DomainMemoryStats", args, options);
    const value = (tag: number) => stats.find((stat) => stat.tag === tag)?.val;
    const actual = value(STAT.actualBalloon);
    return {
      actualBytes: actual === undefined ? undefined : Number(actual) * KIB,
      driverAnswers: (value(STAT.lastUpdate) ?? 0n) > 0n,
    };
  }

  /** Has the guest's agent bring CPUs into use, "0-3". */
  async onlineGuestCpus(uuid: string, cpus: string, options: OperationOptions = {}): Promise<void> {
    const args = { dom: domainByUuid(uuid), cpumap: cpus, state: 1, flags: 0 };
    const operation = `bring CPUs ${cpus} of domain ${uuid} into use`;
    await this.session.long(operation, "DomainSetGuestVcpus", args, { timeoutMs: 10_000, ...options });
  }
}

/** The target as virDomainModificationImpact. */
export function targetFlags(target: DomainTarget): number {
  return (target.live ? 1 : 0) | (target.persistent ? 2 : 0);
}
