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

/** The graphics card. Of a domain with several the first counts. */
export interface Video {
  /** "virtio", "qxl", "vga", "bochs", "none", ... */
  model: string;
  /** Screens. Undefined: one. */
  heads?: number;
  /** Undefined: libvirt's default for the model. */
  memoryKib?: number;
}

/** What libvirt writes down where nobody asked for another size. */
const DEFAULT_MEMORY_KIB: Readonly<Record<string, number>> = {
  vga: 16_384,
  cirrus: 16_384,
  vmvga: 16_384,
  bochs: 16_384,
  qxl: 65_536,
};

export const video: DomainPart<Video> = {
  read: (domain) => {
    const [found] = childElements(childElement(domain, "devices"), "video");
    if (found === undefined) return undefined;
    const model = childElement(found, "model");
    const type = attributeOf(model, "type") ?? "";
    const heads = parseCount(attributeOf(model, "heads"));
    const memoryKib = parseCount(attributeOf(model, "vram"));
    return withoutUndefined({
      model: type,
      heads: heads === 1 ? undefined : heads,
      memoryKib: memoryKib === DEFAULT_MEMORY_KIB[type] ? undefined : memoryKib,
    });
  },
  write: (domain, value) => {
    const devices = ensureChild(domain, "devices");
    const [present] = childElements(devices, "video");
    if (value === undefined) {
      if (present !== undefined) removeElement(present);
      return;
    }
    const video = present ?? insertChild(devices, sketch("video"));
    const found = ensureChild(video, "model", []);
    const sameModel = attributeOf(found, "type") === value.model;
    // Sizes, resolution and acceleration of one model mean nothing to another, nor does its place on a bus.
    if (!sameModel) removeElement(found);
    const address = childElement(video, "address");
    if (!sameModel && address !== undefined) removeElement(address);
    const model = sameModel ? found : insertChild(video, sketch("model", { type: value.model }), []);
    setAttribute(model, "heads", value.heads === undefined ? undefined : String(value.heads));
    setAttribute(model, "vram", value.memoryKib === undefined ? undefined : String(value.memoryKib));
  },
};
