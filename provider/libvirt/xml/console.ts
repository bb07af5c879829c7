import { parseXml, rootOf } from "./document.js";
import { attributeOf, childElement, childElements } from "./element.js";

/** The pseudo terminal of a running domain's first serial port. */
export function consolePath(liveXml: string): string | undefined {
  const devices = childElement(rootOf(parseXml(liveXml, "domain")), "devices");
  if (devices === undefined) return undefined;
  const serial = childElements(devices, "serial").find((element) => attributeOf(element, "type") === "pty");
  return attributeOf(childElement(serial, "source"), "path");
}

/** The port on which a running domain's screen is shown by one of the ways; libvirt chooses it at the start where none was asked for. */
export function graphicsPort(liveXml: string, type: "vnc" | "spice"): number | undefined {
  const devices = childElement(rootOf(parseXml(liveXml, "domain")), "devices");
  const screen = childElements(devices, "graphics").find((element) => attributeOf(element, "type") === type);
  const port = Number(attributeOf(screen, "port") ?? "-1");
  return Number.isSafeInteger(port) && port > 0 ? port : undefined;
}
