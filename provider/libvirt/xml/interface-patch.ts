import type { Element } from "@xmldom/xmldom";
import type { InterfaceProperty } from "./domain-differences.js";
import type { DomainInterface, InterfaceSource, VirtualPort } from "./domain-model.js";
import {
  attributeOf,
  childElement,
  childElements,
  ensureChild,
  insertChild,
  removeChildren,
  removeElement,
  setAttribute,
} from "./element.js";
import { interfaceType, sketchInterfaceSource } from "./interface.js";
import { patchBandwidth, patchFilter } from "./interface-traffic.js";
import { readVlan, sketchVlan } from "./network-vlan.js";
import { sameValue } from "./value.js";

/** Sets one property of an `<interface>` to what the interface says. */
export function patchInterfaceProperty(
  element: Element,
  property: InterfaceProperty,
  wanted: DomainInterface,
): void {
  switch (property) {
    case "source":
      patchSource(element, wanted.source);
      return;
    case "model":
      setOnly(element, "model", "type", wanted.model);
      return;
    case "link":
      // Up is what an interface without a state is.
      if (wanted.link === "up") removeChildren(element, "link");
      else setAttribute(ensureChild(element, "link"), "state", "down");
      return;
    case "vlan":
      if (sameValue(readVlan(element), wanted.vlan)) return;
      removeChildren(element, "vlan");
      if (wanted.vlan !== undefined) insertChild(element, sketchVlan(wanted.vlan), ["mac", "source"]);
      return;
    case "virtualPort":
      patchVirtualPort(element, wanted.virtualPort);
      return;
    case "bandwidth":
      patchBandwidth(element, wanted.bandwidth);
      return;
    case "filter":
      patchFilter(element, wanted.filter);
      return;
    case "mtu":
      setOnly(element, "mtu", "size", wanted.mtu?.toString());
      return;
    case "queues":
      setOnly(element, "driver", "queues", wanted.queues?.toString());
      return;
    case "trustGuestRxFilters":
      setAttribute(element, "trustGuestRxFilters", wanted.trustGuestRxFilters ? "yes" : undefined);
      return;
    case "bootOrder":
      setOnly(element, "boot", "order", wanted.bootOrder?.toString());
      return;
    default:
      property satisfies never;
  }
}

/** What the running guest's document says of an interface, in the words in which it could be declared: libvirt takes it back only so. */
export function declareInterface(element: Element): void {
  const source = childElement(element, "source");
  if (source === undefined || attributeOf(source, "network") === undefined) return;
  setAttribute(element, "type", "network");
  for (const name of ["portid", "bridge", "dev", "mode"]) setAttribute(source, name, undefined);
}

/** Sets an attribute of a child; a child that says nothing else goes with it. */
function setOnly(element: Element, name: string, attribute: string, value: string | undefined): void {
  if (value !== undefined) {
    setAttribute(ensureChild(element, name), attribute, value);
    return;
  }
  const child = childElement(element, name);
  if (child === undefined) return;
  child.removeAttribute(attribute);
  if (child.attributes.length === 0 && childElements(child).length === 0) removeElement(child);
}

function patchVirtualPort(element: Element, wanted: VirtualPort | undefined): void {
  const present = childElement(element, "virtualport");
  if (wanted === undefined) {
    removeChildren(element, "virtualport");
    return;
  }
  const port = present ?? ensureChild(element, "virtualport", ["mac", "source", "vlan"]);
  // The identity that libvirt made up for a port of another kind isn't one of this kind.
  if (attributeOf(port, "type") !== wanted.type) removeChildren(port, "parameters");
  setAttribute(port, "type", wanted.type);
  setOnly(port, "parameters", "profileid", wanted.profile);
}

function patchSource(element: Element, source: InterfaceSource): void {
  const made = sketchInterfaceSource(source);
  const type = interfaceType(source);
  const present = childElement(element, "source");
  const [key = ""] = Object.keys(made.attributes);
  const sameKind = attributeOf(element, "type") === type && attributeOf(present, key) !== undefined;
  setAttribute(element, "type", type);
  if (present === undefined || !sameKind) {
    removeChildren(element, "source");
    insertChild(element, made, ["mac"]);
    return;
  }
  // What the old network gave the interface while it runs.
  for (const name of ["network", "portgroup", "portid", "bridge", "dev", "mode"])
    setAttribute(present, name, made.attributes[name]);
}
