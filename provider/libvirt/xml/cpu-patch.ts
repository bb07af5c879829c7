import type { Element } from "@xmldom/xmldom";
import { sketchCpu } from "./domain-build.js";
import type { CpuMode } from "./domain-model.js";
import {
  attributeOf,
  childElement,
  ensureChild,
  insertChild,
  removeChildren,
  setAttribute,
  setChildText,
  setText,
} from "./element.js";
import { dropEmptyCpu } from "./numa.js";

/** Gives a domain another CPU. Features, topology, NUMA cells and cache stay. */
export function patchCpuMode(domain: Element, mode: CpuMode | undefined): void {
  const cpu = childElement(domain, "cpu");
  if (cpu === undefined) {
    if (mode !== undefined) insertChild(domain, sketchCpu(mode), ["name", "os", "features"]);
    return;
  }
  for (const name of ["match", "check", "deprecated_features"]) setAttribute(cpu, name, undefined);
  // libvirt writes it down for the modes that have it; "off" is somebody's wish.
  if (attributeOf(cpu, "migratable") === "on") setAttribute(cpu, "migratable", undefined);
  if (typeof mode === "object") {
    setAttribute(cpu, "mode", "custom");
    setAttribute(cpu, "match", "exact");
    setAttribute(cpu, "check", "partial");
    const model = ensureChild(cpu, "model", []);
    setAttribute(model, "fallback", "forbid");
    setText(model, mode.model);
    setChildText(cpu, "vendor", mode.vendor, ["model"]);
    return;
  }
  // libvirt refuses a vendor without a model.
  for (const name of ["model", "vendor"]) removeChildren(cpu, name);
  setAttribute(cpu, "mode", mode);
  dropEmptyCpu(cpu);
}
