import type { DhcpHost, NetworkAddress, NetworkDns, NetworkModel } from "../../provider/libvirt/xml/index.js";
import {
  defaultDhcpRanges,
  type Family,
  formatAddress,
  parseCidr,
} from "../../provider/resources/network/ip.js";
import { durationText } from "./amounts.js";
import { type Bag, filled } from "./bag.js";
import { vlanOf } from "./machine/interfaces.js";

const MACVTAP = new Set(["bridge", "private", "vepa", "passthrough"]);

/** What a network's inputs say; undefined for a kind that has none. */
export function networkInputs(model: NetworkModel, autostart: boolean): Bag | undefined {
  const { mode, bridge, virtualPort, devices } = model;
  const tail = {
    portgroups: model.portgroups?.map(({ name, isDefault, vlan }) => ({
      name,
      ...filled({ default: isDefault, vlan: vlanOf(vlan) }),
    })),
    autostart: autostart ? undefined : false,
  };
  if (["nat", "route", "open", "isolated"].includes(mode))
    return { mode, ...filled({ ...ownBridge(model), autostart: tail.autostart }) };
  if (mode === "bridge" && bridge !== undefined) {
    if (virtualPort !== undefined && virtualPort !== "openvswitch") return undefined;
    const isOvs = virtualPort === "openvswitch";
    return {
      mode: isOvs ? "ovs" : "bridge",
      bridge,
      ...filled({ vlan: isOvs ? vlanOf(model.vlan) : undefined, ...tail }),
    };
  }
  if (!MACVTAP.has(mode) || devices === undefined) return undefined;
  return {
    mode: "macvtap",
    ...(devices.length === 1 ? { forwardDevice: devices[0] } : { forwardDevices: devices }),
    ...filled({ macvtapMode: mode === "bridge" ? undefined : mode, vlan: vlanOf(model.vlan), ...tail }),
  };
}

function ownBridge(model: NetworkModel): Bag {
  const { bridge, devices, ipv4, ipv6, domainName, domainLocalOnly, delaySeconds } = model;
  return {
    // One that libvirt has chosen stays.
    bridge: bridge === undefined || /^virbr\d+$/.test(bridge) ? undefined : bridge,
    stp: model.stp === false ? false : undefined,
    forwardDelay:
      delaySeconds === undefined || delaySeconds === 0 ? undefined : durationText(delaySeconds * 1_000),
    forwardDevice: devices?.length === 1 ? devices[0] : undefined,
    nat: model.nat,
    cidr: ipv4 && cidrOf(ipv4),
    dhcp: dhcpOf(ipv4, "ipv4"),
    ipv6: ipv6 && { cidr: cidrOf(ipv6), ...filled({ dhcp: dhcpOf(ipv6, "ipv6") }) },
    addresses: model.moreAddresses?.map(cidrOf),
    routes: model.routes?.map(({ gateway, metric, ...to }) => ({
      cidr: cidrOf(to),
      gateway,
      ...filled({ metric }),
    })),
    domain:
      domainLocalOnly === true && domainName !== undefined
        ? { name: domainName, localOnly: true }
        : domainName,
    dns: dnsOf(model.dns),
    mtu: model.mtuBytes,
  };
}

function cidrOf({ address, prefix }: { address: string; prefix: number }): string {
  return `${address}/${prefix}`;
}

function dhcpOf(address: NetworkAddress | undefined, family: Family): Bag | true | undefined {
  const dhcp = address?.dhcp;
  if (address === undefined || dhcp === undefined || dhcp.ranges.length + dhcp.hosts.length === 0)
    return undefined;
  const ranges = dhcp.ranges.map(({ start, end }) => ({ start, end }));
  const hosts = dhcp.hosts.map(reservationOf);
  const leases = new Set([...dhcp.ranges, ...dhcp.hosts].map(({ leaseSeconds }) => leaseSeconds));
  // Where they differ they are left as they are.
  const [lease] = leases.size === 1 ? leases : [];
  const cidr = parseCidr(cidrOf(address));
  const usual = cidr === undefined ? [] : defaultDhcpRanges(cidr);
  const isUsual =
    usual.length === ranges.length &&
    usual.every(
      ({ start, end }, i) =>
        formatAddress(start, family) === ranges[i]?.start && formatAddress(end, family) === ranges[i]?.end,
    );
  const rest = filled({
    hosts,
    leaseTime: lease === undefined ? undefined : lease === 0 ? "infinite" : durationText(lease * 1_000),
  });
  if (isUsual) return rest ?? true;
  const [only, ...more] = ranges;
  return { ...(only !== undefined && more.length === 0 ? only : { ranges }), ...rest };
}

function reservationOf({ mac, duid, name, address }: DhcpHost): Bag {
  return { ...filled({ mac, duid, name }), address };
}

function dnsOf(dns: NetworkDns | undefined): Bag | undefined {
  if (dns === undefined) return undefined;
  if (!dns.enabled) return { enabled: false };
  const { hosts, forwarders, texts, services } = dns;
  return filled({
    hosts,
    forwarders: forwarders?.map(({ address, domain }) =>
      domain === undefined ? address : { ...filled({ address, domain }) },
    ),
    txt: texts,
    srv: services,
  });
}
