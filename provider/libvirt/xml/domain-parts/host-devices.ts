import type { Element } from "@xmldom/xmldom";
import {
  attributeOf,
  childElement,
  childElements,
  ensureChild,
  insertChild,
  removeElement,
  type Sketch,
  setAttribute,
  sketch,
} from "../element.js";
import type { DomainPart } from "./part.js";

/** A device of the host that the guest has for itself. Numbers are hexadecimal, as lspci and lsusb print them, but for a USB port's. */
export type HostDevice =
  | { type: "pci"; address: string; managed: boolean }
  | { type: "usb"; vendor: string; product: string }
  | { type: "usbPort"; bus: number; device: number }
  | { type: "mediated"; uuid: string; model: string };

/** PCI, USB and mediated devices, in order of what they are; others (SCSI, vhost) aren't described. */
export const hostDevices: DomainPart<HostDevice[]> = {
  read: (domain) => {
    const found = elementsOf(domain).flatMap((element) => readHostDevice(element) ?? []);
    return found.length === 0 ? undefined : sortedHostDevices(found);
  },
  write: (domain, value = []) => {
    const devices = ensureChild(domain, "devices");
    const left = [...value];
    for (const element of elementsOf(domain)) {
      const present = readHostDevice(element);
      const at = left.findIndex((wanted) => hostDeviceKey(wanted) === (present && hostDeviceKey(present)));
      const [wanted] = at < 0 ? [] : left.splice(at, 1);
      if (wanted === undefined) removeElement(element);
      else if (wanted.type === "pci" && present?.type === "pci" && wanted.managed !== present.managed)
        setAttribute(element, "managed", wanted.managed ? "yes" : "no");
    }
    for (const wanted of left) insertChild(devices, sketchHostDevice(wanted));
  },
  devices: {
    elements: elementsOf,
    identityOf: (device) => {
      const read = readHostDevice(device);
      return read === undefined ? "" : hostDeviceKey(read);
    },
  },
};

/** In the order in which they are read. */
export function sortedHostDevices(list: readonly HostDevice[]): HostDevice[] {
  return [...list].sort((a, b) => (hostDeviceKey(a) < hostDeviceKey(b) ? -1 : 1));
}

/** Which device it is. */
export function hostDeviceKey(device: HostDevice): string {
  switch (device.type) {
    case "pci":
      return `PCI ${device.address}`;
    case "usb":
      return `USB ${device.vendor}:${device.product}`;
    case "usbPort":
      return `USB bus ${device.bus} device ${device.device}`;
    case "mediated":
      return `mediated ${device.uuid}`;
    default:
      return device satisfies never;
  }
}

function elementsOf(domain: Element): Element[] {
  return childElements(childElement(domain, "devices"), "hostdev").filter(
    (element) => readHostDevice(element) !== undefined,
  );
}

function readHostDevice(element: Element): HostDevice | undefined {
  if ((attributeOf(element, "mode") ?? "subsystem") !== "subsystem") return undefined;
  const source = childElement(element, "source");
  const address = childElement(source, "address");
  switch (attributeOf(element, "type")) {
    case "pci": {
      const part = (name: string, digits: number) =>
        Number(attributeOf(address, name) ?? 0)
          .toString(16)
          .padStart(digits, "0");
      if (address === undefined) return undefined;
      return {
        type: "pci",
        address: `${part("domain", 4)}:${part("bus", 2)}:${part("slot", 2)}.${part("function", 1)}`,
        managed: attributeOf(element, "managed") === "yes",
      };
    }
    case "usb": {
      const id = (name: string) => attributeOf(childElement(source, name), "id");
      const [vendor, product] = [id("vendor"), id("product")];
      // A running guest's names the port at which it was found as well.
      if (vendor !== undefined && product !== undefined)
        return { type: "usb", vendor: hex4(vendor), product: hex4(product) };
      if (address === undefined) return undefined;
      const port = (name: string) => Number(attributeOf(address, name) ?? 0);
      return { type: "usbPort", bus: port("bus"), device: port("device") };
    }
    case "mdev": {
      const uuid = attributeOf(address, "uuid");
      if (uuid === undefined) return undefined;
      return { type: "mediated", uuid, model: attributeOf(element, "model") ?? "vfio-pci" };
    }
    default:
      return undefined;
  }
}

function hex4(id: string): string {
  return Number(id).toString(16).padStart(4, "0");
}

function sketchHostDevice(device: HostDevice): Sketch {
  const made = (attributes: Record<string, string>, source: (Sketch | undefined)[]) =>
    sketch("hostdev", { mode: "subsystem", ...attributes }, [sketch("source", {}, source)]);
  switch (device.type) {
    case "pci": {
      const [domain = "0", bus = "0", slot = "0", fn = "0"] = device.address.split(/[:.]/);
      const address = { domain: `0x${domain}`, bus: `0x${bus}`, slot: `0x${slot}`, function: `0x${fn}` };
      return made({ type: "pci", managed: device.managed ? "yes" : "no" }, [sketch("address", address)]);
    }
    case "usb":
      return made({ type: "usb" }, [
        sketch("vendor", { id: `0x${device.vendor}` }),
        sketch("product", { id: `0x${device.product}` }),
      ]);
    case "usbPort":
      return made({ type: "usb" }, [
        sketch("address", { bus: String(device.bus), device: String(device.device) }),
      ]);
    case "mediated":
      return made({ type: "mdev", model: device.model }, [sketch("address", { uuid: device.uuid })]);
    default:
      return device satisfies never;
  }
}
