import type { Element } from "@xmldom/xmldom";
import {
  attributeOf,
  childElement,
  childElements,
  ensureChild,
  insertChild,
  removeChildren,
  removeElement,
  setAttribute,
  sketch,
} from "../element.js";
import { parseCount, sameValue } from "../value.js";
import { ensureFeatures, featuresOf } from "./machine-features.js";
import type { DomainPart } from "./part.js";

/** Enlightenments by libvirt's names: those that are on. */
export interface HyperV {
  /** "passthrough": all that the host has. */
  mode?: "passthrough";
  /** On, with nothing more to say of them: "relaxed", "vapic", "vpindex", ... Sorted. */
  flags: string[];
  /** How often a lock is tried before the hypervisor is told. */
  spinlockRetries?: number;
  /** The vendor that the guest is told, at most 12 characters. */
  vendorId?: string;
  /** Synthetic timers; "direct" delivers their interrupts as such. */
  stimer?: "plain" | "direct";
}

export const hyperv: DomainPart<HyperV> = {
  read: (domain) => {
    const found = childElement(featuresOf(domain), "hyperv");
    if (found === undefined) return undefined;
    const value: HyperV = { flags: [] };
    if (attributeOf(found, "mode") === "passthrough") value.mode = "passthrough";
    for (const element of childElements(found)) if (isOn(element)) readFlag(element, value);
    value.flags.sort();
    return Object.keys(value).length === 1 && value.flags.length === 0 ? undefined : value;
  },
  write: (domain, value) => {
    const features = ensureFeatures(domain);
    if (value === undefined) return removeChildren(features, "hyperv");
    const element = ensureChild(features, "hyperv");
    setAttribute(
      element,
      "mode",
      value.mode ?? (attributeOf(element, "mode") === undefined ? undefined : "custom"),
    );
    const wanted = new Map(sketches(value).map((made) => [made.name, made]));
    for (const present of childElements(element)) {
      const made = wanted.get(present.localName ?? "");
      if (isOn(present) && made === undefined) removeElement(present);
      else if (made !== undefined) {
        if (isOn(present) && sameFlag(present, value)) wanted.delete(made.name);
        else removeElement(present);
      }
    }
    for (const made of wanted.values()) insertChild(element, made);
  },
};

function isOn(element: Element): boolean {
  return attributeOf(element, "state") === "on";
}

function readFlag(element: Element, value: HyperV): void {
  const name = element.localName ?? "";
  if (name === "spinlocks") value.spinlockRetries = parseCount(attributeOf(element, "retries")) ?? 0;
  else if (name === "vendor_id") value.vendorId = attributeOf(element, "value") ?? "";
  else if (name === "stimer")
    value.stimer = attributeOf(childElement(element, "direct"), "state") === "on" ? "direct" : "plain";
  else value.flags.push(name);
}

/** Whether an element that is there says what is wanted of it already; what else it says then stays. */
function sameFlag(element: Element, value: HyperV): boolean {
  const read: HyperV = { flags: [] };
  readFlag(element, read);
  const { flags, ...rest } = read;
  const same = Object.entries(rest).every(([key, of]) => sameValue(of, value[key as keyof HyperV]));
  return same && flags.every((flag) => value.flags.includes(flag));
}

function sketches({ flags, spinlockRetries, vendorId, stimer }: HyperV) {
  return [
    ...flags.map((flag) => sketch(flag, { state: "on" })),
    ...(spinlockRetries === undefined
      ? []
      : [sketch("spinlocks", { state: "on", retries: String(spinlockRetries) })]),
    ...(vendorId === undefined ? [] : [sketch("vendor_id", { state: "on", value: vendorId })]),
    ...(stimer === undefined
      ? []
      : [sketch("stimer", { state: "on" }, stimer === "direct" ? [sketch("direct", { state: "on" })] : [])]),
  ];
}
