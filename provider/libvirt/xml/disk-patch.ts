import type { Element } from "@xmldom/xmldom";
import { diskType, sketchDiskSource, userAlias } from "./disk.js";
import { patchLimits } from "./disk-limits.js";
import type { DiskProperty } from "./domain-differences.js";
import type { DiskSource, DomainDisk } from "./domain-model.js";
import {
  attributeOf,
  childElement,
  ensureChild,
  insertChild,
  removeChildren,
  setAttribute,
  setChildText,
  setFlag,
} from "./element.js";

/** Sets one property of a `<disk>` to what the disk says. */
export function patchDiskProperty(element: Element, property: DiskProperty, disk: DomainDisk): void {
  switch (property) {
    case "bus":
      setAttribute(ensureChild(element, "target"), "bus", disk.bus);
      // It is an address on the old bus.
      removeChildren(element, "address");
      return;
    case "device":
      setAttribute(element, "device", disk.device);
      return;
    case "source":
      patchSource(element, disk.source);
      return;
    case "format":
      setAttribute(driverOf(element), "type", disk.format);
      return;
    case "cache":
    case "io":
    case "discard":
      setAttribute(driverOf(element), property, disk[property]);
      return;
    case "detectZeroes":
      setAttribute(driverOf(element), "detect_zeroes", disk.detectZeroes);
      return;
    case "queues":
    case "iothread":
      setAttribute(driverOf(element), property, disk[property]?.toString());
      return;
    case "limits":
      patchLimits(element, disk.limits);
      return;
    case "serial":
    case "wwn":
      setChildText(element, property, disk[property]);
      return;
    case "readonly":
    case "shareable":
      setFlag(element, property, disk[property]);
      return;
    case "bootOrder":
      if (disk.bootOrder === undefined) removeChildren(element, "boot");
      else setAttribute(ensureChild(element, "boot"), "order", String(disk.bootOrder));
      return;
    case "alias":
      if (disk.alias !== undefined) setAttribute(ensureChild(element, "alias"), "name", disk.alias);
      else if (userAlias(element) !== undefined) removeChildren(element, "alias");
      return;
    default:
      property satisfies never;
  }
}

function driverOf(element: Element): Element {
  const driver = ensureChild(element, "driver", []);
  if (attributeOf(driver, "name") === undefined) setAttribute(driver, "name", "qemu");
  return driver;
}

function patchSource(element: Element, source: DiskSource | undefined): void {
  // The chain below the old image, as libvirt or a person noted it, isn't the new one's.
  removeChildren(element, "backingStore");
  if (source === undefined) {
    removeChildren(element, "source");
    setAttribute(element, "type", "file");
    return;
  }
  const made = sketchDiskSource(source);
  const type = diskType(source);
  const present = childElement(element, "source");
  if (present !== undefined && attributeOf(element, "type") === type) {
    for (const [name, value] of Object.entries(made.attributes)) setAttribute(present, name, value);
    return;
  }
  setAttribute(element, "type", type);
  removeChildren(element, "source");
  insertChild(element, made, ["driver"]);
}
