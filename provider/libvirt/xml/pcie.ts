import type { Element } from "@xmldom/xmldom";
import { attributeOf, childElement, childElements, insertChild, sketch } from "./element.js";

/** Whether a machine's devices are plugged into PCIe root ports, of which each takes one device. */
export function hasPcieRootPorts(machine: string): boolean {
  return machine.includes("q35") || /^virt(-|$)/.test(machine);
}

/** What devices have to do with PCIe root ports. */
export interface PciePlugs {
  /** The buses that root ports lead to. */
  ports: number[];
  /** The buses on which devices stand by their addresses. */
  usedBuses: number[];
  /** How many ports the devices want that have no address yet. For the bridge to the bus before PCIe libvirt adds one by itself. */
  wanted: number;
}

/** Of the devices of a `<devices>`, if there is one. */
export function pciePlugs(devices: Element | undefined): PciePlugs {
  const plugs: PciePlugs = { ports: [], usedBuses: [], wanted: 0 };
  for (const device of childElements(devices)) {
    const address = pciAddress(device);
    if (address !== undefined) plugs.usedBuses.push(Number(attributeOf(address, "bus") ?? 0));
    else if (plugOf(device) === "pcie") plugs.wanted += 1;
    if (device.localName === "controller" && isRootPort(device))
      plugs.ports.push(Number(attributeOf(device, "index") ?? Number.NaN));
  }
  return plugs;
}

/**
 * How many PCIe root ports no device uses: neither one that stands there by its address, nor one that hasn't been given an address yet and
 * will want a port.
 */
export function freePcieRootPorts(...all: readonly PciePlugs[]): number {
  const wanted = all.reduce((sum, plugs) => sum + plugs.wanted, 0);
  return Math.max(0, unusedPorts(all) - wanted);
}

/** Ports at which no device stands by its address. */
function unusedPorts(all: readonly PciePlugs[]): number {
  let unused = 0;
  for (const { ports } of all)
    for (const port of ports) if (!all.some(({ usedBuses }) => usedBuses.includes(port))) unused += 1;
  return unused;
}

/** Whether there is a bus of the kind before PCIe beside the root one, into which devices can be plugged. */
export function hasPciBridge(devices: Element): boolean {
  return childElements(devices, "controller").some((controller) =>
    /^(?:pcie-to-pci-bridge|pci-bridge|dmi-to-pci-bridge)$/.test(attributeOf(controller, "model") ?? ""),
  );
}

/** Adds ports until as many as wanted are free. libvirt gives the first ones to the devices that have no address yet. */
export function ensureFreeRootPorts(devices: Element, wanted: number): void {
  const plugs = pciePlugs(devices);
  const missing = wanted + plugs.wanted - unusedPorts([plugs]);
  if (missing <= 0) return;
  const buses = childElements(devices, "controller").filter((other) => attributeOf(other, "type") === "pci");
  // libvirt gives the first index to the root, which it needs not have written down yet.
  const next = Math.max(0, ...buses.map((bus) => Number(attributeOf(bus, "index") ?? 0))) + 1;
  const controller = (index: number, model: string) =>
    insertChild(
      devices,
      sketch("controller", { type: "pci", index: String(index), model }),
      portPredecessors,
    );
  if (!buses.some((bus) => attributeOf(bus, "model") === "pcie-root")) controller(0, "pcie-root");
  for (let port = 0; port < missing; port += 1) controller(next + port, "pcie-root-port");
}

const portPredecessors = ["emulator", "disk", "controller"];

function isRootPort(controller: Element): boolean {
  return attributeOf(controller, "type") === "pci" && attributeOf(controller, "model") === "pcie-root-port";
}

function pciAddress(device: Element): Element | undefined {
  const address = childElement(device, "address");
  return attributeOf(address, "type") === "pci" ? address : undefined;
}

/** Models of network cards that are made for the bus before PCIe. */
const PCI_CARDS = new Set([
  "e1000",
  "e1000-82544gc",
  "e1000-82545em",
  "rtl8139",
  "pcnet",
  "ne2k_pci",
  "i82551",
]);

/** Where a device of a machine with PCIe is plugged in: a root port of its own, the old bus, or neither (the root complex, USB, a disk controller). */
function plugOf(device: Element): "pcie" | "pci" | "none" {
  const model = attributeOf(device, "model") ?? "";
  switch (device.localName) {
    case "interface":
      return cardPlug(attributeOf(childElement(device, "model"), "type"));
    case "rng":
    case "filesystem":
    case "vsock":
    case "crypto":
      return "pcie";
    case "memballoon":
      return model === "none" ? "none" : "pcie";
    case "disk":
      return attributeOf(childElement(device, "target"), "bus") === "virtio" ? "pcie" : "none";
    case "input":
      return attributeOf(device, "bus") === "virtio" ? "pcie" : "none";
    case "hostdev":
      return attributeOf(device, "type") === "pci" || attributeOf(device, "type") === "mdev"
        ? "pcie"
        : "none";
    case "memory":
      return model.startsWith("virtio") ? "pcie" : "none";
    case "watchdog":
      return model === "i6300esb" ? "pci" : "none";
    case "controller":
      return controllerPlug(attributeOf(device, "type"), model);
    default:
      return "none";
  }
}

/** The same of a network card by its model; libvirt's own choice is one of the old kind. */
export function cardPlug(model: string | undefined): "pcie" | "pci" | "none" {
  if (model === "usb-net") return "none";
  return model === undefined || PCI_CARDS.has(model) ? "pci" : "pcie";
}

function controllerPlug(type: string | undefined, model: string): "pcie" | "pci" | "none" {
  switch (type) {
    case "usb":
      return model === "qemu-xhci" || model === "nec-xhci" ? "pcie" : "none";
    case "virtio-serial":
      return "pcie";
    case "scsi":
      return model.startsWith("virtio") ? "pcie" : "pci";
    default:
      return "none";
  }
}
