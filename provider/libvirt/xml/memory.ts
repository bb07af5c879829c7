import type { Element } from "@xmldom/xmldom";
import { firstCpus } from "./cpu-set.js";
import type { DomainModel } from "./domain-model.js";
import {
  attributeOf,
  childElement,
  childElements,
  childText,
  ensureChild,
  insertChild,
  removeChildren,
  removeElement,
  setAttribute,
  setText,
  sketch,
  textOf,
} from "./element.js";
import { cellSizes, type NumaCell, readNumaCells, writeNumaCells } from "./numa.js";
import { memorySize, parseCount, parseSizeBytes, requireText, sameValue, wholeMebibytes } from "./value.js";

/** Memory that is plugged in and taken away while the guest runs, beside what it boots with. */
export interface MemoryHotplug {
  /** Modules as they stand on a board, or one device of which the guest takes more or less. */
  type: "dimm" | "virtio-mem";
  /** For how many modules. */
  slots: number;
  /** What it boots with, beside modules. */
  bootBytes: number;
  /** Modules that stand in the slots from the start. Those that a guest is given while it runs aren't in its definition. */
  modulesBytes: number;
  /** How many virtio-mem devices there are, where there are several. */
  devices?: number;
}

/** What of a domain's memory depends on one another: a change of any of it is written as a whole. */
export type MemoryModel = Pick<DomainModel, "memoryBytes" | "maxMemoryBytes" | "memoryHotplug" | "numa">;

/** In what QEMU and Linux plug a virtio-mem device's memory. */
export const VIRTIO_MEM_BLOCK_BYTES = 2 * 2 ** 20;

export function readMemory(domain: Element): MemoryModel {
  const cells = readNumaCells(domain);
  const totalBytes = totalOf(domain);
  const currentMemory = childElement(domain, "currentMemory");
  const memoryBytes = currentMemory === undefined ? totalBytes : sizeOf(currentMemory, "<currentMemory>");
  const maximum = childElement(domain, "maxMemory");
  if (maximum === undefined)
    return { memoryBytes, maxMemoryBytes: totalBytes, ...(cells.length === 0 ? {} : { numa: cells }) };
  const devices = memoryModules(domain).filter(isVirtioMem).length;
  const memoryHotplug: MemoryHotplug = {
    type: devices > 0 ? "virtio-mem" : "dimm",
    slots: parseCount(attributeOf(maximum, "slots")) ?? 0,
    bootBytes: Math.max(0, totalBytes - allModulesBytes(domain)),
    modulesBytes: fixedModulesBytes(domain),
    ...(devices > 1 ? { devices } : {}),
  };
  const only = sameValue(cells, [onlyCell(domain, memoryHotplug)]);
  return {
    memoryBytes,
    maxMemoryBytes: sizeOf(maximum, "<maxMemory>"),
    memoryHotplug,
    ...(cells.length === 0 || only ? {} : { numa: cells }),
  };
}

/** What it has in all, which libvirt makes the sum of its nodes and modules. */
function totalOf(domain: Element): number {
  const saidBytes = writtenSizeOf(childElement(domain, "memory"), "<memory>");
  const parts = [...cellSizes(domain), ...memoryModules(domain).map(sizeOfModule)];
  const sum = (sizes: readonly number[]) => sizes.reduce((bytes, size) => bytes + size, 0);
  // Each of them is rounded up, and so more may come of it.
  return sum(parts) === saidBytes ? sum(parts.map(wholeMebibytes)) : wholeMebibytes(saidBytes);
}

/** Writes all of it; what is right already isn't touched. */
export function writeMemory(domain: Element, to: MemoryModel): void {
  const { memoryHotplug: hotplug } = to;
  writeModules(domain, to);
  if (hotplug === undefined) removeChildren(domain, "maxMemory");
  else {
    const maximum = ensureChild(domain, "maxMemory", beforeMemory);
    setAttribute(maximum, "slots", String(hotplug.slots));
    setSize(maximum, to.maxMemoryBytes);
  }
  const bootBytes = hotplug?.bootBytes ?? to.maxMemoryBytes;
  setSize(ensureChild(domain, "memory", [...beforeMemory, "maxMemory"]), bootBytes + allModulesBytes(domain));
  // Without it the balloon's aim would follow the maximum.
  setSize(ensureChild(domain, "currentMemory", [...beforeMemory, "maxMemory", "memory"]), to.memoryBytes);
  // QEMU plugs memory into a node; without any there is nowhere to plug it.
  writeNumaCells(domain, to.numa ?? (hotplug === undefined ? [] : [onlyCell(domain, hotplug)]));
}

const beforeMemory = ["name", "uuid", "genid", "title", "description", "metadata"];

function writeModules(domain: Element, { memoryHotplug: hotplug, memoryBytes, maxMemoryBytes }: MemoryModel) {
  const fixedBytes = hotplug?.modulesBytes ?? 0;
  if (fixedModulesBytes(domain) !== fixedBytes) {
    for (const module of memoryModules(domain)) if (!isVirtioMem(module)) removeElement(module);
    if (fixedBytes > 0) setSize(insertTarget(domain, "dimm"), fixedBytes);
  }
  const devices = memoryModules(domain).filter(isVirtioMem);
  for (const device of devices.slice(hotplug?.type === "virtio-mem" ? 1 : 0)) removeElement(device);
  if (hotplug?.type !== "virtio-mem") return;
  const pluggableBytes = (ofBytes: number) => Math.max(0, ofBytes - hotplug.bootBytes - fixedBytes);
  const [device] = devices;
  const size = device === undefined ? insertTarget(domain, "virtio-mem") : sizeElement(device);
  const target = size.parentNode as Element;
  setSize(size, pluggableBytes(maxMemoryBytes));
  if (childElement(target, "block") === undefined)
    setSize(ensureChild(target, "block", ["size", "node"]), VIRTIO_MEM_BLOCK_BYTES);
  const requested = ensureChild(target, "requested", ["size", "node", "block"]);
  setSize(requested, Math.min(pluggableBytes(maxMemoryBytes), pluggableBytes(memoryBytes)));
}

/** Adds a module of no size yet in the first node; gives its `<size>`. */
function insertTarget(domain: Element, model: string): Element {
  const made = sketch("memory", { model }, [sketch("target", {}, [sketch("size"), sketch("node", {}, "0")])]);
  return sizeElement(insertChild(ensureChild(domain, "devices"), made));
}

function sizeElement(module: Element): Element {
  return ensureChild(ensureChild(module, "target"), "size", []);
}

/** The one node of a guest that isn't to have any in particular. */
function onlyCell(domain: Element, { bootBytes }: MemoryHotplug): NumaCell {
  const maxCpus = parseCount(childText(domain, "vcpu")) ?? 1;
  return { cpus: firstCpus(maxCpus), memoryBytes: bootBytes };
}

/** `<memory>` of `<devices>`: DIMMs, NVDIMMs, virtio-mem. */
export function memoryModules(domain: Element): Element[] {
  return childElements(childElement(domain, "devices"), "memory");
}

export function isVirtioMem(module: Element): boolean {
  return attributeOf(module, "model") === "virtio-mem";
}

/** The size of a module; of virtio-mem the most that it can give. */
export function moduleBytes(module: Element): number {
  return wholeMebibytes(sizeOfModule(module));
}

function sizeOfModule(module: Element): number {
  const size = childElement(childElement(module, "target"), "size");
  return parseSizeBytes(textOf(size) ?? "0", attributeOf(size, "unit"), "KiB");
}

/** What `<memory>` counts in beside what the guest boots with. */
export function allModulesBytes(domain: Element): number {
  return sumOf(memoryModules(domain));
}

function fixedModulesBytes(domain: Element): number {
  return sumOf(memoryModules(domain).filter((module) => !isVirtioMem(module)));
}

function sumOf(modules: readonly Element[]): number {
  return modules.reduce((sum, module) => sum + moduleBytes(module), 0);
}

/** The size in an element of a domain, as the guest has it. */
export function sizeOf(element: Element | undefined, what: string): number {
  return wholeMebibytes(writtenSizeOf(element, what));
}

function writtenSizeOf(element: Element | undefined, what: string): number {
  return parseSizeBytes(requireText(textOf(element), what), attributeOf(element, "unit"), "KiB");
}

function setSize(element: Element, bytes: number): void {
  if (textOf(element) !== undefined && sizeOf(element, "a size") === bytes) return;
  const size = memorySize(bytes);
  setAttribute(element, "unit", size.unit);
  setText(element, size.text);
}
