import { oneLine } from "../../hosts/errors.js";
import type { Host } from "../../hosts/host.js";
import { LibvirtError, type NetworkRecord } from "../../libvirt/index.js";
import { parseNetwork } from "../../libvirt/xml/index.js";
import { withVlan } from "../../libvirt/xml/interface-network.js";
import type { ApplyContext } from "../definition.js";
import { attachedTo, misplaced } from "./attached.js";

/** Takes running VMs' interfaces on Open vSwitch to the VLANs that their network has now; their link stays up. */
export async function moveToVlans(
  host: Host,
  network: NetworkRecord,
  { signal }: ApplyContext,
): Promise<void> {
  const live = parseNetwork(network.liveXml ?? network.xml);
  const { domains } = await host.libvirt();
  const failures: string[] = [];
  for (const domain of await domains.observeAll({ signal })) {
    const plugs = attachedTo(network.name, network, [domain]).flatMap((attached) => attached.plugs);
    for (const plug of plugs) {
      const wanted = misplaced(plug, live);
      if (wanted === undefined) continue;
      signal.throwIfAborted();
      // Read anew for each: the last update is to stay.
      const now = await domains.observe({ uuid: domain.uuid });
      const xml = now?.liveXml === undefined ? undefined : withVlan(now.liveXml, plug.mac, wanted.vlan);
      if (xml === undefined) continue;
      const failure = await attempt(domains.updateDevice(domain.uuid, xml, { live: true }));
      const after = await domains.observe({ uuid: domain.uuid });
      const [still] = (after === undefined ? [] : attachedTo(network.name, network, [after])).flatMap(
        (attached) => attached.plugs.filter(({ mac }) => mac === plug.mac),
      );
      if (still !== undefined && misplaced(still, live) !== undefined)
        failures.push(`${domain.name}: ${failure ?? "libvirt reported success and changed nothing"}`);
    }
  }
  if (failures.length > 0)
    throw new Error(
      `network ${network.name} on ${host.name} has other VLANs now, and not all machines could be taken over to them; they stay where they were until that is done or they are restarted: ${failures.join("; ")}`,
    );
}

/** What went wrong with one machine; what concerns all is thrown. */
async function attempt(work: Promise<void>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (!(error instanceof LibvirtError) || error.kind === "connectionLost") throw error;
    return oneLine(error);
  }
}
