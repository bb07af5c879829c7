export { dialLocal } from "./dial-local.js";
export { MIGRATE, type MigrationPhase } from "./domain-migration.js";
export type { DomainKey, DomainRecord } from "./domain-record.js";
export type { SnapshotOptions, SnapshotRecord } from "./domain-snapshots.js";
export type { DomainState } from "./domain-state.js";
export type { BalloonStats, DomainTarget } from "./domain-tuning.js";
export {
  type DomainApi,
  type DomainInterfaceAddresses,
  isLifecycleEvent,
  type UndefineOptions,
} from "./domains.js";
export { isEndOfLibvirt, isLibvirtError, isSilence, LibvirtError, type LibvirtErrorKind } from "./errors.js";
export type { DomainLifecycle, EventApi, EventSubscription, LibvirtEvents } from "./events.js";
export type { CpuComparison, HostApi, HypervisorQuery, NodeRecord } from "./host.js";
export type { JobStats } from "./job-stats.js";
export { Libvirt, type LibvirtOptions } from "./libvirt.js";
export type { MigrationParams } from "./migration-params.js";
export type { DhcpLease, NetworkApi, NetworkChange, NetworkKey, NetworkRecord } from "./networks.js";
export type { PoolApi, PoolKey, PoolRecord } from "./pools.js";
export type { KeepaliveSettings, StreamChunk } from "./rpc/index.js";
export type { Dial, OperationOptions } from "./session.js";
export type { TransferOptions, VolumeApi, VolumeRecord } from "./volumes.js";
