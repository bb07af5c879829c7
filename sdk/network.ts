import type * as pulumi from "@pulumi/pulumi";
import type { Host } from "./host.js";
import type { LookupOnHosts } from "./lookup.js";
import { hasType, KvmResource, typeOf } from "./resource.js";
import { hostsOf } from "./storage-pool.js";
import type { Connection, Duration, HostRef, In, Timeouts } from "./types.js";

/** A range of addresses, and fixed ones, that libvirt's DHCP server hands out. */
export interface DhcpArgs {
  /** First address handed out. Default: the first one of `cidr` that isn't the host's. */
  start?: In<string>;
  /** Last address handed out. Default: the last usable one of `cidr`. The first two numbers must be those of `start`. */
  end?: In<string>;
  /** Several ranges, instead of `start` and `end`. `[]`: the fixed addresses only. */
  ranges?: In<In<{ start: In<string>; end: In<string> }>[]>;
  /**
   * Fixed addresses, within `cidr` or the range; each for a `mac` or for a client that calls itself `name`. Not given, those are left alone
   * that were added by other means.
   */
  hosts?: In<In<{ mac?: In<string>; address: In<string>; name?: In<string> }>[]>;
  /** How long a guest has its address before it asks again: 2 minutes or more in whole seconds, or `"infinite"`. Default: dnsmasq's, an hour. */
  leaseTime?: In<Duration>;
}

/** {@link DhcpArgs} of IPv6, which knows guests by their DUID instead of a MAC address. */
export interface Dhcpv6Args {
  /** First address handed out. Default: the first one of `cidr` that isn't the host's, of the 65,536 around it. */
  start?: In<string>;
  /** Last address handed out. All but the last number must be those of `start`. */
  end?: In<string>;
  /** Several ranges, instead of `start` and `end`. `[]`: the fixed addresses only. */
  ranges?: In<In<{ start: In<string>; end: In<string> }>[]>;
  /** Fixed addresses, each for a `duid` or for a client that calls itself `name`. */
  hosts?: In<In<{ duid?: In<string>; address: In<string>; name?: In<string> }>[]>;
  /** As of IPv4. */
  leaseTime?: In<Duration>;
}

/** IPv6 in a network. Guests find their way out by router advertisements; without `dhcp`, in a /64, they give themselves addresses. */
export interface Ipv6Args {
  /** The host's address with its prefix, 8 to 126, for instance `"fd00:10::1/64"`; with `dhcp` 64 or more. */
  cidr: In<string>;
  /** `true`: hand out the 65,536 addresses around the host's. Changes live. */
  dhcp?: In<boolean | Dhcpv6Args>;
}

/** What the network's DNS server answers. Each list that isn't given is left as it is found. */
export interface DnsArgs {
  /** `false` switches the server off. Default `true`. A change restarts the network. */
  enabled?: In<boolean>;
  /** Names of machines. Changes live, but for a name that stands at two addresses, as with IPv4 and IPv6: that restarts the network. */
  hosts?: In<In<{ address: In<string>; names: In<In<string>[]> }>[]>;
  /** Servers that are asked what this one doesn't know, or what it doesn't know of a domain. Default: the host's. A change restarts the network. */
  forwarders?: In<In<string | { address?: In<string>; domain?: In<string> }>[]>;
  /** Texts, at most 255 characters. Changes live. */
  txt?: In<In<{ name: In<string>; value: In<string> }>[]>;
  /** Where services are. Changes live. */
  srv?: In<In<DnsServiceArgs>[]>;
}

/** Where a service is. */
export interface DnsServiceArgs {
  /** Without its underscore: `"ldap"`. */
  service: In<string>;
  protocol: In<"tcp" | "udp">;
  /** Default: the network's own. */
  domain?: In<string>;
  /** The machine that has the service. Not given: nobody has. */
  target?: In<string>;
  port?: In<number>;
  /** Lowest first. Default 0. */
  priority?: In<number>;
  /** Share among those of the same priority. Default 0. */
  weight?: In<number>;
}

/** How addresses are translated in mode `"nat"`. Not given parts are libvirt's default. */
export interface NatArgs {
  /** Ports of the host that guests' connections get. Default: 1024 to 65535. */
  ports?: In<{ start: In<number>; end: In<number> }>;
  /** Addresses that guests' packets get. Default: that of the device on which they leave. */
  addresses?: In<{ start: In<string>; end: In<string> }>;
  /** Translate IPv6 too, instead of routing it. Default `false`. */
  ipv6?: In<boolean>;
}

/** Several VLANs in one interface: a trunk. */
export interface VlanTrunk {
  /** VLANs from 1 to 4094, which keep their tags. */
  trunk: In<In<number>[]>;
  /** The VLAN of what comes without a tag. */
  native?: In<number>;
  /** Whether that leaves with its tag. Default `"untagged"`. */
  nativeMode?: In<"tagged" | "untagged">;
}

/** A class of interfaces in a network. */
export interface PortgroupArgs {
  name: In<string>;
  /** Of interfaces that name no portgroup. At most one. */
  default?: In<boolean>;
  vlan?: In<number | VlanTrunk>;
}

/** A virtual network. Give `host` or `hosts`. */
export interface NetworkArgs {
  host?: In<Host | HostRef>;
  /** The hosts that have a network of this name. VMs move only between hosts that do. */
  hosts?: In<In<Host | HostRef>[]>;
  /** libvirt's name of the network. Default: the resource's name. Changing it replaces the network. */
  name?: In<string>;
  /**
   * - `"nat"`: guests reach out through the host's address.
   * - `"route"`: guests reach out with their own addresses; what is outside must know the way back.
   * - `"open"`: as `"route"`, and what may pass is up to the host's own firewall.
   * - `"isolated"`: guests reach each other and the host only.
   * - `"bridge"`: guests are attached to a Linux bridge that exists on the host (`bridge`).
   * - `"ovs"`: guests are attached to an Open vSwitch bridge that exists on the host (`bridge`).
   * - `"macvtap"`: guests are put on a device of the host (`forwardDevice`), and don't reach the host itself.
   *
   * libvirt can't take running VMs to or from `"ovs"` and `"macvtap"`: such a change is refused while any is attached.
   */
  mode: In<"nat" | "route" | "open" | "isolated" | "bridge" | "macvtap" | "ovs">;
  /** Name of the bridge, at most 15 characters. Required for `"bridge"` and `"ovs"`; else libvirt chooses one when not given. */
  bridge?: In<string>;
  /** Spanning tree on the bridge that libvirt makes. Default `true`. */
  stp?: In<boolean>;
  /** How long that bridge listens before it forwards, in whole seconds up to 30. Default `"0s"`. */
  forwardDelay?: In<Duration>;
  /** MAC address of that bridge. Default: one that libvirt draws, and keeps. */
  mac?: In<string>;
  /** The only device of the host by which packets may leave (`"nat"`, `"route"`; default: any), or that guests are put on (`"macvtap"`). */
  forwardDevice?: In<string>;
  /** Several devices for `"macvtap"`, instead of `forwardDevice`: guests are shared out among them. Changes live, while nobody is on those that go. */
  forwardDevices?: In<In<string>[]>;
  /**
   * How guests share a device in mode `"macvtap"`: `"bridge"` (default) lets them reach each other, `"private"` doesn't, `"vepa"` leaves it to the
   * switch outside, `"passthrough"` gives each a device of its own.
   */
  macvtapMode?: In<"bridge" | "private" | "vepa" | "passthrough">;
  /** Translation in mode `"nat"`. */
  nat?: In<NatArgs>;
  /**
   * The host's IPv4 address in the network with its prefix, 8 to 30, for instance `"10.10.0.1/24"`. Modes `"nat"`, `"route"` and `"open"` need it
   * or `ipv6` (unless a network is taken over). It must not overlap another network of the host.
   * Guests keep the address that they have until they renew it, after half an hour at most, or are restarted.
   */
  cidr?: In<string>;
  /** `true`: hand out all of `cidr`'s addresses but the host's, at most the 65,536 around it. Needs `cidr`. Changes live. */
  dhcp?: In<boolean | DhcpArgs>;
  ipv6?: In<Ipv6Args>;
  /** Further addresses of the host in the network, of both families, each with its prefix: subnets without DHCP. */
  addresses?: In<In<string>[]>;
  /** Ways to networks behind guests, by an address in one of this network's subnets. */
  routes?: In<In<{ cidr: In<string>; gateway: In<string>; metric?: In<number> }>[]>;
  dns?: In<DnsArgs>;
  /** DNS domain of the guests; with `localOnly` its names are never asked of other servers. */
  domain?: In<string | { name: In<string>; localOnly?: In<boolean> }>;
  /**
   * VLAN of the guests from 1 to 4094, or a trunk of several: in mode `"ovs"`, and with `macvtapMode: "passthrough"`.
   * On a change running VMs go over to it with their link up, if `restartPolicy` says so.
   */
  vlan?: In<number | VlanTrunk>;
  /** Classes of interfaces with VLANs of their own. One that no running VM uses changes live. */
  portgroups?: In<In<PortgroupArgs>[]>;
  /** Largest packet in bytes, 68 to 65,535; with IPv6 1,280 or more. Running guests have another one from their next boot on. */
  mtu?: In<number>;
  /** Start the network when the host's libvirt starts. Default `true`; of one that is taken over: as it is. */
  autostart?: In<boolean>;
  /**
   * What to do with a change that a running network can't take (all but DHCP and DNS entries, unused portgroups and devices) while VMs are attached.
   * `"never"` (default) refuses; `"whenNeeded"` restarts the network, which cuts the attached guests' link for some seconds.
   */
  restartPolicy?: In<"never" | "whenNeeded">;
  /**
   * Take over a network of this name that exists already: only what is declared differently changes. From then on it belongs to this
   * resource, and is deleted with it. Default `false`: it is refused, by name.
   */
  adopt?: In<boolean>;
  timeouts?: In<Timeouts>;
}

/**
 * A libvirt network of the same name on one or more hosts.
 *
 * DHCP ranges, fixed addresses and DNS entries change live. Other changes restart the network: at once when no VM is attached, else as
 * `restartPolicy` says. What the inputs don't speak of, such as what was added with virsh, stays as it is.
 * A network that was stopped or undefined by hand is repaired, and running VMs are plugged into it again. Deleting it, or taking a host out of
 * `hosts`, is refused while running VMs are attached.
 *
 * @example
 * ```ts
 * const lan = new kvm.Network("lan", {
 *   hosts: [alpha, beta],
 *   mode: "nat",
 *   cidr: "10.10.0.1/24",
 *   dhcp: true,
 *   ipv6: { cidr: "fd00:10::1/64", dhcp: true },
 *   dns: { hosts: [{ address: "10.10.0.1", names: ["gateway"] }] },
 * });
 * ```
 */
export class Network extends KvmResource {
  /** @internal */
  static readonly __pulumiType = typeOf("Network");
  /** Whether a value is a `Network`, also one of another copy of this package; policy packs ask so too. */
  static override isInstance(value: unknown): value is Network {
    return hasType(value, Network.__pulumiType);
  }

  /** libvirt's name of the network. */
  declare readonly name: pulumi.Output<string>;
  /** The hosts that have the network, by name. */
  declare readonly hosts: pulumi.Output<Record<string, Connection>>;
  /** As declared. */
  declare readonly mode: pulumi.Output<string>;
  /** libvirt's UUID of the network, by host name. */
  declare readonly uuids: pulumi.Output<Record<string, string>>;
  /** The bridge in use, by host name; none with `"macvtap"`. */
  declare readonly bridges: pulumi.Output<Record<string, string>>;

  /**
   * Reads a network that isn't managed here, such as libvirt's own `default`, in previews as well. Nothing on the hosts changes, now or when the
   * stack is destroyed.
   *
   * Errors: a host doesn't have it (with the names of those that it has), a host is unreachable.
   *
   * @example
   * ```ts
   * const lan = kvm.Network.get("default", { host: alpha });
   * new kvm.VirtualMachine("web", { host: alpha, memory: "1GiB", interfaces: [{ network: lan }] });
   * ```
   */
  static get(name: string, args: LookupOnHosts, opts?: pulumi.CustomResourceOptions): Network {
    return new Network(name, args as NetworkArgs, { ...opts, id: args.name ?? name });
  }

  constructor(name: string, args: NetworkArgs, opts?: pulumi.CustomResourceOptions) {
    const { host, hosts, ...rest } = args;
    super(
      "Network",
      name,
      { ...rest, ...hostsOf("Network", name, host, hosts), name: args.name ?? name },
      ["uuids", "bridges", "mode"],
      opts,
    );
  }
}
