import {
  attributeOf,
  childElement,
  childElements,
  ensureChild,
  insertChild,
  removeElement,
  sketch,
} from "../element.js";
import type { DomainPart } from "./part.js";

/** The model of the sound card. Of a domain with several the first counts. */
export const sound: DomainPart<string> = {
  read: (domain) => attributeOf(childElement(childElement(domain, "devices"), "sound"), "model"),
  write: (domain, value) => {
    const devices = ensureChild(domain, "devices");
    const [present] = childElements(devices, "sound");
    if (present !== undefined) removeElement(present);
    if (value !== undefined) insertChild(devices, sketch("sound", { model: value }));
  },
};
