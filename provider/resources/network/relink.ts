import { oneLine } from "../../hosts/errors.js";
import type { Host } from "../../hosts/host.js";
import { type DomainRecord, LibvirtError, type NetworkRecord } from "../../libvirt/index.js";
import { buildNetwork, parseNetwork } from "../../libvirt/xml/index.js";
import { interfaceHops } from "../../libvirt/xml/interface-network.js";
import type { ApplyContext } from "../definition.js";
import { attachedTo, hopName, isCutOff, linkKindOf } from "./attached.js";
import { moveToVlans } from "./move-to-vlans.js";

/**
 * Plugs those running VMs into a network again that it lost, or into the VLANs that it has now.
 *
 * libvirt takes their interfaces out of the bridge when the network stops, and
 * doesn't put them back when it starts, nor when an interface is updated to what it is already. So each goes to another network and back:
 * that needs no rights beyond libvirt's, and the guest sees neither. The bridge lets its packets through four seconds later, twice the
 * shortest delay of spanning tree.
 */
export async function relinkMachines(host: Host, networkName: string, context: ApplyContext): Promise<void> {
  const { networks } = await host.libvirt();
  const network = await networks.observe({ name: networkName });
  if (network?.liveXml === undefined) return;
  switch (linkKindOf(parseNetwork(network.liveXml))) {
    case "linuxBridge":
      await plugInAgain(host, network, context);
      return;
    case "openVswitch":
      await moveToVlans(host, network, context);
      return;
    case "device":
      return; // They are on a device of the host still, which libvirt can't change.
  }
}

async function plugInAgain(host: Host, network: NetworkRecord, { signal }: ApplyContext): Promise<void> {
  const { networks, domains } = await host.libvirt();
  const networkName = network.name;
  const ports = await networks.portUuids(network.uuid);
  const running = await domains.observeAll({ signal });
  const cutOff = running.filter((domain) =>
    attachedTo(networkName, network, [domain]).some(({ plugs }) =>
      plugs.some((plug) => isCutOff(plug, ports) !== false),
    ),
  );
  const failures: string[] = [];
  if (cutOff.length > 0) {
    const hop = await openHop(host, networkName);
    for (const domain of cutOff) {
      signal.throwIfAborted();
      const failure = await relink(host, domain, { network, ports, hop });
      if (failure !== undefined) failures.push(`${domain.name}: ${failure}`);
    }
  }
  if (failures.length > 0)
    throw new Error(
      `network ${networkName} runs on ${host.name}, but not all machines could be plugged in again; they have no link until that is done or they are restarted: ${failures.join("; ")}`,
    );
  await closeHop(host, networkName);
}

/** Returns what went wrong with this one; throws what concerns all. */
async function relink(
  host: Host,
  domain: DomainRecord,
  place: { network: NetworkRecord; ports: readonly string[] | undefined; hop: NetworkRecord },
): Promise<string | undefined> {
  const { network, ports, hop } = place;
  const home = { network: network.name, bridge: network.bridgeName ?? "" };
  const away = { network: hop.name, bridge: hop.bridgeName ?? "" };
  const { domains } = await host.libvirt();
  try {
    for (const nic of interfaceHops(domain.liveXml ?? "", home, away)) {
      if (isCutOff(nic.plug, ports) === false) continue;
      await domains.updateDevice(domain.uuid, nic.away, { live: true });
      await domains.updateDevice(domain.uuid, nic.back, { live: true });
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof LibvirtError) || error.kind === "connectionLost") throw error;
    // One that was stopped meanwhile gets its link when it starts.
    const stillRuns = (await domains.observe({ uuid: domain.uuid }))?.liveXml !== undefined;
    return stillRuns ? oneLine(error) : undefined;
  }
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

/** Removes what {@link relinkMachines} goes through, also when a run that was cut off left it. */
export async function closeHop(host: Host, networkName: string): Promise<void> {
  const name = hopName(networkName);
  const { networks } = await host.libvirt();
  const hop = await networks.observe({ name });
  if (hop?.active === true) await networks.stop(hop.uuid);
  if (hop?.persistent === true) await networks.undefine(hop.uuid);
  await host.observations.refreshNetwork(name);
}
