import type { Element } from "@xmldom/xmldom";
import {
  attributeOf,
  childElement,
  childElements,
  ensureChild,
  insertChild,
  removeElement,
  sketch,
} from "../element.js";
import type { DomainPart } from "./part.js";

/** A keyboard, mouse or tablet. */
export interface InputDevice {
  type: string;
  bus: string;
}

/** Sorted: libvirt keeps no order that anybody could see. Without the PS/2 ones, which libvirt gives to every x86 machine, and those of the host. */
export const inputDevices: DomainPart<InputDevice[]> = {
  read: (domain) => {
    const found = ours(childElement(domain, "devices")).map(
      (element): InputDevice => ({
        type: attributeOf(element, "type") ?? "",
        bus: attributeOf(element, "bus") ?? "usb",
      }),
    );
    return found.length === 0 ? undefined : sortedInputDevices(found);
  },
  write: (domain, value = []) => {
    const devices = ensureChild(domain, "devices");
    const missing = value.map(textOf);
    for (const element of ours(devices)) {
      const at = missing.indexOf(inputDevices.devices?.identityOf(element) ?? "");
      if (at >= 0) missing.splice(at, 1);
      else removeElement(element);
    }
    for (const text of missing) {
      const [bus, type] = text.split(" ");
      insertChild(devices, sketch("input", { type, bus }));
    }
  },
  devices: {
    elements: (domain) => ours(childElement(domain, "devices")),
    identityOf: (device) =>
      textOf({ type: attributeOf(device, "type") ?? "", bus: attributeOf(device, "bus") ?? "usb" }),
  },
};

export function sortedInputDevices(list: readonly InputDevice[]): InputDevice[] {
  return [...list].sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
}

function textOf({ type, bus }: InputDevice): string {
  return `${bus} ${type}`;
}

function ours(devices: Element | undefined): Element[] {
  return childElements(devices, "input").filter(
    (element) =>
      ["keyboard", "mouse", "tablet"].includes(attributeOf(element, "type") ?? "") &&
      ["usb", "virtio"].includes(attributeOf(element, "bus") ?? "usb"),
  );
}
