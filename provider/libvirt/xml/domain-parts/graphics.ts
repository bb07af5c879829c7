import type { Element } from "@xmldom/xmldom";
import {
  attributeOf,
  childElement,
  childElements,
  ensureChild,
  insertChild,
  removeElement,
  setAttribute,
  sketch,
} from "../element.js";
import { parseCount, withoutUndefined } from "../value.js";
import type { DomainPart } from "./part.js";

/** How people see the guest's screen. Of a domain with both, VNC and SPICE, the first counts. */
export interface Graphics {
  type: "vnc" | "spice";
  /** The address of the host on which it listens. Undefined: the host's default; `{ other }`: a kind of listener that the model doesn't describe. */
  listen?: string | { other: string };
  /** Undefined: chosen anew at each start. */
  port?: number;
  password?: { secret: string };
  /** As libvirt writes it, UTC without a zone: "2030-01-31T12:00:00". */
  passwordValidTo?: string;
  sharePolicy?: string;
  keymap?: string;
}

export const graphics: DomainPart<Graphics> = {
  read: (domain) => {
    const found = screenOf(domain);
    if (found === undefined) return undefined;
    const password = attributeOf(found, "passwd");
    return withoutUndefined({
      type: attributeOf(found, "type") as "vnc" | "spice",
      listen: readListen(found),
      port: attributeOf(found, "autoport") === "yes" ? undefined : readPort(found),
      password: password === undefined ? undefined : { secret: password },
      passwordValidTo: attributeOf(found, "passwdValidTo"),
      sharePolicy: attributeOf(found, "sharePolicy"),
      keymap: attributeOf(found, "keymap"),
    });
  },
  write: (domain, value) => {
    const devices = ensureChild(domain, "devices");
    const present = screenOf(domain);
    if (attributeOf(present, "type") === "spice" && value?.type !== "spice") dropSpiceAudio(devices);
    if (value === undefined) {
      if (present !== undefined) removeElement(present);
      return;
    }
    // A listener, a TLS port or an image's compression of one kind mean nothing to the other.
    const kept = attributeOf(present, "type") === value.type ? present : undefined;
    if (present !== undefined && kept === undefined) removeElement(present);
    writeGraphics(kept ?? insertChild(devices, sketch("graphics", { type: value.type })), value);
  },
  updatable: screenOf,
};

/** The first screen of a domain that the model describes. */
function screenOf(domain: Element): Element | undefined {
  return childElements(childElement(domain, "devices"), "graphics").find((element) =>
    ["vnc", "spice"].includes(attributeOf(element, "type") ?? ""),
  );
}

/** libvirt adds the sound's way out that goes with the screen, and refuses this one without it. */
function dropSpiceAudio(devices: Element): void {
  for (const audio of childElements(devices, "audio"))
    if (attributeOf(audio, "type") === "spice") removeElement(audio);
}

function writeGraphics(element: Element, value: Graphics): void {
  const { port } = value;
  setAttribute(element, "port", port === undefined ? "-1" : String(port));
  setAttribute(element, "autoport", port === undefined ? "yes" : "no");
  writeListen(element, value.listen);
  setAttribute(element, "passwd", value.password?.secret);
  setAttribute(element, "passwdValidTo", value.passwordValidTo);
  setAttribute(element, "sharePolicy", value.sharePolicy);
  setAttribute(element, "keymap", value.keymap);
}

function readPort(element: Element): number | undefined {
  const port = parseCount(attributeOf(element, "port"));
  // Without a port libvirt chooses one, whether it is told so or not.
  return port === 0 ? undefined : port;
}

function readListen(element: Element): Graphics["listen"] {
  const [listen, ...more] = childElements(element, "listen");
  if (listen === undefined) return attributeOf(element, "listen");
  const type = attributeOf(listen, "type") ?? "address";
  return more.length === 0 && type === "address" ? attributeOf(listen, "address") : { other: type };
}

function writeListen(element: Element, listen: Graphics["listen"]): void {
  if (typeof listen === "object") return;
  const present = childElements(element, "listen");
  for (const other of present.slice(1)) removeElement(other);
  setAttribute(element, "listen", listen);
  const [first] = present;
  if (first === undefined) {
    if (listen !== undefined) insertChild(element, sketch("listen", { type: "address", address: listen }));
    return;
  }
  if ((attributeOf(first, "type") ?? "address") !== "address")
    for (const { name } of [...first.attributes]) first.removeAttribute(name);
  setAttribute(first, "type", "address");
  setAttribute(first, "address", listen);
}
