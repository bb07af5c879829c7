import type { Element } from "@xmldom/xmldom";
import {
  attributeOf,
  childElement,
  childElements,
  ensureChild,
  insertChild,
  removeChildren,
  removeElement,
  type Sketch,
  setAttribute,
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
      if (element !== undefined) patchPort(element, port);
      else
        insertChild(devices, sketchPort(port, freeNumber(devices)), [
          ...["emulator", "disk", "controller", "interface", "serial"],
        ]);
    });
  },
};

/** People may have numbered them in another order than they stand in. */
function freeNumber(devices: Element): number {
  const taken = portsOf(devices).map((element) => attributeOf(childElement(element, "target"), "port"));
  let number = 1;
  while (taken.includes(String(number))) number += 1;
  return number;
}

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

const SOURCE_TYPES = {
  path: ["file", "unix"],
  mode: ["unix", "tcp"],
  host: ["tcp"],
  service: ["tcp"],
} as const;

/** It stays where the guest sees it, and what inputs don't say of it as it is. */
function patchPort(element: Element, port: SerialPort): void {
  const { type, protocol, log } = port;
  if (sameValue(readPort(element), port)) return;
  if (attributeOf(element, "type") !== type)
    for (const name of ["source", "protocol"]) removeChildren(element, name);
  setAttribute(element, "type", type);
  for (const [name, types] of Object.entries(SOURCE_TYPES)) {
    const value = port[name as keyof typeof SOURCE_TYPES];
    const source = childElement(element, "source");
    if (!(types as readonly string[]).includes(type)) continue;
    if (value !== undefined) setAttribute(source ?? ensureChild(element, "source", []), name, value);
    else if (source !== undefined) setAttribute(source, name, undefined);
  }
  if (protocol !== undefined) setAttribute(ensureChild(element, "protocol", ["source"]), "type", protocol);
  else if (type === "tcp") removeChildren(element, "protocol");
  const present = childElement(element, "log");
  if (log === undefined) removeChildren(element, "log");
  else if (present !== undefined) setAttribute(present, "file", log);
  else insertChild(element, sketch("log", { file: log, append: "on" }), ["source", "protocol"]);
}
