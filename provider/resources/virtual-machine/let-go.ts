import { oneLine } from "../../hosts/errors.js";
import type { Host } from "../../hosts/host.js";
import type { DomainRecord } from "../../libvirt/index.js";
import { type DomainDisk, diskUses } from "../../libvirt/xml/index.js";
import type { ApplyContext } from "../definition.js";
import { untilLetGo } from "../until-let-go.js";

/** Does what opens disks, again and again while QEMU refuses it because another guest has one open. */
export function onceLetGo(
  machine: { host: Host; uuid: string },
  disks: readonly DomainDisk[],
  open: () => Promise<void>,
  context: ApplyContext,
): Promise<void> {
  return untilLetGo(async () => {
    try {
      await open();
      return undefined;
    } catch (error) {
      if (!/failed to get .*lock/i.test(oneLine(error))) throw error;
      const found = await holderOf(machine, disks);
      const holder = found === undefined ? "another process" : `domain ${found.name}`;
      const wayOut =
        found?.state === "paused"
          ? "it is paused, and lets go of nothing before it runs again or is off: resume it or shut it down, and deploy again"
          : "take it from there in a deployment of its own, as what is deleted goes last, or declare it shareable: true for both";
      return {
        waitingFor: `waiting for ${holder} to let go of a disk`,
        failure: (waited) =>
          new Error(
            `${holder} has a disk open that this virtual machine is to write to (${waited} for it); ${wayOut}: ${oneLine(error)}`,
            { cause: error },
          ),
      };
    }
  }, context);
}

/** Another running domain of the host that has one of the disks. */
async function holderOf(
  { host, uuid }: { host: Host; uuid: string },
  disks: readonly DomainDisk[],
): Promise<DomainRecord | undefined> {
  const files = new Set(disks.map(fileOf).filter((file) => file !== undefined));
  const domains = await host.observations.domainsNow();
  return domains.find(
    (domain) =>
      domain.uuid !== uuid &&
      domain.liveXml !== undefined &&
      diskUses(domain.liveXml).some((disk) => files.has(fileOf(disk) ?? "")),
  );
}

function fileOf({ source }: Pick<DomainDisk, "source">): string | undefined {
  return source !== undefined && "file" in source ? source.file : undefined;
}
