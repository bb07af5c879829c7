import type { Host } from "../../hosts/host.js";
import type { NetworkChange, NetworkRecord } from "../../libvirt/index.js";
import {
  type AddressFamily,
  addressIndex,
  buildNetworkEntry,
  type NetworkDifference,
  type NetworkEntry,
} from "../../libvirt/xml/index.js";

type Section = NetworkChange["section"];

/** One call of net-update. */
interface Update {
  section: Section;
  entry: NetworkEntry;
  /** Of which addresses it is, where the section is in each. */
  family?: AddressFamily;
}

/**
 * Brings a running network up to date, entry by entry. What goes goes first: an address, a MAC address or a name that changes its partner would
 * clash with its old entry. Devices come first: a network must have one.
 */
export async function updateLive(
  host: Host,
  record: NetworkRecord,
  differences: readonly NetworkDifference[],
): Promise<void> {
  const { networks } = await host.libvirt();
  const run = (command: NetworkChange["command"], { section, entry, family }: Update) => {
    const index = family === undefined ? undefined : addressIndex(record.liveXml ?? record.xml, family);
    return networks.update(record.uuid, {
      ...{ command, section, xml: buildNetworkEntry(entry), live: true },
      ...(index === undefined ? {} : { parentIndex: index }),
    });
  };
  const added = differences.map((difference) => updateOf(difference, "to"));
  const gone = differences.map((difference) => updateOf(difference, "from"));
  const isDevice = (update: Update | undefined) => update?.section === "forwardInterface";
  for (const update of added) if (update !== undefined && isDevice(update)) await run("addLast", update);
  for (const update of gone) if (update !== undefined) await run("delete", update);
  for (const update of added) if (update !== undefined && !isDevice(update)) await run("addLast", update);
}

function updateOf(difference: NetworkDifference, side: "from" | "to"): Update | undefined {
  switch (difference.kind) {
    case "dhcpRange": {
      const dhcpRange = difference[side];
      return dhcpRange && { section: "ipDhcpRange", entry: { dhcpRange }, family: difference.family };
    }
    case "dhcpHost": {
      const dhcpHost = difference[side];
      return dhcpHost && { section: "ipDhcpHost", entry: { dhcpHost }, family: difference.family };
    }
    case "dnsHost": {
      const found = difference[side];
      // libvirt looks for any of the names as well, and finds too much.
      const dnsHost = found && side === "from" ? { ...found, names: [] } : found;
      return dnsHost && { section: "dnsHost", entry: { dnsHost } };
    }
    case "dnsText": {
      const dnsText = difference[side];
      return dnsText && { section: "dnsTxt", entry: { dnsText } };
    }
    case "dnsService": {
      const dnsService = difference[side];
      return dnsService && { section: "dnsSrv", entry: { dnsService } };
    }
    case "portgroup": {
      const portgroup = difference[side];
      return portgroup && { section: "portgroup", entry: { portgroup } };
    }
    case "device": {
      const device = difference[side];
      return device === undefined ? undefined : { section: "forwardInterface", entry: { device } };
    }
    default:
      return undefined;
  }
}
