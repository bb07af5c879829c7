import { HostUnreachable, oneLine } from "../../hosts/errors.js";
import type { Host } from "../../hosts/host.js";
import { type DomainRecord, isLibvirtError, type NetworkRecord } from "../../libvirt/index.js";
import { buildNetwork } from "../../libvirt/xml/index.js";
import { interfaceHops } from "../../libvirt/xml/interface-network.js";
import type { ApplyContext } from "../definition.js";

/** The network through which interfaces go when they are plugged in again; it exists only meanwhile. */
export function hopName(networkName: string): string {
  return `pulumi-kvm-relink.${networkName}`;
}

/**
 * Plugs those running VMs into a network again that it lost. libvirt takes their interfaces out of the bridge when the network stops, and doesn't put them back
 * when it starts; nor does it when an interface is updated to what it is already. So each goes to another network and back, while the guest
 * sees neither; the bridge lets its packets through four seconds later (twice the shortest delay of spanning tree). Unlike `ip link set` that needs no rights beyond libvirt's.
 */
export async function relinkMachines(host: Host, networkName: string, context: ApplyContext): Promise<void> {
  const { networks, domains } = await host.libvirt();
  const { signal } = context;
  const network = await networks.observe({ name: networkName });
  const running = (await domains.observeAll({ signal })).filter((domain) => domain.liveXml !== undefined);
  if (network?.active !== true || network.bridgeName === undefined) return;
  const ports = await networks.portUuids(network.uuid);
  const hop = await openHop(host, networkName);
  const failures: string[] = [];
  try {
    for (const domain of running) {
      signal.throwIfAborted();
      await relink(host, domain, { network, ports, hop }).catch((error: unknown) => {
        if (error instanceof HostUnreachable || isLibvirtError(error, "connectionLost")) throw error;
        failures.push(`${domain.name}: ${oneLine(error)}`);
      });
    }
  } finally {
    if (failures.length === 0) await closeHop(host, networkName);
  }
  if (failures.length > 0)
    throw new Error(
      `network ${networkName} runs on ${host.name}, but not all machines could be plugged in again, and they have no link until that is done or they are restarted: ${failures.join("; ")}`,
    );
}

async function relink(
  host: Host,
  domain: DomainRecord,
  to: { network: NetworkRecord; ports: readonly string[] | undefined; hop: NetworkRecord },
): Promise<void> {
  const { network, ports, hop } = to;
  const home = { network: network.name, bridge: network.bridgeName ?? "" };
  const away = { network: hop.name, bridge: hop.bridgeName ?? "" };
  const { domains } = await host.libvirt();
  const cutOff = interfaceHops(domain.liveXml ?? "", home, away).filter(
    ({ portUuid }) => portUuid === undefined || ports?.includes(portUuid) !== true,
  );
  if (cutOff.length === 0) return;
  try {
    for (const nic of cutOff) {
      await domains.updateDevice(domain.uuid, nic.away, { live: true });
      await domains.updateDevice(domain.uuid, nic.back, { live: true });
    }
  } catch (error) {
    // One that was stopped meanwhile gets its link when it starts.
    if ((await domains.observe({ uuid: domain.uuid }))?.liveXml !== undefined) throw error;
  }
  await host.observations.refreshDomain({ uuid: domain.uuid });
}

async function openHop(host: Host, networkName: string): Promise<NetworkRecord> {
  const { networks } = await host.libvirt();
  const name = hopName(networkName);
  const left = await networks.observe({ name });
  const uuid = left?.uuid ?? (await networks.define(buildNetwork({ name, mode: "isolated" }))).uuid;
  if (left?.active !== true) await networks.start(uuid);
  const hop = await networks.observe({ name });
  if (hop === undefined) throw new Error(`network ${name} vanished from ${host.name} as soon as it was made`);
  return hop;
}

async function closeHop(host: Host, networkName: string): Promise<void> {
  const { networks } = await host.libvirt();
  const hop = await networks.observe({ name: hopName(networkName) });
  if (hop?.active === true) await networks.stop(hop.uuid);
  if (hop?.persistent === true) await networks.undefine(hop.uuid);
  await host.observations.refreshNetwork(hopName(networkName));
}
