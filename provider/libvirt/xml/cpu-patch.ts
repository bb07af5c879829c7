import type { Element } from "@xmldom/xmldom";
import { sketchCpu } from "./domain-build.js";
import type { CpuMode } from "./domain-model.js";
import {
  childElement,
  ensureChild,
  insertChild,
  removeChildren,
  removeElement,
  setAttribute,
  setText,
} from "./element.js";

/** Gives a domain another CPU. Topology, NUMA cells and cache stay, features too as long as there is something they can belong to. */
export function patchCpuMode(domain: Element, mode: CpuMode | undefined): void {
  const cpu = childElement(domain, "cpu");
  if (cpu === undefined) {
    if (mode !== undefined) insertChild(domain, sketchCpu(mode), ["name", "os", "features"]);
    return;
  }
  for (const name of ["match", "check", "migratable", "deprecated_features"])
    setAttribute(cpu, name, undefined);
  if (typeof mode === "object") {
    setAttribute(cpu, "mode", "custom");
    setAttribute(cpu, "match", "exact");
    setAttribute(cpu, "check", "partial");
    const model = ensureChild(cpu, "model", []);
    setAttribute(model, "fallback", "forbid");
    setText(model, mode.model);
    return;
  }
  // libvirt refuses a vendor without a model, and features without either model or mode.
  for (const name of mode === undefined ? ["model", "vendor", "feature"] : ["model", "vendor"]) {
    removeChildren(cpu, name);
  }
  setAttribute(cpu, "mode", mode);
  if (mode === undefined && cpu.firstChild === null) removeElement(cpu);
}
