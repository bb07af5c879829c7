import {
  describeNetworkDifferences,
  type HostAddress,
  type NetworkDifference,
  type NetworkModel,
  type Vlan,
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
    const key = JSON.stringify([change.property, isOneOfMany(change.property) ? change : ""]);
    if (!changes.has(key)) changes.set(key, change);
  }
  return [...changes.values()];
}

/** Entries without a name of their own. */
function isOneOfMany(property: string): boolean {
  return /^(?:dhcp range|address|device|dns srv|dns txt .*)$/.test(property);
}

const NAMES = {
  name: "name",
  uuid: "uuid",
  mode: "mode",
  bridge: "bridge",
  stp: "stp",
  delaySeconds: "forwardDelay",
  mtuBytes: "mtu",
  mac: "mac",
  domainName: "domain",
  domainLocalOnly: "domain localOnly",
  virtualPort: "virtual port",
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
    case "moreAddress":
      return change("address", show(difference.from), show(difference.to));
    case "routes":
      return change("routes", difference.from?.map(showRoute), difference.to?.map(showRoute));
    case "device":
      return change("device", difference.from, difference.to);
    case "nat":
      return change(
        "nat",
        difference.from && showNat(difference.from),
        difference.to && showNat(difference.to),
      );
    case "vlan":
      return change("vlan", showVlan(difference.from), showVlan(difference.to));
    case "portgroup": {
      const { from, to } = difference;
      return change(`portgroup ${(to ?? from)?.name}`, showGroup(from), showGroup(to));
    }
    case "dnsEnabled":
      return change("dns enabled", difference.from, difference.to);
    case "dnsForwarders": {
      const showAll = (list: typeof difference.from) =>
        list?.map(({ address, domain }) =>
          [domain, address].filter((part) => part !== undefined).join(" at "),
        );
      return change("dns forwarders", showAll(difference.from), showAll(difference.to));
    }
    case "dnsHost": {
      const { from, to } = difference;
      return change(`dns host ${(to ?? from)?.address}`, from?.names, to?.names);
    }
    case "dnsText": {
      const { from, to } = difference;
      return change(`dns txt ${(to ?? from)?.name}`, from?.value, to?.value);
    }
    case "dnsService":
      return change("dns srv", showService(difference.from), showService(difference.to));
    default:
      return difference satisfies never;
  }
}

function cidrOf(family: "ipv4" | "ipv6"): string {
  return family === "ipv4" ? "cidr" : "ipv6";
}

function show(address: HostAddress | undefined): string | undefined {
  return address === undefined ? undefined : `${address.address}/${address.prefix}`;
}

function showRange(range: { start: string; end: string; leaseSeconds?: number } | undefined) {
  return range === undefined ? undefined : `${range.start}-${range.end}${showLease(range.leaseSeconds)}`;
}

function showHost(
  host: { mac?: string; duid?: string; name?: string; leaseSeconds?: number } | undefined,
): string | undefined {
  if (host === undefined) return undefined;
  const parts = [host.mac, host.duid, host.name].filter((part) => part !== undefined);
  return `${parts.join(" ")}${showLease(host.leaseSeconds)}`;
}

function showLease(seconds: number | undefined): string {
  if (seconds === undefined) return "";
  return seconds === 0 ? " for good" : ` for ${seconds} s`;
}

function showRoute({ gateway, ...to }: HostAddress & { gateway: string }): string {
  return `${show(to)} by ${gateway}`;
}

function showNat({ ports, addresses, ipv6 }: NonNullable<NetworkModel["nat"]>): string {
  const parts = [
    addresses === undefined ? undefined : `addresses ${addresses.start}-${addresses.end}`,
    ports === undefined ? undefined : `ports ${ports.start}-${ports.end}`,
    ipv6 ? "ipv6" : undefined,
  ];
  return parts.filter((part) => part !== undefined).join(", ");
}

function showVlan(vlan: Vlan | undefined): string | undefined {
  if (vlan === undefined) return undefined;
  const { tags, trunk, native } = vlan;
  const which = trunk ? `trunk ${tags.join(",")}` : tags.join(",");
  return native === undefined ? which : `${which}, native ${native.tag} ${native.mode}`;
}

function showGroup(group: { isDefault?: true; vlan?: Vlan } | undefined): string | undefined {
  if (group === undefined) return undefined;
  const vlan = showVlan(group.vlan);
  return `${vlan === undefined ? "no vlan" : `vlan ${vlan}`}${group.isDefault ? ", default" : ""}`;
}

function showService(made: Extract<NetworkDifference, { kind: "dnsService" }>["from"]): string | undefined {
  if (made === undefined) return undefined;
  const { service, protocol, domain, target, port } = made;
  return `${service}/${protocol}${domain === undefined ? "" : ` of ${domain}`}${target === undefined ? "" : ` at ${target}${port === undefined ? "" : `:${port}`}`}`;
}
