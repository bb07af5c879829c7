import type { Element } from "@xmldom/xmldom";
import {
  attributeOf,
  childElement,
  childElements,
  ensureChild,
  insertChild,
  removeChildren,
  removeElement,
  sketch,
} from "../element.js";
import type { DomainPart } from "./part.js";

/** A line between guest and host beside the console; identified by its name. */
export interface Channel {
  name: string;
  /** A socket on the host; undefined: libvirt makes one. */
  path?: string;
}

const AGENT = "org.qemu.guest_agent.0";

/** Sockets on virtio-serial, in order of their names, but for that of the guest agent, which is a property of its own. */
export const channels: DomainPart<Channel[]> = {
  read: (domain) => {
    const found = elementsOf(domain).map(readChannel);
    return found.length === 0 ? undefined : sortedChannels(found);
  },
  write: (domain, value = []) => {
    const devices = ensureChild(domain, "devices");
    const left = [...value];
    for (const element of elementsOf(domain)) {
      const present = readChannel(element);
      const at = left.findIndex(({ name }) => name === present.name);
      const [wanted] = at < 0 ? [] : left.splice(at, 1);
      if (wanted === undefined) removeElement(element);
      else if (wanted.path !== present.path) {
        removeChildren(element, "source");
        if (wanted.path !== undefined) insertChild(element, sketchSource(wanted.path), []);
      }
    }
    for (const { name, path } of left)
      insertChild(
        devices,
        sketch("channel", { type: "unix" }, [
          path === undefined ? undefined : sketchSource(path),
          sketch("target", { type: "virtio", name }),
        ]),
      );
  },
  devices: {
    elements: elementsOf,
    identityOf: (device) => JSON.stringify(readChannel(device)),
  },
};

/** In the order in which they are read. */
export function sortedChannels(list: readonly Channel[]): Channel[] {
  return [...list].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function elementsOf(domain: Element): Element[] {
  return childElements(childElement(domain, "devices"), "channel").filter((element) => {
    const target = childElement(element, "target");
    const name = attributeOf(target, "name");
    return (
      attributeOf(element, "type") === "unix" &&
      attributeOf(target, "type") === "virtio" &&
      name !== undefined &&
      name !== AGENT
    );
  });
}

function readChannel(element: Element): Channel {
  const name = attributeOf(childElement(element, "target"), "name") ?? "";
  const path = attributeOf(childElement(element, "source"), "path");
  // The one that libvirt made up for the run.
  const isMadeUp = path === undefined || /^\/(?:var\/lib|run)\/libvirt\/qemu\/(?:run\/)?channel\//.test(path);
  return isMadeUp ? { name } : { name, path };
}

function sketchSource(path: string) {
  return sketch("source", { mode: "bind", path });
}
