import type { Element } from "@xmldom/xmldom";
import type { InterfaceProperty } from "./domain-differences.js";
import type { DomainInterface, InterfaceSource } from "./domain-model.js";
import {
  attributeOf,
  childElement,
  ensureChild,
  insertChild,
  removeChildren,
  setAttribute,
} from "./element.js";
import { interfaceType, sketchInterfaceSource } from "./interface.js";

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
      if (wanted.model === undefined) removeChildren(element, "model");
      else setAttribute(ensureChild(element, "model"), "type", wanted.model);
      return;
    case "link":
      // Up is what an interface without a state is.
      if (wanted.link === "up") removeChildren(element, "link");
      else setAttribute(ensureChild(element, "link"), "state", "down");
      return;
    default:
      property satisfies never;
  }
}

function patchSource(element: Element, source: InterfaceSource): void {
  const made = sketchInterfaceSource(source);
  const type = interfaceType(source);
  const present = childElement(element, "source");
  const sameKind = attributeOf(element, "type") === type && attributeOf(present, type) !== undefined;
  setAttribute(element, "type", type);
  if (present === undefined || !sameKind) {
    removeChildren(element, "source");
    insertChild(element, made, ["mac"]);
    return;
  }
  for (const [name, value] of Object.entries(made.attributes)) setAttribute(present, name, value);
  // What the old network gave the interface while it runs.
  setAttribute(present, "portid", undefined);
  if (type === "network") setAttribute(present, "bridge", undefined);
  else setAttribute(present, "network", undefined);
}
