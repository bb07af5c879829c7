/** Buses of a VM's disks that an appliance's controllers become. */
export type DiskBus = "virtio" | "scsi" | "sata" | "ide";

/** CIM's numbers of resource types. */
export const RESOURCE = {
  cpu: 3,
  memory: 4,
  ide: 5,
  scsi: 6,
  ethernet: 10,
  cdrom: 15,
  dvd: 16,
  disk: 17,
  otherStorage: 20,
  // VirtualBox's for SATA before OVF knew one, and some of other programs.
  sata: 21,
} as const;

/**
 * A controller of those that QEMU has not, or that few guests have a driver for, becomes SATA: what almost every guest boots from.
 *
 * @returns undefined when it isn't known.
 */
export function busOf(resourceType: number, subtype: string | undefined): DiskBus | undefined {
  const kind = subtype?.toLowerCase().replace(/[^a-z0-9]/g, "") ?? "";
  if (resourceType === RESOURCE.ide)
    return kind === "" || kind.startsWith("piix") || kind === "ich6" || kind === "ide" ? "ide" : undefined;
  if (resourceType === RESOURCE.scsi) {
    if (/^(lsilogic|lsilogicsas|buslogic|virtualscsi|pvscsi|)$/.test(kind)) return "sata";
    return kind === "virtioscsi" ? "scsi" : undefined;
  }
  if (/^(ahci|vmwaresataahci|sata|vmwarenvmecontroller|nvme)$/.test(kind)) return "sata";
  if (kind === "virtioscsi") return "scsi";
  return kind === "virtioblk" || kind === "virtio" ? "virtio" : undefined;
}

export const KNOWN_CONTROLLERS =
  "IDE (PIIX3, PIIX4, ICH6), SCSI (lsilogic, lsilogicsas, buslogic, VirtualSCSI, VirtioSCSI), SATA (AHCI, vmware.sata.ahci) and NVMe (vmware.nvme.controller)";

/** Models of network cards. */
export type CardModel = "virtio" | "e1000e" | "e1000" | "rtl8139" | "vmxnet3";

/** The card, or the most common one that takes the place of a kind that QEMU has not. */
export function cardModel(subtype: string | undefined): CardModel {
  const kind = subtype?.toLowerCase().replace(/[^a-z0-9]/g, "") ?? "";
  if (kind === "e1000e" || kind === "vmxnet3") return kind;
  if (kind.startsWith("virtio")) return "virtio";
  return kind === "rtl8139" ? "rtl8139" : "e1000";
}
