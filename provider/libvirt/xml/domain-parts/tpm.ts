import type { Element } from "@xmldom/xmldom";
import {
  attributeOf,
  childElement,
  ensureChild,
  insertChild,
  removeChildren,
  setAttribute,
  sketch,
} from "../element.js";
import { withoutUndefined } from "../value.js";
import type { DomainPart } from "./part.js";

/** A trusted platform module. */
export interface Tpm {
  /** "tpm-crb", "tpm-tis", ... */
  model: string;
  /** "emulator" is swtpm, with its state in files of the host. */
  backend: string;
  /** "2.0" or "1.2". */
  version?: string;
}

export const tpm: DomainPart<Tpm> = {
  read: (domain) => {
    const found = childElement(childElement(domain, "devices"), "tpm");
    if (found === undefined) return undefined;
    const backend = childElement(found, "backend");
    return withoutUndefined({
      model: attributeOf(found, "model") ?? "tpm-tis",
      backend: attributeOf(backend, "type") ?? "emulator",
      version: attributeOf(backend, "version"),
    });
  },
  write: (domain, value) => {
    const devices = ensureChild(domain, "devices");
    if (value === undefined) return removeChildren(devices, "tpm");
    const element = childElement(devices, "tpm") ?? insertChild(devices, sketch("tpm"));
    setAttribute(element, "model", value.model);
    const backend = ensureChild(element, "backend", []);
    if (attributeOf(backend, "type") !== value.backend) clear(backend);
    setAttribute(backend, "type", value.backend);
    setAttribute(backend, "version", value.version);
  },
};

/** What is said of one kind of backend means nothing to another. */
function clear(element: Element): void {
  for (const { name } of [...element.attributes]) element.removeAttribute(name);
  while (element.firstChild !== null) element.removeChild(element.firstChild);
}
