import { oneLine } from "../../hosts/errors.js";
import type { Host } from "../../hosts/host.js";
import { type DomainDisk, parseDomain } from "../../libvirt/xml/index.js";
import type { ApplyContext } from "../definition.js";
import { until } from "./until.js";

/** How long another guest may take until it has let go of a disk, and how often that is looked at. */
const LETS_GO_WITHIN_MS = 60_000;
const LOOK_AGAIN_MS = 2_000;

/**
 * Does what opens disks, again and again while QEMU refuses it because another guest has one open: the deployment may be taking it from that
 * guest right now, and the order of two virtual machines that share nothing else is anybody's.
 */
export async function onceLetGo(
  machine: { host: Host; uuid: string },
  disks: readonly DomainDisk[],
  open: () => Promise<void>,
  context: ApplyContext,
): Promise<void> {
  const deadline = context.now() + LETS_GO_WITHIN_MS;
  for (;;) {
    try {
      await open();
      return;
    } catch (error) {
      if (!/failed to get .*lock/i.test(oneLine(error))) throw error;
      const holder = await holderOf(machine, disks);
      if (context.now() >= deadline)
        throw new Error(
          `${holder ?? "another process"} has a disk open that this virtual machine is to write to (waited ${LETS_GO_WITHIN_MS / 1000} s for it); take it from there in a deployment of its own, as what is deleted goes last, or declare it shareable: true for both: ${oneLine(error)}`,
          { cause: error },
        );
      context.log.progress(`waiting for ${holder ?? "another process"} to let go of a disk`);
    }
    await until(() => undefined, LOOK_AGAIN_MS, context.signal);
  }
}

/** Another running domain of the host that has one of the disks. */
async function holderOf(
  { host, uuid }: { host: Host; uuid: string },
  disks: readonly DomainDisk[],
): Promise<string | undefined> {
  const files = new Set(disks.map(fileOf).filter((file) => file !== undefined));
  const domains = await host.observations.domainsNow();
  const holder = domains.find(
    (domain) =>
      domain.uuid !== uuid &&
      domain.liveXml !== undefined &&
      parseDomain(domain.liveXml).disks.some((disk) => files.has(fileOf(disk) ?? "")),
  );
  return holder === undefined ? undefined : `domain ${holder.name}`;
}

function fileOf({ source }: DomainDisk): string | undefined {
  return source !== undefined && "file" in source ? source.file : undefined;
}
