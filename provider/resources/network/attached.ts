import type { DomainRecord, NetworkRecord } from "../../libvirt/index.js";
import { type NetworkModel, parseNetwork, type Vlan } from "../../libvirt/xml/index.js";
import { type InterfacePlug, interfacePlugs } from "../../libvirt/xml/interface-network.js";
import { sameValue } from "../../libvirt/xml/value.js";
import { makesBridge } from "./desired.js";

/** The network through which interfaces go when they are plugged in again; it exists only meanwhile. */
export function hopName(networkName: string): string {
  return `pulumi-kvm-relink.${networkName}`;
}

/** A running VM with interfaces in a network. */
export interface Attached {
  machine: string;
  uuid: string;
  plugs: Plug[];
}

/** An interface in a network. */
export interface Plug extends InterfacePlug {
  /**
   * Its VLANs are its own by its definition, or (of a VM without one) may be: the network's aren't for it. Nor are they for one that waits for its next
   * boot to go elsewhere: until then it stays as it is.
   */
  hasOwnVlan: boolean;
}

/** Running VMs with an interface in the network, or directly in the bridge that libvirt made for it, in order of name. */
export function attachedTo(
  networkName: string,
  record: NetworkRecord | undefined,
  domains: readonly DomainRecord[],
): Attached[] {
  const networks = [networkName, hopName(networkName)];
  // A bridge that libvirt didn't make is the host's own: who is on it need not be in the network.
  const bridge =
    record === undefined || !makesBridge(parseNetwork(record.xml)) ? undefined : record.bridgeName;
  return domains
    .map((domain) => ({
      machine: domain.name,
      uuid: domain.uuid,
      plugs: plugsOf(domain).filter((plug) =>
        plug.network === undefined
          ? plug.bridge !== undefined && plug.bridge === bridge
          : networks.includes(plug.network),
      ),
    }))
    .filter(({ plugs }) => plugs.length > 0)
    .sort((a, b) => (a.machine < b.machine ? -1 : 1));
}

export function namesOf(attached: readonly Attached[]): string[] {
  return attached.map(({ machine }) => machine);
}

/** What a network is to the interfaces in it: what libvirt can do with them while their VM runs depends on it. */
export type LinkKind = "linuxBridge" | "openVswitch" | "device";

export function linkKindOf({ mode, bridge, virtualPort }: NetworkModel): LinkKind {
  if (virtualPort === "openvswitch") return "openVswitch";
  return makesBridge({ mode }) || bridge !== undefined ? "linuxBridge" : "device";
}

/**
 * Whether an interface isn't plugged in any more. It keeps the port that it had in a network which was stopped and started since, and that
 * port is gone. Of one without a port it isn't known.
 */
export function isCutOff(plug: InterfacePlug, ports: readonly string[] | undefined): boolean | undefined {
  if (plug.portUuid === undefined || ports === undefined) return undefined;
  return !ports.includes(plug.portUuid);
}

/** The VLANs that an interface should get from its network, when it has others. */
export function misplaced(plug: Plug, live: NetworkModel): { vlan: Vlan | undefined } | undefined {
  if (plug.hasOwnVlan) return undefined;
  const vlan = vlanFor(plug, live);
  return sameValue(vlan, plug.vlan) ? undefined : { vlan };
}

/** The VLANs that a network gives to an interface without any of its own. */
export function vlanFor(plug: Pick<InterfacePlug, "portgroup">, network: NetworkModel): Vlan | undefined {
  const group = portgroupOf(plug, network);
  return network.portgroups?.find(({ name }) => name === group)?.vlan ?? network.vlan;
}

/** The portgroup of an interface: the one that it names, else the network's default. */
export function portgroupOf(
  plug: Pick<InterfacePlug, "portgroup">,
  { portgroups }: NetworkModel,
): string | undefined {
  return plug.portgroup ?? portgroups?.find(({ isDefault }) => isDefault)?.name;
}

/** Each record is looked through by every network of the deployment, and parsed once. */
const plugsOfRecords = new WeakMap<DomainRecord, Plug[]>();

function plugsOf(record: DomainRecord): Plug[] {
  if (record.liveXml === undefined) return [];
  const known = plugsOfRecords.get(record);
  if (known !== undefined) return known;
  const defined = record.persistentXml === undefined ? undefined : interfacePlugs(record.persistentXml);
  const plugs = interfacePlugs(record.liveXml).map((plug) => {
    const definition = defined?.find(({ mac }) => mac === plug.mac);
    const stays = definition?.network === plug.network && definition?.portgroup === plug.portgroup;
    return { ...plug, hasOwnVlan: !stays || definition?.vlan !== undefined };
  });
  plugsOfRecords.set(record, plugs);
  return plugs;
}
