import type { Document, Element } from "@xmldom/xmldom";
import { nodeType } from "../document.js";
import { adoptChild, ensureChild, removeElement } from "../element.js";
import type { DomainPart } from "./part.js";

const NAMESPACE = "http://libosinfo.org/xmlns/libvirt/domain/1.0";

/** The guest's operating system by its name in the libosinfo database, "http://debian.org/debian/12", where other tools look for it. */
export const osIdentity: DomainPart<string> = {
  read: (domain) => osOf(domain)?.getAttribute("id") ?? undefined,
  write: (domain, value) => {
    const present = osOf(domain);
    if (value === undefined) {
      if (present !== undefined) removeElement(present);
      const left = boxOf(domain);
      if (left !== undefined && left.firstChild === null) removeElement(left);
      const metadata = metadataOf(domain);
      if (metadata !== undefined && metadata.firstChild === null) removeElement(metadata);
      return;
    }
    (present ?? makeOs(domain)).setAttribute("id", value);
  },
};

function metadataOf(domain: Element): Element | undefined {
  return elementsOf(domain).find((child) => child.localName === "metadata" && child.namespaceURI === null);
}

function boxOf(domain: Element): Element | undefined {
  return elementsOf(metadataOf(domain)).find(
    (child) => child.namespaceURI === NAMESPACE && child.localName === "libosinfo",
  );
}

function osOf(domain: Element): Element | undefined {
  return elementsOf(boxOf(domain)).find(
    (child) => child.namespaceURI === NAMESPACE && child.localName === "os",
  );
}

function makeOs(domain: Element): Element {
  const document = domain.ownerDocument as Document;
  let box = boxOf(domain);
  if (box === undefined) {
    box = document.createElementNS(NAMESPACE, "libosinfo:libosinfo");
    box.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns:libosinfo", NAMESPACE);
    adoptChild(ensureChild(domain, "metadata", ["name", "uuid", "title", "description"]), box);
  }
  const prefix = box.prefix ? `${box.prefix}:` : "";
  const os = document.createElementNS(NAMESPACE, `${prefix}os`);
  adoptChild(box, os);
  return os;
}

function elementsOf(parent: Element | undefined): Element[] {
  const found: Element[] = [];
  for (let node = parent?.firstChild ?? null; node !== null; node = node.nextSibling)
    if (node.nodeType === nodeType.element) found.push(node as Element);
  return found;
}
