import * as pulumi from "@pulumi/pulumi";
import { partOf } from "./host-ref.js";
import type { Network, VlanTrunk } from "./network.js";
import { isKvmResource } from "./resource.js";
import type { In, Size } from "./types.js";

/** How fast data may flow one way. Amounts are a second's (`"10MB"`), in steps of 1000 bytes. */
export interface FlowLimit {
  average?: In<Size>;
  /** At most this for a while. Needs `average`. */
  peak?: In<Size>;
  /** What may flow at the peak, in steps of 1024 bytes. Needs `average`. */
  burst?: In<Size>;
}

/** The same of what a guest receives, where its network divides what it has. */
export interface InboundLimit extends FlowLimit {
  /** What the network guarantees. Needs `network`. */
  floor?: In<Size>;
}

/**
 * A network interface of a VM: to a libvirt network (`network`), a bridge of the host (`bridge`), or by macvtap a device of the host
 * (`direct`). One of the three.
 *
 * From networks and bridges to others the cable goes live, the card stays in the guest; from and to Open vSwitch and macvtap at the next boot.
 */
export interface VmInterface {
  network?: In<Network | string>;
  /** A class of interfaces in the network. Default: the network's. Next boot. */
  portgroup?: In<string>;
  /** Name of a bridge of the host. */
  bridge?: In<string>;
  /** `dev`: name of a device of the host. `mode`: `"bridge"` (default: guests on the device reach each other), `"vepa"`, `"private"`, `"passthrough"`. */
  direct?: In<{ dev: In<string>; mode?: In<"bridge" | "vepa" | "private" | "passthrough"> }>;
  /**
   * MAC address. Default: one made from the VM's UUID, kept for good. A card with another address is another card: plugged live. One that another
   * VM has in the same network of the host is warned of.
   */
  mac?: In<string>;
  /** Default `"virtio"`. Next boot. */
  model?: In<"virtio" | "e1000e" | "e1000" | "rtl8139" | "vmxnet3">;
  /** Whether the cable is in. Default `"up"`. Live. */
  link?: In<"up" | "down">;
  /**
   * VLAN from 1 to 4094, or a trunk of several: on a bridge of Open vSwitch (with `virtualPort`), in a network of mode `"ovs"`, or with
   * `direct.mode` `"passthrough"`. Live on Open vSwitch, else at the next boot.
   */
  vlan?: In<number | VlanTrunk>;
  /** For a `bridge` of Open vSwitch. `profile`: name of its port profile. Next boot. */
  virtualPort?: In<{ type: In<"openvswitch">; profile?: In<string> }>;
  /** What the guest receives (`inbound`) and sends (`outbound`). Default: no limits. Live. */
  bandwidth?: In<{ inbound?: In<InboundLimit>; outbound?: In<FlowLimit> }>;
  /**
   * A network filter that the host has (`virsh nwfilter-list`), such as `"clean-traffic"`, and the values of its variables. Not with `direct`, nor on
   * Open vSwitch. Live.
   */
  filter?: In<{ name: In<string>; parameters?: In<Record<string, In<In<string> | In<string>[]>>> }>;
  /** Largest packet, in bytes. Default: the network's or bridge's. Next boot. */
  mtu?: In<number>;
  /** Queues between guest and host, 1 to 256, on virtio. Default 1. Next boot. */
  queues?: In<number>;
  /** The host follows when the guest changes its MAC address or listens to groups; macvtap only. Default `false`. Next boot. */
  trustGuestRxFilters?: In<boolean>;
  /** As of a disk. Next boot. */
  bootOrder?: In<number>;
}

export function unwrapInterface(nic: VmInterface): unknown {
  return {
    ...nic,
    network:
      nic.network === undefined
        ? undefined
        : partOf(nic.network, (n) => (isKvmResource(n, "Network") ? (n as Network).name : pulumi.output(n))),
  };
}
