import type { Element } from "@xmldom/xmldom";
import { patchDiskProperty } from "./disk-patch.js";
import { parseXml, rootOf } from "./document.js";
import type { DiskProperty, InterfaceProperty } from "./domain-differences.js";
import type { DomainDisk, DomainInterface, DomainModel } from "./domain-model.js";
import { type DomainPartName, partOf } from "./domain-parts/index.js";
import { findDisk, findInterface } from "./domain-patch.js";
import { attributeOf, childElement, childElements, removeChildren } from "./element.js";
import { declareInterface, patchInterfaceProperty } from "./interface-patch.js";
import { serializeElement } from "./serialize.js";

/** A device of a domain, as attaching, changing and detaching take it. */
export interface DeviceXml {
  xml: string;
  /** libvirt's name of it in the live document, by which events tell of it. */
  alias: string | undefined;
}

/** The disk of a target, with `changes` made to it; undefined when the document has none. */
export function diskXml(
  domainXml: string,
  target: string,
  change?: { property: DiskProperty; to: DomainDisk },
): DeviceXml | undefined {
  const element = findDisk(devicesOf(domainXml), target);
  if (element !== undefined && change !== undefined) patchDiskProperty(element, change.property, change.to);
  return deviceXml(element);
}

/** The interface of a MAC address, with a change made to it; undefined when the document has none. */
export function interfaceXml(
  domainXml: string,
  mac: string,
  change?: { property: InterfaceProperty; to: DomainInterface },
): DeviceXml | undefined {
  const element = findInterface(devicesOf(domainXml), mac);
  if (element !== undefined && change !== undefined) {
    declareInterface(element);
    patchInterfaceProperty(element, change.property, change.to);
  }
  return deviceXml(element);
}

/** The devices of a part that one document has and another has not. */
export function partDevicesBeyond(domainXml: string, part: DomainPartName, otherXml: string): DeviceXml[] {
  const { devices } = partOf(part);
  if (devices === undefined) return [];
  const others = devices.elements(rootOf(parseXml(otherXml, "domain"))).map(devices.identityOf);
  return devices.elements(rootOf(parseXml(domainXml, "domain"))).flatMap((element) => {
    const at = others.indexOf(devices.identityOf(element));
    if (at >= 0) others.splice(at, 1);
    return at >= 0 ? [] : (deviceXml(element) ?? []);
  });
}

/** The device of a part, changed so that it stands for `value`; undefined when the part's can't be changed in place, or there is none. */
export function updatedPartXml<Name extends DomainPartName>(
  domainXml: string,
  part: Name,
  value: DomainModel[Name],
): DeviceXml | undefined {
  const { write, updatable } = partOf(part);
  const domain = rootOf(parseXml(domainXml, "domain"));
  if (updatable?.(domain) === undefined) return undefined;
  write(domain, value);
  return deviceXml(updatable(domain));
}

/** The SCSI controllers of one document up to the one that a disk of it is on, as far as the other document has none. */
export function missingScsiControllers(domainXml: string, target: string, otherXml: string): string[] {
  const devices = devicesOf(domainXml);
  const disk = findDisk(devices, target);
  if (attributeOf(childElement(disk, "target"), "bus") !== "scsi") return [];
  const most = Number(attributeOf(childElement(disk, "address"), "controller") ?? 0);
  const controllersOf = (parent: Element) =>
    childElements(parent, "controller").filter((controller) => attributeOf(controller, "type") === "scsi");
  const indexOf = (controller: Element) => Number(attributeOf(controller, "index") ?? 0);
  const present = controllersOf(devicesOf(otherXml)).map(indexOf);
  return controllersOf(devices)
    .filter((controller) => indexOf(controller) <= most && !present.includes(indexOf(controller)))
    .map(serializeElement);
}

/** A running guest has its boot order for good. */
export function withoutBootOrder(xml: string): string {
  const element = rootOf(parseXml(xml));
  if (childElement(element, "boot") === undefined) return xml;
  removeChildren(element, "boot");
  return serializeElement(element);
}

/** Without its place on a bus, which another device may have in the other document. */
export function withoutAddress(xml: string): string {
  const element = rootOf(parseXml(xml));
  removeChildren(element, "address");
  return serializeElement(element);
}

function devicesOf(domainXml: string): Element {
  const devices = childElement(rootOf(parseXml(domainXml, "domain")), "devices");
  return devices ?? rootOf(parseXml("<devices/>"));
}

function deviceXml(element: Element | undefined): DeviceXml | undefined {
  if (element === undefined) return undefined;
  return {
    xml: serializeElement(element),
    alias: childElement(element, "alias")?.getAttribute("name") ?? undefined,
  };
}
