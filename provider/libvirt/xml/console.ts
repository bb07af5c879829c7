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

/** A character device of a running domain: what libvirt calls it, and what is at its other end on the host. */
export interface CharacterDevice {
  alias: string;
  kind: "console" | "serial" | "parallel" | "channel";
  /** "pty" and "unix" ones can be opened as a console. */
  type: string;
}

const CHARACTER_DEVICES = ["console", "serial", "parallel", "channel"] as const;

/** In the order in which libvirt looks for the console: the first is the one that is opened unless another is named. */
export function characterDevices(liveXml: string): CharacterDevice[] {
  const devices = childElement(rootOf(parseXml(liveXml, "domain")), "devices");
  return CHARACTER_DEVICES.flatMap((kind) =>
    childElements(devices, kind).flatMap((element) => {
      const alias = attributeOf(childElement(element, "alias"), "name");
      return alias === undefined ? [] : [{ alias, kind, type: attributeOf(element, "type") ?? "" }];
    }),
  );
}

/** Where the host shows a running domain's screen. */
export type ScreenListener =
  | { kind: "tcp"; address: string; port: number }
  | { kind: "unix"; path: string }
  | { kind: "none" };

/** How a running domain's screens are shown, in document order. */
export function screens(liveXml: string): { type: string; listener: ScreenListener }[] {
  const devices = childElement(rootOf(parseXml(liveXml, "domain")), "devices");
  return childElements(devices, "graphics").map((element) => {
    const type = attributeOf(element, "type") ?? "";
    const listen = childElement(element, "listen");
    const path = attributeOf(listen, "socket") ?? attributeOf(element, "socket");
    const port = Number(attributeOf(element, "port") ?? "-1");
    const address = attributeOf(listen, "address") ?? attributeOf(element, "listen") ?? "127.0.0.1";
    if (path !== undefined) return { type, listener: { kind: "unix", path } };
    if (port > 0) return { type, listener: { kind: "tcp", address, port } };
    return { type, listener: { kind: "none" } };
  });
}

/** Whether a running domain has a graphics card: without one there is nothing that could be shown. */
export function hasGraphicsCard(liveXml: string): boolean {
  const devices = childElement(rootOf(parseXml(liveXml, "domain")), "devices");
  return childElements(devices, "video").some(
    (video) => attributeOf(childElement(video, "model"), "type") !== "none",
  );
}
