import { canonicalCpuSet } from "../cpu-set.js";
import {
  attributeOf,
  childElement,
  ensureChild,
  removeChildren,
  setAttribute,
  setText,
  textOf,
} from "../element.js";
import { memorySize, parseSizeBytes } from "../value.js";
import type { DomainPart } from "./part.js";
import { editSection } from "./section.js";

/** What QEMU may take of the host's memory. */
export interface MemoryTune {
  hardLimitBytes?: number;
  softLimitBytes?: number;
  swapHardLimitBytes?: number;
}

const tuneElements: Record<keyof MemoryTune, string> = {
  hardLimitBytes: "hard_limit",
  softLimitBytes: "soft_limit",
  swapHardLimitBytes: "swap_hard_limit",
};
const tuneNames = Object.keys(tuneElements) as (keyof MemoryTune)[];

export const memoryTune: DomainPart<MemoryTune> = {
  read: (domain) => {
    const section = childElement(domain, "memtune");
    const tune: MemoryTune = {};
    for (const name of tuneNames) {
      const element = childElement(section, tuneElements[name]);
      const text = textOf(element);
      if (text !== undefined) tune[name] = parseSizeBytes(text, attributeOf(element, "unit"), "KiB");
    }
    return Object.keys(tune).length === 0 ? undefined : tune;
  },
  write: (domain, value) =>
    editSection(domain, "memtune", value, (section) => {
      for (const name of tuneNames) {
        const bytes = value?.[name];
        if (bytes === undefined) {
          removeChildren(section, tuneElements[name]);
          continue;
        }
        const size = memorySize(bytes);
        const element = ensureChild(section, tuneElements[name]);
        setAttribute(element, "unit", size.unit);
        setText(element, size.text);
      }
    }),
};

/** Which of the host's NUMA nodes the guest's memory comes from. */
export interface NumaTune {
  mode: string;
  /** "0-1". */
  nodeset: string;
}

/** Of the guest as a whole; what single cells are told stays as it is. */
export const numaTune: DomainPart<NumaTune> = {
  read: (domain) => {
    const memory = childElement(childElement(domain, "numatune"), "memory");
    const nodeset = attributeOf(memory, "nodeset");
    // Left to libvirt, which asks numad.
    if (nodeset === undefined) return undefined;
    return { mode: attributeOf(memory, "mode") ?? "strict", nodeset: canonicalCpuSet(nodeset) ?? nodeset };
  },
  write: (domain, value) =>
    editSection(domain, "numatune", value, (section) => {
      const memory = childElement(section, "memory");
      if (value === undefined) {
        if (attributeOf(memory, "nodeset") !== undefined) removeChildren(section, "memory");
        return;
      }
      const element = memory ?? ensureChild(section, "memory", []);
      setAttribute(element, "placement", undefined);
      setAttribute(element, "mode", value.mode);
      setAttribute(element, "nodeset", value.nodeset);
    }),
};
