import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { withChangesTable } from "../../codegen/changes.mjs";
import {
  type DomainInterface,
  describeDifferences,
  type ModelDifference,
} from "../../provider/libvirt/xml/index.js";
import { changeTable, effectOf, rowOf } from "../../provider/resources/virtual-machine/change-table.js";
import { sortChanges, toTexts } from "../../provider/resources/virtual-machine/changes.js";
import type { NetworkTraits } from "../../provider/resources/virtual-machine/network-traits.js";
import { newRun, runningGuest } from "../../provider/resources/virtual-machine/running-guest.js";
import { unwalkedRows, walkedRows } from "../lab/walked-rows.js";
import { domainModel } from "../property/xml-arbitraries.js";
import { runs } from "../support/runs.js";

describe("the table of changes", () => {
  it("has a row for every way in which two domains differ", () => {
    fc.assert(
      fc.property(domainModel, domainModel, (a, b) => {
        for (const difference of describeDifferences(a, b)) expect(rowOf(difference)).toBeDefined();
      }),
      { numRuns: runs(200) },
    );
  });

  it("takes CPUs from a running guest only with KVM, and only those that were plugged in while it ran", () => {
    const [model] = fc.sample(domainModel, 1);
    if (model === undefined) throw new Error("no model");
    const effectOfFewer = (accelerator: "kvm" | "qemu", pluggedCpus: number) => {
      const live = { ...model, accelerator, cpus: 4, maxCpus: 4 };
      const to = { ...live, cpus: 2 };
      const [fewer] = describeDifferences(live, to);
      if (fewer === undefined) throw new Error("no difference");
      const run = { ...newRun, hotplug: { ...newRun.hotplug, pluggedCpus } };
      return effectOf(fewer, runningGuest(live, live, to, run));
    };
    expect(effectOfFewer("kvm", 2)).toBe("live");
    expect(effectOfFewer("kvm", 1)).toBe("nextBoot");
    expect(effectOfFewer("qemu", 2)).toBe("nextBoot");
  });

  it("takes a cable from one bridge of the kernel to another live, and waits with all that libvirt can't do or only says that it has done", () => {
    const [model] = fc.sample(domainModel, 1);
    if (model === undefined) throw new Error("no model");
    const nic: DomainInterface = {
      mac: "52:54:00:00:00:01",
      model: "virtio",
      link: "up",
      source: { network: "lan" },
    };
    const port: Partial<DomainInterface> = { virtualPort: { type: "openvswitch" } };
    const traits = (link: NetworkTraits["link"]): NetworkTraits => ({
      ...{ link, gives: ["vlan", "virtualPort"] },
      vlanOf: () => undefined,
    });
    const networks = new Map([
      ...["lan", "dmz"].map((name) => [name, traits("linuxBridge")] as const),
      ...["red", "blue"].map((name) => [name, traits("openVswitch")] as const),
    ]);
    const effects = (before: Partial<DomainInterface>, after: Partial<DomainInterface>) => {
      const live = { ...model, interfaces: [{ ...nic, ...before }] };
      const to = { ...model, interfaces: [{ ...nic, ...after }] };
      const guest = runningGuest(live, live, to, { ...newRun, networks });
      return describeDifferences(live, to).map((difference) => effectOf(difference, guest));
    };
    const source = (network: string, portgroup?: string) => ({
      source: portgroup === undefined ? { network } : { network, portgroup },
    });
    expect(effects({}, source("dmz"))).toEqual(["live"]);
    expect(effects({}, { source: { bridge: "br0" } })).toEqual(["live"]);
    expect(effects(source("lan", "a"), source("lan", "b"))).toEqual(["nextBoot"]);
    expect(effects(source("red"), source("red", "b"))).toEqual(["nextBoot"]);
    expect(effects(source("red"), source("blue"))).toEqual(["nextBoot"]);
    expect(effects(source("red"), source("lan"))).toEqual(["nextBoot"]);
    expect(effects({}, source("red"))).toEqual(["nextBoot"]);
    expect(effects({ ...port, source: { bridge: "ovs0" } }, { ...port, source: { bridge: "ovs1" } })).toEqual(
      ["nextBoot"],
    );
    const vlan = (id: number) => ({ vlan: { tags: [id] } });
    expect(effects({ ...source("red"), ...vlan(5) }, { ...source("red"), ...vlan(6) })).toEqual(["live"]);
    // Its new VLAN is for the network to which it has yet to go.
    expect(effects({ ...source("red"), ...vlan(5) }, { ...source("blue"), ...vlan(6) })).toEqual([
      "nextBoot",
      "nextBoot",
    ]);
  });

  it("has an interface without VLANs of its own any more go over to its network's, as the network's plan would, where that can be live", () => {
    const [model] = fc.sample(domainModel, 1);
    if (model === undefined) throw new Error("no model");
    const nicOf = (vlan: number | undefined): DomainInterface => ({
      ...{ mac: "52:54:00:00:00:01", model: "virtio", link: "up", source: { network: "lan" } },
      ...(vlan === undefined ? {} : { vlan: { tags: [vlan] } }),
    });
    const as = (vlan: number | undefined) => ({ ...model, interfaces: [nicOf(vlan)] });
    const changesFrom = (
      [definition, live]: (number | undefined)[],
      link: NetworkTraits["link"],
      networkVlan: number | undefined,
    ) => {
      const vlan = networkVlan === undefined ? undefined : { tags: [networkVlan] };
      const networks = new Map([["lan", { link, gives: ["vlan"] as const, vlanOf: () => vlan }]]);
      const changes = sortChanges(as(definition), as(live), as(undefined), { ...newRun, networks });
      const told = (list: ModelDifference[]) => toTexts(list).map(({ from, to }) => `${from} -> ${to}`);
      return { live: told(changes.live), waiting: told(changes.waiting), silent: told(changes.silent) };
    };
    const none = { live: [], waiting: [], silent: [] };
    expect(changesFrom([42, 42], "openVswitch", 5)).toEqual({ ...none, live: ["42 -> 5"] });
    expect(changesFrom([42, 42], "openVswitch", undefined)).toEqual({ ...none, live: ["42 -> none"] });
    expect(changesFrom([5, 5], "openVswitch", 5)).toEqual({ ...none, silent: ["5 -> 5"] });
    expect(changesFrom([42, 42], "device", 5)).toEqual({ ...none, waiting: ["42 -> none"] });
    // What the network's own plan is to bring.
    expect(changesFrom([undefined, 42], "openVswitch", 5)).toEqual(none);
  });

  it("is walked on running guests row by row, but for those of which it is said why not", () => {
    const inputs = changeTable.flatMap(({ input }) => input ?? []);
    const told = [...walkedRows, ...unwalkedRows].map(([input]) => input);
    expect(told.sort()).toEqual([...new Set(inputs)].sort());
    for (const [, file, announced] of walkedRows)
      expect(readFileSync(join(import.meta.dirname, `../lab/${file}.test.ts`), "utf8")).toContain(announced);
  });

  it("stands in README as the planner has it (else: npm run generate)", () => {
    const readme = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");
    expect(readme).toBe(withChangesTable(readme));
  });
});
