import type { DomainRecord, NetworkRecord } from "../../libvirt/index.js";
import { parseNetwork } from "../../libvirt/xml/index.js";
import { type InterfacePlug, interfacePlugs } from "../../libvirt/xml/interface-network.js";

/** The network through which interfaces go when they are plugged in again; it exists only meanwhile. */
export function hopName(networkName: string): string {
  return `pulumi-kvm-relink.${networkName}`;
}

/** A running VM with interfaces in a network. */
export interface Attached {
  machine: string;
  plugs: InterfacePlug[];
}

/** Running VMs with an interface in the network, or directly in the bridge that libvirt made for it, in order of name. */
export function attachedTo(
  networkName: string,
  record: NetworkRecord | undefined,
  domains: readonly DomainRecord[],
): Attached[] {
  const networks = [networkName, hopName(networkName)];
  // With mode "bridge" it is the host's own: who is on it need not be in the network.
  const bridge =
    record === undefined || parseNetwork(record.xml).mode === "bridge" ? undefined : record.bridgeName;
  return domains
    .map((domain) => ({
      machine: domain.name,
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

/**
 * Whether an interface isn't plugged in any more. It keeps the port that it had in a network which was stopped and started since, and that
 * port is gone. Of one without a port it isn't known.
 */
export function isCutOff(plug: InterfacePlug, ports: readonly string[] | undefined): boolean | undefined {
  if (plug.portUuid === undefined || ports === undefined) return undefined;
  return !ports.includes(plug.portUuid);
}

/** Each record is looked through by every network of the deployment, and parsed once. */
const plugsOfRecords = new WeakMap<DomainRecord, InterfacePlug[]>();

function plugsOf(record: DomainRecord): InterfacePlug[] {
  if (record.liveXml === undefined) return [];
  const known = plugsOfRecords.get(record);
  if (known !== undefined) return known;
  const plugs = interfacePlugs(record.liveXml);
  plugsOfRecords.set(record, plugs);
  return plugs;
}
