import { expect, it } from "vitest";
import { type HostFacts, platformOf } from "../../provider/hosts/facts.js";
import { isUpstreamMachine, machineFamily, newestMachine } from "../../provider/libvirt/xml/machine-types.js";

it("a machine type of a distribution's own is of a family like QEMU's", () => {
  const names = ["pc-q35-noble-v2", "pc-q35-rhel9.4.0", "pc-q35-8.2", "virt-10.0", "pc-i440fx-jammy-hpb"];
  expect(names.map(machineFamily)).toEqual(["pc-q35", "pc-q35", "pc-q35", "virt", "pc-i440fx"]);
  expect(names.filter(isUpstreamMachine)).toEqual(["pc-q35-8.2", "virt-10.0"]);
  expect(["microvm", "isapc"].map(machineFamily)).toEqual(["microvm", "isapc"]);
});

it("the newest is the highest of QEMU's versions, or of the distribution's where there are only these", () => {
  expect(newestMachine(["pc-q35-10.0", "pc-q35-9.2", "pc-q35-zesty"], "pc-q35")).toBe("pc-q35-10.0");
  expect(newestMachine(["pc-q35-rhel9.10.0", "pc-q35-rhel9.6.0"], "pc-q35")).toBe("pc-q35-rhel9.10.0");
  expect(newestMachine(["pc-i440fx-10.0"], "pc-q35")).toBeUndefined();
});

it("what a host can give to a machine type of its distribution's own is known", () => {
  const q35 = { machine: "pc-q35-8.2", accelerator: "kvm", capabilities: {} };
  const facts = { platforms: [q35] } as unknown as HostFacts;
  expect(platformOf(facts, { machine: "pc-q35-noble", accelerator: "kvm" })).toBe(q35);
  expect(platformOf(facts, { machine: "pc-i440fx-noble", accelerator: "kvm" })).toBeUndefined();
});
