import { attributeOf, childElement, childElements } from "./element.js";
import { freePcieRootPorts, hasPciBridge, hasPcieRootPorts, pciePlugs } from "./pcie.js";
import { readXml } from "./read-xml.js";

/** What can be plugged into a guest that runs, as its live document tells. */
export interface PluggingRoom {
  /** PCIe ports without a device; undefined on machines that have a bus for many instead. */
  freePorts: number | undefined;
  /** A bus for devices that are older than PCIe. */
  hasPciBus: boolean;
  hasUsb: boolean;
  hasVirtioSerial: boolean;
  /** The indexes of its SCSI controllers. */
  scsiControllers: readonly number[];
  /** The guest's memory can be shared with a process of the host that serves it files. */
  sharesMemory: boolean;
}

/** Whether a document says that the guest has no USB, rather than nothing, to which libvirt adds a controller. */
export function isWithoutUsb(domainXml: string): boolean {
  const devices = childElement(readXml(domainXml, "domain"), "devices");
  return childElements(devices, "controller").some(
    (controller) => attributeOf(controller, "type") === "usb" && attributeOf(controller, "model") === "none",
  );
}

/** Reads a live document. */
export function readPluggingRoom(liveXml: string): PluggingRoom {
  const domain = readXml(liveXml, "domain");
  const devices = childElement(domain, "devices");
  const controllers = childElements(devices, "controller");
  const ofType = (type: string) =>
    controllers.filter((controller) => attributeOf(controller, "type") === type);
  const machine = attributeOf(childElement(childElement(domain, "os"), "type"), "machine") ?? "";
  const isPcie = hasPcieRootPorts(machine);
  const backing = childElement(domain, "memoryBacking");
  const cells = childElements(childElement(childElement(domain, "cpu"), "numa"), "cell");
  return {
    freePorts: isPcie ? freePcieRootPorts(pciePlugs(devices)) : undefined,
    hasPciBus: !isPcie || (devices !== undefined && hasPciBridge(devices)),
    hasUsb: ofType("usb").some((controller) => attributeOf(controller, "model") !== "none"),
    hasVirtioSerial: ofType("virtio-serial").length > 0,
    scsiControllers: ofType("scsi").map((controller) => Number(attributeOf(controller, "index") ?? 0)),
    sharesMemory:
      attributeOf(childElement(backing, "access"), "mode") === "shared" ||
      cells.some((cell) => attributeOf(cell, "memAccess") === "shared"),
  };
}
