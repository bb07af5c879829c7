import type { Element } from "@xmldom/xmldom";
import { attributeOf, childElement, childElements } from "./element.js";

/** Whether a machine's devices are plugged into PCIe root ports, of which each takes one device. */
export function hasPcieRootPorts(machine: string): boolean {
  return machine.includes("q35") || /^virt(-|$)/.test(machine);
}

/**
 * How many PCIe root ports of a `<devices>` no device uses. A definition that went through libvirt tells by the
 * devices' addresses; one that didn't yet, by how many devices will want a port.
 */
export function freePcieRootPorts(devices: Element): number {
  const ports = childElements(devices, "controller").filter(isRootPort);
  if (ports.length === 0) return 0;
  const addresses = childElements(devices).flatMap((device) => pciAddress(device) ?? []);
  if (addresses.length === 0) {
    return Math.max(0, ports.length - devicesOnRootPorts(devices));
  }
  const usedBuses = new Set(addresses.map((address) => Number(attributeOf(address, "bus") ?? 0)));
  return ports.filter((port) => !usedBuses.has(Number(attributeOf(port, "index") ?? Number.NaN))).length;
}

/** How many of the devices in a definition without addresses libvirt will plug into root ports. */
export function devicesOnRootPorts(devices: Element): number {
  return childElements(devices).filter(needsRootPort).length;
}

function isRootPort(controller: Element): boolean {
  return attributeOf(controller, "type") === "pci" && attributeOf(controller, "model") === "pcie-root-port";
}

function pciAddress(device: Element): Element | undefined {
  const address = childElement(device, "address");
  return attributeOf(address, "type") === "pci" ? address : undefined;
}

// Of what `buildDomain` writes: SATA's controller, the first graphics card and ich9 sound stand on the root complex itself; for the bridge of
// devices of conventional PCI libvirt adds a port by itself.
function needsRootPort(device: Element): boolean {
  switch (device.localName) {
    case "interface":
    case "rng":
      return true;
    case "input":
      return attributeOf(device, "bus") === "virtio";
    case "memory":
      return attributeOf(device, "model") === "virtio-mem";
    case "memballoon":
      return attributeOf(device, "model") !== "none";
    case "disk":
      return attributeOf(childElement(device, "target"), "bus") === "virtio";
    case "controller": {
      const type = attributeOf(device, "type");
      return (
        (type === "usb" && attributeOf(device, "model") !== "none") ||
        type === "virtio-serial" ||
        type === "scsi"
      );
    }
    default:
      return false;
  }
}
