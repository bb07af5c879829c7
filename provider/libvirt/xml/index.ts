export * from "./attempt-note.js";
export * from "./capabilities.js";
export * from "./cpu-set.js";
export * from "./device-xml.js";
export { scsiControllersOf } from "./disk.js";
export * from "./disk-chain.js";
export { type DiskLimitKind, type DiskLimits, diskLimitKinds, limitValues } from "./disk-limits.js";
export { parseDomainLikeOthers } from "./domain-alike.js";
export { buildDisk, buildDomain, buildInterface } from "./domain-build.js";
export * from "./domain-capabilities.js";
export * from "./domain-differences.js";
export * from "./domain-model.js";
export { type DiskUse, diskUses, parseDomain } from "./domain-parse.js";
export {
  type BootMenu,
  type Channel,
  type Clock,
  type CpuFeature,
  type CpuLimits,
  type DomainPartName,
  type Filesystem,
  type Graphics,
  type HostDevice,
  type HyperV,
  hostDeviceKey,
  type InputDevice,
  isPartName,
  type MemoryBacking,
  type MemoryTune,
  type NumaTune,
  type Pin,
  type Rng,
  type SerialPort,
  sortedChannels,
  sortedFilesystems,
  sortedHostDevices,
  sortedInputDevices,
  sortedTimers,
} from "./domain-parts/index.js";
export { patchDomain } from "./domain-patch.js";
export * from "./error.js";
export { nvramFilesOf, variablesFormat, withNamedVariables } from "./firmware-variables.js";
export * from "./hotplug-state.js";
export * from "./impossible-name.js";
export {
  type Bandwidth,
  type FlowLimit,
  type InterfaceFilter,
  sortedParameters,
} from "./interface-traffic.js";
export * from "./lease.js";
export type { MarkKind, MarkProblem, OnMarkProblem } from "./mark.js";
export { type MemoryHotplug, type MemoryModel, VIRTIO_MEM_BLOCK_BYTES } from "./memory.js";
export { dimmXml, memoryDeviceXml } from "./memory-device-xml.js";
export type { Marks } from "./metadata.js";
export * from "./migration-journal.js";
export * from "./moved-volumes.js";
export * from "./network.js";
export {
  type AddressFamily,
  addressIndex,
  type DhcpHost,
  type DhcpRange,
  type HostAddress,
  type NetworkAddress,
  type NetworkRoute,
} from "./network-address.js";
export { buildNetwork, buildNetworkEntry, type NetworkEntry } from "./network-build.js";
export * from "./network-differences.js";
export type { DnsForwarder, DnsHost, DnsService, DnsText, NetworkDns } from "./network-dns.js";
export type { NatModel } from "./network-forward.js";
export { patchNetwork } from "./network-patch.js";
export type { Portgroup, Vlan } from "./network-vlan.js";
export type { NumaCell } from "./numa.js";
export * from "./owner-mark.js";
export { patchNotesAsKept, patchNotesKind } from "./patch-notes.js";
export { patchedPaths } from "./patched-paths.js";
export { applyPatches, parseFragment, type XmlPatch, xpathProblem } from "./patches.js";
export { cardPlug, hasPcieRootPorts } from "./pcie.js";
export { isWithoutUsb, type PluggingRoom, readPluggingRoom } from "./plugging-room.js";
export * from "./pool.js";
export {
  type PoolAuth,
  type PoolHost,
  type PoolSource,
  type ReachingPart,
  reachingParts,
} from "./pool-source.js";
export * from "./revert-mark.js";
export * from "./run-notes.js";
export * from "./snapshot.js";
export { isXmlText, survivesLibvirtAttribute, survivesLibvirtText } from "./text.js";
export { sameValue, wholeMebibytes } from "./value.js";
export * from "./volume.js";
export * from "./wait-mark.js";
export { xmlDiff } from "./xml-diff.js";
