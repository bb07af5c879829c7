import type * as pulumi from "@pulumi/pulumi";
import type { Host } from "./host.js";
import { KvmResource } from "./resource.js";
import { hostsOf } from "./storage-pool.js";
import type { Connection, HostRef, In, Timeouts } from "./types.js";

/** A range of addresses, and fixed ones, that libvirt's DHCP server hands out. */
export interface DhcpArgs {
  /** First address handed out. Default: the first one of `cidr` that isn't the host's. */
  start?: In<string>;
  /** Last address handed out. Default: the last usable one of `cidr`. The first two numbers must be those of `start`. */
  end?: In<string>;
  /** Fixed addresses, within `cidr` or the range. Not given, those are left alone that were added by other means. */
  hosts?: In<In<{ mac: In<string>; address: In<string>; name?: In<string> }>[]>;
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
   * - `"isolated"`: guests reach each other and the host only.
   * - `"bridge"`: guests are attached to a bridge that exists on the host (`bridge`).
   */
  mode: In<"nat" | "isolated" | "bridge">;
  /** Name of the bridge, at most 15 characters. Required for `"bridge"`; else libvirt chooses one when not given. */
  bridge?: In<string>;
  /**
   * The host's IPv4 address in the network with its prefix, 8 to 30, for instance `"10.10.0.1/24"`. Required for `"nat"` (unless a network
   * is taken over), not for `"bridge"`. It must not overlap another network of the host.
   * Guests keep the address that they have until they renew it, after half an hour at most, or are restarted.
   */
  cidr?: In<string>;
  /** `true`: hand out all of `cidr`'s addresses but the host's, at most the 65,536 around it. Needs `cidr`. Changes live. */
  dhcp?: In<boolean | DhcpArgs>;
  /** DNS domain of the guests. Not for `"bridge"`. */
  domain?: In<string>;
  /** Largest packet in bytes, 68 to 65,535. Not for `"bridge"`. */
  mtu?: In<number>;
  /** Start the network when the host's libvirt starts. Default `true`. */
  autostart?: In<boolean>;
  /**
   * What to do with a change that a running network can't take (mode, bridge, cidr, domain, mtu) while VMs are attached.
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
 * DHCP ranges and fixed addresses change live. Other changes restart the network: at once when no VM is attached, else as `restartPolicy` says.
 * A network that was stopped or undefined by hand is repaired, and running VMs are plugged into it again. Deleting it, or taking a host out of
 * `hosts`, is refused while running VMs are attached.
 *
 * @example
 * ```ts
 * const lan = new kvm.Network("lan", { hosts: [alpha, beta], mode: "nat", cidr: "10.10.0.1/24", dhcp: true });
 * ```
 */
export class Network extends KvmResource {
  /** libvirt's name of the network. */
  declare readonly name: pulumi.Output<string>;
  /** The hosts that have the network, by name. */
  declare readonly hosts: pulumi.Output<Record<string, Connection>>;
  /** As declared. */
  declare readonly mode: pulumi.Output<string>;
  /** libvirt's UUID of the network, by host name. */
  declare readonly uuids: pulumi.Output<Record<string, string>>;
  /** The bridge in use, by host name. */
  declare readonly bridges: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.CustomResourceOptions) {
    const { host, hosts, ...rest } = args;
    super(
      "Network",
      name,
      { ...rest, ...hostsOf("Network", name, host, hosts), name: args.name ?? name },
      ["uuids", "bridges"],
      opts,
    );
  }
}
