import type { Element } from "@xmldom/xmldom";
import {
  attributeOf,
  childElement,
  childElements,
  insertChild,
  removeChildren,
  removeElement,
  setAttribute,
  sketch,
} from "../element.js";
import { dropEmptyCpu, ensureCpu } from "../numa.js";
import { parseCount, withoutUndefined } from "../value.js";
import type { DomainPart } from "./part.js";

/** A feature of the CPU that the guest is to have, or not to have, beside what its model brings. */
export interface CpuFeature {
  name: string;
  policy: string;
}

/** How the CPUs are laid out; the product is how many there can be. */
export interface CpuTopology {
  sockets: number;
  dies: number;
  cores: number;
  threads: number;
}

/** What the guest is told of the CPU's cache. */
export interface CpuCache {
  mode: string;
  level?: number;
}

/** Sorted by name. The live document of most CPUs lists more than was asked for. */
export const cpuFeatures: DomainPart<CpuFeature[]> = {
  read: (domain) => {
    const features = childElements(childElement(domain, "cpu"), "feature").map((feature) => ({
      name: attributeOf(feature, "name") ?? "",
      policy: attributeOf(feature, "policy") ?? "require",
    }));
    return features.length === 0 ? undefined : features.sort((a, b) => (a.name < b.name ? -1 : 1));
  },
  write: (domain, value) =>
    writeCpu(domain, value, (cpu, features) => {
      for (const element of childElements(cpu, "feature")) {
        const wanted = features.find(({ name }) => name === attributeOf(element, "name"));
        if (wanted === undefined) removeElement(element);
        else setAttribute(element, "policy", wanted.policy);
      }
      const present = childElements(cpu, "feature").map((element) => attributeOf(element, "name"));
      for (const { name, policy } of features)
        if (!present.includes(name)) insertChild(cpu, sketch("feature", { policy, name }), beforeFeature);
    }),
};

const beforeFeature = ["model", "vendor", "topology", "cache", "maxphysaddr", "feature"];

export const cpuTopology: DomainPart<CpuTopology> = {
  read: (domain) => {
    const topology = childElement(childElement(domain, "cpu"), "topology");
    if (topology === undefined) return undefined;
    const count = (name: string) => parseCount(attributeOf(topology, name)) ?? 1;
    return {
      sockets: count("sockets"),
      dies: count("dies"),
      cores: count("cores"),
      threads: count("threads"),
    };
  },
  write: (domain, value) =>
    writeCpu(
      domain,
      value,
      (cpu, topology) => {
        const element =
          childElement(cpu, "topology") ?? insertChild(cpu, sketch("topology"), ["model", "vendor"]);
        for (const [name, count] of Object.entries(topology)) setAttribute(element, name, String(count));
      },
      "topology",
    ),
};

export const cpuCache: DomainPart<CpuCache> = {
  read: (domain) => {
    const cache = childElement(childElement(domain, "cpu"), "cache");
    if (cache === undefined) return undefined;
    return withoutUndefined({
      mode: attributeOf(cache, "mode") ?? "",
      level: parseCount(attributeOf(cache, "level")),
    });
  },
  write: (domain, value) =>
    writeCpu(
      domain,
      value,
      (cpu, cache) => {
        const element =
          childElement(cpu, "cache") ?? insertChild(cpu, sketch("cache"), ["model", "vendor", "topology"]);
        setAttribute(element, "level", cache.level === undefined ? undefined : String(cache.level));
        setAttribute(element, "mode", cache.mode);
      },
      "cache",
    ),
};

/** False: the guest gets what of the host's CPU can't migrate, too. libvirt writes down "on" by itself. */
export const cpuMigratable: DomainPart<false> = {
  read: (domain) => (attributeOf(childElement(domain, "cpu"), "migratable") === "off" ? false : undefined),
  write: (domain, value) => {
    const cpu = value === undefined ? childElement(domain, "cpu") : ensureCpu(domain);
    if (cpu === undefined || (value === undefined && attributeOf(cpu, "migratable") !== "off")) return;
    setAttribute(cpu, "migratable", value === undefined ? undefined : "off");
    dropEmptyCpu(cpu);
  },
};

/** Writes something of the `<cpu>`; without a value the children of the name go, and the element with the last thing that it says. */
function writeCpu<Value>(
  domain: Element,
  value: Value | undefined,
  write: (cpu: Element, value: Value) => void,
  name = "feature",
): void {
  if (value !== undefined) {
    write(ensureCpu(domain), value);
    return;
  }
  const cpu = childElement(domain, "cpu");
  if (cpu === undefined) return;
  removeChildren(cpu, name);
  dropEmptyCpu(cpu);
}
