import type { DomainModel, MemoryModel, ModelDifference } from "../../libvirt/xml/index.js";
import type { Refusal } from "../../planning/plan.js";
import { virsh } from "../virsh.js";
import type { ObservedDomain } from "./observed.js";

/**
 * Changes of what a VM that somebody made has more than one of, where nothing that is declared says which one is meant. As long as nothing
 * of it changes, it stays.
 */
export function indistinct(
  changes: readonly ModelDifference[],
  from: DomainModel,
  { record: { name } }: ObservedDomain,
): Refusal[] {
  const wayOut = `(${virsh("edit", name)}, with the guest off)`;
  const macs = new Set(changes.flatMap((change) => (change.kind === "interface" ? [change.mac] : [])));
  const cards = [...macs].flatMap((mac) => {
    const count = from.interfaces.filter((card) => card.mac === mac).length;
    return count < 2
      ? []
      : [
          `interfaces[${mac}] of ${name} would change, and ${count} of its interfaces have this address: none of them can be told from the others; give each its own first ${wayOut}`,
        ];
  });
  const { devices = 1 } = from.memoryHotplug ?? {};
  const isOfMemory = changes.some((change) => change.kind === "property" && memory.has(change.property));
  const modules =
    devices > 1 && isOfMemory
      ? [
          `memory of ${name} would change, and it has ${devices} virtio-mem devices: memory, maxMemory, memoryHotplug and numa don't say how much is to be of which; leave these as they are, or have one device only ${wayOut}`,
        ]
      : [];
  return [...cards, ...modules].map((message) => ({ kind: "notSupported", message }));
}

const ofMemory: Record<keyof MemoryModel, true> = {
  memoryBytes: true,
  maxMemoryBytes: true,
  memoryHotplug: true,
  numa: true,
};
const memory: ReadonlySet<string> = new Set(Object.keys(ofMemory));
