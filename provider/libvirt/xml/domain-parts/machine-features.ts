import type { Element } from "@xmldom/xmldom";
import {
  attributeOf,
  childElement,
  ensureChild,
  removeChildren,
  removeElement,
  setAttribute,
} from "../element.js";
import type { DomainPart } from "./part.js";

/** Where `<features>` stands in a domain. */
const PREDECESSORS = [
  "name",
  "uuid",
  "title",
  "metadata",
  "memory",
  "currentMemory",
  "vcpu",
  "resource",
  "os",
];

/** The `<features>` of a domain, made when it is absent. */
export function ensureFeatures(domain: Element): Element {
  return ensureChild(domain, "features", PREDECESSORS);
}

export function featuresOf(domain: Element): Element | undefined {
  return childElement(domain, "features");
}

/** One that is on, off, or as QEMU has it by default; below `<features>` at a path. */
function featureSwitch(...path: readonly [string, ...string[]]): DomainPart<boolean> {
  const find = (domain: Element) =>
    path.reduce<Element | undefined>((parent, name) => childElement(parent, name), featuresOf(domain));
  return {
    read: (domain) => {
      const found = find(domain);
      return found === undefined ? undefined : (attributeOf(found, "state") ?? "on") === "on";
    },
    write: (domain, value) => {
      if (value === undefined) {
        removeWithEmptyParents(find(domain), path.length);
        return;
      }
      const element = path.reduce<Element>(
        (parent, name) => ensureChild(parent, name),
        ensureFeatures(domain),
      );
      setAttribute(element, "state", value ? "on" : "off");
    },
  };
}

function removeWithEmptyParents(element: Element | undefined, levels: number): void {
  const parent = element?.parentNode as Element | undefined;
  if (element === undefined || parent === undefined) return;
  removeElement(element);
  if (levels > 1 && parent.firstChild === null) removeWithEmptyParents(parent, levels - 1);
}

/** There unless it is taken away; `false` is all there is to say. */
export const acpi: DomainPart<false> = {
  read: (domain) => (childElement(featuresOf(domain), "acpi") === undefined ? false : undefined),
  write: (domain, value) => {
    const features = ensureFeatures(domain);
    if (value === false) removeChildren(features, "acpi");
    else ensureChild(features, "acpi", []);
  },
};
export const smm = featureSwitch("smm");
export const pmu = featureSwitch("pmu");
export const vmport = featureSwitch("vmport");
export const vmcoreinfo = featureSwitch("vmcoreinfo");
export const kvmHidden = featureSwitch("kvm", "hidden");

/** Who emulates the interrupt controller: "kvm" or "qemu". */
export const ioapic: DomainPart<string> = {
  read: (domain) => attributeOf(childElement(featuresOf(domain), "ioapic"), "driver"),
  write: (domain, value) => {
    const features = ensureFeatures(domain);
    if (value === undefined) removeChildren(features, "ioapic");
    else setAttribute(ensureChild(features, "ioapic"), "driver", value);
  },
};
