import type { HostFacts } from "../../hosts/facts.js";
import type { HostRef } from "../../hosts/host-ref.js";
import type { NetworkRecord } from "../../libvirt/index.js";
import type { NetworkModel, OwnerMark } from "../../libvirt/xml/index.js";
import type { HostRoute } from "./host-routes.js";

/** The network of our name on one host. */
export interface ObservedNetwork {
  record: NetworkRecord;
  /** What it starts with next; what it runs with when it is transient. */
  model: NetworkModel;
  /** What it runs with. Absent when it is stopped. */
  live?: NetworkModel | undefined;
  owner?: OwnerMark | undefined;
  /** Whether it is this resource's: by its mark, or without a mark because it was there before. */
  ours: boolean;
}

/** Another network of a host, as far as it can be in the way. */
export interface OtherNetwork {
  name: string;
  active: boolean;
  model: NetworkModel;
}

/** A host that answered, as far as it concerns one network. */
export interface ObservedHost {
  ref: HostRef;
  facts: HostFacts;
  network?: ObservedNetwork | undefined;
  /** Running VMs that are attached to it, in order of name. */
  machines: string[];
  /** What of it they use. */
  inUse: NetworkUse;
  /** Whether some of them lost their link, because the network was stopped or removed under them, or have the VLAN of before. */
  unplugged: boolean;
  /** When the network is to get another name: the one that goes. */
  replaced?: ObservedNetwork | undefined;
  machinesOfReplaced: string[];
  others: OtherNetwork[];
  /** Which of the bridges and devices of the host that are declared aren't there. */
  missing?: HostDevice[];
  /** Whether something else has the name of the bridge that is to be made. */
  bridgeTaken?: boolean;
  /** The host's own ways to IPv4 addresses; read while the network's aren't there yet. */
  routes?: HostRoute[];
}

/** What the running VMs in a network use of it. */
export interface NetworkUse {
  portgroups: string[];
  /** Devices of the host that macvtap put them on. */
  devices: string[];
}

/** What a network stands on and doesn't make itself. */
export interface HostDevice {
  what: "bridge" | "Open vSwitch bridge" | "device";
  name: string;
}

/** What there is of one network. */
export interface ObservedNetworks {
  /** The declared hosts. */
  hosts: ObservedHost[];
  /** Hosts that were declared before and aren't any more. */
  former: ObservedHost[];
}
