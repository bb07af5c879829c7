import { expect, it } from "vitest";
import type { DomainRecord, NetworkRecord } from "../../provider/libvirt/index.js";
import type {
  DomainDisk,
  DomainInterface,
  DomainModel,
  OwnerMark,
} from "../../provider/libvirt/xml/index.js";
import { readAttemptNote } from "../../provider/libvirt/xml/index.js";
import { withOwnerMark } from "../../provider/libvirt/xml/owner-mark.js";
import type { Step } from "../../provider/planning/step.js";
import {
  asBeforeAttempt,
  pluggedBeforeAttempt,
  withAttempt,
} from "../../provider/resources/virtual-machine/attempt.js";
import { desiredInterfaces, madeMac } from "../../provider/resources/virtual-machine/desired-interfaces.js";
import {
  missingNetworks,
  networkRefusals,
} from "../../provider/resources/virtual-machine/network-refusals.js";
import { takesVlans } from "../../provider/resources/virtual-machine/network-traits.js";
import { sameAddresses } from "../../provider/resources/virtual-machine/same-addresses.js";
import type { Inputs } from "../../provider/resources/virtual-machine/schema.js";

const uuid = "3b203a0d-0fbb-46b4-b47b-6a27a69ee204";
const [first, second, third] = [0, 1, 2].map((i) => madeMac(uuid, i)) as [string, string, string];
const there = (mac: string, network: string, link: "up" | "down" = "up"): DomainInterface => ({
  ...{ mac, model: "virtio", source: { network }, link },
});
const declared = (...interfaces: NonNullable<Inputs["interfaces"]>) =>
  ({ name: "web", memory: 2 ** 30, interfaces }) as unknown as Inputs;
const linksOf = (interfaces: DomainInterface[]) =>
  interfaces.map(({ mac, source, link }) => [mac, (source as { network: string }).network, link]);

it("an interface that comes to a network with others is found again there", () => {
  const inputs = declared({ network: "lan" }, { network: "lan", link: "down" });
  const existing = [there(first, "dmz"), there(second, "lan", "down")];
  const desired = desiredInterfaces(inputs, undefined, existing, uuid);
  expect(linksOf(desired)).toEqual([
    [first, "lan", "up"],
    [second, "lan", "down"],
  ]);
  expect(desiredInterfaces(inputs, inputs, desired, uuid)).toEqual(desired);
});

it("an interface that is new comes after those that are there", () => {
  const inputs = declared({ network: "lan" }, { network: "dmz" }, { network: "lan", link: "down" });
  const existing = [there(second, "lan"), there(third, "dmz")];
  expect(linksOf(desiredInterfaces(inputs, undefined, existing, uuid))).toEqual([
    [second, "lan", "up"],
    [third, "dmz", "up"],
    [first, "lan", "down"],
  ]);
});

it("a new interface before those that are there leaves them where they are", () => {
  const inputs = declared({ network: "dmz" }, { network: "lan" });
  const desired = desiredInterfaces(inputs, declared({ network: "lan" }), [there(first, "lan")], uuid);
  expect(linksOf(desired)).toEqual([
    [second, "dmz", "up"],
    [first, "lan", "up"],
  ]);
  expect(desiredInterfaces(inputs, inputs, desired.toReversed(), uuid)).toEqual(desired);
});

it("an address that a domain of others has in the same network is told", () => {
  const mac = "52:54:00:ab:cd:07";
  const domain = (name: string, source: string, more: object = {}) => ({
    ...{ uuid, name, persistent: true, autostart: false, hasManagedSave: false, hasSnapshots: false },
    persistentXml: `<domain type='qemu'><name>${name}</name><devices><interface type='network'><mac address='${mac.toUpperCase()}'/><source ${source}/></interface></devices></domain>`,
    ...more,
  });
  const told = (given: object, ...domains: object[]) =>
    sameAddresses(
      {
        identity: { project: "test", stack: "dev", type: "t", name: "web" },
        inputs: { ...declared({ network: "lan", mac }), host: "alpha", ...given },
      },
      domains as DomainRecord[],
      domains.find((each) => "mine" in each) as DomainRecord | undefined,
    );
  const theirs = domain("theirs", "network='lan'");
  expect(told({}, theirs)).toEqual([
    `interfaces[0].mac: ${mac} is the address of domain theirs in network lan on alpha as well: while both run, packets for one go to the other; give each another, or none`,
  ]);
  expect(told({ interfaces: [{ bridge: "br0", mac }] }, domain("theirs", "bridge='br0'"))).toHaveLength(1);
  // It has other guests to reach, is this one, or isn't one that runs beside it.
  expect(told({}, domain("theirs", "network='dmz'"), { ...theirs, mine: true })).toEqual([]);
  expect(told({ powerState: "stopped" }, theirs)).toEqual([]);
  expect(told({ interfaces: [{ network: "lan" }] }, theirs)).toEqual([]);
  // What of this stack is declared says so itself; the rest goes.
  const mark: OwnerMark = {
    ...{ project: "test", stack: "dev", type: "t", name: "db", nonce: "n" },
    phase: "created",
  };
  const marked = (owner: OwnerMark) => ({
    ...theirs,
    persistentXml: withOwnerMark(theirs.persistentXml, owner),
  });
  expect(told({}, marked(mark))).toEqual([]);
  expect(told({}, marked({ ...mark, stack: "prod" }))).toHaveLength(1);
});

it("a filter is refused in a network on Open vSwitch, where the guest wouldn't start with it", () => {
  const refused = (interfaces: NonNullable<Inputs["interfaces"]>, openVswitchNetworks?: string[]) =>
    networkRefusals(
      declared(...interfaces),
      openVswitchNetworks === undefined ? {} : { openVswitchNetworks },
    ).map(({ message }) => message);
  const filter = { name: "clean-traffic" };
  expect(
    refused([{ network: "lan", filter }, { network: "vlans", filter }, { network: "vlans" }], ["vlans"]),
  ).toEqual([
    "interfaces[1].filter: is not for Open vSwitch: libvirt has no filters there, and doesn't start a guest that is to have one",
  ]);
  expect(refused([{ network: "lan", filter }])).toEqual([]);
});

it("a network that isn't there is refused by up: where the guest is to start, and where it is new to an interface", () => {
  const subject = "web";
  const restart: Step = { kind: "restart", subject, force: false, changes: [], effect: "restart" };
  const autostart: Step = { kind: "setAutostart", subject, to: true, effect: "live" };
  const refused = (step: Step, previous?: Inputs, chosen = { uuid: "u", nonce: "n" }) =>
    missingNetworks(
      {
        identity: { project: "test", stack: "dev", type: "t", name: "web" },
        inputs: declared({ network: "lan" }, { network: "gone" }),
        previous,
        chosen,
      },
      { ref: { name: "alpha", connection: { address: "10.0.0.1" }, credentials: {} }, networks: ["lan"] },
      [step],
    ).length;
  const before = declared({ network: "gone" });
  expect([refused(restart), refused(restart, before)]).toEqual([1, 1]);
  expect([refused(autostart, before), refused(autostart, declared({ network: "lan" }))]).toEqual([0, 1]);
  // Found so and taken over: it runs as it is.
  expect(refused(autostart)).toBe(0);
});

it("a VLAN is refused in a network that gives none, where the guest wouldn't start with it", () => {
  const traits = (forward: string, more = "", libvirtVersion = "9.0.0") =>
    takesVlans({ xml: `<network><name>n</name>${forward}${more}</network>` } as NetworkRecord, {
      libvirtVersion,
    });
  const bridge = "<forward mode='bridge'/><bridge name='br0'/>";
  expect([
    traits("<forward mode='nat'/>"),
    traits(bridge),
    traits("<forward mode='bridge' dev='nic0'/>"),
  ]).toEqual([false, false, false]);
  expect([
    traits(bridge, "", "11.0.0"),
    traits(bridge, "<virtualport type='openvswitch'/>"),
    traits("<forward mode='passthrough' dev='nic0'/>"),
    traits("<forward mode='hostdev' managed='yes'/>"),
  ]).toEqual([true, true, true, true]);
  const inputs = declared({ network: "lan" }, { network: "lan", vlan: 7 }, { network: "vlans", vlan: 7 });
  expect(networkRefusals(inputs, { untaggedNetworks: ["lan"] })).toEqual([
    {
      kind: "notSupported",
      message: expect.stringMatching(/^interfaces\[1\]\.vlan: is not for network lan: /),
    },
  ]);
});

it("what a change that failed has given a device goes when it is taken back, unless somebody changed it since", () => {
  const model = (nic: Partial<DomainInterface>, disk: Partial<DomainDisk> = {}): DomainModel => ({
    ...({ name: "web" } as unknown as DomainModel),
    disks: [
      {
        ...{ target: "vda", bus: "virtio", device: "disk", format: "raw" },
        readonly: false,
        shareable: false,
        ...disk,
      },
    ],
    interfaces: [{ ...there(first, "lan"), ...nic }],
  });
  const before = model({ mtu: 9000 }, { cache: "none" });
  const failed = model(
    { vlan: { tags: [7] } as never, mtu: 1400, queues: 2 },
    { readonly: true, serial: "s" },
  );
  const note = readAttemptNote(withAttempt("<domain><name>web</name></domain>", before, failed));
  const back = (definition: DomainModel) =>
    asBeforeAttempt(definition, note, declared({ network: "lan" }), undefined);
  expect(back(failed)).toEqual(before);
  const plugged = (source: DomainInterface["source"]) => model({ mtu: 9000, source }, { cache: "none" });
  const replug = (from: DomainInterface["source"], to: DomainInterface["source"]) => {
    const xml = withAttempt("<domain><name>web</name></domain>", plugged(from), plugged(to));
    return asBeforeAttempt(plugged(to), readAttemptNote(xml), declared({ network: "lan" }), undefined)
      .interfaces[0]?.source;
  };
  const grouped = { network: "lan", portgroup: "dev" };
  expect(replug({ network: "lan" }, grouped)).toEqual({ network: "lan" });
  expect(replug({ network: "wan" }, grouped)).toEqual(grouped);
  expect(back(model({ mtu: 1500 }, { serial: "other" }))).toEqual(
    model({ mtu: 1500 }, { serial: "other", cache: "none" }),
  );
});

it("what was declared of an interface is known after an attempt that has plugged it into another network", () => {
  const former = declared({ network: "dmz", bootOrder: 6 }, { network: "lan", model: "e1000e" });
  const [dmz, lan] = [{ ...there(first, "dmz"), bootOrder: 6 }, there(second, "lan")];
  const before = { name: "web", disks: [], interfaces: [dmz, lan] } as unknown as DomainModel;
  const inputs = declared({ network: "lan" }, { network: "lan", bootOrder: 8 });
  const failed = { ...before, interfaces: desiredInterfaces(inputs, former, before.interfaces, uuid) };
  const note = readAttemptNote(withAttempt("<domain><name>web</name></domain>", before, failed));
  const { interfaces } = asBeforeAttempt(failed, note, inputs, former);
  const plugged = pluggedBeforeAttempt(failed, note);
  expect(plugged).toEqual([dmz, lan].map(({ mac, source }) => ({ mac, source })));
  expect(desiredInterfaces(inputs, former, interfaces, uuid, plugged)).toEqual(failed.interfaces);
  const fewer = { ...before, interfaces: [lan] };
  const noteOfFewer = readAttemptNote(withAttempt("<domain><name>web</name></domain>", before, fewer));
  expect(pluggedBeforeAttempt(fewer, noteOfFewer)).toEqual(plugged);
});
