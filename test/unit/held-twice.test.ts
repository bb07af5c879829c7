import { describe, expect, it } from "vitest";
import { heldTwice } from "../../provider/engine/held-twice.js";
import { describeProblem } from "../../provider/engine/input-problem.js";
import { validateInputs } from "../../provider/engine/validate.js";
import { Hosts } from "../../provider/hosts/hosts.js";
import { definitions } from "../../provider/resources/index.js";

type Bag = Record<string, unknown>;
type Resource = [kind: keyof typeof needed, name: string, inputs: Bag];

const on = (...names: string[]) => ({
  hosts: Object.fromEntries(names.map((name) => [name, { address: `${name}.test` }])),
});
const at = (host: string) => ({ host, connection: { address: `${host}.test` } });

/** What each kind can't do without. */
const needed = {
  VirtualMachine: { ...at("alpha"), name: "web", memory: "1GiB" },
  Network: { ...on("alpha"), name: "lan", mode: "isolated" },
  StoragePool: { ...on("alpha"), name: "images", path: "/images" },
  Disk: { ...at("alpha"), name: "data", pool: "images", size: "1GiB" },
  Snapshot: { ...at("alpha"), vm: "web", name: "before" },
};

/** What a deployment says of these resources, which the program declares in this order; one more of the same process after it. */
function toldOf(resources: readonly Resource[], hosts = new Hosts({ warn: () => undefined, now: () => 0 })) {
  return resources.flatMap(([kind, name, given]) => {
    const urn = `urn:pulumi:dev::test::pulumi-nodejs:dynamic/kvm:${kind}::${name}`;
    const definition = definitions[kind];
    const all = { pulumiUrn: urn, ...needed[kind], ...given };
    const { inputs, problems } = validateInputs(definition?.shape ?? {}, all, definition?.crossChecks);
    expect(problems).toEqual([]);
    const told = heldTwice(hosts, { urn, kind }, definition?.holds?.(inputs) ?? []);
    return [...told.problems.map(describeProblem), ...told.warnings.map((text) => `warning: ${text}`)];
  });
}

describe("two resources of a program", () => {
  const mac = "52:54:00:00:00:07";
  const raw = { host: "alpha", pool: "images", format: "raw" };
  it.each<[Resource["0"], Bag, Bag, string]>([
    [
      "VirtualMachine",
      {},
      {},
      'name: "web" is the name of VirtualMachine a on alpha as well; give each virtual machine of a host a name of its own',
    ],
    [
      "Network",
      on("beta", "alpha"),
      on("alpha", "gamma"),
      'name: "lan" is the name of Network a on alpha as well; give each network of a host a name of its own',
    ],
    [
      "Network",
      { name: "one", mode: "nat", cidr: "10.7.0.1/24" },
      { name: "two", addresses: ["10.7.0.9/24"] },
      "addresses[0]: 10.7.0.9/24 overlaps the subnet of Network a on alpha; choose addresses of its own for each network of a host",
    ],
    [
      "Network",
      { name: "one", mode: "nat", cidr: "10.7.0.1/16" },
      { name: "two", mode: "nat", cidr: "10.7.9.1/24" },
      "cidr: 10.7.9.1/24 overlaps the subnet of Network a on alpha; choose addresses of its own for each network of a host",
    ],
    [
      "Network",
      { name: "one", mode: "nat", cidr: "10.7.0.1/24", ipv6: { cidr: "fd00:7:0:1::1/64" } },
      { name: "two", mode: "nat", cidr: "10.8.0.1/24", ipv6: { cidr: "fd00:7::1/48" } },
      "ipv6.cidr: fd00:7::1/48 overlaps the subnet of Network a on alpha; choose addresses of its own for each network of a host",
    ],
    [
      "Network",
      { name: "one", bridge: "lab0" },
      { name: "two", bridge: "lab0" },
      "bridge: lab0 is the bridge of Network a on alpha as well; give another name, or none",
    ],
    [
      "StoragePool",
      { path: "/one" },
      { path: "/two" },
      'name: "images" is the name of StoragePool a on alpha as well; give each pool of a host a name of its own',
    ],
    [
      "StoragePool",
      { name: "one", path: "/images/" },
      { name: "two", path: "/images" },
      "path: /images is the folder of StoragePool a on alpha as well: two pools over one folder lose track of its volumes; use that pool, or give another path",
    ],
    [
      "Disk",
      {},
      { format: "raw" },
      "name: volume data in pool images on alpha is that of Disk a as well; give each disk of a pool a name of its own",
    ],
    [
      "VirtualMachine",
      { name: "one", disks: [{ pool: "images", size: "1GiB", volume: "data" }] },
      { name: "two", disks: [{ pool: "images", size: "1GiB", volume: "data" }] },
      "disks[0]: volume data in pool images on alpha is that of VirtualMachine a as well; give each disk of a pool a name of its own",
    ],
    [
      "Snapshot",
      {},
      { type: "external" },
      'name: "before" is the name of Snapshot a on alpha as well; give each snapshot of a virtual machine a name of its own',
    ],
    [
      "VirtualMachine",
      { name: "one", interfaces: [{ network: "lan", mac }] },
      { name: "two", interfaces: [{ network: "dmz" }, { network: "lan", mac: mac.toUpperCase() }] },
      `warning: interfaces[1].mac: ${mac} is the address of VirtualMachine a in network lan on alpha as well: while both run, packets for one go to the other; give each another, or none`,
    ],
    [
      "VirtualMachine",
      { name: "one", disks: [{ disk: { host: "alpha", pool: "images", name: "data" } }] },
      { name: "two", disks: [{ disk: { host: "alpha", pool: "images", name: "data" } }] },
      "warning: disks[0]: disk data in pool images on alpha: VirtualMachine a has it open as well, and this virtual machine writes to it: QEMU doesn't start the second of the two; give each a disk of its own, or set shareable: true in both for guests that know of each other",
    ],
    [
      "VirtualMachine",
      { name: "one", disks: [{ disk: { ...raw, name: "data" }, shareable: true }] },
      {
        name: "two",
        disks: [{ disk: { ...raw, name: "logs" } }, { disk: { ...raw, name: "data" }, readonly: true }],
      },
      "warning: disks[1]: disk data in pool images on alpha: VirtualMachine a writes to it: QEMU doesn't start the second of the two; give each a disk of its own, or set shareable: true in both for guests that know of each other",
    ],
  ])("of kind %s have one thing: %j and %j", (kind, one, other, expected) => {
    expect(
      toldOf([
        [kind, "a", one],
        [kind, "b", other],
      ]),
    ).toEqual([expected]);
    // Once again in the same process, and each alone.
    const hosts = new Hosts({ warn: () => undefined, now: () => 0 });
    for (let i = 0; i < 2; i++) expect(toldOf([[kind, "a", one]], hosts)).toEqual([]);
    for (let i = 0; i < 2; i++) expect(toldOf([[kind, "b", other]], hosts)).toEqual([expected]);
  });

  it("a disk and a virtual machine's own have one volume", () => {
    expect(
      toldOf([
        ["Disk", "data", { name: "web-0" }],
        ["VirtualMachine", "web", { disks: [{ pool: "images", size: "1GiB" }] }],
      ]),
    ).toEqual([
      "disks[0]: volume web-0 in pool images on alpha is that of Disk data as well; give each disk of a pool a name of its own",
    ]);
  });

  it("children of two components that are called the same are told apart", () => {
    const hosts = new Hosts({ warn: () => undefined, now: () => 0 });
    const urns = ["one", "two"].map(
      (parent) => `urn:pulumi:dev::test::${parent}$pulumi-nodejs:dynamic/kvm:VirtualMachine::web`,
    );
    const [, told] = urns.map((urn) => {
      const { inputs } = validateInputs(definitions.VirtualMachine?.shape ?? {}, needed.VirtualMachine);
      return heldTwice(
        hosts,
        { urn, kind: "VirtualMachine" },
        definitions.VirtualMachine?.holds?.(inputs) ?? [],
      );
    });
    expect(told?.problems.map(describeProblem)).toEqual([
      `name: "web" is the name of VirtualMachine ${urns[0]} on alpha as well; give each virtual machine of a host a name of its own`,
    ]);
  });
});

describe("nothing is said of", () => {
  const mac = "52:54:00:00:00:07";
  const disk = { disk: { host: "alpha", pool: "images", name: "data", format: "raw" } };
  const nic = { network: "lan", mac };
  const inline = { pool: "images", size: "1GiB", volume: "data" };
  // What was before, and what goes, is none of the program's.
  it.each<[string, Resource[]]>([
    [
      "namesakes on two hosts",
      [
        ["VirtualMachine", "a", {}],
        ["VirtualMachine", "b", at("beta")],
        ["StoragePool", "a", on("alpha")],
        ["StoragePool", "b", on("beta", "gamma")],
      ],
    ],
    [
      "namesakes of several kinds, pools and virtual machines",
      [
        ["VirtualMachine", "a", {}],
        ["Network", "a", { name: "web" }],
        ["StoragePool", "a", { name: "web" }],
        ["Disk", "a", { name: "web" }],
        ["Disk", "b", { name: "web", pool: "other" }],
        ["Snapshot", "a", { name: "web" }],
        ["Snapshot", "b", { name: "web", vm: "db" }],
      ],
    ],
    [
      "networks on one bridge of the host, or without addresses",
      [
        ["Network", "a", { name: "one", mode: "bridge", bridge: "br0" }],
        ["Network", "b", { name: "two", mode: "bridge", bridge: "br0" }],
        ["Network", "c", { name: "three" }],
      ],
    ],
    [
      "networks beside each other, and within each other on two hosts",
      [
        ["Network", "a", { name: "one", mode: "nat", cidr: "10.7.0.1/25", ipv6: { cidr: "fd00:7::1/64" } }],
        [
          "Network",
          "b",
          { name: "two", mode: "nat", cidr: "10.7.0.129/25", ipv6: { cidr: "fd00:7:0:1::1/64" } },
        ],
        ["Network", "c", { ...on("beta"), name: "three", mode: "nat", cidr: "10.7.0.1/16" }],
      ],
    ],
    [
      "one address in networks that are apart, and of a guest that is off",
      [
        ["VirtualMachine", "a", { name: "a", interfaces: [nic] }],
        ["VirtualMachine", "b", { name: "b", interfaces: [{ ...nic, network: "dmz" }] }],
        ["VirtualMachine", "c", { name: "c", interfaces: [nic], powerState: "stopped" }],
      ],
    ],
    [
      "a disk that guests share",
      [
        ["VirtualMachine", "a", { name: "a", disks: [{ ...disk, shareable: true }] }],
        ["VirtualMachine", "b", { name: "b", disks: [{ ...disk, shareable: true }] }],
        ["VirtualMachine", "c", { name: "c", disks: [{ ...disk, shareable: true, readonly: true }] }],
      ],
    ],
    [
      "a disk that guests read, one of them beside others",
      [
        ["VirtualMachine", "a", { name: "a", disks: [{ ...disk, readonly: true }] }],
        ["VirtualMachine", "b", { name: "b", disks: [{ ...disk, readonly: true }] }],
        ["VirtualMachine", "c", { name: "c", disks: [{ ...disk, readonly: true, shareable: true }] }],
      ],
    ],
    [
      "a disk that one guest writes to, and another reads that doesn't mind",
      [
        ["VirtualMachine", "a", { name: "a", disks: [disk] }],
        ["VirtualMachine", "b", { name: "b", disks: [{ ...disk, readonly: true, shareable: true }] }],
      ],
    ],
    [
      "virtual machines that are taken over with one volume",
      [
        ["VirtualMachine", "a", { name: "a", disks: [inline] }],
        ["VirtualMachine", "b", { name: "b", disks: [inline], adopt: true }],
      ],
    ],
  ])("%s", (_, resources) => {
    expect(toldOf(resources)).toEqual([]);
    expect(toldOf(resources.toReversed())).toEqual([]);
  });

  it("a replacement, which has the name of what it replaces, nor of what was renamed before another came", () => {
    const hosts = new Hosts({ warn: () => undefined, now: () => 0 });
    for (const format of ["qcow2", "raw", "raw"])
      expect(toldOf([["Disk", "a", { format }]], hosts)).toEqual([]);
    expect(
      toldOf(
        [
          ["Disk", "a", { name: "other" }],
          ["Disk", "b", {}],
        ],
        hosts,
      ),
    ).toEqual([]);
  });
});
