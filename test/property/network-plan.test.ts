import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HostFacts } from "../../provider/hosts/facts.js";
import {
  buildNetwork,
  describeNetworkDifferences,
  type NetworkModel,
  type OwnerMark,
  parseNetwork,
  patchNetwork,
  readOwnerMark,
  withOwnerMark,
} from "../../provider/libvirt/xml/index.js";
import { describePlan } from "../../provider/planning/plan.js";
import { describeStep, mustBeAnnounced, type Step } from "../../provider/planning/step.js";
import { linkKindOf } from "../../provider/resources/network/attached.js";
import { desiredModel, makesBridge } from "../../provider/resources/network/desired.js";
import type { ObservedHost, ObservedNetworks } from "../../provider/resources/network/observed.js";
import { nonceOf, plan } from "../../provider/resources/network/plan.js";
import type { NetworkRequest } from "../../provider/resources/network/request.js";
import type { Inputs } from "../../provider/resources/network/schema.js";
import { runs } from "../support/runs.js";
import { HOSTS, networkInputs } from "./network-inputs.js";

const RUNS = runs(300);
const identity = { project: "shop", stack: "dev", type: "Network", name: "lan" };
const chosen = { uuid: "859f4a66-5bc3-4859-b253-b6f68a3452ae", nonce: "0123456789abcdef" };
const uuid = "b8dd2be6-68b2-4a5c-8e3a-d0d3c7a1a001";

/** What a host has of the network. Guests that lost their link are told by `unplugged`. */
interface HostWorld {
  xml: string | undefined;
  liveXml: string | undefined;
  persistent: boolean;
  autostart: boolean;
  machines: string[];
  unplugged: boolean;
}
type World = Record<string, HostWorld>;

/** What people do to a network by hand. */
const meddling = fc.record({
  stopped: fc.boolean(),
  undefinedWhileRunning: fc.boolean(),
  gone: fc.boolean(),
  markLost: fc.boolean(),
  liveEdited: fc.boolean(),
  edited: fc.boolean(),
  autostart: fc.boolean(),
  machines: fc.subarray(["web", "db"]),
});
type Meddling = typeof meddling extends fc.Arbitrary<infer T> ? T : never;

const mark: OwnerMark = { ...identity, nonce: chosen.nonce, phase: "created" };

/** What libvirt adds to a new definition. */
function completed(model: NetworkModel): NetworkModel {
  if (!makesBridge(model)) return { uuid, ...model };
  const chosen = { bridge: "virbr0", stp: true, delaySeconds: 0, mac: "52:54:00:00:00:99" };
  return { uuid, ...chosen, ...model };
}

function meddled(made: Inputs, what: Meddling): HostWorld {
  const none: HostWorld = {
    ...{ xml: undefined, liveXml: undefined, persistent: false, autostart: false },
    ...{ machines: what.machines, unplugged: what.machines.length > 0 },
  };
  if (what.gone) return none;
  const model = completed(desiredModel(made, undefined, undefined));
  const other: NetworkModel =
    model.ipv4 === undefined
      ? model
      : {
          ...model,
          ipv4: {
            ...model.ipv4,
            dhcp: { ranges: [], hosts: [{ mac: "52:54:00:bb:00:01", address: "10.3.0.77" }] },
          },
        };
  const owner = what.markLost ? {} : { owner: mark };
  const xml = buildNetwork(what.edited ? other : model, owner);
  const liveXml = what.stopped ? undefined : buildNetwork(what.liveEdited ? other : model, owner);
  const persistent = what.stopped || !what.undefinedWhileRunning;
  return {
    ...{ xml: persistent ? xml : liveXml, liveXml, persistent, machines: what.machines },
    autostart: persistent && what.autostart,
    unplugged: what.stopped && what.machines.length > 0,
  };
}

function observe(world: World, request: NetworkRequest): ObservedNetworks {
  const look = (name: string): ObservedHost => {
    const { xml, liveXml, persistent, autostart, machines, unplugged } = world[name] as HostWorld;
    const model = xml === undefined ? undefined : parseNetwork(xml);
    const owner = xml === undefined ? undefined : readOwnerMark(xml);
    const had = request.previous !== undefined && Object.hasOwn(request.previous.hosts, name);
    return {
      ref: { name, connection: { address: `${name}.invalid` }, credentials: {} },
      facts: { uuid: `host-${name}` } as HostFacts,
      network:
        xml === undefined || model === undefined
          ? undefined
          : {
              record: {
                ...{ name: "lan", uuid: model.uuid ?? uuid, xml, liveXml, active: liveXml !== undefined },
                ...{ autostart, persistent, bridgeName: model.bridge },
              },
              model,
              live: liveXml === undefined ? undefined : parseNetwork(liveXml),
              owner,
              ours: owner !== undefined || had,
            },
      ...{ machines, unplugged: machines.length > 0 && unplugged },
      inUse: {
        portgroups: machines.length > 0 ? ["used"] : [],
        devices: machines.length > 0 ? (model?.devices?.slice(0, 1) ?? []) : [],
      },
      ...{ machinesOfReplaced: [], others: [] },
    };
  };
  const declared = Object.keys(request.inputs.hosts);
  const former = Object.keys(request.previous?.hosts ?? {}).filter((name) => !declared.includes(name));
  return { hosts: declared.map(look), former: former.map(look) };
}

/** All that a running network takes: what its servers hand out and answer, portgroups, and devices that guests are put on. */
function withEntriesOf(liveXml: string, xml: string | undefined): string {
  const live = parseNetwork(liveXml);
  const is = parseNetwork(xml ?? liveXml);
  const entries = (address: NetworkModel["ipv4"], from: NetworkModel["ipv4"]) => {
    if (address === undefined) return {};
    const { dhcp: _, ...rest } = address;
    return from?.dhcp === undefined ? rest : { ...rest, dhcp: from.dhcp };
  };
  const { hosts = [], texts, services } = is.dns ?? {};
  const { forwarders, enabled = true } = live.dns ?? {};
  const isOnDevices = linkKindOf(live) === "device" && linkKindOf(is) === "device";
  const taken = {
    ...live,
    ...(live.ipv4 === undefined ? {} : { ipv4: entries(live.ipv4, is.ipv4) }),
    ...(live.ipv6 === undefined ? {} : { ipv6: entries(live.ipv6, is.ipv6) }),
    ...(enabled ? { dns: { enabled, hosts, texts, services, forwarders } } : {}),
    portgroups: is.portgroups,
    ...(isOnDevices ? { devices: is.devices } : {}),
  } as NetworkModel;
  return patchNetwork(liveXml, taken);
}

/** What the hosts are like after a step, as libvirt does it. */
function applied(world: World, step: Step, request: NetworkRequest): World {
  const defined = (host: HostWorld): HostWorld => {
    const is = host.xml === undefined ? undefined : parseNetwork(host.xml);
    const desired = desiredModel(request.inputs, request.previous, is);
    const anew = is === undefined || makesBridge(is) !== makesBridge(desired);
    const xml =
      anew || host.xml === undefined ? buildNetwork(completed(desired)) : patchNetwork(host.xml, desired);
    const { hosts } = observe(world, request);
    const owner = { ...mark, nonce: nonceOf(request, hosts) ?? chosen.nonce };
    return {
      ...host,
      xml: withOwnerMark(buildNetwork(completed(parseNetwork(xml))), owner),
      persistent: true,
    };
  };
  const at = (name: string, change: (host: HostWorld) => HostWorld): World => ({
    ...world,
    [name]: change(world[name] as HostWorld),
  });
  const started = (host: HostWorld): HostWorld => ({ ...host, liveXml: host.xml });
  switch (step.kind) {
    case "createNetwork":
      return at(step.host, (host) => {
        const made = { ...defined(host), autostart: request.inputs.autostart ?? true };
        return host.liveXml === undefined ? started(made) : made;
      });
    case "startNetwork":
      return at(step.host, started);
    case "setNetworkAutostart":
      return at(step.host, (host) => ({ ...host, autostart: step.to }));
    case "updateNetwork":
      return at(step.host, (host) => {
        const made = defined(host);
        return host.liveXml === undefined
          ? made
          : { ...made, liveXml: withEntriesOf(host.liveXml, made.xml) };
      });
    case "restartNetwork":
      return at(step.host, (host) => ({ ...started(defined(host)), unplugged: false }));
    case "relinkMachines":
      return at(step.host, (host) => ({ ...host, unplugged: false }));
    case "releaseNetwork":
      return at(step.host, (host) => ({ ...host, xml: undefined, liveXml: undefined, persistent: false }));
    case "recordOwner": {
      const written = Object.entries(world).map(([name, host]): [string, HostWorld] => [
        name,
        host.xml !== undefined && host.persistent && name in request.inputs.hosts
          ? { ...host, xml: withOwnerMark(host.xml, mark) }
          : host,
      ]);
      return Object.fromEntries(written);
    }
    default:
      throw new Error(`not a step of this world: ${step.kind}`);
  }
}

const worlds = fc
  .tuple(networkInputs, networkInputs, fc.record({ alpha: meddling, beta: meddling }))
  .map(([before, after, what]) => ({
    before,
    after,
    world: Object.fromEntries(
      HOSTS.map((host) => [
        host,
        meddled(
          before,
          host in before.hosts ? what[host as "alpha"] : { ...what[host as "alpha"], gone: true },
        ),
      ]),
    ) as World,
  }));

/** What every run must come to on a declared host. What no version of the program declared, it may leave. */
function expectDeclared(host: HostWorld, inputs: Inputs): void {
  expect(host).toMatchObject({ persistent: true, autostart: inputs.autostart ?? true });
  expect(host.machines.length > 0 && host.unplugged).toBe(false);
  for (const xml of [host.xml, host.liveXml]) {
    const is = parseNetwork(xml ?? "");
    expect(describeNetworkDifferences(is, desiredModel(inputs, inputs, is))).toEqual([]);
    expect(is.mtuBytes).toBe(inputs.mtu);
    expect(is.virtualPort).toBe(inputs.mode === "ovs" ? "openvswitch" : undefined);
    const { mode, cidr, ipv6, domain, macvtapMode } = inputs;
    const forward = mode === "ovs" ? "bridge" : mode === "macvtap" ? (macvtapMode ?? "bridge") : mode;
    expect(is.mode).toBe(forward);
    expect(is.domainName).toBe(typeof domain === "object" ? domain.name : domain);
    if (cidr !== undefined) expect(`${is.ipv4?.address}/${is.ipv4?.prefix}`).toBe(cidr);
    if (ipv6 !== undefined) expect(`${is.ipv6?.address}/${is.ipv6?.prefix}`).toBe(ipv6.cidr);
    const more = [is.ipv4, is.ipv6, ...(is.moreAddresses ?? [])].map(
      (each) => `${each?.address}/${each?.prefix}`,
    );
    for (const address of inputs.addresses ?? []) expect(more).toContain(address);
    expect((is.routes ?? []).length).toBe(inputs.routes?.length ?? 0);
  }
}

describe("plans of networks", () => {
  it("are empty once they are applied, or refuse; nothing is left for the next run", () => {
    fc.assert(
      fc.property(worlds, ({ before, after, world }) => {
        const request: NetworkRequest = { identity, inputs: after, previous: before, chosen };
        const first = plan(request, observe(world, request));
        if (first.refusals.length > 0) return;
        let now = world;
        for (const step of first.steps) now = applied(now, step, request);
        const second = plan(request, observe(now, request));
        expect(describePlan(second)).toEqual([]);
        for (const [name, host] of Object.entries(now))
          if (name in after.hosts) expectDeclared(host, after);
          else expect(host.xml).toBeUndefined();
        const next: NetworkRequest = { identity, inputs: after, previous: after };
        expect(plan(next, observe(now, next))).toEqual({
          ...{ steps: [], refusals: [], replaceBecause: [], warnings: [] },
        });
      }),
      { numRuns: RUNS },
    );
  });

  it("cut no guest's link without leave, and say so before", () => {
    fc.assert(
      fc.property(worlds, ({ before, after, world }) => {
        const request: NetworkRequest = { identity, inputs: after, previous: before, chosen };
        const { steps, refusals } = plan(request, observe(world, request));
        for (const step of steps) {
          if (step.kind === "releaseNetwork") expect(world[step.host]?.machines).toEqual([]);
          if (step.kind !== "restartNetwork" || step.machines.length === 0) continue;
          expect(after.restartPolicy).toBe("whenNeeded");
          expect(mustBeAnnounced(step)).toBe(true);
          for (const machine of step.machines) expect(describeStep(step).join()).toContain(machine);
        }
        for (const refusal of refusals) expect(refusal.message).not.toMatch(/undefined|\[object/);
      }),
      { numRuns: RUNS },
    );
  });
});
