import type { Element } from "@xmldom/xmldom";
import { attributeOf, childElement, childElements, textOf } from "./element.js";
import { allModulesBytes, isVirtioMem, memoryModules, moduleBytes, sizeOf } from "./memory.js";
import { readXml } from "./read-xml.js";
import { withoutUndefined } from "./value.js";

/** What of a running guest's CPUs and memory was plugged in, and what could be. Sizes in bytes. */
export interface HotplugState {
  /** CPUs that can be unplugged: those that were plugged in. */
  pluggedCpus: number;
  bootMemoryBytes: number;
  /** Whether QEMU has a balloon; of the guest's driver this says nothing. */
  hasBalloon: boolean;
  /** Modules in their slots; `alias` is libvirt's name of one. */
  dimms: { sizeBytes: number; alias?: string }[];
  virtioMem?: VirtioMemState;
}

export interface VirtioMemState {
  alias?: string;
  sizeBytes: number;
  blockBytes: number;
  /** What QEMU asks the guest to take. */
  requestedBytes: number;
  /** What the guest has taken. */
  currentBytes: number;
}

export const nothingPlugged: HotplugState = {
  pluggedCpus: 0,
  bootMemoryBytes: 0,
  hasBalloon: false,
  dimms: [],
};

/** Reads a live document. */
export function readHotplugState(liveXml: string): HotplugState {
  const domain = readXml(liveXml, "domain");
  const devices = childElement(domain, "devices");
  const modules = memoryModules(domain);
  const device = modules.find(isVirtioMem);
  return {
    pluggedCpus: childElements(childElement(domain, "vcpus"), "vcpu").filter(
      (vcpu) => attributeOf(vcpu, "enabled") === "yes" && attributeOf(vcpu, "hotpluggable") === "yes",
    ).length,
    bootMemoryBytes: Math.max(
      0,
      sizeOf(childElement(domain, "memory"), "<memory>") - allModulesBytes(domain),
    ),
    hasBalloon: childElements(devices, "memballoon").some(
      (balloon) => attributeOf(balloon, "model") !== "none",
    ),
    dimms: modules
      .filter((module) => attributeOf(module, "model") === "dimm")
      .map((module) => withoutUndefined({ sizeBytes: moduleBytes(module), alias: aliasOf(module) })),
    ...(device === undefined ? {} : { virtioMem: readVirtioMem(device) }),
  };
}

function readVirtioMem(device: Element): VirtioMemState {
  const target = childElement(device, "target");
  const size = (name: string) => {
    const element = childElement(target, name);
    return textOf(element) === undefined ? 0 : sizeOf(element, `<${name}>`);
  };
  return withoutUndefined({
    alias: aliasOf(device),
    sizeBytes: moduleBytes(device),
    blockBytes: size("block"),
    requestedBytes: size("requested"),
    currentBytes: size("current"),
  });
}

function aliasOf(device: Element): string | undefined {
  return attributeOf(childElement(device, "alias"), "name");
}
