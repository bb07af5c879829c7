import { domainByUuid } from "./domain-reference.js";
import { type DomainTarget, DomainTuningApi, targetFlags } from "./domain-tuning.js";
import type { OperationOptions } from "./session.js";

const KIB = 1_024;

/** Changes of a domain's devices, vcpus and memory. */
export class DomainHardwareApi extends DomainTuningApi {
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

  /** Limits what a disk (by its target) may do in a second: amounts by libvirt's names of them, 0 for none. */
  async setBlockLimits(
    uuid: string,
    disk: string,
    limits: Readonly<Record<string, number>>,
    target: DomainTarget,
    options: OperationOptions = {},
  ): Promise<void> {
    const params = Object.entries(limits).map(
      ([field, value]) => ({ field, type: "uhyper", value: BigInt(value) }) as const,
    );
    const args = { dom: domainByUuid(uuid), disk, params, flags: targetFlags(target) };
    await this.session.change(`limit disk ${disk} of domain ${uuid}`, "DomainSetBlockIOTune", args, options);
  }
}
