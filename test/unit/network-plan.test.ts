import { describe, expect, it } from "vitest";
import type { HostFacts } from "../../provider/hosts/facts.js";
import type { DomainRecord } from "../../provider/libvirt/index.js";
import {
  buildNetwork,
  type NetworkModel,
  type OwnerMark,
  parseNetwork,
  readOwnerMark,
} from "../../provider/libvirt/xml/index.js";
import type { Identity } from "../../provider/planning/owner.js";
import { describePlan } from "../../provider/planning/plan.js";
import { attachedTo, misplaced } from "../../provider/resources/network/attached.js";
import { parseRoutes } from "../../provider/resources/network/host-routes.js";
import { network } from "../../provider/resources/network/index.js";
import type { ObservedHost, ObservedNetworks } from "../../provider/resources/network/observed.js";
import type { NetworkRequest } from "../../provider/resources/network/request.js";
import type { Inputs } from "../../provider/resources/network/schema.js";

const identity: Identity = { project: "test", stack: "lab", type: "Network", name: "lan" };
const urn = "urn:pulumi:lab::test::Network::lan";
const mark: OwnerMark = { ...identity, nonce: "0123456789abcdef", phase: "created" };

const inputsOf = (more: Partial<Inputs> = {}): Inputs => ({
  pulumiUrn: urn,
  name: "lan",
  hosts: { alpha: { address: "alpha.invalid" } },
  mode: "nat",
  cidr: "10.0.0.1/24",
  ...more,
});
const requestOf = (inputs: Inputs, more: Partial<NetworkRequest> = {}): NetworkRequest => ({
  identity,
  inputs,
  ...more,
});

const declared: NetworkModel = {
  name: "lan",
  uuid: "b8dd2be6-68b2-4a5c-8e3a-d0d3c7a1a001",
  mode: "nat",
  bridge: "virbr0",
  ipv4: { address: "10.0.0.1", prefix: 24 },
};

function hostWith(
  model: NetworkModel | undefined,
  more: {
    live?: NetworkModel | undefined;
    owner?: OwnerMark;
    ours?: boolean;
    autostart?: boolean;
    active?: boolean;
  } & Partial<Omit<ObservedHost, "network" | "ref">> = {},
  name = "alpha",
): ObservedHost {
  const { live = model, owner = mark, ours = true, autostart = true, active = true, ...host } = more;
  const xml = model === undefined ? "" : buildNetwork(model, { owner });
  return {
    ref: { name, connection: { address: `${name}.invalid` }, credentials: {} },
    facts: { uuid: `host-${name}` } as HostFacts,
    network:
      model === undefined
        ? undefined
        : {
            record: {
              name: model.name,
              uuid: model.uuid ?? "",
              xml,
              active,
              autostart,
              persistent: true,
              bridgeName: model.bridge,
            },
            model: parseNetwork(xml),
            live: active ? live : undefined,
            owner: readOwnerMark(xml),
            ours,
          },
    machines: [],
    inUse: { portgroups: [], devices: [] },
    unplugged: false,
    machinesOfReplaced: [],
    others: [],
    ...host,
  };
}

function planned(request: NetworkRequest, hosts: ObservedHost[], former: ObservedHost[] = []) {
  const observed: ObservedNetworks = { hosts, former };
  const { refusals, replaceBecause, ...plan } = network.plan(request, observed);
  return {
    steps: describePlan({ ...plan, refusals, replaceBecause }),
    refusals: refusals.map(({ kind }) => kind),
    messages: refusals.map(({ message }) => message),
  };
}

describe("the plan of a network", () => {
  it("is empty when everything is as declared, whatever libvirt added", () => {
    const rich: NetworkModel = {
      ...declared,
      domainName: "by.hand",
      dns: { enabled: true, hosts: [{ address: "10.0.0.9", names: ["nine"] }] },
      ipv6: { address: "fd00::1", prefix: 64 },
    };
    const request = requestOf(inputsOf(), { previous: inputsOf() });
    expect(planned(request, [hostWith(rich)])).toMatchObject({ steps: [], refusals: [] });
  });

  it("takes back what was declared last time and isn't any more", () => {
    const is: NetworkModel = {
      ...declared,
      domainName: "a.test",
      mtuBytes: 1400,
      ipv4: {
        address: "10.0.0.1",
        prefix: 24,
        dhcp: { ranges: [{ start: "10.0.0.2", end: "10.0.0.254" }], hosts: [] },
      },
    };
    const previous = inputsOf({ domain: "a.test", mtu: 1400, dhcp: true });
    expect(planned(requestOf(inputsOf(), { previous }), [hostWith(is)]).steps).toEqual([
      "restart network lan on alpha for mtu 1400 -> none, domain a.test -> none, dhcp range 10.0.0.2-10.0.0.254 -> none",
    ]);
  });

  it("changes DHCP alone without a restart", () => {
    expect(
      planned(requestOf(inputsOf({ dhcp: true })), [hostWith(declared, { machines: ["web"] })]),
    ).toMatchObject({ steps: ["dhcp range none -> 10.0.0.2-10.0.0.254, live on alpha"], refusals: [] });
  });

  it("restarts only with permission while machines are attached, and names them", () => {
    // What is live by itself is no reason.
    const inputs = inputsOf({ mtu: 9000, dhcp: true });
    const host = hostWith(declared, { machines: ["db", "web"] });
    expect(planned(requestOf(inputs), [host])).toEqual({
      steps: [],
      refusals: ["inUse"],
      messages: [
        'network lan on alpha has to restart for mtu none -> 9000, and db, web are running and attached; set restartPolicy: "whenNeeded" to cut their link for some seconds, or stop them first',
      ],
    });
    const { steps, warnings } = network.plan(requestOf({ ...inputs, restartPolicy: "whenNeeded" }), {
      hosts: [host],
      former: [],
    });
    expect(warnings).toEqual([
      "network lan on alpha: interfaces of db, web keep the MTU that they have until the guest's next boot",
    ]);
    expect(steps).toMatchObject([{ kind: "restartNetwork", machines: ["db", "web"], effect: "live" }]);
    expect(planned(requestOf(inputs), [hostWith(declared)]).refusals).toEqual([]);
  });

  it("redefines without a restart what is wrong in the definition only", () => {
    const edited = { ...declared, mode: "isolated" };
    const host = hostWith(edited, { live: declared, machines: ["web"] });
    expect(planned(requestOf(inputsOf()), [host])).toMatchObject({
      steps: ["mode isolated -> nat, live on alpha"],
      refusals: [],
    });
  });

  it("starts what is stopped, after it was brought up to date", () => {
    const host = hostWith({ ...declared, mtuBytes: 1400 }, { active: false, autostart: false });
    expect(planned(requestOf(inputsOf({ mtu: 9000 })), [host]).steps).toEqual([
      "mtu 1400 -> 9000 on alpha",
      "start network lan on alpha (it is stopped)",
      "start network lan with its host, on alpha",
    ]);
  });

  it("plugs machines in again that lost their link, but not those that a restart plugs in anyway", () => {
    const cutOff = { machines: ["web"], unplugged: true };
    const again = "plug web into network lan again on alpha, live";
    expect(planned(requestOf(inputsOf()), [hostWith(declared, cutOff)]).steps).toEqual([again]);
    expect(planned(requestOf(inputsOf()), [hostWith(undefined, cutOff)]).steps).toEqual([
      "create network lan on alpha (new)",
      again,
    ]);
    const restart = requestOf(inputsOf({ mtu: 9000, restartPolicy: "whenNeeded" }));
    expect(planned(restart, [hostWith(declared, cutOff)]).steps).toHaveLength(1);
  });

  it("refuses a foreign network unless it is to be taken over, and says whose it is", () => {
    const owner = { ...mark, name: "other", nonce: "f".repeat(16) };
    const foreign = hostWith(declared, { owner, ours: false, autostart: false });
    const refused = planned(requestOf(inputsOf()), [foreign]);
    expect(refused).toMatchObject({ steps: [], refusals: ["foreignObject"] });
    expect(refused.messages[0]).toContain('belongs to "other" of Pulumi stack test/lab');
    const refusalOf = (of: Partial<OwnerMark>) => {
      const theirs = { ...mark, nonce: "f".repeat(16), ...of };
      return planned(requestOf(inputsOf()), [hostWith(declared, { owner: theirs, ours: false })]).messages[0];
    };
    // The same one as it was declared before, in the state still or not.
    expect(refusalOf({ type: "my:web:Site$Network" })).toMatch(
      /which belongs to "lan" within component my:web:Site of Pulumi stack test\/lab .* or set adopt: true to take it over; where it is this one as it was declared before, .* give aliases as long as it is in the state, and adopt: true once it isn't$/,
    );
    expect(refusalOf({ stack: "elsewhere" })).toMatch(
      /which belongs to "lan" of Pulumi stack test\/elsewhere .* or set adopt: true to take it over$/,
    );
    const adopting = { hosts: [foreign], former: [] };
    expect(network.plan(requestOf(inputsOf({ adopt: true })), adopting).warnings).toEqual([
      'network lan on alpha is taken over from "other" of Pulumi stack test/lab; take it out of there as well (pulumi state delete), which can\'t change it any more',
    ]);
    // Autostart isn't mentioned: it stays as it is.
    expect(planned(requestOf(inputsOf({ adopt: true })), [foreign])).toMatchObject({
      steps: ["take over lan on alpha as it is, no guest notices"],
      refusals: [],
    });
    expect(planned(requestOf(inputsOf({ adopt: true, autostart: true })), [foreign]).steps).toContain(
      "start network lan with its host, on alpha",
    );
  });

  it("makes no nat network without an address just because one was expected to be there", () => {
    const { cidr: _, ...inputs } = inputsOf({ adopt: true });
    expect(planned(requestOf(inputs), [hostWith(undefined)]).refusals).toEqual(["missing"]);
    expect(planned(requestOf(inputs), [hostWith(declared, { ours: false })]).refusals).toEqual([]);
  });

  it("names the network whose addresses or bridge are in the way, when it would start", () => {
    const other = { name: "old", active: true, model: { ...declared, name: "old", bridge: "vbr" } };
    const create = (more: Partial<Inputs>, active = true) =>
      planned(requestOf(inputsOf(more)), [hostWith(undefined, { others: [{ ...other, active }] })]);
    expect(create({ cidr: "10.0.1.1/23" }).messages).toEqual([
      "cidr 10.0.1.1/23 of network lan overlaps network old on alpha, which has 10.0.0.1/24; choose addresses of its own for each network of a host",
    ]);
    expect(create({ cidr: "10.0.1.1/24" }).refusals).toEqual([]);
    expect(create({}, false).refusals).toEqual([]);
    expect(create({ cidr: "10.0.1.1/24", bridge: "vbr" }).refusals).toEqual(["inUse"]);
    // One that runs already is left alone.
    expect(planned(requestOf(inputsOf()), [hostWith(declared, { others: [other] })]).refusals).toEqual([]);
  });

  it("refuses the subnet of a device of the host, and warns where it has a part of it", () => {
    const table = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0100D60A\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0007D60A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
vpn0\t0000010A\t0100D60A\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0
*\t0000020A\t00000000\t0200\t0\t0\t0\t00FFFFFF\t0\t0\t0
`;
    const host = hostWith(undefined, { routes: parseRoutes(table) });
    const create = (cidr: string) =>
      network.plan(requestOf(inputsOf({ cidr })), { hosts: [host], former: [] });
    expect(create("10.214.7.9/24").refusals.map(({ message }) => message)).toEqual([
      'cidr 10.214.7.9/24 of network lan is the subnet 10.214.7.0/24 of device eth0 on alpha itself; choose addresses of its own, or mode "bridge" for guests beside the host',
    ]);
    for (const cidr of ["10.214.7.129/25", "10.214.0.1/16"])
      expect(create(cidr)).toMatchObject({
        refusals: [],
        warnings: [
          `cidr ${cidr} of network lan overlaps 10.214.7.0/24 of device eth0 on alpha: what both have is reached in one of them alone`,
        ],
      });
    // What is elsewhere may have a part here.
    for (const cidr of ["10.1.0.1/24", "10.2.0.1/25", "10.0.0.1/8"])
      expect(create(cidr)).toMatchObject({
        refusals: [],
        warnings: cidr.endsWith("/8") ? [expect.stringContaining("overlaps 10.214.7.0/24")] : [],
      });
    expect(create("10.1.0.1/16").refusals.map(({ message }) => message)).toEqual([
      "cidr 10.1.0.1/16 of network lan is a subnet to which alpha has a route already, over device vpn0; choose addresses of its own, or take that route away",
    ]);
    expect(create("10.2.0.1/24").refusals.map(({ message }) => message)).toEqual([
      "cidr 10.2.0.1/24 of network lan is a subnet to which alpha has a route already; choose addresses of its own, or take that route away",
    ]);
    const gateway = "10.9.0.2";
    const routed = inputsOf({
      ...{ cidr: "10.9.0.1/24", addresses: ["10.214.7.7/24"] },
      routes: ["0.0.0.0/0", "10.1.0.0/16", "10.1.2.0/24"].map((cidr) => ({ cidr, gateway })),
    });
    expect(
      network.plan(requestOf(routed), { hosts: [host], former: [] }).refusals.map(({ message }) => message),
    ).toEqual([
      'addresses[0] 10.214.7.7/24 of network lan is the subnet 10.214.7.0/24 of device eth0 on alpha itself; choose addresses of its own, or mode "bridge" for guests beside the host',
      "routes[0].cidr 0.0.0.0/0 of network lan is where alpha has a route already, over device eth0; take one of the two away",
      "routes[1].cidr 10.1.0.0/16 of network lan is where alpha has a route already, over device vpn0; take one of the two away",
    ]);
  });

  it("doubts in a preview, and refuses when it is applied, where the host's devices are in the way", () => {
    const bridged = inputsOf({ mode: "bridge", bridge: "br9" });
    const lacking = hostWith(undefined, { missing: [{ what: "bridge", name: "br9" }] });
    const own = inputsOf({ bridge: "br9" });
    const taken = hostWith(undefined, { bridgeTaken: true });
    for (const [inputs, host, message] of [
      [
        bridged,
        lacking,
        "there is no bridge br9 on alpha, on which network lan is to be; make it there, or give the name of one that exists",
      ],
      [
        own,
        taken,
        'there is a device br9 on alpha already, and network lan is to make a bridge of that name; give another name or none, or mode "bridge" to be on it',
      ],
    ] as const) {
      const observed = { hosts: [host], former: [] };
      expect(network.plan(requestOf(inputs), observed)).toMatchObject({ refusals: [], warnings: [message] });
      const applying = requestOf(inputs, { chosen: { uuid: "u", nonce: "n" } });
      expect(network.plan(applying, observed)).toMatchObject({ refusals: [{ message }], warnings: [] });
    }
  });

  it("keeps one mark for all hosts, and lets it follow the resource", () => {
    const hosts = { alpha: { address: "alpha.invalid" }, beta: { address: "beta.invalid" } };
    const was = { ...mark, name: "before" };
    const marked = (name: string, owner: OwnerMark) => hostWith(declared, { owner }, name);
    const request = requestOf(inputsOf({ hosts }));
    expect(planned(request, [marked("alpha", mark), marked("beta", mark)]).steps).toEqual([]);
    expect(planned(request, [marked("alpha", was), marked("beta", was)]).steps).toEqual([
      'record the owner of lan (it was "before" of Pulumi stack test/lab), no guest notices',
    ]);
    expect(
      planned(request, [marked("alpha", mark), marked("beta", { ...mark, nonce: "e".repeat(16) })]).steps,
    ).toEqual(["record the owner of lan (its hosts disagree), no guest notices"]);
  });

  it("lets go of a host only when no machine is attached there, and of nothing that isn't ours", () => {
    const request = requestOf(inputsOf());
    const leave = (more: Parameters<typeof hostWith>[1]) =>
      planned(request, [hostWith(declared)], [hostWith(declared, more, "beta")]);
    expect(leave({})).toMatchObject({
      steps: ["remove network lan on beta (the host isn't declared any more)"],
      refusals: [],
    });
    expect(leave({ machines: ["web"] })).toMatchObject({ steps: [], refusals: ["inUse"] });
    expect(leave({ ours: false })).toMatchObject({ steps: [], refusals: [] });
  });

  it("is replaced for another name, unless machines are attached to the old one", () => {
    const request = requestOf(inputsOf({ name: "wan" }), { previous: inputsOf() });
    const replaced = hostWith(declared).network;
    const rename = (machinesOfReplaced: string[]) =>
      planned(request, [hostWith(undefined, { replaced, machinesOfReplaced })]);
    expect(rename([])).toMatchObject({ steps: ["replace, for name"], refusals: [] });
    expect(rename(["web"]).messages[0]).toMatch(/^network lan on alpha can't become wan: .* web is running/);
  });

  it("leaves the VLAN of an interface alone that waits for its guest's next boot to go elsewhere", () => {
    const nic = (source: string, more = "") =>
      `<domain type='qemu'><devices><interface type='network'><mac address='52:54:00:00:00:01'/><source ${source}/>${more}</interface></devices></domain>`;
    const vlans: NetworkModel = {
      ...{ name: "vlans", uuid: declared.uuid, mode: "bridge", bridge: "ovs0", virtualPort: "openvswitch" },
      portgroups: [{ name: "red", vlan: { tags: [5] } }],
    };
    const misplacedIn = (persistentXml: string) => {
      const liveXml = nic("network='vlans'", "<vlan><tag id='9'/></vlan>");
      const [attached] = attachedTo("vlans", undefined, [
        { name: "web", liveXml, persistentXml } as DomainRecord,
      ]);
      return attached?.plugs.map((plug) => misplaced(plug, vlans));
    };
    expect(misplacedIn(nic("network='vlans'"))).toEqual([{ vlan: undefined }]);
    expect(misplacedIn(nic("network='vlans' portgroup='red'"))).toEqual([undefined]);
    expect(misplacedIn(nic("network='others'"))).toEqual([undefined]);
  });
});
