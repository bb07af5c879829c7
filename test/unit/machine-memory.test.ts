import { expect, it } from "vitest";
import type { HostFacts } from "../../provider/hosts/facts.js";
import type { DomainModel, MemoryHotplug } from "../../provider/libvirt/xml/index.js";
import type { Provider } from "../../provider/resources/virtual-machine/features/feature.js";
import { memoryFeature } from "../../provider/resources/virtual-machine/features/memory.js";

const gib = 2 ** 30;
const host = {
  name: "alpha",
  facts: { memoryBytes: 16 * gib - 4096, libvirtVersion: "9.0.0", qemuVersion: "7.2.0" } as HostFacts,
} as Provider;

function refused(model: Partial<DomainModel>) {
  return memoryFeature.obstacles?.(model as DomainModel, host);
}

it("what a guest has, or may have by its balloon, is at most what its host has", () => {
  expect(refused({ memoryBytes: 15 * gib, maxMemoryBytes: 15 * gib })).toEqual([]);
  expect(refused({ memoryBytes: 16 * gib, maxMemoryBytes: 32 * gib })).toEqual([
    {
      property: "memoryBytes",
      message: "memory: 16 GiB is more than alpha has, 16383 MiB; give it less, or another host",
    },
  ]);
  expect(refused({ memoryBytes: gib, maxMemoryBytes: 32 * gib })).toEqual([
    {
      property: "maxMemoryBytes",
      message:
        "maxMemory: 32 GiB is more than alpha has, 16383 MiB, and without memoryHotplug the guest doesn't start unless all of it is there; give it less, or another host",
    },
  ]);
});

it("memory that is plugged in may have a maximum beyond what the host has today", () => {
  const memoryHotplug: MemoryHotplug = { type: "dimm", slots: 16, bootBytes: gib, modulesBytes: 0 };
  expect(refused({ memoryBytes: gib, maxMemoryBytes: 32 * gib, memoryHotplug })).toEqual([]);
});
