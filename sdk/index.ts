export type { AnswerFile, AnswerFileBytes } from "./answer-file.js";
export type { CloudInit, CloudInitFile, CloudInitUser } from "./cloud-init.js";
export { Disk, type DiskArgs } from "./disk.js";
export { Host, type HostArgs } from "./host.js";
export {
  type BootstrapConnection,
  HostBootstrap,
  type HostBootstrapArgs,
  type HostFinding,
} from "./host-bootstrap.js";
export { Image, type ImageArgs } from "./image.js";
export type { DiskLookup, LookupOnHost, LookupOnHosts } from "./lookup.js";
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
export { type Ova, type OvaDisk, type OvaOptions, ova } from "./ova.js";
export { KvmResource } from "./resource.js";
export { Snapshot, type SnapshotArgs, type VirtualMachineRef } from "./snapshot.js";
export {
  type PoolAuthArgs,
  type PoolServer,
  type PoolSourceArgs,
  StoragePool,
  type StoragePoolArgs,
} from "./storage-pool.js";
export type {
  Connection,
  Credentials,
  Duration,
  FileSource,
  HostRef,
  In,
  InEach,
  Size,
  Timeouts,
} from "./types.js";
export {
  type LastMigration,
  type Migration,
  VirtualMachine,
  type VirtualMachineArgs,
} from "./virtual-machine.js";
export type {
  VmCpu,
  VmCpuFeature,
  VmCpuTopology,
  VmCpuTune,
  VmMemoryBacking,
  VmMemoryHotplug,
  VmMemoryTune,
  VmNumaCell,
  VmNumaTune,
} from "./virtual-machine-compute.js";
export type { VmChannel, VmFilesystem, VmHostDevice, VmRng } from "./vm-devices.js";
export type { DiskBurst, DiskLimits, DiskRates, VmCdrom, VmDisk } from "./vm-disk.js";
export type { FlowLimit, InboundLimit, VmInterface } from "./vm-interface.js";
export type {
  VmClock,
  VmFeatures,
  VmGraphics,
  VmHyperV,
  VmInputDevice,
  VmOs,
  VmSerialPort,
  VmTimer,
  VmTpm,
  VmVideo,
  XmlPatch,
} from "./vm-platform.js";
