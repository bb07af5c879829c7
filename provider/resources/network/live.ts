import type { DnsHost, NetworkDifference, NetworkModel } from "../../libvirt/xml/index.js";
import { linkKindOf } from "./attached.js";
import type { NetworkUse } from "./observed.js";

/** Whether a running network takes a change without being restarted, and its guests with it. */
export function isLive(
  difference: NetworkDifference,
  live: NetworkModel,
  desired: NetworkModel,
  inUse: NetworkUse,
): boolean {
  switch (difference.kind) {
    case "dhcpRange":
    case "dhcpHost":
    case "dnsService":
      return true;
    case "dnsHost":
      return difference.to === undefined || isAlone(difference.to, desired.dns?.hosts ?? []);
    case "dnsText": {
      // libvirt finds a text by its name alone, and takes no second one.
      const name = (difference.to ?? difference.from)?.name;
      const ofName = [live, desired].map((is) => is.dns?.texts?.filter((text) => text.name === name) ?? []);
      return ofName.every((texts) => texts.length <= 1);
    }
    case "portgroup": {
      const { from, to } = difference;
      const staysWhose = (from?.isDefault ?? false) === (to?.isDefault ?? false);
      return staysWhose && !inUse.portgroups.includes((to ?? from)?.name ?? "");
    }
    case "device":
      if (linkKindOf(live) !== "device" || linkKindOf(desired) !== "device") return false;
      // libvirt forgets who is on which device, and would give one away a second time where each is for one guest.
      if (desired.mode === "passthrough" && inUse.devices.length > 0) return false;
      return difference.from === undefined || !inUse.devices.includes(difference.from);
    case "property":
    case "address":
    case "addressProperty":
    case "moreAddress":
    case "routes":
    case "nat":
    case "vlan":
    case "dnsEnabled":
    case "dnsForwarders":
      return false;
    default:
      return difference satisfies never;
  }
}

/** While it runs, libvirt takes no entry with a name that another entry has, such as that of the same machine's IPv6 address. */
function isAlone(host: DnsHost, all: readonly DnsHost[]): boolean {
  const names = new Set(host.names.map((name) => name.toLowerCase()));
  return all.every(
    (other) => other.address === host.address || other.names.every((name) => !names.has(name.toLowerCase())),
  );
}
