import type { Document, Element } from "@xmldom/xmldom";
import {
  attributeOf,
  childElement,
  childElements,
  depthOf,
  ensureChild,
  fill,
  insertChild,
  removeElement,
  type Sketch,
  sketch,
} from "../element.js";
import { sameValue, withoutUndefined } from "../value.js";
import type { DomainPart } from "./part.js";

/** A serial port, by what it is connected to on the host. */
export interface SerialPort {
  /** "pty", "file", "unix", "tcp"; of other types the rest is undefined and kept as it is. */
  type: string;
  /** Of "file" and "unix". */
  path?: string;
  /** Of "unix" and "tcp": "bind" waits for a client. */
  mode?: string;
  host?: string;
  service?: string;
  /** Of "tcp": "raw" (undefined) or "telnet". */
  protocol?: string;
  /** The file on the host to which it is copied. */
  log?: string;
}

/** The ports after the first, which is the console. */
export const serialPorts: DomainPart<SerialPort[]> = {
  read: (domain) => {
    const found = portsOf(childElement(domain, "devices")).slice(1).map(readPort);
    return found.length === 0 ? undefined : found;
  },
  write: (domain, value = []) => {
    const devices = ensureChild(domain, "devices");
    if (value.length > 0 && portsOf(devices).length === 0)
      insertChild(devices, sketch("serial", { type: "pty" }, [sketch("target", { port: "0" })]));
    const present = portsOf(devices).slice(1);
    for (const element of present.slice(value.length)) removeElement(element);
    value.forEach((port, i) => {
      const element = present[i];
      const made = sketchPort(port, i + 1);
      if (element === undefined)
        insertChild(devices, made, ["emulator", "disk", "controller", "interface", "serial"]);
      else if (!sameValue(readPort(element), port)) refill(element, made);
    });
  },
};

function portsOf(devices: Element | undefined): Element[] {
  return childElements(devices, "serial");
}

function readPort(element: Element): SerialPort {
  const type = attributeOf(element, "type") ?? "";
  const source = childElement(element, "source");
  const protocol = attributeOf(childElement(element, "protocol"), "type");
  const of = (types: string[], name: string) =>
    types.includes(type) ? attributeOf(source, name) : undefined;
  return withoutUndefined({
    type,
    path: of(["file", "unix"], "path"),
    mode: of(["unix", "tcp"], "mode"),
    host: of(["tcp"], "host"),
    service: of(["tcp"], "service"),
    protocol: protocol === "raw" || type !== "tcp" ? undefined : protocol,
    log: attributeOf(childElement(element, "log"), "file"),
  });
}

function sketchPort(port: SerialPort, number: number): Sketch {
  const { type, path, mode, host, service, protocol, log } = port;
  const source = { mode, path, host, service };
  const hasSource = Object.values(source).some((value) => value !== undefined);
  return sketch("serial", { type }, [
    hasSource ? sketch("source", source) : undefined,
    protocol === undefined ? undefined : sketch("protocol", { type: protocol }),
    log === undefined ? undefined : sketch("log", { file: log, append: "on" }),
    sketch("target", { port: String(number) }),
  ]);
}

function refill(element: Element, made: Sketch): void {
  for (const { name } of [...element.attributes]) element.removeAttribute(name);
  while (element.firstChild !== null) element.removeChild(element.firstChild);
  fill(element.ownerDocument as Document, element, made, depthOf(element));
}
