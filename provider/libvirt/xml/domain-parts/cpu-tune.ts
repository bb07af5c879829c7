import type { Element } from "@xmldom/xmldom";
import { canonicalCpuSet } from "../cpu-set.js";
import {
  attributeOf,
  childElement,
  childElements,
  childText,
  insertChild,
  removeElement,
  setAttribute,
  setChildText,
  sketch,
} from "../element.js";
import { parseCount } from "../value.js";
import type { DomainPart } from "./part.js";
import { editSection } from "./section.js";

/** The host's CPUs on which one of the guest's CPUs, or I/O threads, may run. */
export interface Pin {
  /** Which one: vCPUs count from 0, I/O threads from 1. */
  of: number;
  /** "0-3,8". */
  cpus: string;
}

export const vcpuPins = pins("vcpupin", "vcpu");
export const iothreadPins = pins("iothreadpin", "iothread");

/** Sorted by whom they are of. */
function pins(name: string, of: string): DomainPart<Pin[]> {
  const elements = (domain: Element) => childElements(childElement(domain, "cputune"), name);
  const ofElement = (element: Element) => parseCount(attributeOf(element, of)) ?? 0;
  return {
    read: (domain) => {
      const found = elements(domain).map((element) => ({ of: ofElement(element), cpus: cpusOf(element) }));
      return found.length === 0 ? undefined : found.sort((a, b) => a.of - b.of);
    },
    write: (domain, value) =>
      editSection(domain, "cputune", value, (section) => {
        for (const element of elements(domain))
          if (!value?.some((pin) => pin.of === ofElement(element))) removeElement(element);
        for (const pin of value ?? []) {
          const present = elements(domain).find((element) => ofElement(element) === pin.of);
          const element = present ?? insertChild(section, sketch(name, { [of]: String(pin.of) }));
          if (present === undefined || cpusOf(element) !== pin.cpus)
            setAttribute(element, "cpuset", pin.cpus);
        }
      }),
  };
}

/** The host's CPUs for all that QEMU does beside running the guest's. */
export const emulatorPin: DomainPart<string> = {
  read: (domain) => {
    const element = childElement(childElement(domain, "cputune"), "emulatorpin");
    return element === undefined ? undefined : cpusOf(element);
  },
  write: (domain, value) =>
    editSection(domain, "cputune", value, (section) => {
      const present = childElement(section, "emulatorpin");
      if (value === undefined) present && removeElement(present);
      else setAttribute(present ?? insertChild(section, sketch("emulatorpin")), "cpuset", value);
    }),
};

function cpusOf(element: Element): string {
  const text = attributeOf(element, "cpuset") ?? "";
  return canonicalCpuSet(text) ?? text;
}

/** What the guest gets of the host's CPUs. Periods and quotas in microseconds. */
export interface CpuLimits {
  shares?: number;
  period?: number;
  quota?: number;
  globalPeriod?: number;
  globalQuota?: number;
  emulatorPeriod?: number;
  emulatorQuota?: number;
  iothreadPeriod?: number;
  iothreadQuota?: number;
}

const limitElements: Record<keyof CpuLimits, string> = {
  shares: "shares",
  period: "period",
  quota: "quota",
  globalPeriod: "global_period",
  globalQuota: "global_quota",
  emulatorPeriod: "emulator_period",
  emulatorQuota: "emulator_quota",
  iothreadPeriod: "iothread_period",
  iothreadQuota: "iothread_quota",
};
const limitNames = Object.keys(limitElements) as (keyof CpuLimits)[];

export const cpuLimits: DomainPart<CpuLimits> = {
  read: (domain) => {
    const section = childElement(domain, "cputune");
    const limits: CpuLimits = {};
    for (const name of limitNames) {
      // A quota that was taken away from a running guest stays as -1.
      const value = parseCount(childText(section, limitElements[name]));
      if (value !== undefined) limits[name] = value;
    }
    return Object.keys(limits).length === 0 ? undefined : limits;
  },
  write: (domain, value) =>
    editSection(domain, "cputune", value, (section) => {
      for (const name of limitNames) {
        const count = value?.[name];
        if (count === parseCount(childText(section, limitElements[name])) && count !== undefined) continue;
        setChildText(section, limitElements[name], count === undefined ? undefined : String(count));
      }
    }),
};

/** How many I/O threads the guest's disks can be spread over; they are counted from 1. */
export const iothreads: DomainPart<number> = {
  read: (domain) => parseCount(childText(domain, "iothreads")) || undefined,
  write: (domain, value) => {
    setChildText(domain, "iothreads", value === undefined ? undefined : String(value), [
      "name",
      "metadata",
      "memory",
      "currentMemory",
      "vcpu",
    ]);
    // libvirt lists their numbers, and fills the list up.
    const list = childElement(domain, "iothreadids");
    if (list === undefined) return;
    for (const surplus of childElements(list, "iothread").slice(value ?? 0)) removeElement(surplus);
    if (childElement(list, "iothread") === undefined) removeElement(list);
  },
};
