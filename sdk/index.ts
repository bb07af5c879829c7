export type { CloudInit, CloudInitFile, CloudInitUser } from "./cloud-init.js";
export { Disk, type DiskArgs } from "./disk.js";
export { Host, type HostArgs } from "./host.js";
export {
  type DhcpArgs,
  type Dhcpv6Args,
  type DnsArgs,
  type DnsServiceArgs,
  type Ipv6Args,
  type NatArgs,
  Network,
  type NetworkArgs,
  type PortgroupArgs,
  type VlanTrunk,
} from "./network.js";
export { KvmResource } from "./resource.js";
export { Snapshot, type SnapshotArgs, type VirtualMachineRef } from "./snapshot.js";
export { StoragePool, type StoragePoolArgs } from "./storage-pool.js";
export type { Connection, Credentials, Duration, HostRef, In, InEach, Size, Timeouts } from "./types.js";
export {
  type LastMigration,
  type Migration,
  VirtualMachine,
  type VirtualMachineArgs,
  type VmDisk,
  type VmInterface,
} from "./virtual-machine.js";
