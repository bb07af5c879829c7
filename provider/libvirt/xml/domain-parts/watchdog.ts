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

/** What resets, stops or pauses a guest that doesn't show signs of life. */
export interface Watchdog {
  model: string;
  action: string;
}

const ITCO = "itco";

/** The chipset's own (libvirt 9.1 and later write it down for every q35 machine) counts only when it does something else than by default. */
export const watchdog: DomainPart<Watchdog> = {
  read: (domain) => {
    const [found] = declared(childElement(domain, "devices"));
    if (found === undefined) return undefined;
    return { model: attributeOf(found, "model") ?? "", action: attributeOf(found, "action") ?? "reset" };
  },
  write: (domain, value) => {
    const devices = ensureChild(domain, "devices");
    const present = childElements(devices, "watchdog");
    for (const element of value?.model === ITCO ? present : declared(devices)) removeElement(element);
    if (value !== undefined) insertChild(devices, sketch("watchdog", { ...value }));
  },
  devices: {
    elements: (domain) => declared(childElement(domain, "devices")),
    identityOf: (device) => `${attributeOf(device, "model")} ${attributeOf(device, "action") ?? "reset"}`,
  },
};

function declared(devices: Parameters<typeof childElements>[0]) {
  return childElements(devices, "watchdog").filter(
    (element) =>
      attributeOf(element, "model") !== ITCO || (attributeOf(element, "action") ?? "reset") !== "reset",
  );
}
