import {
  describeNetworkDifferences,
  type NetworkAddress,
  type NetworkDifference,
  type NetworkModel,
} from "../../libvirt/xml/index.js";
import type { PropertyChange } from "../../planning/step.js";
import { desiredModel } from "./desired.js";
import type { ObservedNetwork } from "./observed.js";
import type { NetworkRequest } from "./request.js";

/** In what the definition and the running network each differ from what is declared. */
export function differencesOf(
  { inputs, previous }: NetworkRequest,
  { model, live }: ObservedNetwork,
): { persistent: NetworkDifference[]; live: NetworkDifference[] } {
  const differ = (is: NetworkModel) => describeNetworkDifferences(is, desiredModel(inputs, previous, is));
  return { persistent: differ(model), live: live === undefined ? [] : differ(live) };
}

/** For people, each once, in the words of the inputs. */
export function changesOf(differences: readonly NetworkDifference[]): PropertyChange[] {
  const changes = new Map<string, PropertyChange>();
  for (const difference of differences) {
    const change = changeOf(difference);
    const key = JSON.stringify([change.property, change.property.endsWith("range") ? change : ""]);
    if (!changes.has(key)) changes.set(key, change);
  }
  return [...changes.values()];
}

const NAMES = {
  name: "name",
  uuid: "uuid",
  mode: "mode",
  bridge: "bridge",
  mtuBytes: "mtu",
  domainName: "domain",
} as const;

function changeOf(difference: NetworkDifference): PropertyChange {
  const change = (property: string, from: unknown, to: unknown): PropertyChange => ({
    property,
    from: from === undefined ? "none" : String(from),
    to: to === undefined ? "none" : String(to),
  });
  switch (difference.kind) {
    case "property":
      return change(NAMES[difference.property], difference.from, difference.to);
    case "address":
      return change(cidrOf(difference.family), show(difference.from), show(difference.to));
    case "addressProperty":
      return change(
        difference.property === "address" ? cidrOf(difference.family) : `${cidrOf(difference.family)} prefix`,
        difference.from,
        difference.to,
      );
    case "dhcpRange":
      return change("dhcp range", showRange(difference.from), showRange(difference.to));
    case "dhcpHost": {
      const { from, to } = difference;
      return change(`dhcp host ${to?.address ?? from?.address}`, showHost(from), showHost(to));
    }
    case "dnsEnabled":
    case "dnsForwarders":
      return change(difference.path, difference.from, difference.to);
    case "dnsHost":
      return change(difference.path, difference.from?.names, difference.to?.names);
    default:
      return difference satisfies never;
  }
}

function cidrOf(family: "ipv4" | "ipv6"): string {
  return family === "ipv4" ? "cidr" : "ipv6";
}

function show(address: NetworkAddress | undefined): string | undefined {
  return address === undefined ? undefined : `${address.address}/${address.prefix}`;
}

function showRange(range: { start: string; end: string } | undefined): string | undefined {
  return range === undefined ? undefined : `${range.start}-${range.end}`;
}

function showHost(host: { mac?: string; name?: string } | undefined): string | undefined {
  return host === undefined
    ? undefined
    : [host.mac, host.name].filter((part) => part !== undefined).join(" ");
}
