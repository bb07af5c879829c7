import type { Element } from "@xmldom/xmldom";
import {
  attributeOf,
  childElement,
  childElements,
  ensureChild,
  insertChild,
  removeElement,
  sketch,
  textOf,
} from "../element.js";
import { parseCount, sameValue } from "../value.js";
import type { DomainPart } from "./part.js";

/** A source of randomness. */
export interface Rng {
  /** A device of the host; undefined: a source that isn't one ("builtin", "egd"). */
  device?: string;
  /** "random" reads the device. */
  backend: string;
  rate?: { bytes: number; periodMs: number };
}

/** libvirt's period where only an amount is given. */
const DEFAULT_PERIOD_MS = 1_000;

/** The first one; a guest has no use for more. */
export const rng: DomainPart<Rng> = {
  read: (domain) => {
    const [first] = elementsOf(domain);
    return first === undefined ? undefined : readRng(first);
  },
  write: (domain, value) => {
    const devices = ensureChild(domain, "devices");
    const [first, ...more] = elementsOf(domain);
    if (first !== undefined && value !== undefined && sameValue(readRng(first), value)) return;
    for (const element of [first, ...(value === undefined ? more : [])])
      if (element !== undefined) removeElement(element);
    if (value === undefined) return;
    const { device, backend, rate } = value;
    insertChild(
      devices,
      sketch("rng", { model: "virtio" }, [
        rate && sketch("rate", { bytes: String(rate.bytes), period: String(rate.periodMs) }),
        sketch("backend", { model: backend }, device ?? ""),
      ]),
    );
  },
  devices: {
    elements: elementsOf,
    identityOf: (device) => JSON.stringify(readRng(device)),
  },
};

function elementsOf(domain: Element): Element[] {
  return childElements(childElement(domain, "devices"), "rng");
}

function readRng(element: Element): Rng {
  const backend = childElement(element, "backend");
  const rate = childElement(element, "rate");
  const bytes = parseCount(attributeOf(rate, "bytes"));
  const device = textOf(backend)?.trim();
  return {
    ...(device === undefined || device === "" ? {} : { device }),
    backend: attributeOf(backend, "model") ?? "random",
    ...(bytes === undefined
      ? {}
      : { rate: { bytes, periodMs: parseCount(attributeOf(rate, "period")) ?? DEFAULT_PERIOD_MS } }),
  };
}
