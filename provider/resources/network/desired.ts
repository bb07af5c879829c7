import type { NatModel, NetworkModel, Portgroup, Vlan } from "../../libvirt/xml/index.js";
import { desiredAddresses } from "./desired-addresses.js";
import { desiredDns } from "./desired-dns.js";
import { domainOf, hasOwnBridge, type Inputs } from "./schema.js";
import { present, settled } from "./settled.js";
import type { VlanInputs } from "./vlan-schema.js";

/**
 * What the network should be: the declared inputs over what is there. What isn't declared and never was stays as it is found; what was
 * declared last time and isn't any more goes back to libvirt's default.
 */
export function desiredModel(
  inputs: Inputs,
  previous: Inputs | undefined,
  existing: NetworkModel | undefined,
): NetworkModel {
  const { name } = inputs;
  const isOwn = hasOwnBridge(inputs.mode);
  // Nothing of a bridge that libvirt made is for one of the host's own, and the other way round.
  const kept = existing !== undefined && makesBridge(existing) === isOwn ? existing : undefined;
  return {
    name,
    ...present("uuid", existing?.uuid),
    ...(isOwn ? ownBridge(inputs, previous, kept) : hostsBridge(inputs, previous, kept)),
  };
}

/** Whether libvirt makes the bridge of a network, and with it addresses, DHCP and DNS. */
export function makesBridge({ mode }: Pick<NetworkModel, "mode">): boolean {
  return mode === "nat" || mode === "route" || mode === "open" || mode === "isolated";
}

type Nameless = Omit<NetworkModel, "name" | "uuid">;

function ownBridge(inputs: Inputs, previous: Inputs | undefined, kept: NetworkModel | undefined): Nameless {
  const { mode } = inputs;
  const delaySeconds = secondsOf(inputs.forwardDelay);
  const canHaveDevice = mode === "nat" || mode === "route";
  const device = inputs.forwardDevice === undefined ? undefined : [inputs.forwardDevice];
  const hadDevice = previous?.forwardDevice !== undefined;
  return {
    mode,
    ...present("devices", canHaveDevice ? settled(device, hadDevice, kept?.devices) : undefined),
    ...present("nat", mode === "nat" ? desiredNat(inputs, previous, kept?.nat) : undefined),
    // What libvirt chose is kept for good.
    ...present("bridge", inputs.bridge ?? kept?.bridge),
    ...present("stp", settled(inputs.stp, previous?.stp !== undefined, kept?.stp, true)),
    ...present(
      "delaySeconds",
      settled(delaySeconds, previous?.forwardDelay !== undefined, kept?.delaySeconds, 0),
    ),
    ...present("mtuBytes", settled(inputs.mtu, previous?.mtu !== undefined, kept?.mtuBytes)),
    ...present("mac", inputs.mac ?? kept?.mac),
    ...desiredDomain(inputs, previous, kept),
    ...present("portgroups", kept?.portgroups),
    ...desiredAddresses(inputs, previous, kept),
    ...present("dns", desiredDns(inputs.dns, previous?.dns, kept?.dns)),
  };
}

function hostsBridge(inputs: Inputs, previous: Inputs | undefined, kept: NetworkModel | undefined): Nameless {
  const { mode, bridge } = inputs;
  const groups = {
    ...present("vlan", settled(vlanOf(inputs.vlan), previous?.vlan !== undefined, kept?.vlan)),
    ...present("portgroups", desiredPortgroups(inputs, previous, kept?.portgroups)),
  };
  switch (mode) {
    case "bridge":
      return { mode, ...present("bridge", bridge), ...present("portgroups", groups.portgroups) };
    case "ovs":
      return { mode: "bridge", ...present("bridge", bridge), virtualPort: "openvswitch", ...groups };
    default:
      return { mode: macvtapMode(inputs, previous, kept), devices: devicesOf(inputs), ...groups };
  }
}

/** libvirt calls it "bridge" as well when guests on one device hear each other. */
function macvtapMode(
  { macvtapMode: declared }: Inputs,
  previous: Inputs | undefined,
  kept: NetworkModel | undefined,
): string {
  const existing = kept !== undefined && kept.bridge === undefined ? kept.mode : undefined;
  return settled(declared, previous?.macvtapMode !== undefined, existing) ?? "bridge";
}

function devicesOf({ forwardDevice, forwardDevices }: Inputs): string[] {
  return forwardDevices ?? (forwardDevice === undefined ? [] : [forwardDevice]);
}

function desiredNat(
  { nat }: Inputs,
  previous: Inputs | undefined,
  existing: NatModel | undefined,
): NatModel | undefined {
  const before = previous?.nat;
  const ipv6 = settled(nat?.ipv6, before?.ipv6 !== undefined, existing?.ipv6);
  const made: NatModel = {
    ...present("ports", settled(nat?.ports, before?.ports !== undefined, existing?.ports)),
    ...present("addresses", settled(nat?.addresses, before?.addresses !== undefined, existing?.addresses)),
    ...(ipv6 === true ? { ipv6 } : {}),
  };
  return Object.keys(made).length === 0 ? undefined : made;
}

function desiredDomain(
  inputs: Inputs,
  previous: Inputs | undefined,
  kept: NetworkModel | undefined,
): Pick<NetworkModel, "domainName" | "domainLocalOnly"> {
  const [declared, before] = [domainOf(inputs), domainOf(previous ?? {})];
  const name = settled(declared?.name, before !== undefined, kept?.domainName);
  if (name === undefined) return {};
  const isLocal = settled(declared?.localOnly, before?.localOnly !== undefined, kept?.domainLocalOnly);
  return { domainName: name, ...(isLocal === true ? { domainLocalOnly: isLocal } : {}) };
}

function desiredPortgroups(
  { portgroups }: Inputs,
  previous: Inputs | undefined,
  existing: Portgroup[] | undefined,
): Portgroup[] | undefined {
  const declared = portgroups?.map(
    (group): Portgroup => ({
      name: group.name,
      ...(group.default === true ? { isDefault: true } : {}),
      ...present("vlan", vlanOf(group.vlan)),
    }),
  );
  const groups = settled(declared, previous?.portgroups !== undefined, existing);
  return groups?.length === 0 ? undefined : groups;
}

/** A VLAN as documents have it. */
export function vlanOf(declared: VlanInputs | undefined): Vlan | undefined {
  if (declared === undefined) return undefined;
  if (typeof declared === "number") return { tags: [declared] };
  const { trunk, native, nativeMode = "untagged" } = declared;
  return {
    tags: [...trunk],
    trunk: true,
    ...(native === undefined ? {} : { native: { tag: native, mode: nativeMode } }),
  };
}

function secondsOf(canonical: string | undefined): number | undefined {
  return canonical === undefined ? undefined : Number.parseInt(canonical, 10) / 1000;
}
