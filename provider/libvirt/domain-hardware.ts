import { domainByUuid } from "./domain-reference.js";
import { DomainSnapshotApi } from "./domain-snapshots.js";
import type { OperationOptions } from "./session.js";

/** Which documents a change goes to: what runs, what the next start takes, or both. */
export interface DomainTarget {
  readonly live?: boolean;
  readonly persistent?: boolean;
}

const KIB = 1_024;

/** Changes of a domain's devices, vcpus and memory. */
export class DomainHardwareApi extends DomainSnapshotApi {
  async attachDevice(
    uuid: string,
    xml: string,
    target: DomainTarget,
    options: OperationOptions = {},
  ): Promise<void> {
    const args = { dom: domainByUuid(uuid), xml, flags: targetFlags(target) };
    await this.session.change(`attach a device to domain ${uuid}`, "DomainAttachDeviceFlags", args, options);
  }

  /** Asks for the removal; of a running guest the device is gone only when event `deviceRemoved` says so. */
  async detachDevice(
    uuid: string,
    xml: string,
    target: DomainTarget,
    options: OperationOptions = {},
  ): Promise<void> {
    const args = { dom: domainByUuid(uuid), xml, flags: targetFlags(target) };
    await this.session.change(
      `detach a device from domain ${uuid}`,
      "DomainDetachDeviceFlags",
      args,
      options,
    );
  }

  /** Changes a device in place. `force` ejects a medium that the guest has locked. */
  async updateDevice(
    uuid: string,
    xml: string,
    target: DomainTarget & { readonly force?: boolean },
    options: OperationOptions = {},
  ): Promise<void> {
    const args = { dom: domainByUuid(uuid), xml, flags: targetFlags(target) | (target.force ? 4 : 0) };
    await this.session.change(`change a device of domain ${uuid}`, "DomainUpdateDeviceFlags", args, options);
  }

  /** `maximum` sets the upper bound instead; only in the persistent document. */
  async setVcpus(
    uuid: string,
    vcpus: number,
    target: DomainTarget & { readonly maximum?: boolean },
    options: OperationOptions = {},
  ): Promise<void> {
    const args = {
      dom: domainByUuid(uuid),
      nvcpus: vcpus,
      flags: targetFlags(target) | (target.maximum ? 4 : 0),
    };
    await this.session.change(
      `set vcpus of domain ${uuid} to ${vcpus}`,
      "DomainSetVcpusFlags",
      args,
      options,
    );
  }

  /** `memoryBytes` is rounded up to KiB. `maximum` sets the upper bound instead. */
  async setMemory(
    uuid: string,
    memoryBytes: number,
    target: DomainTarget & { readonly maximum?: boolean },
    options: OperationOptions = {},
  ): Promise<void> {
    const memory = BigInt(Math.ceil(memoryBytes / KIB));
    const args = { dom: domainByUuid(uuid), memory, flags: targetFlags(target) | (target.maximum ? 4 : 0) };
    await this.session.change(`set memory of domain ${uuid}`, "DomainSetMemoryFlags", args, options);
  }

  /** Sets the size of a running domain's disk (target name or path). It shrinks as readily as it grows. */
  async blockResize(
    uuid: string,
    disk: string,
    sizeBytes: number,
    options: OperationOptions = {},
  ): Promise<void> {
    const inBytes = 1;
    const args = { dom: domainByUuid(uuid), disk, size: BigInt(sizeBytes), flags: inBytes };
    await this.session.change(`resize disk ${disk} of domain ${uuid}`, "DomainBlockResize", args, options);
  }
}

/** The target as virDomainModificationImpact. */
export function targetFlags(target: DomainTarget): number {
  return (target.live ? 1 : 0) | (target.persistent ? 2 : 0);
}
