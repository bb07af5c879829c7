import type { DomainRecord, NetworkRecord } from "../../libvirt/index.js";
import { parseDomain, parseNetwork } from "../../libvirt/xml/index.js";
import { hopName } from "./relink.js";

/** A running VM, and how many of its interfaces name the network: as libvirt counts connections. */
export interface Attached {
  machine: string;
  connections: number;
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
      const connections = sources.filter((source) => "network" in source && names.includes(source.network));
      const direct = sources.some((source) => "bridge" in source && source.bridge === bridge);
      return connections.length > 0 || direct ? [{ machine: name, connections: connections.length }] : [];
    })
    .sort((a, b) => (a.machine < b.machine ? -1 : 1));
}

export function attachedMachines(...args: Parameters<typeof attachedTo>): string[] {
  return attachedTo(...args).map(({ machine }) => machine);
}
