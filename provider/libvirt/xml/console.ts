import { parseXml, rootOf } from "./document.js";
import { attributeOf, childElement, childElements } from "./element.js";

/** The pseudo terminal of a running domain's first serial port. */
export function consolePath(liveXml: string): string | undefined {
  const devices = childElement(rootOf(parseXml(liveXml, "domain")), "devices");
  if (devices === undefined) return undefined;
  const serial = childElements(devices, "serial").find((element) => attributeOf(element, "type") === "pty");
  return attributeOf(childElement(serial, "source"), "path");
}
