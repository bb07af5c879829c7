import type { Host } from "../../hosts/host.js";
import type { VolumeRecord } from "../../libvirt/index.js";
import { parseDomain, patchDomain } from "../../libvirt/xml/index.js";
import { type Attachment, attachmentsIn } from "../attachments.js";

/**
 * Gives the definition of a domain that is off the volume's new file. One that was started in between still runs with the old: then the
 * definition gets that back.
 */
export async function redefineDisk(
  host: Host,
  user: Attachment,
  old: VolumeRecord,
  made: VolumeRecord,
): Promise<void> {
  await setDisk(host, user, made.path);
  const libvirt = await host.libvirt();
  const now = await libvirt.domains.observe({ uuid: user.uuid });
  const runsWithOld =
    now !== undefined && attachmentsIn([{ ...now, persistentXml: undefined }], old).length > 0;
  if (!runsWithOld) return;
  await setDisk(host, user, old.path);
  throw new Error(
    `domain ${user.name} was started on ${host.name} while its disk ${user.target} was moved; deploy again: the disk moves while the guest runs`,
  );
}

async function setDisk(host: Host, { uuid, target }: Attachment, path: string): Promise<void> {
  const libvirt = await host.libvirt();
  const xml = await libvirt.domains.xml(uuid, { inactive: true, secure: true });
  const current = parseDomain(xml);
  const disks = current.disks.map((disk) =>
    disk.target === target ? { ...disk, source: { file: path } } : disk,
  );
  await libvirt.domains.redefine(patchDomain(xml, { ...current, disks }, current), xml);
  await host.observations.refreshDomain({ uuid });
}
