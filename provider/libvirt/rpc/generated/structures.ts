// Generated from codegen/libvirt-rpc.json by `npm run generate`. Do not edit.
// biome-ignore-all format: one line a structure reads best
import type { FieldSpec } from "../field-spec.js";
import type { TypedParam } from "../typed-param.js";

export interface Domain { name: string; uuid: string; id: number }
export interface Network { name: string; uuid: string }
export interface NetworkPort { net: Network; uuid: string }
export interface Nwfilter { name: string; uuid: string }
export interface NwfilterBinding { portdev: string; filtername: string }
export interface Interface { name: string; mac: string }
export interface StoragePool { name: string; uuid: string }
export interface StorageVol { pool: string; name: string; key: string }
export interface NodeDevice { name: string }
export interface Secret { uuid: string; usageType: number; usageID: string }
export interface DomainCheckpoint { name: string; dom: Domain }
export interface DomainSnapshot { name: string; dom: Domain }
export interface RemoteErrorRecord { code: number; optDomain: number; message?: string | undefined; level: number; dom?: Domain | undefined; str1?: string | undefined; str2?: string | undefined; str3?: string | undefined; int1: number; int2: number; net?: Network | undefined }
export interface VcpuInfo { number: number; state: number; cPUTime: bigint; cpu: number }
export interface NodeGetCPUStats { field: string; value: bigint }
export interface NodeGetMemoryStats { field: string; value: bigint }
export interface DomainDiskError { disk: string; remote_error: number }
export interface DomainMemoryStat { tag: number; val: bigint }
export interface DomainIothreadInfo { iothreadID: number; cpumap: Uint8Array }
export interface DomainEventLifecycleMsg { dom: Domain; event: number; detail: number }
export interface DomainEventCallbackLifecycleMsg { callbackID: number; msg: DomainEventLifecycleMsg }
export interface DomainEventRebootMsg { dom: Domain }
export interface DomainEventCallbackRebootMsg { callbackID: number; msg: DomainEventRebootMsg }
export interface DomainEventRtcChangeMsg { dom: Domain; offset: bigint }
export interface DomainEventCallbackRtcChangeMsg { callbackID: number; msg: DomainEventRtcChangeMsg }
export interface DomainEventWatchdogMsg { dom: Domain; action: number }
export interface DomainEventCallbackWatchdogMsg { callbackID: number; msg: DomainEventWatchdogMsg }
export interface DomainEventIOErrorMsg { dom: Domain; srcPath: string; devAlias: string; action: number }
export interface DomainEventCallbackIOErrorMsg { callbackID: number; msg: DomainEventIOErrorMsg }
export interface DomainEventIOErrorReasonMsg { dom: Domain; srcPath: string; devAlias: string; action: number; reason: string }
export interface DomainEventCallbackIOErrorReasonMsg { callbackID: number; msg: DomainEventIOErrorReasonMsg }
export interface DomainEventGraphicsAddress { family: number; node: string; service: string }
export interface DomainEventGraphicsIdentity { type: string; name: string }
export interface DomainEventGraphicsMsg { dom: Domain; phase: number; local: DomainEventGraphicsAddress; remote: DomainEventGraphicsAddress; authScheme: string; subject: DomainEventGraphicsIdentity[] }
export interface DomainEventCallbackGraphicsMsg { callbackID: number; msg: DomainEventGraphicsMsg }
export interface DomainEventBlockJobMsg { dom: Domain; path: string; type: number; status: number }
export interface DomainEventCallbackBlockJobMsg { callbackID: number; msg: DomainEventBlockJobMsg }
export interface DomainEventDiskChangeMsg { dom: Domain; oldSrcPath?: string | undefined; newSrcPath?: string | undefined; devAlias: string; reason: number }
export interface DomainEventCallbackDiskChangeMsg { callbackID: number; msg: DomainEventDiskChangeMsg }
export interface DomainEventTrayChangeMsg { dom: Domain; devAlias: string; reason: number }
export interface DomainEventCallbackTrayChangeMsg { callbackID: number; msg: DomainEventTrayChangeMsg }
export interface DomainEventPmwakeupMsg { dom: Domain }
export interface DomainEventCallbackPmwakeupMsg { callbackID: number; reason: number; msg: DomainEventPmwakeupMsg }
export interface DomainEventPmsuspendMsg { dom: Domain }
export interface DomainEventCallbackPmsuspendMsg { callbackID: number; reason: number; msg: DomainEventPmsuspendMsg }
export interface DomainEventBalloonChangeMsg { dom: Domain; actual: bigint }
export interface DomainEventCallbackBalloonChangeMsg { callbackID: number; msg: DomainEventBalloonChangeMsg }
export interface DomainEventPmsuspendDiskMsg { dom: Domain }
export interface DomainEventCallbackPmsuspendDiskMsg { callbackID: number; reason: number; msg: DomainEventPmsuspendDiskMsg }
export interface DomainEventControlErrorMsg { dom: Domain }
export interface DomainEventCallbackControlErrorMsg { callbackID: number; msg: DomainEventControlErrorMsg }
export interface DomainEventDeviceRemovedMsg { dom: Domain; devAlias: string }
export interface DomainEventCallbackDeviceRemovedMsg { callbackID: number; msg: DomainEventDeviceRemovedMsg }
export interface DomainEventBlockJob2Msg { callbackID: number; dom: Domain; dst: string; type: number; status: number }
export interface DomainEventBlockThresholdMsg { callbackID: number; dom: Domain; dev: string; path?: string | undefined; threshold: bigint; excess: bigint }
export interface DomainEventCallbackTunableMsg { callbackID: number; dom: Domain; params: TypedParam[] }
export interface DomainEventCallbackDeviceAddedMsg { callbackID: number; dom: Domain; devAlias: string }
export interface ConnectEventConnectionClosedMsg { reason: number }
export interface NetworkEventLifecycleMsg { callbackID: number; net: Network; event: number; detail: number }
export interface NetworkEventCallbackMetadataChangeMsg { callbackID: number; net: Network; type: number; nsuri?: string | undefined }
export interface StoragePoolEventLifecycleMsg { callbackID: number; pool: StoragePool; event: number; detail: number }
export interface StoragePoolEventRefreshMsg { callbackID: number; pool: StoragePool }
export interface NodeDeviceEventLifecycleMsg { callbackID: number; dev: NodeDevice; event: number; detail: number }
export interface NodeDeviceEventUpdateMsg { callbackID: number; dev: NodeDevice }
export interface NetworkDhcpLease { iface: string; expirytime: bigint; type: number; mac?: string | undefined; iaid?: string | undefined; ipaddr: string; prefix: number; hostname?: string | undefined; clientid?: string | undefined }
export interface DomainStatsRecord { dom: Domain; params: TypedParam[] }
export interface DomainEventCallbackAgentLifecycleMsg { callbackID: number; dom: Domain; state: number; reason: number }
export interface DomainFsinfo { mountpoint: string; name: string; fstype: string; devAliases: string[] }
export interface DomainIPAddr { type: number; addr: string; prefix: number }
export interface DomainInterface { name: string; hwaddr?: string | undefined; addrs: DomainIPAddr[] }
export interface DomainEventCallbackMigrationIterationMsg { callbackID: number; dom: Domain; iteration: number }
export interface DomainEventCallbackJobCompletedMsg { callbackID: number; dom: Domain; params: TypedParam[] }
export interface DomainEventCallbackDeviceRemovalFailedMsg { callbackID: number; dom: Domain; devAlias: string }
export interface DomainEventCallbackMetadataChangeMsg { callbackID: number; dom: Domain; type: number; nsuri?: string | undefined }
export interface DomainEventMemoryFailureMsg { callbackID: number; dom: Domain; recipient: number; action: number; flags: number }
export interface SecretEventLifecycleMsg { callbackID: number; optSecret: Secret; event: number; detail: number }
export interface SecretEventValueChangedMsg { callbackID: number; optSecret: Secret }
export interface DomainEventMemoryDeviceSizeChangeMsg { callbackID: number; dom: Domain; alias: string; size: bigint }
export interface DomainEventNicMacChangeMsg { callbackID: number; dom: Domain; alias: string; oldMAC: string; newMAC: string }
export interface QEMUDomainMonitorEventMsg { callbackID: number; dom: Domain; event: string; seconds: bigint; micros: number; details?: string | undefined }
export interface DomainGetSecurityLabelRet { label: number[]; enforcing: number }

/** Fields of every structure, in the order of the wire. */
export const structures: Readonly<Record<string, readonly FieldSpec[]>> = {
  Domain: [["name", "string"], ["uuid", "uuid"], ["id", "int"]],
  Network: [["name", "string"], ["uuid", "uuid"]],
  NetworkPort: [["net", "Network"], ["uuid", "uuid"]],
  Nwfilter: [["name", "string"], ["uuid", "uuid"]],
  NwfilterBinding: [["portdev", "string"], ["filtername", "string"]],
  Interface: [["name", "string"], ["mac", "string"]],
  StoragePool: [["name", "string"], ["uuid", "uuid"]],
  StorageVol: [["pool", "string"], ["name", "string"], ["key", "string"]],
  NodeDevice: [["name", "string"]],
  Secret: [["uuid", "uuid"], ["usageType", "int"], ["usageID", "string"]],
  DomainCheckpoint: [["name", "string"], ["dom", "Domain"]],
  DomainSnapshot: [["name", "string"], ["dom", "Domain"]],
  remote_error: [["code", "int"], ["optDomain", "int"], ["message", "string?"], ["level", "int"], ["dom", "Domain?"], ["str1", "string?"], ["str2", "string?"], ["str3", "string?"], ["int1", "int"], ["int2", "int"], ["net", "Network?"]],
  VcpuInfo: [["number", "uint"], ["state", "int"], ["cPUTime", "uhyper"], ["cpu", "int"]],
  NodeGetCPUStats: [["field", "string"], ["value", "uhyper"]],
  NodeGetMemoryStats: [["field", "string"], ["value", "uhyper"]],
  DomainDiskError: [["disk", "string"], ["remote_error", "int"]],
  DomainMemoryStat: [["tag", "int"], ["val", "uhyper"]],
  DomainIothreadInfo: [["iothreadID", "uint"], ["cpumap", "opaque[<2048]"]],
  DomainEventLifecycleMsg: [["dom", "Domain"], ["event", "int"], ["detail", "int"]],
  DomainEventCallbackLifecycleMsg: [["callbackID", "int"], ["msg", "DomainEventLifecycleMsg"]],
  DomainEventRebootMsg: [["dom", "Domain"]],
  DomainEventCallbackRebootMsg: [["callbackID", "int"], ["msg", "DomainEventRebootMsg"]],
  DomainEventRtcChangeMsg: [["dom", "Domain"], ["offset", "hyper"]],
  DomainEventCallbackRtcChangeMsg: [["callbackID", "int"], ["msg", "DomainEventRtcChangeMsg"]],
  DomainEventWatchdogMsg: [["dom", "Domain"], ["action", "int"]],
  DomainEventCallbackWatchdogMsg: [["callbackID", "int"], ["msg", "DomainEventWatchdogMsg"]],
  DomainEventIOErrorMsg: [["dom", "Domain"], ["srcPath", "string"], ["devAlias", "string"], ["action", "int"]],
  DomainEventCallbackIOErrorMsg: [["callbackID", "int"], ["msg", "DomainEventIOErrorMsg"]],
  DomainEventIOErrorReasonMsg: [["dom", "Domain"], ["srcPath", "string"], ["devAlias", "string"], ["action", "int"], ["reason", "string"]],
  DomainEventCallbackIOErrorReasonMsg: [["callbackID", "int"], ["msg", "DomainEventIOErrorReasonMsg"]],
  DomainEventGraphicsAddress: [["family", "int"], ["node", "string"], ["service", "string"]],
  DomainEventGraphicsIdentity: [["type", "string"], ["name", "string"]],
  DomainEventGraphicsMsg: [["dom", "Domain"], ["phase", "int"], ["local", "DomainEventGraphicsAddress"], ["remote", "DomainEventGraphicsAddress"], ["authScheme", "string"], ["subject", "DomainEventGraphicsIdentity[<20]"]],
  DomainEventCallbackGraphicsMsg: [["callbackID", "int"], ["msg", "DomainEventGraphicsMsg"]],
  DomainEventBlockJobMsg: [["dom", "Domain"], ["path", "string"], ["type", "int"], ["status", "int"]],
  DomainEventCallbackBlockJobMsg: [["callbackID", "int"], ["msg", "DomainEventBlockJobMsg"]],
  DomainEventDiskChangeMsg: [["dom", "Domain"], ["oldSrcPath", "string?"], ["newSrcPath", "string?"], ["devAlias", "string"], ["reason", "int"]],
  DomainEventCallbackDiskChangeMsg: [["callbackID", "int"], ["msg", "DomainEventDiskChangeMsg"]],
  DomainEventTrayChangeMsg: [["dom", "Domain"], ["devAlias", "string"], ["reason", "int"]],
  DomainEventCallbackTrayChangeMsg: [["callbackID", "int"], ["msg", "DomainEventTrayChangeMsg"]],
  DomainEventPmwakeupMsg: [["dom", "Domain"]],
  DomainEventCallbackPmwakeupMsg: [["callbackID", "int"], ["reason", "int"], ["msg", "DomainEventPmwakeupMsg"]],
  DomainEventPmsuspendMsg: [["dom", "Domain"]],
  DomainEventCallbackPmsuspendMsg: [["callbackID", "int"], ["reason", "int"], ["msg", "DomainEventPmsuspendMsg"]],
  DomainEventBalloonChangeMsg: [["dom", "Domain"], ["actual", "uhyper"]],
  DomainEventCallbackBalloonChangeMsg: [["callbackID", "int"], ["msg", "DomainEventBalloonChangeMsg"]],
  DomainEventPmsuspendDiskMsg: [["dom", "Domain"]],
  DomainEventCallbackPmsuspendDiskMsg: [["callbackID", "int"], ["reason", "int"], ["msg", "DomainEventPmsuspendDiskMsg"]],
  DomainEventControlErrorMsg: [["dom", "Domain"]],
  DomainEventCallbackControlErrorMsg: [["callbackID", "int"], ["msg", "DomainEventControlErrorMsg"]],
  DomainEventDeviceRemovedMsg: [["dom", "Domain"], ["devAlias", "string"]],
  DomainEventCallbackDeviceRemovedMsg: [["callbackID", "int"], ["msg", "DomainEventDeviceRemovedMsg"]],
  DomainEventBlockJob2Msg: [["callbackID", "int"], ["dom", "Domain"], ["dst", "string"], ["type", "int"], ["status", "int"]],
  DomainEventBlockThresholdMsg: [["callbackID", "int"], ["dom", "Domain"], ["dev", "string"], ["path", "string?"], ["threshold", "uhyper"], ["excess", "uhyper"]],
  DomainEventCallbackTunableMsg: [["callbackID", "int"], ["dom", "Domain"], ["params", "TypedParam[<2048]"]],
  DomainEventCallbackDeviceAddedMsg: [["callbackID", "int"], ["dom", "Domain"], ["devAlias", "string"]],
  ConnectEventConnectionClosedMsg: [["reason", "int"]],
  NetworkEventLifecycleMsg: [["callbackID", "int"], ["net", "Network"], ["event", "int"], ["detail", "int"]],
  NetworkEventCallbackMetadataChangeMsg: [["callbackID", "int"], ["net", "Network"], ["type", "int"], ["nsuri", "string?"]],
  StoragePoolEventLifecycleMsg: [["callbackID", "int"], ["pool", "StoragePool"], ["event", "int"], ["detail", "int"]],
  StoragePoolEventRefreshMsg: [["callbackID", "int"], ["pool", "StoragePool"]],
  NodeDeviceEventLifecycleMsg: [["callbackID", "int"], ["dev", "NodeDevice"], ["event", "int"], ["detail", "int"]],
  NodeDeviceEventUpdateMsg: [["callbackID", "int"], ["dev", "NodeDevice"]],
  NetworkDhcpLease: [["iface", "string"], ["expirytime", "hyper"], ["type", "int"], ["mac", "string?"], ["iaid", "string?"], ["ipaddr", "string"], ["prefix", "uint"], ["hostname", "string?"], ["clientid", "string?"]],
  DomainStatsRecord: [["dom", "Domain"], ["params", "TypedParam[<262144]"]],
  DomainEventCallbackAgentLifecycleMsg: [["callbackID", "int"], ["dom", "Domain"], ["state", "int"], ["reason", "int"]],
  DomainFsinfo: [["mountpoint", "string"], ["name", "string"], ["fstype", "string"], ["devAliases", "string[<256]"]],
  DomainIPAddr: [["type", "int"], ["addr", "string"], ["prefix", "uint"]],
  DomainInterface: [["name", "string"], ["hwaddr", "string?"], ["addrs", "DomainIPAddr[<2048]"]],
  DomainEventCallbackMigrationIterationMsg: [["callbackID", "int"], ["dom", "Domain"], ["iteration", "int"]],
  DomainEventCallbackJobCompletedMsg: [["callbackID", "int"], ["dom", "Domain"], ["params", "TypedParam[<2048]"]],
  DomainEventCallbackDeviceRemovalFailedMsg: [["callbackID", "int"], ["dom", "Domain"], ["devAlias", "string"]],
  DomainEventCallbackMetadataChangeMsg: [["callbackID", "int"], ["dom", "Domain"], ["type", "int"], ["nsuri", "string?"]],
  DomainEventMemoryFailureMsg: [["callbackID", "int"], ["dom", "Domain"], ["recipient", "int"], ["action", "int"], ["flags", "uint"]],
  SecretEventLifecycleMsg: [["callbackID", "int"], ["optSecret", "Secret"], ["event", "int"], ["detail", "int"]],
  SecretEventValueChangedMsg: [["callbackID", "int"], ["optSecret", "Secret"]],
  DomainEventMemoryDeviceSizeChangeMsg: [["callbackID", "int"], ["dom", "Domain"], ["alias", "string"], ["size", "uhyper"]],
  DomainEventNicMacChangeMsg: [["callbackID", "int"], ["dom", "Domain"], ["alias", "string"], ["oldMAC", "string"], ["newMAC", "string"]],
  QEMUDomainMonitorEventMsg: [["callbackID", "int"], ["dom", "Domain"], ["event", "string"], ["seconds", "hyper"], ["micros", "uint"], ["details", "string?"]],
  DomainGetSecurityLabelRet: [["label", "int[<4097]"], ["enforcing", "int"]],
};
