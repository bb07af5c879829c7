import type { DomainRecord, NetworkRecord } from "../../libvirt/index.js";
import { parseDomain, parseNetwork } from "../../libvirt/xml/index.js";
import { interfacePorts } from "../../libvirt/xml/interface-network.js";
import { hopName } from "./relink.js";

/** A running VM, and the ports of the network that its interfaces were plugged into. */
export interface Attached {
  machine: string;
  portUuids: string[];
}

/** Running VMs with an interface in the network, or directly in the bridge that libvirt made for it, in order of name. */
export function attachedTo(
  networkName: string,
  record: NetworkRecord | undefined,
  domains: readonly DomainRecord[],
): Attached[] {
  const bridge =
    record === undefined || parseNetwork(record.xml).mode === "bridge" ? undefined : record.bridgeName;
  const names = [networkName, hopName(networkName)];
  return domains
    .flatMap(({ name, liveXml }) => {
      if (liveXml === undefined) return [];
      const sources = parseDomain(liveXml).interfaces.map(({ source }) => source);
      const named = sources.some((source) => "network" in source && names.includes(source.network));
      const direct = sources.some((source) => "bridge" in source && source.bridge === bridge);
      if (!named && !direct) return [];
      const portUuids = interfacePorts(liveXml, names).filter((uuid) => uuid !== undefined);
      return [{ machine: name, portUuids }];
    })
    .sort((a, b) => (a.machine < b.machine ? -1 : 1));
}

export function attachedMachines(...args: Parameters<typeof attachedTo>): string[] {
  return attachedTo(...args).map(({ machine }) => machine);
}
