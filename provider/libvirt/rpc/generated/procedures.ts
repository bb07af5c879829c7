// Generated from codegen/libvirt-rpc.json by `npm run generate`. Do not edit.
// biome-ignore-all format: one line a structure reads best
import type { EventSpec, ProcedureSpec } from "../field-spec.js";
import type { TypedParam } from "../typed-param.js";
import type { ConnectEventConnectionClosedMsg, Domain, DomainCheckpoint, DomainDiskError, DomainEventBalloonChangeMsg, DomainEventBlockJob2Msg, DomainEventBlockJobMsg, DomainEventBlockThresholdMsg, DomainEventCallbackAgentLifecycleMsg, DomainEventCallbackBalloonChangeMsg, DomainEventCallbackBlockJobMsg, DomainEventCallbackControlErrorMsg, DomainEventCallbackDeviceAddedMsg, DomainEventCallbackDeviceRemovalFailedMsg, DomainEventCallbackDeviceRemovedMsg, DomainEventCallbackDiskChangeMsg, DomainEventCallbackGraphicsMsg, DomainEventCallbackIOErrorMsg, DomainEventCallbackIOErrorReasonMsg, DomainEventCallbackJobCompletedMsg, DomainEventCallbackLifecycleMsg, DomainEventCallbackMetadataChangeMsg, DomainEventCallbackMigrationIterationMsg, DomainEventCallbackPmsuspendDiskMsg, DomainEventCallbackPmsuspendMsg, DomainEventCallbackPmwakeupMsg, DomainEventCallbackRebootMsg, DomainEventCallbackRtcChangeMsg, DomainEventCallbackTrayChangeMsg, DomainEventCallbackTunableMsg, DomainEventCallbackWatchdogMsg, DomainEventControlErrorMsg, DomainEventDeviceRemovedMsg, DomainEventDiskChangeMsg, DomainEventGraphicsMsg, DomainEventIOErrorMsg, DomainEventIOErrorReasonMsg, DomainEventLifecycleMsg, DomainEventMemoryDeviceSizeChangeMsg, DomainEventMemoryFailureMsg, DomainEventNicMacChangeMsg, DomainEventPmsuspendDiskMsg, DomainEventPmsuspendMsg, DomainEventPmwakeupMsg, DomainEventRebootMsg, DomainEventRtcChangeMsg, DomainEventTrayChangeMsg, DomainEventWatchdogMsg, DomainFsinfo, DomainGetSecurityLabelRet, DomainInterface, DomainIothreadInfo, DomainMemoryStat, DomainSnapshot, DomainStatsRecord, Interface, Network, NetworkDhcpLease, NetworkEventCallbackMetadataChangeMsg, NetworkEventLifecycleMsg, NetworkPort, NodeDevice, NodeDeviceEventLifecycleMsg, NodeDeviceEventUpdateMsg, NodeGetCPUStats, NodeGetMemoryStats, Nwfilter, NwfilterBinding, QEMUDomainMonitorEventMsg, Secret, SecretEventLifecycleMsg, SecretEventValueChangedMsg, StoragePool, StoragePoolEventLifecycleMsg, StoragePoolEventRefreshMsg, StorageVol, VcpuInfo } from "./structures.js";

/** Arguments and result of every procedure. */
export interface Procedures {
  ConnectOpen: { args: { name?: string | undefined; flags: number }; result: Record<string, never> };
  ConnectClose: { args: Record<string, never>; result: Record<string, never> };
  ConnectGetType: { args: Record<string, never>; result: { type: string } };
  ConnectGetVersion: { args: Record<string, never>; result: { hvVer: bigint } };
  ConnectGetMaxVcpus: { args: { type?: string | undefined }; result: { maxVcpus: number } };
  NodeGetInfo: { args: Record<string, never>; result: { model: number[]; memory: bigint; cpus: number; mhz: number; nodes: number; sockets: number; cores: number; threads: number } };
  ConnectGetCapabilities: { args: Record<string, never>; result: { capabilities: string } };
  DomainAttachDevice: { args: { dom: Domain; xml: string }; result: Record<string, never> };
  DomainCreate: { args: { dom: Domain }; result: Record<string, never> };
  DomainCreateXML: { args: { xMLDesc: string; flags: number }; result: { dom: Domain } };
  DomainDefineXML: { args: { xml: string }; result: { dom: Domain } };
  DomainDestroy: { args: { dom: Domain }; result: Record<string, never> };
  DomainDetachDevice: { args: { dom: Domain; xml: string }; result: Record<string, never> };
  DomainGetXMLDesc: { args: { dom: Domain; flags: number }; result: { xml: string } };
  DomainGetAutostart: { args: { dom: Domain }; result: { autostart: number } };
  DomainGetInfo: { args: { dom: Domain }; result: { state: number; maxMem: bigint; memory: bigint; nrVirtCPU: number; cPUTime: bigint } };
  DomainGetMaxMemory: { args: { dom: Domain }; result: { memory: bigint } };
  DomainGetMaxVcpus: { args: { dom: Domain }; result: { num: number } };
  DomainGetOsType: { args: { dom: Domain }; result: { type: string } };
  DomainGetVcpus: { args: { dom: Domain; maxinfo: number; maplen: number }; result: { info: VcpuInfo[]; cpumaps: Uint8Array } };
  ConnectListDefinedDomains: { args: { maxnames: number }; result: { names: string[] } };
  DomainLookupByID: { args: { id: number }; result: { dom: Domain } };
  DomainLookupByName: { args: { name: string }; result: { dom: Domain } };
  DomainLookupByUUID: { args: { uuid: string }; result: { dom: Domain } };
  ConnectNumOfDefinedDomains: { args: Record<string, never>; result: { num: number } };
  DomainPinVcpu: { args: { dom: Domain; vcpu: number; cpumap: Uint8Array }; result: Record<string, never> };
  DomainReboot: { args: { dom: Domain; flags: number }; result: Record<string, never> };
  DomainResume: { args: { dom: Domain }; result: Record<string, never> };
  DomainSetAutostart: { args: { dom: Domain; autostart: number }; result: Record<string, never> };
  DomainSetMaxMemory: { args: { dom: Domain; memory: bigint }; result: Record<string, never> };
  DomainSetMemory: { args: { dom: Domain; memory: bigint }; result: Record<string, never> };
  DomainSetVcpus: { args: { dom: Domain; nvcpus: number }; result: Record<string, never> };
  DomainShutdown: { args: { dom: Domain }; result: Record<string, never> };
  DomainSuspend: { args: { dom: Domain }; result: Record<string, never> };
  DomainUndefine: { args: { dom: Domain }; result: Record<string, never> };
  ConnectListDefinedNetworks: { args: { maxnames: number }; result: { names: string[] } };
  ConnectListDomains: { args: { maxids: number }; result: { ids: number[] } };
  ConnectListNetworks: { args: { maxnames: number }; result: { names: string[] } };
  NetworkCreate: { args: { net: Network }; result: Record<string, never> };
  NetworkCreateXML: { args: { xml: string }; result: { net: Network } };
  NetworkDefineXML: { args: { xml: string }; result: { net: Network } };
  NetworkDestroy: { args: { net: Network }; result: Record<string, never> };
  NetworkGetXMLDesc: { args: { net: Network; flags: number }; result: { xml: string } };
  NetworkGetAutostart: { args: { net: Network }; result: { autostart: number } };
  NetworkGetBridgeName: { args: { net: Network }; result: { name: string } };
  NetworkLookupByName: { args: { name: string }; result: { net: Network } };
  NetworkLookupByUUID: { args: { uuid: string }; result: { net: Network } };
  NetworkSetAutostart: { args: { net: Network; autostart: number }; result: Record<string, never> };
  NetworkUndefine: { args: { net: Network }; result: Record<string, never> };
  ConnectNumOfDefinedNetworks: { args: Record<string, never>; result: { num: number } };
  ConnectNumOfDomains: { args: Record<string, never>; result: { num: number } };
  ConnectNumOfNetworks: { args: Record<string, never>; result: { num: number } };
  DomainCoreDump: { args: { dom: Domain; to: string; flags: number }; result: Record<string, never> };
  DomainRestore: { args: { from: string }; result: Record<string, never> };
  DomainSave: { args: { dom: Domain; to: string }; result: Record<string, never> };
  DomainGetSchedulerType: { args: { dom: Domain }; result: { type: string; nparams: number } };
  DomainGetSchedulerParameters: { args: { dom: Domain; nparams: number }; result: { params: TypedParam[] } };
  DomainSetSchedulerParameters: { args: { dom: Domain; params: TypedParam[] }; result: Record<string, never> };
  ConnectGetHostname: { args: Record<string, never>; result: { hostname: string } };
  ConnectSupportsFeature: { args: { feature: number }; result: { supported: number } };
  DomainMigratePrepare: { args: { uriIn?: string | undefined; flags: bigint; dname?: string | undefined; bandwidth: bigint }; result: { cookie: Uint8Array; uriOut?: string | undefined } };
  DomainMigratePerform: { args: { dom: Domain; cookie: Uint8Array; uri: string; flags: bigint; dname?: string | undefined; bandwidth: bigint }; result: Record<string, never> };
  DomainMigrateFinish: { args: { dname: string; cookie: Uint8Array; uri: string; flags: bigint }; result: { ddom: Domain } };
  DomainBlockStats: { args: { dom: Domain; path: string }; result: { rdReq: bigint; rdBytes: bigint; wrReq: bigint; wrBytes: bigint; errs: bigint } };
  DomainInterfaceStats: { args: { dom: Domain; device: string }; result: { rxBytes: bigint; rxPackets: bigint; rxErrs: bigint; rxDrop: bigint; txBytes: bigint; txPackets: bigint; txErrs: bigint; txDrop: bigint } };
  AuthList: { args: Record<string, never>; result: { types: number[] } };
  AuthSaslInit: { args: Record<string, never>; result: { mechlist: string } };
  AuthSaslStart: { args: { mech: string; nil: number; data: number[] }; result: { complete: number; nil: number; data: number[] } };
  AuthSaslStep: { args: { nil: number; data: number[] }; result: { complete: number; nil: number; data: number[] } };
  AuthPolkit: { args: Record<string, never>; result: { complete: number } };
  ConnectNumOfStoragePools: { args: Record<string, never>; result: { num: number } };
  ConnectListStoragePools: { args: { maxnames: number }; result: { names: string[] } };
  ConnectNumOfDefinedStoragePools: { args: Record<string, never>; result: { num: number } };
  ConnectListDefinedStoragePools: { args: { maxnames: number }; result: { names: string[] } };
  ConnectFindStoragePoolSources: { args: { type: string; srcSpec?: string | undefined; flags: number }; result: { xml: string } };
  StoragePoolCreateXML: { args: { xml: string; flags: number }; result: { pool: StoragePool } };
  StoragePoolDefineXML: { args: { xml: string; flags: number }; result: { pool: StoragePool } };
  StoragePoolCreate: { args: { pool: StoragePool; flags: number }; result: Record<string, never> };
  StoragePoolBuild: { args: { pool: StoragePool; flags: number }; result: Record<string, never> };
  StoragePoolDestroy: { args: { pool: StoragePool }; result: Record<string, never> };
  StoragePoolDelete: { args: { pool: StoragePool; flags: number }; result: Record<string, never> };
  StoragePoolUndefine: { args: { pool: StoragePool }; result: Record<string, never> };
  StoragePoolRefresh: { args: { pool: StoragePool; flags: number }; result: Record<string, never> };
  StoragePoolLookupByName: { args: { name: string }; result: { pool: StoragePool } };
  StoragePoolLookupByUUID: { args: { uuid: string }; result: { pool: StoragePool } };
  StoragePoolLookupByVolume: { args: { vol: StorageVol }; result: { pool: StoragePool } };
  StoragePoolGetInfo: { args: { pool: StoragePool }; result: { state: number; capacity: bigint; allocation: bigint; available: bigint } };
  StoragePoolGetXMLDesc: { args: { pool: StoragePool; flags: number }; result: { xml: string } };
  StoragePoolGetAutostart: { args: { pool: StoragePool }; result: { autostart: number } };
  StoragePoolSetAutostart: { args: { pool: StoragePool; autostart: number }; result: Record<string, never> };
  StoragePoolNumOfVolumes: { args: { pool: StoragePool }; result: { num: number } };
  StoragePoolListVolumes: { args: { pool: StoragePool; maxnames: number }; result: { names: string[] } };
  StorageVolCreateXML: { args: { pool: StoragePool; xml: string; flags: number }; result: { vol: StorageVol } };
  StorageVolDelete: { args: { vol: StorageVol; flags: number }; result: Record<string, never> };
  StorageVolLookupByName: { args: { pool: StoragePool; name: string }; result: { vol: StorageVol } };
  StorageVolLookupByKey: { args: { key: string }; result: { vol: StorageVol } };
  StorageVolLookupByPath: { args: { path: string }; result: { vol: StorageVol } };
  StorageVolGetInfo: { args: { vol: StorageVol }; result: { type: number; capacity: bigint; allocation: bigint } };
  StorageVolGetXMLDesc: { args: { vol: StorageVol; flags: number }; result: { xml: string } };
  StorageVolGetPath: { args: { vol: StorageVol }; result: { name: string } };
  NodeGetCellsFreeMemory: { args: { startCell: number; maxcells: number }; result: { cells: bigint[] } };
  NodeGetFreeMemory: { args: Record<string, never>; result: { freeMem: bigint } };
  DomainBlockPeek: { args: { dom: Domain; path: string; offset: bigint; size: number; flags: number }; result: { buffer: Uint8Array } };
  DomainMemoryPeek: { args: { dom: Domain; offset: bigint; size: number; flags: number }; result: { buffer: Uint8Array } };
  ConnectDomainEventRegister: { args: Record<string, never>; result: { cbRegistered: number } };
  ConnectDomainEventDeregister: { args: Record<string, never>; result: { cbRegistered: number } };
  DomainMigratePrepare2: { args: { uriIn?: string | undefined; flags: bigint; dname?: string | undefined; bandwidth: bigint; domXML: string }; result: { cookie: Uint8Array; uriOut?: string | undefined } };
  DomainMigrateFinish2: { args: { dname: string; cookie: Uint8Array; uri: string; flags: bigint; retcode: number }; result: { ddom: Domain } };
  ConnectGetUri: { args: Record<string, never>; result: { uri: string } };
  NodeNumOfDevices: { args: { cap?: string | undefined; flags: number }; result: { num: number } };
  NodeListDevices: { args: { cap?: string | undefined; maxnames: number; flags: number }; result: { names: string[] } };
  NodeDeviceLookupByName: { args: { name: string }; result: { dev: NodeDevice } };
  NodeDeviceGetXMLDesc: { args: { name: string; flags: number }; result: { xml: string } };
  NodeDeviceGetParent: { args: { name: string }; result: { parentName?: string | undefined } };
  NodeDeviceNumOfCaps: { args: { name: string }; result: { num: number } };
  NodeDeviceListCaps: { args: { name: string; maxnames: number }; result: { names: string[] } };
  NodeDeviceDettach: { args: { name: string }; result: Record<string, never> };
  NodeDeviceReAttach: { args: { name: string }; result: Record<string, never> };
  NodeDeviceReset: { args: { name: string }; result: Record<string, never> };
  DomainGetSecurityLabel: { args: { dom: Domain }; result: { label: number[]; enforcing: number } };
  NodeGetSecurityModel: { args: Record<string, never>; result: { model: number[]; doi: number[] } };
  NodeDeviceCreateXML: { args: { xMLDesc: string; flags: number }; result: { dev: NodeDevice } };
  NodeDeviceDestroy: { args: { name: string }; result: Record<string, never> };
  StorageVolCreateXMLFrom: { args: { pool: StoragePool; xml: string; clonevol: StorageVol; flags: number }; result: { vol: StorageVol } };
  ConnectNumOfInterfaces: { args: Record<string, never>; result: { num: number } };
  ConnectListInterfaces: { args: { maxnames: number }; result: { names: string[] } };
  InterfaceLookupByName: { args: { name: string }; result: { iface: Interface } };
  InterfaceLookupByMacString: { args: { mac: string }; result: { iface: Interface } };
  InterfaceGetXMLDesc: { args: { iface: Interface; flags: number }; result: { xml: string } };
  InterfaceDefineXML: { args: { xml: string; flags: number }; result: { iface: Interface } };
  InterfaceUndefine: { args: { iface: Interface }; result: Record<string, never> };
  InterfaceCreate: { args: { iface: Interface; flags: number }; result: Record<string, never> };
  InterfaceDestroy: { args: { iface: Interface; flags: number }; result: Record<string, never> };
  ConnectDomainXMLFromNative: { args: { nativeFormat: string; nativeConfig: string; flags: number }; result: { domainXML: string } };
  ConnectDomainXMLToNative: { args: { nativeFormat: string; domainXML: string; flags: number }; result: { nativeConfig: string } };
  ConnectNumOfDefinedInterfaces: { args: Record<string, never>; result: { num: number } };
  ConnectListDefinedInterfaces: { args: { maxnames: number }; result: { names: string[] } };
  ConnectNumOfSecrets: { args: Record<string, never>; result: { num: number } };
  ConnectListSecrets: { args: { maxuuids: number }; result: { uuids: string[] } };
  SecretLookupByUUID: { args: { uuid: string }; result: { optSecret: Secret } };
  SecretDefineXML: { args: { xml: string; flags: number }; result: { optSecret: Secret } };
  SecretGetXMLDesc: { args: { optSecret: Secret; flags: number }; result: { xml: string } };
  SecretSetValue: { args: { optSecret: Secret; value: Uint8Array; flags: number }; result: Record<string, never> };
  SecretGetValue: { args: { optSecret: Secret; flags: number }; result: { value: Uint8Array } };
  SecretUndefine: { args: { optSecret: Secret }; result: Record<string, never> };
  SecretLookupByUsage: { args: { usageType: number; usageID: string }; result: { optSecret: Secret } };
  DomainMigratePrepareTunnel: { args: { flags: bigint; dname?: string | undefined; bandwidth: bigint; domXML: string }; result: Record<string, never> };
  ConnectIsSecure: { args: Record<string, never>; result: { secure: number } };
  DomainIsActive: { args: { dom: Domain }; result: { active: number } };
  DomainIsPersistent: { args: { dom: Domain }; result: { persistent: number } };
  NetworkIsActive: { args: { net: Network }; result: { active: number } };
  NetworkIsPersistent: { args: { net: Network }; result: { persistent: number } };
  StoragePoolIsActive: { args: { pool: StoragePool }; result: { active: number } };
  StoragePoolIsPersistent: { args: { pool: StoragePool }; result: { persistent: number } };
  InterfaceIsActive: { args: { iface: Interface }; result: { active: number } };
  ConnectGetLibVersion: { args: Record<string, never>; result: { libVer: bigint } };
  ConnectCompareCPU: { args: { xml: string; flags: number }; result: { result: number } };
  DomainMemoryStats: { args: { dom: Domain; maxStats: number; flags: number }; result: { stats: DomainMemoryStat[] } };
  DomainAttachDeviceFlags: { args: { dom: Domain; xml: string; flags: number }; result: Record<string, never> };
  DomainDetachDeviceFlags: { args: { dom: Domain; xml: string; flags: number }; result: Record<string, never> };
  ConnectBaselineCPU: { args: { xMLCPUs: string[]; flags: number }; result: { cpu: string } };
  DomainGetJobInfo: { args: { dom: Domain }; result: { type: number; timeElapsed: bigint; timeRemaining: bigint; dataTotal: bigint; dataProcessed: bigint; dataRemaining: bigint; memTotal: bigint; memProcessed: bigint; memRemaining: bigint; fileTotal: bigint; fileProcessed: bigint; fileRemaining: bigint } };
  DomainAbortJob: { args: { dom: Domain }; result: Record<string, never> };
  StorageVolWipe: { args: { vol: StorageVol; flags: number }; result: Record<string, never> };
  DomainMigrateSetMaxDowntime: { args: { dom: Domain; downtime: bigint; flags: number }; result: Record<string, never> };
  ConnectDomainEventRegisterAny: { args: { eventID: number }; result: Record<string, never> };
  ConnectDomainEventDeregisterAny: { args: { eventID: number }; result: Record<string, never> };
  DomainUpdateDeviceFlags: { args: { dom: Domain; xml: string; flags: number }; result: Record<string, never> };
  NwfilterLookupByName: { args: { name: string }; result: { optNwfilter: Nwfilter } };
  NwfilterLookupByUUID: { args: { uuid: string }; result: { optNwfilter: Nwfilter } };
  NwfilterGetXMLDesc: { args: { optNwfilter: Nwfilter; flags: number }; result: { xml: string } };
  ConnectNumOfNwfilters: { args: Record<string, never>; result: { num: number } };
  ConnectListNwfilters: { args: { maxnames: number }; result: { names: string[] } };
  NwfilterDefineXML: { args: { xml: string }; result: { optNwfilter: Nwfilter } };
  NwfilterUndefine: { args: { optNwfilter: Nwfilter }; result: Record<string, never> };
  DomainManagedSave: { args: { dom: Domain; flags: number }; result: Record<string, never> };
  DomainHasManagedSaveImage: { args: { dom: Domain; flags: number }; result: { result: number } };
  DomainManagedSaveRemove: { args: { dom: Domain; flags: number }; result: Record<string, never> };
  DomainSnapshotCreateXML: { args: { dom: Domain; xMLDesc: string; flags: number }; result: { snap: DomainSnapshot } };
  DomainSnapshotGetXMLDesc: { args: { snap: DomainSnapshot; flags: number }; result: { xml: string } };
  DomainSnapshotNum: { args: { dom: Domain; flags: number }; result: { num: number } };
  DomainSnapshotListNames: { args: { dom: Domain; maxnames: number; flags: number }; result: { names: string[] } };
  DomainSnapshotLookupByName: { args: { dom: Domain; name: string; flags: number }; result: { snap: DomainSnapshot } };
  DomainHasCurrentSnapshot: { args: { dom: Domain; flags: number }; result: { result: number } };
  DomainSnapshotCurrent: { args: { dom: Domain; flags: number }; result: { snap: DomainSnapshot } };
  DomainRevertToSnapshot: { args: { snap: DomainSnapshot; flags: number }; result: Record<string, never> };
  DomainSnapshotDelete: { args: { snap: DomainSnapshot; flags: number }; result: Record<string, never> };
  DomainGetBlockInfo: { args: { dom: Domain; path: string; flags: number }; result: { allocation: bigint; capacity: bigint; physical: bigint } };
  DomainCreateWithFlags: { args: { dom: Domain; flags: number }; result: { dom: Domain } };
  DomainSetMemoryParameters: { args: { dom: Domain; params: TypedParam[]; flags: number }; result: Record<string, never> };
  DomainGetMemoryParameters: { args: { dom: Domain; nparams: number; flags: number }; result: { params: TypedParam[]; nparams: number } };
  DomainSetVcpusFlags: { args: { dom: Domain; nvcpus: number; flags: number }; result: Record<string, never> };
  DomainGetVcpusFlags: { args: { dom: Domain; flags: number }; result: { num: number } };
  DomainOpenConsole: { args: { dom: Domain; devName?: string | undefined; flags: number }; result: Record<string, never> };
  DomainIsUpdated: { args: { dom: Domain }; result: { updated: number } };
  ConnectGetSysinfo: { args: { flags: number }; result: { sysinfo: string } };
  DomainSetMemoryFlags: { args: { dom: Domain; memory: bigint; flags: number }; result: Record<string, never> };
  DomainSetBlkioParameters: { args: { dom: Domain; params: TypedParam[]; flags: number }; result: Record<string, never> };
  DomainGetBlkioParameters: { args: { dom: Domain; nparams: number; flags: number }; result: { params: TypedParam[]; nparams: number } };
  DomainMigrateSetMaxSpeed: { args: { dom: Domain; bandwidth: bigint; flags: number }; result: Record<string, never> };
  StorageVolUpload: { args: { vol: StorageVol; offset: bigint; length: bigint; flags: number }; result: Record<string, never> };
  StorageVolDownload: { args: { vol: StorageVol; offset: bigint; length: bigint; flags: number }; result: Record<string, never> };
  DomainInjectNmi: { args: { dom: Domain; flags: number }; result: Record<string, never> };
  DomainScreenshot: { args: { dom: Domain; screen: number; flags: number }; result: { mime?: string | undefined } };
  DomainGetState: { args: { dom: Domain; flags: number }; result: { state: number; reason: number } };
  DomainMigrateBegin3: { args: { dom: Domain; xmlin?: string | undefined; flags: bigint; dname?: string | undefined; bandwidth: bigint }; result: { cookieOut: Uint8Array; xml: string } };
  DomainMigratePrepare3: { args: { cookieIn: Uint8Array; uriIn?: string | undefined; flags: bigint; dname?: string | undefined; bandwidth: bigint; domXML: string }; result: { cookieOut: Uint8Array; uriOut?: string | undefined } };
  DomainMigratePrepareTunnel3: { args: { cookieIn: Uint8Array; flags: bigint; dname?: string | undefined; bandwidth: bigint; domXML: string }; result: { cookieOut: Uint8Array } };
  DomainMigratePerform3: { args: { dom: Domain; xmlin?: string | undefined; cookieIn: Uint8Array; dconnuri?: string | undefined; uri?: string | undefined; flags: bigint; dname?: string | undefined; bandwidth: bigint }; result: { cookieOut: Uint8Array } };
  DomainMigrateFinish3: { args: { dname: string; cookieIn: Uint8Array; dconnuri?: string | undefined; uri?: string | undefined; flags: bigint; cancelled: number }; result: { dom: Domain; cookieOut: Uint8Array } };
  DomainMigrateConfirm3: { args: { dom: Domain; cookieIn: Uint8Array; flags: bigint; cancelled: number }; result: Record<string, never> };
  DomainSetSchedulerParametersFlags: { args: { dom: Domain; params: TypedParam[]; flags: number }; result: Record<string, never> };
  InterfaceChangeBegin: { args: { flags: number }; result: Record<string, never> };
  InterfaceChangeCommit: { args: { flags: number }; result: Record<string, never> };
  InterfaceChangeRollback: { args: { flags: number }; result: Record<string, never> };
  DomainGetSchedulerParametersFlags: { args: { dom: Domain; nparams: number; flags: number }; result: { params: TypedParam[] } };
  DomainPinVcpuFlags: { args: { dom: Domain; vcpu: number; cpumap: Uint8Array; flags: number }; result: Record<string, never> };
  DomainSendKey: { args: { dom: Domain; codeset: number; holdtime: number; keycodes: number[]; flags: number }; result: Record<string, never> };
  NodeGetCPUStats: { args: { cPUNum: number; nparams: number; flags: number }; result: { params: NodeGetCPUStats[]; nparams: number } };
  NodeGetMemoryStats: { args: { nparams: number; cellNum: number; flags: number }; result: { params: NodeGetMemoryStats[]; nparams: number } };
  DomainGetControlInfo: { args: { dom: Domain; flags: number }; result: { state: number; details: number; stateTime: bigint } };
  DomainGetVcpuPinInfo: { args: { dom: Domain; ncpumaps: number; maplen: number; flags: number }; result: { cpumaps: Uint8Array; num: number } };
  DomainUndefineFlags: { args: { dom: Domain; flags: number }; result: Record<string, never> };
  DomainSaveFlags: { args: { dom: Domain; to: string; dxml?: string | undefined; flags: number }; result: Record<string, never> };
  DomainRestoreFlags: { args: { from: string; dxml?: string | undefined; flags: number }; result: Record<string, never> };
  DomainDestroyFlags: { args: { dom: Domain; flags: number }; result: Record<string, never> };
  DomainSaveImageGetXMLDesc: { args: { file: string; flags: number }; result: { xml: string } };
  DomainSaveImageDefineXML: { args: { file: string; dxml: string; flags: number }; result: Record<string, never> };
  DomainBlockJobAbort: { args: { dom: Domain; path: string; flags: number }; result: Record<string, never> };
  DomainGetBlockJobInfo: { args: { dom: Domain; path: string; flags: number }; result: { found: number; type: number; bandwidth: bigint; cur: bigint; end: bigint } };
  DomainBlockJobSetSpeed: { args: { dom: Domain; path: string; bandwidth: bigint; flags: number }; result: Record<string, never> };
  DomainBlockPull: { args: { dom: Domain; path: string; bandwidth: bigint; flags: number }; result: Record<string, never> };
  DomainMigrateGetMaxSpeed: { args: { dom: Domain; flags: number }; result: { bandwidth: bigint } };
  DomainBlockStatsFlags: { args: { dom: Domain; path: string; nparams: number; flags: number }; result: { params: TypedParam[]; nparams: number } };
  DomainSnapshotGetParent: { args: { snap: DomainSnapshot; flags: number }; result: { snap: DomainSnapshot } };
  DomainReset: { args: { dom: Domain; flags: number }; result: Record<string, never> };
  DomainSnapshotNumChildren: { args: { snap: DomainSnapshot; flags: number }; result: { num: number } };
  DomainSnapshotListChildrenNames: { args: { snap: DomainSnapshot; maxnames: number; flags: number }; result: { names: string[] } };
  DomainOpenGraphics: { args: { dom: Domain; idx: number; flags: number }; result: Record<string, never> };
  NodeSuspendForDuration: { args: { target: number; duration: bigint; flags: number }; result: Record<string, never> };
  DomainBlockResize: { args: { dom: Domain; disk: string; size: bigint; flags: number }; result: Record<string, never> };
  DomainSetBlockIOTune: { args: { dom: Domain; disk: string; params: TypedParam[]; flags: number }; result: Record<string, never> };
  DomainGetBlockIOTune: { args: { dom: Domain; disk?: string | undefined; nparams: number; flags: number }; result: { params: TypedParam[]; nparams: number } };
  DomainSetNumaParameters: { args: { dom: Domain; params: TypedParam[]; flags: number }; result: Record<string, never> };
  DomainGetNumaParameters: { args: { dom: Domain; nparams: number; flags: number }; result: { params: TypedParam[]; nparams: number } };
  DomainSetInterfaceParameters: { args: { dom: Domain; device: string; params: TypedParam[]; flags: number }; result: Record<string, never> };
  DomainGetInterfaceParameters: { args: { dom: Domain; device: string; nparams: number; flags: number }; result: { params: TypedParam[]; nparams: number } };
  DomainShutdownFlags: { args: { dom: Domain; flags: number }; result: Record<string, never> };
  StorageVolWipePattern: { args: { vol: StorageVol; algorithm: number; flags: number }; result: Record<string, never> };
  StorageVolResize: { args: { vol: StorageVol; capacity: bigint; flags: number }; result: Record<string, never> };
  DomainPmSuspendForDuration: { args: { dom: Domain; target: number; duration: bigint; flags: number }; result: Record<string, never> };
  DomainGetCPUStats: { args: { dom: Domain; nparams: number; startCPU: number; ncpus: number; flags: number }; result: { params: TypedParam[]; nparams: number } };
  DomainGetDiskErrors: { args: { dom: Domain; maxerrors: number; flags: number }; result: { errors: DomainDiskError[]; nerrors: number } };
  DomainSetMetadata: { args: { dom: Domain; type: number; metadata?: string | undefined; key?: string | undefined; uri?: string | undefined; flags: number }; result: Record<string, never> };
  DomainGetMetadata: { args: { dom: Domain; type: number; uri?: string | undefined; flags: number }; result: { metadata: string } };
  DomainBlockRebase: { args: { dom: Domain; path: string; base?: string | undefined; bandwidth: bigint; flags: number }; result: Record<string, never> };
  DomainPmWakeup: { args: { dom: Domain; flags: number }; result: Record<string, never> };
  DomainSnapshotIsCurrent: { args: { snap: DomainSnapshot; flags: number }; result: { current: number } };
  DomainSnapshotHasMetadata: { args: { snap: DomainSnapshot; flags: number }; result: { metadata: number } };
  ConnectListAllDomains: { args: { needResults: number; flags: number }; result: { domains: Domain[]; ret: number } };
  DomainListAllSnapshots: { args: { dom: Domain; needResults: number; flags: number }; result: { snapshots: DomainSnapshot[]; ret: number } };
  DomainSnapshotListAllChildren: { args: { snapshot: DomainSnapshot; needResults: number; flags: number }; result: { snapshots: DomainSnapshot[]; ret: number } };
  DomainGetHostname: { args: { dom: Domain; flags: number }; result: { hostname: string } };
  DomainGetSecurityLabelList: { args: { dom: Domain }; result: { labels: DomainGetSecurityLabelRet[]; ret: number } };
  DomainPinEmulator: { args: { dom: Domain; cpumap: Uint8Array; flags: number }; result: Record<string, never> };
  DomainGetEmulatorPinInfo: { args: { dom: Domain; maplen: number; flags: number }; result: { cpumaps: Uint8Array; ret: number } };
  ConnectListAllStoragePools: { args: { needResults: number; flags: number }; result: { pools: StoragePool[]; ret: number } };
  StoragePoolListAllVolumes: { args: { pool: StoragePool; needResults: number; flags: number }; result: { vols: StorageVol[]; ret: number } };
  ConnectListAllNetworks: { args: { needResults: number; flags: number }; result: { nets: Network[]; ret: number } };
  ConnectListAllInterfaces: { args: { needResults: number; flags: number }; result: { ifaces: Interface[]; ret: number } };
  ConnectListAllNodeDevices: { args: { needResults: number; flags: number }; result: { devices: NodeDevice[]; ret: number } };
  ConnectListAllNwfilters: { args: { needResults: number; flags: number }; result: { filters: Nwfilter[]; ret: number } };
  ConnectListAllSecrets: { args: { needResults: number; flags: number }; result: { secrets: Secret[]; ret: number } };
  NodeSetMemoryParameters: { args: { params: TypedParam[]; flags: number }; result: Record<string, never> };
  NodeGetMemoryParameters: { args: { nparams: number; flags: number }; result: { params: TypedParam[]; nparams: number } };
  DomainBlockCommit: { args: { dom: Domain; disk: string; base?: string | undefined; top?: string | undefined; bandwidth: bigint; flags: number }; result: Record<string, never> };
  NetworkUpdate: { args: { net: Network; command: number; section: number; parentIndex: number; xml: string; flags: number }; result: Record<string, never> };
  NodeGetCPUMap: { args: { needMap: number; needOnline: number; flags: number }; result: { cpumap: Uint8Array; online: number; ret: number } };
  DomainFstrim: { args: { dom: Domain; mountPoint?: string | undefined; minimum: bigint; flags: number }; result: Record<string, never> };
  DomainSendProcessSignal: { args: { dom: Domain; pidValue: bigint; signum: number; flags: number }; result: Record<string, never> };
  DomainOpenChannel: { args: { dom: Domain; name?: string | undefined; flags: number }; result: Record<string, never> };
  NodeDeviceLookupScsiHostByWwn: { args: { wwnn: string; wwpn: string; flags: number }; result: { dev: NodeDevice } };
  DomainGetJobStats: { args: { dom: Domain; flags: number }; result: { type: number; params: TypedParam[] } };
  DomainMigrateGetCompressionCache: { args: { dom: Domain; flags: number }; result: { cacheSize: bigint } };
  DomainMigrateSetCompressionCache: { args: { dom: Domain; cacheSize: bigint; flags: number }; result: Record<string, never> };
  NodeDeviceDetachFlags: { args: { name: string; driverName?: string | undefined; flags: number }; result: Record<string, never> };
  DomainMigrateBegin3Params: { args: { dom: Domain; params: TypedParam[]; flags: number }; result: { cookieOut: Uint8Array; xml: string } };
  DomainMigratePrepare3Params: { args: { params: TypedParam[]; cookieIn: Uint8Array; flags: number }; result: { cookieOut: Uint8Array; uriOut?: string | undefined } };
  DomainMigratePrepareTunnel3Params: { args: { params: TypedParam[]; cookieIn: Uint8Array; flags: number }; result: { cookieOut: Uint8Array } };
  DomainMigratePerform3Params: { args: { dom: Domain; dconnuri?: string | undefined; params: TypedParam[]; cookieIn: Uint8Array; flags: number }; result: { cookieOut: Uint8Array } };
  DomainMigrateFinish3Params: { args: { params: TypedParam[]; cookieIn: Uint8Array; flags: number; cancelled: number }; result: { dom: Domain; cookieOut: Uint8Array } };
  DomainMigrateConfirm3Params: { args: { dom: Domain; params: TypedParam[]; cookieIn: Uint8Array; flags: number; cancelled: number }; result: Record<string, never> };
  DomainSetMemoryStatsPeriod: { args: { dom: Domain; period: number; flags: number }; result: Record<string, never> };
  DomainCreateXMLWithFiles: { args: { xMLDesc: string; flags: number }; result: { dom: Domain } };
  DomainCreateWithFiles: { args: { dom: Domain; flags: number }; result: { dom: Domain } };
  ConnectGetCPUModelNames: { args: { arch: string; needResults: number; flags: number }; result: { models: string[]; ret: number } };
  ConnectNetworkEventRegisterAny: { args: { eventID: number; net?: Network | undefined }; result: { callbackID: number } };
  ConnectNetworkEventDeregisterAny: { args: { callbackID: number }; result: Record<string, never> };
  ConnectDomainEventCallbackRegisterAny: { args: { eventID: number; dom?: Domain | undefined }; result: { callbackID: number } };
  ConnectDomainEventCallbackDeregisterAny: { args: { callbackID: number }; result: Record<string, never> };
  DomainCoreDumpWithFormat: { args: { dom: Domain; to: string; dumpformat: number; flags: number }; result: Record<string, never> };
  DomainFsfreeze: { args: { dom: Domain; mountpoints: string[]; flags: number }; result: { filesystems: number } };
  DomainFsthaw: { args: { dom: Domain; mountpoints: string[]; flags: number }; result: { filesystems: number } };
  DomainGetTime: { args: { dom: Domain; flags: number }; result: { seconds: bigint; nseconds: number } };
  DomainSetTime: { args: { dom: Domain; seconds: bigint; nseconds: number; flags: number }; result: Record<string, never> };
  NodeGetFreePages: { args: { pages: number[]; startCell: number; cellCount: number; flags: number }; result: { counts: bigint[] } };
  NetworkGetDhcpLeases: { args: { net: Network; mac?: string | undefined; needResults: number; flags: number }; result: { leases: NetworkDhcpLease[]; ret: number } };
  ConnectGetDomainCapabilities: { args: { emulatorbin?: string | undefined; arch?: string | undefined; machine?: string | undefined; virttype?: string | undefined; flags: number }; result: { capabilities: string } };
  DomainOpenGraphicsFd: { args: { dom: Domain; idx: number; flags: number }; result: Record<string, never> };
  ConnectGetAllDomainStats: { args: { doms: Domain[]; stats: number; flags: number }; result: { retStats: DomainStatsRecord[] } };
  DomainBlockCopy: { args: { dom: Domain; path: string; destxml: string; params: TypedParam[]; flags: number }; result: Record<string, never> };
  NodeAllocPages: { args: { pageSizes: number[]; pageCounts: bigint[]; startCell: number; cellCount: number; flags: number }; result: { ret: number } };
  DomainGetFsinfo: { args: { dom: Domain; flags: number }; result: { info: DomainFsinfo[]; ret: number } };
  DomainDefineXMLFlags: { args: { xml: string; flags: number }; result: { dom: Domain } };
  DomainGetIothreadInfo: { args: { dom: Domain; flags: number }; result: { info: DomainIothreadInfo[]; ret: number } };
  DomainPinIothread: { args: { dom: Domain; iothreadsID: number; cpumap: Uint8Array; flags: number }; result: Record<string, never> };
  DomainInterfaceAddresses: { args: { dom: Domain; source: number; flags: number }; result: { ifaces: DomainInterface[] } };
  DomainAddIothread: { args: { dom: Domain; iothreadID: number; flags: number }; result: Record<string, never> };
  DomainDelIothread: { args: { dom: Domain; iothreadID: number; flags: number }; result: Record<string, never> };
  DomainSetUserPassword: { args: { dom: Domain; user?: string | undefined; password?: string | undefined; flags: number }; result: Record<string, never> };
  DomainRename: { args: { dom: Domain; newName?: string | undefined; flags: number }; result: { retcode: number } };
  ConnectRegisterCloseCallback: { args: Record<string, never>; result: Record<string, never> };
  ConnectUnregisterCloseCallback: { args: Record<string, never>; result: Record<string, never> };
  DomainMigrateStartPostCopy: { args: { dom: Domain; flags: number }; result: Record<string, never> };
  DomainGetPerfEvents: { args: { dom: Domain; flags: number }; result: { params: TypedParam[] } };
  DomainSetPerfEvents: { args: { dom: Domain; params: TypedParam[]; flags: number }; result: Record<string, never> };
  ConnectStoragePoolEventRegisterAny: { args: { eventID: number; pool?: StoragePool | undefined }; result: { callbackID: number } };
  ConnectStoragePoolEventDeregisterAny: { args: { callbackID: number }; result: Record<string, never> };
  DomainGetGuestVcpus: { args: { dom: Domain; flags: number }; result: { params: TypedParam[] } };
  DomainSetGuestVcpus: { args: { dom: Domain; cpumap: string; state: number; flags: number }; result: Record<string, never> };
  ConnectNodeDeviceEventRegisterAny: { args: { eventID: number; dev?: NodeDevice | undefined }; result: { callbackID: number } };
  ConnectNodeDeviceEventDeregisterAny: { args: { callbackID: number }; result: Record<string, never> };
  StorageVolGetInfoFlags: { args: { vol: StorageVol; flags: number }; result: { type: number; capacity: bigint; allocation: bigint } };
  ConnectSecretEventRegisterAny: { args: { eventID: number; optSecret?: Secret | undefined }; result: { callbackID: number } };
  ConnectSecretEventDeregisterAny: { args: { callbackID: number }; result: Record<string, never> };
  DomainSetVcpu: { args: { dom: Domain; cpumap: string; state: number; flags: number }; result: Record<string, never> };
  DomainSetBlockThreshold: { args: { dom: Domain; dev: string; threshold: bigint; flags: number }; result: Record<string, never> };
  DomainMigrateGetMaxDowntime: { args: { dom: Domain; flags: number }; result: { downtime: bigint } };
  DomainManagedSaveGetXMLDesc: { args: { dom: Domain; flags: number }; result: { xml: string } };
  DomainManagedSaveDefineXML: { args: { dom: Domain; dxml?: string | undefined; flags: number }; result: Record<string, never> };
  DomainSetLifecycleAction: { args: { dom: Domain; type: number; action: number; flags: number }; result: Record<string, never> };
  StoragePoolLookupByTargetPath: { args: { path: string }; result: { pool: StoragePool } };
  DomainDetachDeviceAlias: { args: { dom: Domain; alias: string; flags: number }; result: Record<string, never> };
  ConnectCompareHypervisorCPU: { args: { emulator?: string | undefined; arch?: string | undefined; machine?: string | undefined; virttype?: string | undefined; xmlcpu: string; flags: number }; result: { result: number } };
  ConnectBaselineHypervisorCPU: { args: { emulator?: string | undefined; arch?: string | undefined; machine?: string | undefined; virttype?: string | undefined; xMLCPUs: string[]; flags: number }; result: { cpu: string } };
  NodeGetSevInfo: { args: { nparams: number; flags: number }; result: { params: TypedParam[]; nparams: number } };
  DomainGetLaunchSecurityInfo: { args: { dom: Domain; flags: number }; result: { params: TypedParam[] } };
  NwfilterBindingLookupByPortDev: { args: { name: string }; result: { optNwfilter: NwfilterBinding } };
  NwfilterBindingGetXMLDesc: { args: { optNwfilter: NwfilterBinding; flags: number }; result: { xml: string } };
  NwfilterBindingCreateXML: { args: { xml: string; flags: number }; result: { optNwfilter: NwfilterBinding } };
  NwfilterBindingDelete: { args: { optNwfilter: NwfilterBinding }; result: Record<string, never> };
  ConnectListAllNwfilterBindings: { args: { needResults: number; flags: number }; result: { bindings: NwfilterBinding[]; ret: number } };
  DomainSetIothreadParams: { args: { dom: Domain; iothreadID: number; params: TypedParam[]; flags: number }; result: Record<string, never> };
  ConnectGetStoragePoolCapabilities: { args: { flags: number }; result: { capabilities: string } };
  NetworkListAllPorts: { args: { optNetwork: Network; needResults: number; flags: number }; result: { ports: NetworkPort[]; ret: number } };
  NetworkPortLookupByUUID: { args: { optNetwork: Network; uuid: string }; result: { port: NetworkPort } };
  NetworkPortCreateXML: { args: { optNetwork: Network; xml: string; flags: number }; result: { port: NetworkPort } };
  NetworkPortGetParameters: { args: { port: NetworkPort; nparams: number; flags: number }; result: { params: TypedParam[]; nparams: number } };
  NetworkPortSetParameters: { args: { port: NetworkPort; params: TypedParam[]; flags: number }; result: Record<string, never> };
  NetworkPortGetXMLDesc: { args: { port: NetworkPort; flags: number }; result: { xml: string } };
  NetworkPortDelete: { args: { port: NetworkPort; flags: number }; result: Record<string, never> };
  DomainCheckpointCreateXML: { args: { dom: Domain; xMLDesc: string; flags: number }; result: { checkpoint: DomainCheckpoint } };
  DomainCheckpointGetXMLDesc: { args: { checkpoint: DomainCheckpoint; flags: number }; result: { xml: string } };
  DomainListAllCheckpoints: { args: { dom: Domain; needResults: number; flags: number }; result: { checkpoints: DomainCheckpoint[]; ret: number } };
  DomainCheckpointListAllChildren: { args: { checkpoint: DomainCheckpoint; needResults: number; flags: number }; result: { checkpoints: DomainCheckpoint[]; ret: number } };
  DomainCheckpointLookupByName: { args: { dom: Domain; name: string; flags: number }; result: { checkpoint: DomainCheckpoint } };
  DomainCheckpointGetParent: { args: { checkpoint: DomainCheckpoint; flags: number }; result: { parent: DomainCheckpoint } };
  DomainCheckpointDelete: { args: { checkpoint: DomainCheckpoint; flags: number }; result: Record<string, never> };
  DomainGetGuestInfo: { args: { dom: Domain; types: number; flags: number }; result: { params: TypedParam[] } };
  ConnectSetIdentity: { args: { params: TypedParam[]; flags: number }; result: Record<string, never> };
  DomainAgentSetResponseTimeout: { args: { dom: Domain; timeout: number; flags: number }; result: { result: number } };
  DomainBackupBegin: { args: { dom: Domain; backupXML: string; checkpointXML?: string | undefined; flags: number }; result: Record<string, never> };
  DomainBackupGetXMLDesc: { args: { dom: Domain; flags: number }; result: { xml: string } };
  DomainAuthorizedSshKeysGet: { args: { dom: Domain; user: string; flags: number }; result: { keys: string[] } };
  DomainAuthorizedSshKeysSet: { args: { dom: Domain; user: string; keys: string[]; flags: number }; result: Record<string, never> };
  DomainGetMessages: { args: { dom: Domain; flags: number }; result: { msgs: string[] } };
  DomainStartDirtyRateCalc: { args: { dom: Domain; seconds: number; flags: number }; result: Record<string, never> };
  NodeDeviceDefineXML: { args: { xMLDesc: string; flags: number }; result: { dev: NodeDevice } };
  NodeDeviceUndefine: { args: { name: string; flags: number }; result: Record<string, never> };
  NodeDeviceCreate: { args: { name: string; flags: number }; result: Record<string, never> };
  NwfilterDefineXMLFlags: { args: { xml: string; flags: number }; result: { optNwfilter: Nwfilter } };
  NetworkDefineXMLFlags: { args: { xml: string; flags: number }; result: { net: Network } };
  NodeDeviceGetAutostart: { args: { name: string }; result: { autostart: number } };
  NodeDeviceSetAutostart: { args: { name: string; autostart: number }; result: Record<string, never> };
  NodeDeviceIsPersistent: { args: { name: string }; result: { persistent: number } };
  NodeDeviceIsActive: { args: { name: string }; result: { active: number } };
  NetworkCreateXMLFlags: { args: { xml: string; flags: number }; result: { net: Network } };
  DomainSetLaunchSecurityState: { args: { dom: Domain; params: TypedParam[]; flags: number }; result: Record<string, never> };
  DomainSaveParams: { args: { dom: Domain; params: TypedParam[]; flags: number }; result: Record<string, never> };
  DomainRestoreParams: { args: { params: TypedParam[]; flags: number }; result: Record<string, never> };
  DomainAbortJobFlags: { args: { dom: Domain; flags: number }; result: Record<string, never> };
  DomainFdAssociate: { args: { dom: Domain; name: string; flags: number }; result: Record<string, never> };
  NetworkSetMetadata: { args: { optNetwork: Network; type: number; metadata?: string | undefined; key?: string | undefined; uri?: string | undefined; flags: number }; result: Record<string, never> };
  NetworkGetMetadata: { args: { optNetwork: Network; type: number; uri?: string | undefined; flags: number }; result: { metadata: string } };
  NodeDeviceUpdate: { args: { name: string; xMLDesc: string; flags: number }; result: Record<string, never> };
  DomainGraphicsReload: { args: { dom: Domain; type: number; flags: number }; result: Record<string, never> };
  DomainGetAutostartOnce: { args: { dom: Domain }; result: { autostart: number } };
  DomainSetAutostartOnce: { args: { dom: Domain; autostart: number }; result: Record<string, never> };
  DomainSetThrottleGroup: { args: { dom: Domain; group: string; params: TypedParam[]; flags: number }; result: Record<string, never> };
  DomainDelThrottleGroup: { args: { dom: Domain; group?: string | undefined; flags: number }; result: Record<string, never> };
  QEMUDomainMonitorCommand: { args: { dom: Domain; cmd: string; flags: number }; result: { result: string } };
  QEMUDomainAttach: { args: { pidValue: number; flags: number }; result: { dom: Domain } };
  QEMUDomainAgentCommand: { args: { dom: Domain; cmd: string; timeout: number; flags: number }; result: { result?: string | undefined } };
  QEMUConnectDomainMonitorEventRegister: { args: { dom?: Domain | undefined; event?: string | undefined; flags: number }; result: { callbackID: number } };
  QEMUConnectDomainMonitorEventDeregister: { args: { callbackID: number }; result: Record<string, never> };
  QEMUDomainMonitorCommandWithFiles: { args: { dom: Domain; cmd: string; flags: number }; result: { result: string } };
}

/** Payload of every event, by the name of the procedure that carries it. */
export interface Events {
  DomainEventLifecycle: DomainEventLifecycleMsg;
  DomainEventReboot: DomainEventRebootMsg;
  DomainEventRtcChange: DomainEventRtcChangeMsg;
  DomainEventWatchdog: DomainEventWatchdogMsg;
  DomainEventIOError: DomainEventIOErrorMsg;
  DomainEventGraphics: DomainEventGraphicsMsg;
  DomainEventIOErrorReason: DomainEventIOErrorReasonMsg;
  DomainEventControlError: DomainEventControlErrorMsg;
  DomainEventBlockJob: DomainEventBlockJobMsg;
  DomainEventDiskChange: DomainEventDiskChangeMsg;
  DomainEventTrayChange: DomainEventTrayChangeMsg;
  DomainEventPmwakeup: DomainEventPmwakeupMsg;
  DomainEventPmsuspend: DomainEventPmsuspendMsg;
  DomainEventBalloonChange: DomainEventBalloonChangeMsg;
  DomainEventPmsuspendDisk: DomainEventPmsuspendDiskMsg;
  DomainEventDeviceRemoved: DomainEventDeviceRemovedMsg;
  NetworkEventLifecycle: NetworkEventLifecycleMsg;
  DomainEventCallbackLifecycle: DomainEventCallbackLifecycleMsg;
  DomainEventCallbackReboot: DomainEventCallbackRebootMsg;
  DomainEventCallbackRtcChange: DomainEventCallbackRtcChangeMsg;
  DomainEventCallbackWatchdog: DomainEventCallbackWatchdogMsg;
  DomainEventCallbackIOError: DomainEventCallbackIOErrorMsg;
  DomainEventCallbackGraphics: DomainEventCallbackGraphicsMsg;
  DomainEventCallbackIOErrorReason: DomainEventCallbackIOErrorReasonMsg;
  DomainEventCallbackControlError: DomainEventCallbackControlErrorMsg;
  DomainEventCallbackBlockJob: DomainEventCallbackBlockJobMsg;
  DomainEventCallbackDiskChange: DomainEventCallbackDiskChangeMsg;
  DomainEventCallbackTrayChange: DomainEventCallbackTrayChangeMsg;
  DomainEventCallbackPmwakeup: DomainEventCallbackPmwakeupMsg;
  DomainEventCallbackPmsuspend: DomainEventCallbackPmsuspendMsg;
  DomainEventCallbackBalloonChange: DomainEventCallbackBalloonChangeMsg;
  DomainEventCallbackPmsuspendDisk: DomainEventCallbackPmsuspendDiskMsg;
  DomainEventCallbackDeviceRemoved: DomainEventCallbackDeviceRemovedMsg;
  DomainEventBlockJob2: DomainEventBlockJob2Msg;
  DomainEventCallbackTunable: DomainEventCallbackTunableMsg;
  DomainEventCallbackAgentLifecycle: DomainEventCallbackAgentLifecycleMsg;
  DomainEventCallbackDeviceAdded: DomainEventCallbackDeviceAddedMsg;
  DomainEventCallbackMigrationIteration: DomainEventCallbackMigrationIterationMsg;
  ConnectEventConnectionClosed: ConnectEventConnectionClosedMsg;
  DomainEventCallbackJobCompleted: DomainEventCallbackJobCompletedMsg;
  DomainEventCallbackDeviceRemovalFailed: DomainEventCallbackDeviceRemovalFailedMsg;
  StoragePoolEventLifecycle: StoragePoolEventLifecycleMsg;
  StoragePoolEventRefresh: StoragePoolEventRefreshMsg;
  NodeDeviceEventLifecycle: NodeDeviceEventLifecycleMsg;
  NodeDeviceEventUpdate: NodeDeviceEventUpdateMsg;
  DomainEventCallbackMetadataChange: DomainEventCallbackMetadataChangeMsg;
  SecretEventLifecycle: SecretEventLifecycleMsg;
  SecretEventValueChanged: SecretEventValueChangedMsg;
  DomainEventBlockThreshold: DomainEventBlockThresholdMsg;
  DomainEventMemoryFailure: DomainEventMemoryFailureMsg;
  DomainEventMemoryDeviceSizeChange: DomainEventMemoryDeviceSizeChangeMsg;
  NetworkEventCallbackMetadataChange: NetworkEventCallbackMetadataChangeMsg;
  DomainEventNicMacChange: DomainEventNicMacChangeMsg;
  QEMUDomainMonitorEvent: QEMUDomainMonitorEventMsg;
}

/** Procedures that open a stream from the host. */
export type ReadStreamProcedure = "DomainOpenConsole" | "StorageVolDownload" | "DomainScreenshot" | "DomainOpenChannel";
/** Procedures that open a stream to the host. */
export type WriteStreamProcedure = "DomainMigratePrepareTunnel" | "StorageVolUpload" | "DomainMigratePrepareTunnel3";

/** What is on the wire for every procedure. */
export const procedures: { readonly [Name in keyof Procedures]: ProcedureSpec } = {
  ConnectOpen: { program: "remote", number: 1, args: [["name", "string?"], ["flags", "int"]], result: [] },
  ConnectClose: { program: "remote", number: 2, args: [], result: [] },
  ConnectGetType: { program: "remote", number: 3, args: [], result: [["type", "string"]] },
  ConnectGetVersion: { program: "remote", number: 4, args: [], result: [["hvVer", "uhyper"]] },
  ConnectGetMaxVcpus: { program: "remote", number: 5, args: [["type", "string?"]], result: [["maxVcpus", "int"]] },
  NodeGetInfo: { program: "remote", number: 6, args: [], result: [["model", "int[32]"], ["memory", "uhyper"], ["cpus", "int"], ["mhz", "int"], ["nodes", "int"], ["sockets", "int"], ["cores", "int"], ["threads", "int"]] },
  ConnectGetCapabilities: { program: "remote", number: 7, args: [], result: [["capabilities", "string"]] },
  DomainAttachDevice: { program: "remote", number: 8, args: [["dom", "Domain"], ["xml", "string"]], result: [] },
  DomainCreate: { program: "remote", number: 9, args: [["dom", "Domain"]], result: [] },
  DomainCreateXML: { program: "remote", number: 10, args: [["xMLDesc", "string"], ["flags", "int"]], result: [["dom", "Domain"]] },
  DomainDefineXML: { program: "remote", number: 11, args: [["xml", "string"]], result: [["dom", "Domain"]] },
  DomainDestroy: { program: "remote", number: 12, args: [["dom", "Domain"]], result: [] },
  DomainDetachDevice: { program: "remote", number: 13, args: [["dom", "Domain"], ["xml", "string"]], result: [] },
  DomainGetXMLDesc: { program: "remote", number: 14, args: [["dom", "Domain"], ["flags", "int"]], result: [["xml", "string"]] },
  DomainGetAutostart: { program: "remote", number: 15, args: [["dom", "Domain"]], result: [["autostart", "int"]] },
  DomainGetInfo: { program: "remote", number: 16, args: [["dom", "Domain"]], result: [["state", "uint"], ["maxMem", "uhyper"], ["memory", "uhyper"], ["nrVirtCPU", "ushort"], ["cPUTime", "uhyper"]] },
  DomainGetMaxMemory: { program: "remote", number: 17, args: [["dom", "Domain"]], result: [["memory", "uhyper"]] },
  DomainGetMaxVcpus: { program: "remote", number: 18, args: [["dom", "Domain"]], result: [["num", "int"]] },
  DomainGetOsType: { program: "remote", number: 19, args: [["dom", "Domain"]], result: [["type", "string"]] },
  DomainGetVcpus: { program: "remote", number: 20, args: [["dom", "Domain"], ["maxinfo", "int"], ["maplen", "int"]], result: [["info", "VcpuInfo[<16384]"], ["cpumaps", "opaque[<8388608]"]] },
  ConnectListDefinedDomains: { program: "remote", number: 21, args: [["maxnames", "int"]], result: [["names", "string[<65536]"]] },
  DomainLookupByID: { program: "remote", number: 22, args: [["id", "int"]], result: [["dom", "Domain"]] },
  DomainLookupByName: { program: "remote", number: 23, args: [["name", "string"]], result: [["dom", "Domain"]] },
  DomainLookupByUUID: { program: "remote", number: 24, args: [["uuid", "uuid"]], result: [["dom", "Domain"]] },
  ConnectNumOfDefinedDomains: { program: "remote", number: 25, args: [], result: [["num", "int"]] },
  DomainPinVcpu: { program: "remote", number: 26, args: [["dom", "Domain"], ["vcpu", "uint"], ["cpumap", "opaque[<4194304]"]], result: [] },
  DomainReboot: { program: "remote", number: 27, args: [["dom", "Domain"], ["flags", "int"]], result: [] },
  DomainResume: { program: "remote", number: 28, args: [["dom", "Domain"]], result: [] },
  DomainSetAutostart: { program: "remote", number: 29, args: [["dom", "Domain"], ["autostart", "int"]], result: [] },
  DomainSetMaxMemory: { program: "remote", number: 30, args: [["dom", "Domain"], ["memory", "uhyper"]], result: [] },
  DomainSetMemory: { program: "remote", number: 31, args: [["dom", "Domain"], ["memory", "uhyper"]], result: [] },
  DomainSetVcpus: { program: "remote", number: 32, args: [["dom", "Domain"], ["nvcpus", "uint"]], result: [] },
  DomainShutdown: { program: "remote", number: 33, args: [["dom", "Domain"]], result: [] },
  DomainSuspend: { program: "remote", number: 34, args: [["dom", "Domain"]], result: [] },
  DomainUndefine: { program: "remote", number: 35, args: [["dom", "Domain"]], result: [] },
  ConnectListDefinedNetworks: { program: "remote", number: 36, args: [["maxnames", "int"]], result: [["names", "string[<65536]"]] },
  ConnectListDomains: { program: "remote", number: 37, args: [["maxids", "int"]], result: [["ids", "int[<16384]"]] },
  ConnectListNetworks: { program: "remote", number: 38, args: [["maxnames", "int"]], result: [["names", "string[<65536]"]] },
  NetworkCreate: { program: "remote", number: 39, args: [["net", "Network"]], result: [] },
  NetworkCreateXML: { program: "remote", number: 40, args: [["xml", "string"]], result: [["net", "Network"]] },
  NetworkDefineXML: { program: "remote", number: 41, args: [["xml", "string"]], result: [["net", "Network"]] },
  NetworkDestroy: { program: "remote", number: 42, args: [["net", "Network"]], result: [] },
  NetworkGetXMLDesc: { program: "remote", number: 43, args: [["net", "Network"], ["flags", "uint"]], result: [["xml", "string"]] },
  NetworkGetAutostart: { program: "remote", number: 44, args: [["net", "Network"]], result: [["autostart", "int"]] },
  NetworkGetBridgeName: { program: "remote", number: 45, args: [["net", "Network"]], result: [["name", "string"]] },
  NetworkLookupByName: { program: "remote", number: 46, args: [["name", "string"]], result: [["net", "Network"]] },
  NetworkLookupByUUID: { program: "remote", number: 47, args: [["uuid", "uuid"]], result: [["net", "Network"]] },
  NetworkSetAutostart: { program: "remote", number: 48, args: [["net", "Network"], ["autostart", "int"]], result: [] },
  NetworkUndefine: { program: "remote", number: 49, args: [["net", "Network"]], result: [] },
  ConnectNumOfDefinedNetworks: { program: "remote", number: 50, args: [], result: [["num", "int"]] },
  ConnectNumOfDomains: { program: "remote", number: 51, args: [], result: [["num", "int"]] },
  ConnectNumOfNetworks: { program: "remote", number: 52, args: [], result: [["num", "int"]] },
  DomainCoreDump: { program: "remote", number: 53, args: [["dom", "Domain"], ["to", "string"], ["flags", "int"]], result: [] },
  DomainRestore: { program: "remote", number: 54, args: [["from", "string"]], result: [] },
  DomainSave: { program: "remote", number: 55, args: [["dom", "Domain"], ["to", "string"]], result: [] },
  DomainGetSchedulerType: { program: "remote", number: 56, args: [["dom", "Domain"]], result: [["type", "string"], ["nparams", "int"]] },
  DomainGetSchedulerParameters: { program: "remote", number: 57, args: [["dom", "Domain"], ["nparams", "int"]], result: [["params", "TypedParam[<2048]"]] },
  DomainSetSchedulerParameters: { program: "remote", number: 58, args: [["dom", "Domain"], ["params", "TypedParam[<2048]"]], result: [] },
  ConnectGetHostname: { program: "remote", number: 59, args: [], result: [["hostname", "string"]] },
  ConnectSupportsFeature: { program: "remote", number: 60, args: [["feature", "int"]], result: [["supported", "int"]] },
  DomainMigratePrepare: { program: "remote", number: 61, args: [["uriIn", "string?"], ["flags", "uhyper"], ["dname", "string?"], ["bandwidth", "uhyper"]], result: [["cookie", "opaque[<4194304]"], ["uriOut", "string?"]] },
  DomainMigratePerform: { program: "remote", number: 62, args: [["dom", "Domain"], ["cookie", "opaque[<4194304]"], ["uri", "string"], ["flags", "uhyper"], ["dname", "string?"], ["bandwidth", "uhyper"]], result: [] },
  DomainMigrateFinish: { program: "remote", number: 63, args: [["dname", "string"], ["cookie", "opaque[<4194304]"], ["uri", "string"], ["flags", "uhyper"]], result: [["ddom", "Domain"]] },
  DomainBlockStats: { program: "remote", number: 64, args: [["dom", "Domain"], ["path", "string"]], result: [["rdReq", "hyper"], ["rdBytes", "hyper"], ["wrReq", "hyper"], ["wrBytes", "hyper"], ["errs", "hyper"]] },
  DomainInterfaceStats: { program: "remote", number: 65, args: [["dom", "Domain"], ["device", "string"]], result: [["rxBytes", "hyper"], ["rxPackets", "hyper"], ["rxErrs", "hyper"], ["rxDrop", "hyper"], ["txBytes", "hyper"], ["txPackets", "hyper"], ["txErrs", "hyper"], ["txDrop", "hyper"]] },
  AuthList: { program: "remote", number: 66, args: [], result: [["types", "int[<20]"]] },
  AuthSaslInit: { program: "remote", number: 67, args: [], result: [["mechlist", "string"]] },
  AuthSaslStart: { program: "remote", number: 68, args: [["mech", "string"], ["nil", "int"], ["data", "int[<65536]"]], result: [["complete", "int"], ["nil", "int"], ["data", "int[<65536]"]] },
  AuthSaslStep: { program: "remote", number: 69, args: [["nil", "int"], ["data", "int[<65536]"]], result: [["complete", "int"], ["nil", "int"], ["data", "int[<65536]"]] },
  AuthPolkit: { program: "remote", number: 70, args: [], result: [["complete", "int"]] },
  ConnectNumOfStoragePools: { program: "remote", number: 71, args: [], result: [["num", "int"]] },
  ConnectListStoragePools: { program: "remote", number: 72, args: [["maxnames", "int"]], result: [["names", "string[<65536]"]] },
  ConnectNumOfDefinedStoragePools: { program: "remote", number: 73, args: [], result: [["num", "int"]] },
  ConnectListDefinedStoragePools: { program: "remote", number: 74, args: [["maxnames", "int"]], result: [["names", "string[<65536]"]] },
  ConnectFindStoragePoolSources: { program: "remote", number: 75, args: [["type", "string"], ["srcSpec", "string?"], ["flags", "uint"]], result: [["xml", "string"]] },
  StoragePoolCreateXML: { program: "remote", number: 76, args: [["xml", "string"], ["flags", "int"]], result: [["pool", "StoragePool"]] },
  StoragePoolDefineXML: { program: "remote", number: 77, args: [["xml", "string"], ["flags", "uint"]], result: [["pool", "StoragePool"]] },
  StoragePoolCreate: { program: "remote", number: 78, args: [["pool", "StoragePool"], ["flags", "int"]], result: [] },
  StoragePoolBuild: { program: "remote", number: 79, args: [["pool", "StoragePool"], ["flags", "int"]], result: [] },
  StoragePoolDestroy: { program: "remote", number: 80, args: [["pool", "StoragePool"]], result: [] },
  StoragePoolDelete: { program: "remote", number: 81, args: [["pool", "StoragePool"], ["flags", "int"]], result: [] },
  StoragePoolUndefine: { program: "remote", number: 82, args: [["pool", "StoragePool"]], result: [] },
  StoragePoolRefresh: { program: "remote", number: 83, args: [["pool", "StoragePool"], ["flags", "uint"]], result: [] },
  StoragePoolLookupByName: { program: "remote", number: 84, args: [["name", "string"]], result: [["pool", "StoragePool"]] },
  StoragePoolLookupByUUID: { program: "remote", number: 85, args: [["uuid", "uuid"]], result: [["pool", "StoragePool"]] },
  StoragePoolLookupByVolume: { program: "remote", number: 86, args: [["vol", "StorageVol"]], result: [["pool", "StoragePool"]] },
  StoragePoolGetInfo: { program: "remote", number: 87, args: [["pool", "StoragePool"]], result: [["state", "uint"], ["capacity", "uhyper"], ["allocation", "uhyper"], ["available", "uhyper"]] },
  StoragePoolGetXMLDesc: { program: "remote", number: 88, args: [["pool", "StoragePool"], ["flags", "int"]], result: [["xml", "string"]] },
  StoragePoolGetAutostart: { program: "remote", number: 89, args: [["pool", "StoragePool"]], result: [["autostart", "int"]] },
  StoragePoolSetAutostart: { program: "remote", number: 90, args: [["pool", "StoragePool"], ["autostart", "int"]], result: [] },
  StoragePoolNumOfVolumes: { program: "remote", number: 91, args: [["pool", "StoragePool"]], result: [["num", "int"]] },
  StoragePoolListVolumes: { program: "remote", number: 92, args: [["pool", "StoragePool"], ["maxnames", "int"]], result: [["names", "string[<65536]"]] },
  StorageVolCreateXML: { program: "remote", number: 93, args: [["pool", "StoragePool"], ["xml", "string"], ["flags", "int"]], result: [["vol", "StorageVol"]] },
  StorageVolDelete: { program: "remote", number: 94, args: [["vol", "StorageVol"], ["flags", "int"]], result: [] },
  StorageVolLookupByName: { program: "remote", number: 95, args: [["pool", "StoragePool"], ["name", "string"]], result: [["vol", "StorageVol"]] },
  StorageVolLookupByKey: { program: "remote", number: 96, args: [["key", "string"]], result: [["vol", "StorageVol"]] },
  StorageVolLookupByPath: { program: "remote", number: 97, args: [["path", "string"]], result: [["vol", "StorageVol"]] },
  StorageVolGetInfo: { program: "remote", number: 98, args: [["vol", "StorageVol"]], result: [["type", "int"], ["capacity", "uhyper"], ["allocation", "uhyper"]] },
  StorageVolGetXMLDesc: { program: "remote", number: 99, args: [["vol", "StorageVol"], ["flags", "uint"]], result: [["xml", "string"]] },
  StorageVolGetPath: { program: "remote", number: 100, args: [["vol", "StorageVol"]], result: [["name", "string"]] },
  NodeGetCellsFreeMemory: { program: "remote", number: 101, args: [["startCell", "int"], ["maxcells", "int"]], result: [["cells", "uhyper[<1024]"]] },
  NodeGetFreeMemory: { program: "remote", number: 102, args: [], result: [["freeMem", "uhyper"]] },
  DomainBlockPeek: { program: "remote", number: 103, args: [["dom", "Domain"], ["path", "string"], ["offset", "uhyper"], ["size", "uint"], ["flags", "uint"]], result: [["buffer", "opaque[<4194304]"]] },
  DomainMemoryPeek: { program: "remote", number: 104, args: [["dom", "Domain"], ["offset", "uhyper"], ["size", "uint"], ["flags", "int"]], result: [["buffer", "opaque[<4194304]"]] },
  ConnectDomainEventRegister: { program: "remote", number: 105, args: [], result: [["cbRegistered", "int"]] },
  ConnectDomainEventDeregister: { program: "remote", number: 106, args: [], result: [["cbRegistered", "int"]] },
  DomainMigratePrepare2: { program: "remote", number: 108, args: [["uriIn", "string?"], ["flags", "uhyper"], ["dname", "string?"], ["bandwidth", "uhyper"], ["domXML", "string"]], result: [["cookie", "opaque[<4194304]"], ["uriOut", "string?"]] },
  DomainMigrateFinish2: { program: "remote", number: 109, args: [["dname", "string"], ["cookie", "opaque[<4194304]"], ["uri", "string"], ["flags", "uhyper"], ["retcode", "int"]], result: [["ddom", "Domain"]] },
  ConnectGetUri: { program: "remote", number: 110, args: [], result: [["uri", "string"]] },
  NodeNumOfDevices: { program: "remote", number: 111, args: [["cap", "string?"], ["flags", "uint"]], result: [["num", "int"]] },
  NodeListDevices: { program: "remote", number: 112, args: [["cap", "string?"], ["maxnames", "int"], ["flags", "uint"]], result: [["names", "string[<65536]"]] },
  NodeDeviceLookupByName: { program: "remote", number: 113, args: [["name", "string"]], result: [["dev", "NodeDevice"]] },
  NodeDeviceGetXMLDesc: { program: "remote", number: 114, args: [["name", "string"], ["flags", "uint"]], result: [["xml", "string"]] },
  NodeDeviceGetParent: { program: "remote", number: 115, args: [["name", "string"]], result: [["parentName", "string?"]] },
  NodeDeviceNumOfCaps: { program: "remote", number: 116, args: [["name", "string"]], result: [["num", "int"]] },
  NodeDeviceListCaps: { program: "remote", number: 117, args: [["name", "string"], ["maxnames", "int"]], result: [["names", "string[<65536]"]] },
  NodeDeviceDettach: { program: "remote", number: 118, args: [["name", "string"]], result: [] },
  NodeDeviceReAttach: { program: "remote", number: 119, args: [["name", "string"]], result: [] },
  NodeDeviceReset: { program: "remote", number: 120, args: [["name", "string"]], result: [] },
  DomainGetSecurityLabel: { program: "remote", number: 121, args: [["dom", "Domain"]], result: [["label", "int[<4097]"], ["enforcing", "int"]] },
  NodeGetSecurityModel: { program: "remote", number: 122, args: [], result: [["model", "int[<257]"], ["doi", "int[<257]"]] },
  NodeDeviceCreateXML: { program: "remote", number: 123, args: [["xMLDesc", "string"], ["flags", "int"]], result: [["dev", "NodeDevice"]] },
  NodeDeviceDestroy: { program: "remote", number: 124, args: [["name", "string"]], result: [] },
  StorageVolCreateXMLFrom: { program: "remote", number: 125, args: [["pool", "StoragePool"], ["xml", "string"], ["clonevol", "StorageVol"], ["flags", "int"]], result: [["vol", "StorageVol"]] },
  ConnectNumOfInterfaces: { program: "remote", number: 126, args: [], result: [["num", "int"]] },
  ConnectListInterfaces: { program: "remote", number: 127, args: [["maxnames", "int"]], result: [["names", "string[<65536]"]] },
  InterfaceLookupByName: { program: "remote", number: 128, args: [["name", "string"]], result: [["iface", "Interface"]] },
  InterfaceLookupByMacString: { program: "remote", number: 129, args: [["mac", "string"]], result: [["iface", "Interface"]] },
  InterfaceGetXMLDesc: { program: "remote", number: 130, args: [["iface", "Interface"], ["flags", "uint"]], result: [["xml", "string"]] },
  InterfaceDefineXML: { program: "remote", number: 131, args: [["xml", "string"], ["flags", "uint"]], result: [["iface", "Interface"]] },
  InterfaceUndefine: { program: "remote", number: 132, args: [["iface", "Interface"]], result: [] },
  InterfaceCreate: { program: "remote", number: 133, args: [["iface", "Interface"], ["flags", "uint"]], result: [] },
  InterfaceDestroy: { program: "remote", number: 134, args: [["iface", "Interface"], ["flags", "uint"]], result: [] },
  ConnectDomainXMLFromNative: { program: "remote", number: 135, args: [["nativeFormat", "string"], ["nativeConfig", "string"], ["flags", "uint"]], result: [["domainXML", "string"]] },
  ConnectDomainXMLToNative: { program: "remote", number: 136, args: [["nativeFormat", "string"], ["domainXML", "string"], ["flags", "uint"]], result: [["nativeConfig", "string"]] },
  ConnectNumOfDefinedInterfaces: { program: "remote", number: 137, args: [], result: [["num", "int"]] },
  ConnectListDefinedInterfaces: { program: "remote", number: 138, args: [["maxnames", "int"]], result: [["names", "string[<65536]"]] },
  ConnectNumOfSecrets: { program: "remote", number: 139, args: [], result: [["num", "int"]] },
  ConnectListSecrets: { program: "remote", number: 140, args: [["maxuuids", "int"]], result: [["uuids", "string[<65536]"]] },
  SecretLookupByUUID: { program: "remote", number: 141, args: [["uuid", "uuid"]], result: [["optSecret", "Secret"]] },
  SecretDefineXML: { program: "remote", number: 142, args: [["xml", "string"], ["flags", "uint"]], result: [["optSecret", "Secret"]] },
  SecretGetXMLDesc: { program: "remote", number: 143, args: [["optSecret", "Secret"], ["flags", "uint"]], result: [["xml", "string"]] },
  SecretSetValue: { program: "remote", number: 144, args: [["optSecret", "Secret"], ["value", "opaque[<65536]"], ["flags", "uint"]], result: [] },
  SecretGetValue: { program: "remote", number: 145, args: [["optSecret", "Secret"], ["flags", "uint"]], result: [["value", "opaque[<65536]"]] },
  SecretUndefine: { program: "remote", number: 146, args: [["optSecret", "Secret"]], result: [] },
  SecretLookupByUsage: { program: "remote", number: 147, args: [["usageType", "int"], ["usageID", "string"]], result: [["optSecret", "Secret"]] },
  DomainMigratePrepareTunnel: { program: "remote", number: 148, args: [["flags", "uhyper"], ["dname", "string?"], ["bandwidth", "uhyper"], ["domXML", "string"]], result: [], stream: "write" },
  ConnectIsSecure: { program: "remote", number: 149, args: [], result: [["secure", "int"]] },
  DomainIsActive: { program: "remote", number: 150, args: [["dom", "Domain"]], result: [["active", "int"]] },
  DomainIsPersistent: { program: "remote", number: 151, args: [["dom", "Domain"]], result: [["persistent", "int"]] },
  NetworkIsActive: { program: "remote", number: 152, args: [["net", "Network"]], result: [["active", "int"]] },
  NetworkIsPersistent: { program: "remote", number: 153, args: [["net", "Network"]], result: [["persistent", "int"]] },
  StoragePoolIsActive: { program: "remote", number: 154, args: [["pool", "StoragePool"]], result: [["active", "int"]] },
  StoragePoolIsPersistent: { program: "remote", number: 155, args: [["pool", "StoragePool"]], result: [["persistent", "int"]] },
  InterfaceIsActive: { program: "remote", number: 156, args: [["iface", "Interface"]], result: [["active", "int"]] },
  ConnectGetLibVersion: { program: "remote", number: 157, args: [], result: [["libVer", "uhyper"]] },
  ConnectCompareCPU: { program: "remote", number: 158, args: [["xml", "string"], ["flags", "int"]], result: [["result", "int"]] },
  DomainMemoryStats: { program: "remote", number: 159, args: [["dom", "Domain"], ["maxStats", "uint"], ["flags", "uint"]], result: [["stats", "DomainMemoryStat[<1024]"]] },
  DomainAttachDeviceFlags: { program: "remote", number: 160, args: [["dom", "Domain"], ["xml", "string"], ["flags", "uint"]], result: [] },
  DomainDetachDeviceFlags: { program: "remote", number: 161, args: [["dom", "Domain"], ["xml", "string"], ["flags", "uint"]], result: [] },
  ConnectBaselineCPU: { program: "remote", number: 162, args: [["xMLCPUs", "string[<65536]"], ["flags", "int"]], result: [["cpu", "string"]] },
  DomainGetJobInfo: { program: "remote", number: 163, args: [["dom", "Domain"]], result: [["type", "int"], ["timeElapsed", "uhyper"], ["timeRemaining", "uhyper"], ["dataTotal", "uhyper"], ["dataProcessed", "uhyper"], ["dataRemaining", "uhyper"], ["memTotal", "uhyper"], ["memProcessed", "uhyper"], ["memRemaining", "uhyper"], ["fileTotal", "uhyper"], ["fileProcessed", "uhyper"], ["fileRemaining", "uhyper"]] },
  DomainAbortJob: { program: "remote", number: 164, args: [["dom", "Domain"]], result: [] },
  StorageVolWipe: { program: "remote", number: 165, args: [["vol", "StorageVol"], ["flags", "uint"]], result: [] },
  DomainMigrateSetMaxDowntime: { program: "remote", number: 166, args: [["dom", "Domain"], ["downtime", "uhyper"], ["flags", "uint"]], result: [] },
  ConnectDomainEventRegisterAny: { program: "remote", number: 167, args: [["eventID", "int"]], result: [] },
  ConnectDomainEventDeregisterAny: { program: "remote", number: 168, args: [["eventID", "int"]], result: [] },
  DomainUpdateDeviceFlags: { program: "remote", number: 174, args: [["dom", "Domain"], ["xml", "string"], ["flags", "int"]], result: [] },
  NwfilterLookupByName: { program: "remote", number: 175, args: [["name", "string"]], result: [["optNwfilter", "Nwfilter"]] },
  NwfilterLookupByUUID: { program: "remote", number: 176, args: [["uuid", "uuid"]], result: [["optNwfilter", "Nwfilter"]] },
  NwfilterGetXMLDesc: { program: "remote", number: 177, args: [["optNwfilter", "Nwfilter"], ["flags", "uint"]], result: [["xml", "string"]] },
  ConnectNumOfNwfilters: { program: "remote", number: 178, args: [], result: [["num", "int"]] },
  ConnectListNwfilters: { program: "remote", number: 179, args: [["maxnames", "int"]], result: [["names", "string[<65536]"]] },
  NwfilterDefineXML: { program: "remote", number: 180, args: [["xml", "string"]], result: [["optNwfilter", "Nwfilter"]] },
  NwfilterUndefine: { program: "remote", number: 181, args: [["optNwfilter", "Nwfilter"]], result: [] },
  DomainManagedSave: { program: "remote", number: 182, args: [["dom", "Domain"], ["flags", "uint"]], result: [] },
  DomainHasManagedSaveImage: { program: "remote", number: 183, args: [["dom", "Domain"], ["flags", "uint"]], result: [["result", "int"]] },
  DomainManagedSaveRemove: { program: "remote", number: 184, args: [["dom", "Domain"], ["flags", "uint"]], result: [] },
  DomainSnapshotCreateXML: { program: "remote", number: 185, args: [["dom", "Domain"], ["xMLDesc", "string"], ["flags", "uint"]], result: [["snap", "DomainSnapshot"]] },
  DomainSnapshotGetXMLDesc: { program: "remote", number: 186, args: [["snap", "DomainSnapshot"], ["flags", "uint"]], result: [["xml", "string"]] },
  DomainSnapshotNum: { program: "remote", number: 187, args: [["dom", "Domain"], ["flags", "uint"]], result: [["num", "int"]] },
  DomainSnapshotListNames: { program: "remote", number: 188, args: [["dom", "Domain"], ["maxnames", "int"], ["flags", "uint"]], result: [["names", "string[<65536]"]] },
  DomainSnapshotLookupByName: { program: "remote", number: 189, args: [["dom", "Domain"], ["name", "string"], ["flags", "uint"]], result: [["snap", "DomainSnapshot"]] },
  DomainHasCurrentSnapshot: { program: "remote", number: 190, args: [["dom", "Domain"], ["flags", "uint"]], result: [["result", "int"]] },
  DomainSnapshotCurrent: { program: "remote", number: 191, args: [["dom", "Domain"], ["flags", "uint"]], result: [["snap", "DomainSnapshot"]] },
  DomainRevertToSnapshot: { program: "remote", number: 192, args: [["snap", "DomainSnapshot"], ["flags", "uint"]], result: [] },
  DomainSnapshotDelete: { program: "remote", number: 193, args: [["snap", "DomainSnapshot"], ["flags", "int"]], result: [] },
  DomainGetBlockInfo: { program: "remote", number: 194, args: [["dom", "Domain"], ["path", "string"], ["flags", "uint"]], result: [["allocation", "uhyper"], ["capacity", "uhyper"], ["physical", "uhyper"]] },
  DomainCreateWithFlags: { program: "remote", number: 196, args: [["dom", "Domain"], ["flags", "uint"]], result: [["dom", "Domain"]] },
  DomainSetMemoryParameters: { program: "remote", number: 197, args: [["dom", "Domain"], ["params", "TypedParam[<2048]"], ["flags", "uint"]], result: [] },
  DomainGetMemoryParameters: { program: "remote", number: 198, args: [["dom", "Domain"], ["nparams", "int"], ["flags", "uint"]], result: [["params", "TypedParam[<2048]"], ["nparams", "int"]] },
  DomainSetVcpusFlags: { program: "remote", number: 199, args: [["dom", "Domain"], ["nvcpus", "uint"], ["flags", "uint"]], result: [] },
  DomainGetVcpusFlags: { program: "remote", number: 200, args: [["dom", "Domain"], ["flags", "uint"]], result: [["num", "int"]] },
  DomainOpenConsole: { program: "remote", number: 201, args: [["dom", "Domain"], ["devName", "string?"], ["flags", "uint"]], result: [], stream: "read" },
  DomainIsUpdated: { program: "remote", number: 202, args: [["dom", "Domain"]], result: [["updated", "int"]] },
  ConnectGetSysinfo: { program: "remote", number: 203, args: [["flags", "uint"]], result: [["sysinfo", "string"]] },
  DomainSetMemoryFlags: { program: "remote", number: 204, args: [["dom", "Domain"], ["memory", "uhyper"], ["flags", "uint"]], result: [] },
  DomainSetBlkioParameters: { program: "remote", number: 205, args: [["dom", "Domain"], ["params", "TypedParam[<2048]"], ["flags", "uint"]], result: [] },
  DomainGetBlkioParameters: { program: "remote", number: 206, args: [["dom", "Domain"], ["nparams", "int"], ["flags", "uint"]], result: [["params", "TypedParam[<2048]"], ["nparams", "int"]] },
  DomainMigrateSetMaxSpeed: { program: "remote", number: 207, args: [["dom", "Domain"], ["bandwidth", "uhyper"], ["flags", "uint"]], result: [] },
  StorageVolUpload: { program: "remote", number: 208, args: [["vol", "StorageVol"], ["offset", "uhyper"], ["length", "uhyper"], ["flags", "int"]], result: [], stream: "write" },
  StorageVolDownload: { program: "remote", number: 209, args: [["vol", "StorageVol"], ["offset", "uhyper"], ["length", "uhyper"], ["flags", "int"]], result: [], stream: "read" },
  DomainInjectNmi: { program: "remote", number: 210, args: [["dom", "Domain"], ["flags", "uint"]], result: [] },
  DomainScreenshot: { program: "remote", number: 211, args: [["dom", "Domain"], ["screen", "uint"], ["flags", "uint"]], result: [["mime", "string?"]], stream: "read" },
  DomainGetState: { program: "remote", number: 212, args: [["dom", "Domain"], ["flags", "uint"]], result: [["state", "int"], ["reason", "int"]] },
  DomainMigrateBegin3: { program: "remote", number: 213, args: [["dom", "Domain"], ["xmlin", "string?"], ["flags", "uhyper"], ["dname", "string?"], ["bandwidth", "uhyper"]], result: [["cookieOut", "opaque[<4194304]"], ["xml", "string"]] },
  DomainMigratePrepare3: { program: "remote", number: 214, args: [["cookieIn", "opaque[<4194304]"], ["uriIn", "string?"], ["flags", "uhyper"], ["dname", "string?"], ["bandwidth", "uhyper"], ["domXML", "string"]], result: [["cookieOut", "opaque[<4194304]"], ["uriOut", "string?"]] },
  DomainMigratePrepareTunnel3: { program: "remote", number: 215, args: [["cookieIn", "opaque[<4194304]"], ["flags", "uhyper"], ["dname", "string?"], ["bandwidth", "uhyper"], ["domXML", "string"]], result: [["cookieOut", "opaque[<4194304]"]], stream: "write" },
  DomainMigratePerform3: { program: "remote", number: 216, args: [["dom", "Domain"], ["xmlin", "string?"], ["cookieIn", "opaque[<4194304]"], ["dconnuri", "string?"], ["uri", "string?"], ["flags", "uhyper"], ["dname", "string?"], ["bandwidth", "uhyper"]], result: [["cookieOut", "opaque[<4194304]"]] },
  DomainMigrateFinish3: { program: "remote", number: 217, args: [["dname", "string"], ["cookieIn", "opaque[<4194304]"], ["dconnuri", "string?"], ["uri", "string?"], ["flags", "uhyper"], ["cancelled", "int"]], result: [["dom", "Domain"], ["cookieOut", "opaque[<4194304]"]] },
  DomainMigrateConfirm3: { program: "remote", number: 218, args: [["dom", "Domain"], ["cookieIn", "opaque[<4194304]"], ["flags", "uhyper"], ["cancelled", "int"]], result: [] },
  DomainSetSchedulerParametersFlags: { program: "remote", number: 219, args: [["dom", "Domain"], ["params", "TypedParam[<2048]"], ["flags", "uint"]], result: [] },
  InterfaceChangeBegin: { program: "remote", number: 220, args: [["flags", "uint"]], result: [] },
  InterfaceChangeCommit: { program: "remote", number: 221, args: [["flags", "uint"]], result: [] },
  InterfaceChangeRollback: { program: "remote", number: 222, args: [["flags", "uint"]], result: [] },
  DomainGetSchedulerParametersFlags: { program: "remote", number: 223, args: [["dom", "Domain"], ["nparams", "int"], ["flags", "uint"]], result: [["params", "TypedParam[<2048]"]] },
  DomainPinVcpuFlags: { program: "remote", number: 225, args: [["dom", "Domain"], ["vcpu", "uint"], ["cpumap", "opaque[<4194304]"], ["flags", "uint"]], result: [] },
  DomainSendKey: { program: "remote", number: 226, args: [["dom", "Domain"], ["codeset", "uint"], ["holdtime", "uint"], ["keycodes", "uint[<16]"], ["flags", "uint"]], result: [] },
  NodeGetCPUStats: { program: "remote", number: 227, args: [["cPUNum", "int"], ["nparams", "int"], ["flags", "uint"]], result: [["params", "NodeGetCPUStats[<16]"], ["nparams", "int"]] },
  NodeGetMemoryStats: { program: "remote", number: 228, args: [["nparams", "int"], ["cellNum", "int"], ["flags", "uint"]], result: [["params", "NodeGetMemoryStats[<16]"], ["nparams", "int"]] },
  DomainGetControlInfo: { program: "remote", number: 229, args: [["dom", "Domain"], ["flags", "uint"]], result: [["state", "uint"], ["details", "uint"], ["stateTime", "uhyper"]] },
  DomainGetVcpuPinInfo: { program: "remote", number: 230, args: [["dom", "Domain"], ["ncpumaps", "int"], ["maplen", "int"], ["flags", "uint"]], result: [["cpumaps", "opaque[<8388608]"], ["num", "int"]] },
  DomainUndefineFlags: { program: "remote", number: 231, args: [["dom", "Domain"], ["flags", "int"]], result: [] },
  DomainSaveFlags: { program: "remote", number: 232, args: [["dom", "Domain"], ["to", "string"], ["dxml", "string?"], ["flags", "uint"]], result: [] },
  DomainRestoreFlags: { program: "remote", number: 233, args: [["from", "string"], ["dxml", "string?"], ["flags", "uint"]], result: [] },
  DomainDestroyFlags: { program: "remote", number: 234, args: [["dom", "Domain"], ["flags", "int"]], result: [] },
  DomainSaveImageGetXMLDesc: { program: "remote", number: 235, args: [["file", "string"], ["flags", "uint"]], result: [["xml", "string"]] },
  DomainSaveImageDefineXML: { program: "remote", number: 236, args: [["file", "string"], ["dxml", "string"], ["flags", "uint"]], result: [] },
  DomainBlockJobAbort: { program: "remote", number: 237, args: [["dom", "Domain"], ["path", "string"], ["flags", "int"]], result: [] },
  DomainGetBlockJobInfo: { program: "remote", number: 238, args: [["dom", "Domain"], ["path", "string"], ["flags", "uint"]], result: [["found", "int"], ["type", "int"], ["bandwidth", "uhyper"], ["cur", "uhyper"], ["end", "uhyper"]] },
  DomainBlockJobSetSpeed: { program: "remote", number: 239, args: [["dom", "Domain"], ["path", "string"], ["bandwidth", "uhyper"], ["flags", "int"]], result: [] },
  DomainBlockPull: { program: "remote", number: 240, args: [["dom", "Domain"], ["path", "string"], ["bandwidth", "uhyper"], ["flags", "int"]], result: [] },
  DomainMigrateGetMaxSpeed: { program: "remote", number: 242, args: [["dom", "Domain"], ["flags", "uint"]], result: [["bandwidth", "uhyper"]] },
  DomainBlockStatsFlags: { program: "remote", number: 243, args: [["dom", "Domain"], ["path", "string"], ["nparams", "int"], ["flags", "uint"]], result: [["params", "TypedParam[<2048]"], ["nparams", "int"]] },
  DomainSnapshotGetParent: { program: "remote", number: 244, args: [["snap", "DomainSnapshot"], ["flags", "uint"]], result: [["snap", "DomainSnapshot"]] },
  DomainReset: { program: "remote", number: 245, args: [["dom", "Domain"], ["flags", "uint"]], result: [] },
  DomainSnapshotNumChildren: { program: "remote", number: 246, args: [["snap", "DomainSnapshot"], ["flags", "uint"]], result: [["num", "int"]] },
  DomainSnapshotListChildrenNames: { program: "remote", number: 247, args: [["snap", "DomainSnapshot"], ["maxnames", "int"], ["flags", "uint"]], result: [["names", "string[<65536]"]] },
  DomainOpenGraphics: { program: "remote", number: 249, args: [["dom", "Domain"], ["idx", "uint"], ["flags", "int"]], result: [] },
  NodeSuspendForDuration: { program: "remote", number: 250, args: [["target", "uint"], ["duration", "uhyper"], ["flags", "uint"]], result: [] },
  DomainBlockResize: { program: "remote", number: 251, args: [["dom", "Domain"], ["disk", "string"], ["size", "uhyper"], ["flags", "int"]], result: [] },
  DomainSetBlockIOTune: { program: "remote", number: 252, args: [["dom", "Domain"], ["disk", "string"], ["params", "TypedParam[<2048]"], ["flags", "uint"]], result: [] },
  DomainGetBlockIOTune: { program: "remote", number: 253, args: [["dom", "Domain"], ["disk", "string?"], ["nparams", "int"], ["flags", "uint"]], result: [["params", "TypedParam[<2048]"], ["nparams", "int"]] },
  DomainSetNumaParameters: { program: "remote", number: 254, args: [["dom", "Domain"], ["params", "TypedParam[<2048]"], ["flags", "uint"]], result: [] },
  DomainGetNumaParameters: { program: "remote", number: 255, args: [["dom", "Domain"], ["nparams", "int"], ["flags", "uint"]], result: [["params", "TypedParam[<2048]"], ["nparams", "int"]] },
  DomainSetInterfaceParameters: { program: "remote", number: 256, args: [["dom", "Domain"], ["device", "string"], ["params", "TypedParam[<2048]"], ["flags", "uint"]], result: [] },
  DomainGetInterfaceParameters: { program: "remote", number: 257, args: [["dom", "Domain"], ["device", "string"], ["nparams", "int"], ["flags", "int"]], result: [["params", "TypedParam[<2048]"], ["nparams", "int"]] },
  DomainShutdownFlags: { program: "remote", number: 258, args: [["dom", "Domain"], ["flags", "int"]], result: [] },
  StorageVolWipePattern: { program: "remote", number: 259, args: [["vol", "StorageVol"], ["algorithm", "uint"], ["flags", "uint"]], result: [] },
  StorageVolResize: { program: "remote", number: 260, args: [["vol", "StorageVol"], ["capacity", "uhyper"], ["flags", "int"]], result: [] },
  DomainPmSuspendForDuration: { program: "remote", number: 261, args: [["dom", "Domain"], ["target", "uint"], ["duration", "uhyper"], ["flags", "uint"]], result: [] },
  DomainGetCPUStats: { program: "remote", number: 262, args: [["dom", "Domain"], ["nparams", "uint"], ["startCPU", "int"], ["ncpus", "uint"], ["flags", "int"]], result: [["params", "TypedParam[<2048]"], ["nparams", "int"]] },
  DomainGetDiskErrors: { program: "remote", number: 263, args: [["dom", "Domain"], ["maxerrors", "uint"], ["flags", "uint"]], result: [["errors", "DomainDiskError[<256]"], ["nerrors", "int"]] },
  DomainSetMetadata: { program: "remote", number: 264, args: [["dom", "Domain"], ["type", "int"], ["metadata", "string?"], ["key", "string?"], ["uri", "string?"], ["flags", "int"]], result: [] },
  DomainGetMetadata: { program: "remote", number: 265, args: [["dom", "Domain"], ["type", "int"], ["uri", "string?"], ["flags", "int"]], result: [["metadata", "string"]] },
  DomainBlockRebase: { program: "remote", number: 266, args: [["dom", "Domain"], ["path", "string"], ["base", "string?"], ["bandwidth", "uhyper"], ["flags", "int"]], result: [] },
  DomainPmWakeup: { program: "remote", number: 267, args: [["dom", "Domain"], ["flags", "uint"]], result: [] },
  DomainSnapshotIsCurrent: { program: "remote", number: 271, args: [["snap", "DomainSnapshot"], ["flags", "uint"]], result: [["current", "int"]] },
  DomainSnapshotHasMetadata: { program: "remote", number: 272, args: [["snap", "DomainSnapshot"], ["flags", "uint"]], result: [["metadata", "int"]] },
  ConnectListAllDomains: { program: "remote", number: 273, args: [["needResults", "int"], ["flags", "int"]], result: [["domains", "Domain[<16384]"], ["ret", "uint"]] },
  DomainListAllSnapshots: { program: "remote", number: 274, args: [["dom", "Domain"], ["needResults", "int"], ["flags", "uint"]], result: [["snapshots", "DomainSnapshot[<16384]"], ["ret", "int"]] },
  DomainSnapshotListAllChildren: { program: "remote", number: 275, args: [["snapshot", "DomainSnapshot"], ["needResults", "int"], ["flags", "uint"]], result: [["snapshots", "DomainSnapshot[<16384]"], ["ret", "int"]] },
  DomainGetHostname: { program: "remote", number: 277, args: [["dom", "Domain"], ["flags", "int"]], result: [["hostname", "string"]] },
  DomainGetSecurityLabelList: { program: "remote", number: 278, args: [["dom", "Domain"]], result: [["labels", "DomainGetSecurityLabelRet[<64]"], ["ret", "int"]] },
  DomainPinEmulator: { program: "remote", number: 279, args: [["dom", "Domain"], ["cpumap", "opaque[<4194304]"], ["flags", "int"]], result: [] },
  DomainGetEmulatorPinInfo: { program: "remote", number: 280, args: [["dom", "Domain"], ["maplen", "int"], ["flags", "int"]], result: [["cpumaps", "opaque[<4194304]"], ["ret", "int"]] },
  ConnectListAllStoragePools: { program: "remote", number: 281, args: [["needResults", "int"], ["flags", "int"]], result: [["pools", "StoragePool[<4096]"], ["ret", "uint"]] },
  StoragePoolListAllVolumes: { program: "remote", number: 282, args: [["pool", "StoragePool"], ["needResults", "int"], ["flags", "uint"]], result: [["vols", "StorageVol[<16384]"], ["ret", "uint"]] },
  ConnectListAllNetworks: { program: "remote", number: 283, args: [["needResults", "int"], ["flags", "int"]], result: [["nets", "Network[<16384]"], ["ret", "uint"]] },
  ConnectListAllInterfaces: { program: "remote", number: 284, args: [["needResults", "int"], ["flags", "int"]], result: [["ifaces", "Interface[<16384]"], ["ret", "uint"]] },
  ConnectListAllNodeDevices: { program: "remote", number: 285, args: [["needResults", "int"], ["flags", "uint"]], result: [["devices", "NodeDevice[<65536]"], ["ret", "uint"]] },
  ConnectListAllNwfilters: { program: "remote", number: 286, args: [["needResults", "int"], ["flags", "uint"]], result: [["filters", "Nwfilter[<1024]"], ["ret", "uint"]] },
  ConnectListAllSecrets: { program: "remote", number: 287, args: [["needResults", "int"], ["flags", "int"]], result: [["secrets", "Secret[<16384]"], ["ret", "uint"]] },
  NodeSetMemoryParameters: { program: "remote", number: 288, args: [["params", "TypedParam[<2048]"], ["flags", "uint"]], result: [] },
  NodeGetMemoryParameters: { program: "remote", number: 289, args: [["nparams", "int"], ["flags", "uint"]], result: [["params", "TypedParam[<2048]"], ["nparams", "int"]] },
  DomainBlockCommit: { program: "remote", number: 290, args: [["dom", "Domain"], ["disk", "string"], ["base", "string?"], ["top", "string?"], ["bandwidth", "uhyper"], ["flags", "int"]], result: [] },
  NetworkUpdate: { program: "remote", number: 291, args: [["net", "Network"], ["command", "uint"], ["section", "uint"], ["parentIndex", "int"], ["xml", "string"], ["flags", "int"]], result: [] },
  NodeGetCPUMap: { program: "remote", number: 293, args: [["needMap", "int"], ["needOnline", "int"], ["flags", "uint"]], result: [["cpumap", "opaque[<2048]"], ["online", "uint"], ["ret", "int"]] },
  DomainFstrim: { program: "remote", number: 294, args: [["dom", "Domain"], ["mountPoint", "string?"], ["minimum", "uhyper"], ["flags", "uint"]], result: [] },
  DomainSendProcessSignal: { program: "remote", number: 295, args: [["dom", "Domain"], ["pidValue", "hyper"], ["signum", "uint"], ["flags", "uint"]], result: [] },
  DomainOpenChannel: { program: "remote", number: 296, args: [["dom", "Domain"], ["name", "string?"], ["flags", "int"]], result: [], stream: "read" },
  NodeDeviceLookupScsiHostByWwn: { program: "remote", number: 297, args: [["wwnn", "string"], ["wwpn", "string"], ["flags", "uint"]], result: [["dev", "NodeDevice"]] },
  DomainGetJobStats: { program: "remote", number: 298, args: [["dom", "Domain"], ["flags", "int"]], result: [["type", "int"], ["params", "TypedParam[<2048]"]] },
  DomainMigrateGetCompressionCache: { program: "remote", number: 299, args: [["dom", "Domain"], ["flags", "uint"]], result: [["cacheSize", "uhyper"]] },
  DomainMigrateSetCompressionCache: { program: "remote", number: 300, args: [["dom", "Domain"], ["cacheSize", "uhyper"], ["flags", "uint"]], result: [] },
  NodeDeviceDetachFlags: { program: "remote", number: 301, args: [["name", "string"], ["driverName", "string?"], ["flags", "uint"]], result: [] },
  DomainMigrateBegin3Params: { program: "remote", number: 302, args: [["dom", "Domain"], ["params", "TypedParam[<2048]"], ["flags", "uint"]], result: [["cookieOut", "opaque[<4194304]"], ["xml", "string"]] },
  DomainMigratePrepare3Params: { program: "remote", number: 303, args: [["params", "TypedParam[<2048]"], ["cookieIn", "opaque[<4194304]"], ["flags", "uint"]], result: [["cookieOut", "opaque[<4194304]"], ["uriOut", "string?"]] },
  DomainMigratePrepareTunnel3Params: { program: "remote", number: 304, args: [["params", "TypedParam[<2048]"], ["cookieIn", "opaque[<4194304]"], ["flags", "uint"]], result: [["cookieOut", "opaque[<4194304]"]] },
  DomainMigratePerform3Params: { program: "remote", number: 305, args: [["dom", "Domain"], ["dconnuri", "string?"], ["params", "TypedParam[<2048]"], ["cookieIn", "opaque[<4194304]"], ["flags", "int"]], result: [["cookieOut", "opaque[<4194304]"]] },
  DomainMigrateFinish3Params: { program: "remote", number: 306, args: [["params", "TypedParam[<2048]"], ["cookieIn", "opaque[<4194304]"], ["flags", "uint"], ["cancelled", "int"]], result: [["dom", "Domain"], ["cookieOut", "opaque[<4194304]"]] },
  DomainMigrateConfirm3Params: { program: "remote", number: 307, args: [["dom", "Domain"], ["params", "TypedParam[<2048]"], ["cookieIn", "opaque[<4194304]"], ["flags", "uint"], ["cancelled", "int"]], result: [] },
  DomainSetMemoryStatsPeriod: { program: "remote", number: 308, args: [["dom", "Domain"], ["period", "int"], ["flags", "int"]], result: [] },
  DomainCreateXMLWithFiles: { program: "remote", number: 309, args: [["xMLDesc", "string"], ["flags", "int"]], result: [["dom", "Domain"]] },
  DomainCreateWithFiles: { program: "remote", number: 310, args: [["dom", "Domain"], ["flags", "int"]], result: [["dom", "Domain"]] },
  ConnectGetCPUModelNames: { program: "remote", number: 312, args: [["arch", "string"], ["needResults", "int"], ["flags", "uint"]], result: [["models", "string[<65536]"], ["ret", "int"]] },
  ConnectNetworkEventRegisterAny: { program: "remote", number: 313, args: [["eventID", "int"], ["net", "Network?"]], result: [["callbackID", "int"]] },
  ConnectNetworkEventDeregisterAny: { program: "remote", number: 314, args: [["callbackID", "int"]], result: [] },
  ConnectDomainEventCallbackRegisterAny: { program: "remote", number: 316, args: [["eventID", "int"], ["dom", "Domain?"]], result: [["callbackID", "int"]] },
  ConnectDomainEventCallbackDeregisterAny: { program: "remote", number: 317, args: [["callbackID", "int"]], result: [] },
  DomainCoreDumpWithFormat: { program: "remote", number: 334, args: [["dom", "Domain"], ["to", "string"], ["dumpformat", "uint"], ["flags", "int"]], result: [] },
  DomainFsfreeze: { program: "remote", number: 335, args: [["dom", "Domain"], ["mountpoints", "string[<65536]"], ["flags", "uint"]], result: [["filesystems", "int"]] },
  DomainFsthaw: { program: "remote", number: 336, args: [["dom", "Domain"], ["mountpoints", "string[<65536]"], ["flags", "uint"]], result: [["filesystems", "int"]] },
  DomainGetTime: { program: "remote", number: 337, args: [["dom", "Domain"], ["flags", "uint"]], result: [["seconds", "hyper"], ["nseconds", "uint"]] },
  DomainSetTime: { program: "remote", number: 338, args: [["dom", "Domain"], ["seconds", "hyper"], ["nseconds", "uint"], ["flags", "int"]], result: [] },
  NodeGetFreePages: { program: "remote", number: 340, args: [["pages", "uint[<16]"], ["startCell", "int"], ["cellCount", "uint"], ["flags", "uint"]], result: [["counts", "uhyper[<1024]"]] },
  NetworkGetDhcpLeases: { program: "remote", number: 341, args: [["net", "Network"], ["mac", "string?"], ["needResults", "int"], ["flags", "uint"]], result: [["leases", "NetworkDhcpLease[<65536]"], ["ret", "uint"]] },
  ConnectGetDomainCapabilities: { program: "remote", number: 342, args: [["emulatorbin", "string?"], ["arch", "string?"], ["machine", "string?"], ["virttype", "string?"], ["flags", "int"]], result: [["capabilities", "string"]] },
  DomainOpenGraphicsFd: { program: "remote", number: 343, args: [["dom", "Domain"], ["idx", "uint"], ["flags", "int"]], result: [] },
  ConnectGetAllDomainStats: { program: "remote", number: 344, args: [["doms", "Domain[<16384]"], ["stats", "uint"], ["flags", "uint"]], result: [["retStats", "DomainStatsRecord[<262144]"]] },
  DomainBlockCopy: { program: "remote", number: 345, args: [["dom", "Domain"], ["path", "string"], ["destxml", "string"], ["params", "TypedParam[<2048]"], ["flags", "int"]], result: [] },
  NodeAllocPages: { program: "remote", number: 347, args: [["pageSizes", "uint[<16]"], ["pageCounts", "uhyper[<1024]"], ["startCell", "int"], ["cellCount", "uint"], ["flags", "int"]], result: [["ret", "int"]] },
  DomainGetFsinfo: { program: "remote", number: 349, args: [["dom", "Domain"], ["flags", "uint"]], result: [["info", "DomainFsinfo[<256]"], ["ret", "uint"]] },
  DomainDefineXMLFlags: { program: "remote", number: 350, args: [["xml", "string"], ["flags", "int"]], result: [["dom", "Domain"]] },
  DomainGetIothreadInfo: { program: "remote", number: 351, args: [["dom", "Domain"], ["flags", "int"]], result: [["info", "DomainIothreadInfo[<16384]"], ["ret", "uint"]] },
  DomainPinIothread: { program: "remote", number: 352, args: [["dom", "Domain"], ["iothreadsID", "uint"], ["cpumap", "opaque[<4194304]"], ["flags", "int"]], result: [] },
  DomainInterfaceAddresses: { program: "remote", number: 353, args: [["dom", "Domain"], ["source", "uint"], ["flags", "uint"]], result: [["ifaces", "DomainInterface[<2048]"]] },
  DomainAddIothread: { program: "remote", number: 355, args: [["dom", "Domain"], ["iothreadID", "uint"], ["flags", "int"]], result: [] },
  DomainDelIothread: { program: "remote", number: 356, args: [["dom", "Domain"], ["iothreadID", "uint"], ["flags", "int"]], result: [] },
  DomainSetUserPassword: { program: "remote", number: 357, args: [["dom", "Domain"], ["user", "string?"], ["password", "string?"], ["flags", "int"]], result: [] },
  DomainRename: { program: "remote", number: 358, args: [["dom", "Domain"], ["newName", "string?"], ["flags", "uint"]], result: [["retcode", "int"]] },
  ConnectRegisterCloseCallback: { program: "remote", number: 360, args: [], result: [] },
  ConnectUnregisterCloseCallback: { program: "remote", number: 361, args: [], result: [] },
  DomainMigrateStartPostCopy: { program: "remote", number: 364, args: [["dom", "Domain"], ["flags", "uint"]], result: [] },
  DomainGetPerfEvents: { program: "remote", number: 365, args: [["dom", "Domain"], ["flags", "int"]], result: [["params", "TypedParam[<2048]"]] },
  DomainSetPerfEvents: { program: "remote", number: 366, args: [["dom", "Domain"], ["params", "TypedParam[<2048]"], ["flags", "int"]], result: [] },
  ConnectStoragePoolEventRegisterAny: { program: "remote", number: 368, args: [["eventID", "int"], ["pool", "StoragePool?"]], result: [["callbackID", "int"]] },
  ConnectStoragePoolEventDeregisterAny: { program: "remote", number: 369, args: [["callbackID", "int"]], result: [] },
  DomainGetGuestVcpus: { program: "remote", number: 371, args: [["dom", "Domain"], ["flags", "uint"]], result: [["params", "TypedParam[<2048]"]] },
  DomainSetGuestVcpus: { program: "remote", number: 372, args: [["dom", "Domain"], ["cpumap", "string"], ["state", "int"], ["flags", "uint"]], result: [] },
  ConnectNodeDeviceEventRegisterAny: { program: "remote", number: 374, args: [["eventID", "int"], ["dev", "NodeDevice?"]], result: [["callbackID", "int"]] },
  ConnectNodeDeviceEventDeregisterAny: { program: "remote", number: 375, args: [["callbackID", "int"]], result: [] },
  StorageVolGetInfoFlags: { program: "remote", number: 378, args: [["vol", "StorageVol"], ["flags", "uint"]], result: [["type", "int"], ["capacity", "uhyper"], ["allocation", "uhyper"]] },
  ConnectSecretEventRegisterAny: { program: "remote", number: 380, args: [["eventID", "int"], ["optSecret", "Secret?"]], result: [["callbackID", "int"]] },
  ConnectSecretEventDeregisterAny: { program: "remote", number: 381, args: [["callbackID", "int"]], result: [] },
  DomainSetVcpu: { program: "remote", number: 384, args: [["dom", "Domain"], ["cpumap", "string"], ["state", "int"], ["flags", "int"]], result: [] },
  DomainSetBlockThreshold: { program: "remote", number: 386, args: [["dom", "Domain"], ["dev", "string"], ["threshold", "uhyper"], ["flags", "uint"]], result: [] },
  DomainMigrateGetMaxDowntime: { program: "remote", number: 387, args: [["dom", "Domain"], ["flags", "uint"]], result: [["downtime", "uhyper"]] },
  DomainManagedSaveGetXMLDesc: { program: "remote", number: 388, args: [["dom", "Domain"], ["flags", "int"]], result: [["xml", "string"]] },
  DomainManagedSaveDefineXML: { program: "remote", number: 389, args: [["dom", "Domain"], ["dxml", "string?"], ["flags", "int"]], result: [] },
  DomainSetLifecycleAction: { program: "remote", number: 390, args: [["dom", "Domain"], ["type", "uint"], ["action", "uint"], ["flags", "int"]], result: [] },
  StoragePoolLookupByTargetPath: { program: "remote", number: 391, args: [["path", "string"]], result: [["pool", "StoragePool"]] },
  DomainDetachDeviceAlias: { program: "remote", number: 392, args: [["dom", "Domain"], ["alias", "string"], ["flags", "uint"]], result: [] },
  ConnectCompareHypervisorCPU: { program: "remote", number: 393, args: [["emulator", "string?"], ["arch", "string?"], ["machine", "string?"], ["virttype", "string?"], ["xmlcpu", "string"], ["flags", "uint"]], result: [["result", "int"]] },
  ConnectBaselineHypervisorCPU: { program: "remote", number: 394, args: [["emulator", "string?"], ["arch", "string?"], ["machine", "string?"], ["virttype", "string?"], ["xMLCPUs", "string[<65536]"], ["flags", "uint"]], result: [["cpu", "string"]] },
  NodeGetSevInfo: { program: "remote", number: 395, args: [["nparams", "int"], ["flags", "uint"]], result: [["params", "TypedParam[<2048]"], ["nparams", "int"]] },
  DomainGetLaunchSecurityInfo: { program: "remote", number: 396, args: [["dom", "Domain"], ["flags", "uint"]], result: [["params", "TypedParam[<2048]"]] },
  NwfilterBindingLookupByPortDev: { program: "remote", number: 397, args: [["name", "string"]], result: [["optNwfilter", "NwfilterBinding"]] },
  NwfilterBindingGetXMLDesc: { program: "remote", number: 398, args: [["optNwfilter", "NwfilterBinding"], ["flags", "uint"]], result: [["xml", "string"]] },
  NwfilterBindingCreateXML: { program: "remote", number: 399, args: [["xml", "string"], ["flags", "uint"]], result: [["optNwfilter", "NwfilterBinding"]] },
  NwfilterBindingDelete: { program: "remote", number: 400, args: [["optNwfilter", "NwfilterBinding"]], result: [] },
  ConnectListAllNwfilterBindings: { program: "remote", number: 401, args: [["needResults", "int"], ["flags", "uint"]], result: [["bindings", "NwfilterBinding[<16384]"], ["ret", "uint"]] },
  DomainSetIothreadParams: { program: "remote", number: 402, args: [["dom", "Domain"], ["iothreadID", "uint"], ["params", "TypedParam[<2048]"], ["flags", "uint"]], result: [] },
  ConnectGetStoragePoolCapabilities: { program: "remote", number: 403, args: [["flags", "uint"]], result: [["capabilities", "string"]] },
  NetworkListAllPorts: { program: "remote", number: 404, args: [["optNetwork", "Network"], ["needResults", "int"], ["flags", "uint"]], result: [["ports", "NetworkPort[<16384]"], ["ret", "uint"]] },
  NetworkPortLookupByUUID: { program: "remote", number: 405, args: [["optNetwork", "Network"], ["uuid", "uuid"]], result: [["port", "NetworkPort"]] },
  NetworkPortCreateXML: { program: "remote", number: 406, args: [["optNetwork", "Network"], ["xml", "string"], ["flags", "uint"]], result: [["port", "NetworkPort"]] },
  NetworkPortGetParameters: { program: "remote", number: 407, args: [["port", "NetworkPort"], ["nparams", "int"], ["flags", "uint"]], result: [["params", "TypedParam[<2048]"], ["nparams", "int"]] },
  NetworkPortSetParameters: { program: "remote", number: 408, args: [["port", "NetworkPort"], ["params", "TypedParam[<2048]"], ["flags", "uint"]], result: [] },
  NetworkPortGetXMLDesc: { program: "remote", number: 409, args: [["port", "NetworkPort"], ["flags", "uint"]], result: [["xml", "string"]] },
  NetworkPortDelete: { program: "remote", number: 410, args: [["port", "NetworkPort"], ["flags", "uint"]], result: [] },
  DomainCheckpointCreateXML: { program: "remote", number: 411, args: [["dom", "Domain"], ["xMLDesc", "string"], ["flags", "uint"]], result: [["checkpoint", "DomainCheckpoint"]] },
  DomainCheckpointGetXMLDesc: { program: "remote", number: 412, args: [["checkpoint", "DomainCheckpoint"], ["flags", "uint"]], result: [["xml", "string"]] },
  DomainListAllCheckpoints: { program: "remote", number: 413, args: [["dom", "Domain"], ["needResults", "int"], ["flags", "uint"]], result: [["checkpoints", "DomainCheckpoint[<16384]"], ["ret", "int"]] },
  DomainCheckpointListAllChildren: { program: "remote", number: 414, args: [["checkpoint", "DomainCheckpoint"], ["needResults", "int"], ["flags", "uint"]], result: [["checkpoints", "DomainCheckpoint[<16384]"], ["ret", "int"]] },
  DomainCheckpointLookupByName: { program: "remote", number: 415, args: [["dom", "Domain"], ["name", "string"], ["flags", "uint"]], result: [["checkpoint", "DomainCheckpoint"]] },
  DomainCheckpointGetParent: { program: "remote", number: 416, args: [["checkpoint", "DomainCheckpoint"], ["flags", "uint"]], result: [["parent", "DomainCheckpoint"]] },
  DomainCheckpointDelete: { program: "remote", number: 417, args: [["checkpoint", "DomainCheckpoint"], ["flags", "int"]], result: [] },
  DomainGetGuestInfo: { program: "remote", number: 418, args: [["dom", "Domain"], ["types", "uint"], ["flags", "uint"]], result: [["params", "TypedParam[<2048]"]] },
  ConnectSetIdentity: { program: "remote", number: 419, args: [["params", "TypedParam[<2048]"], ["flags", "uint"]], result: [] },
  DomainAgentSetResponseTimeout: { program: "remote", number: 420, args: [["dom", "Domain"], ["timeout", "int"], ["flags", "uint"]], result: [["result", "int"]] },
  DomainBackupBegin: { program: "remote", number: 421, args: [["dom", "Domain"], ["backupXML", "string"], ["checkpointXML", "string?"], ["flags", "int"]], result: [] },
  DomainBackupGetXMLDesc: { program: "remote", number: 422, args: [["dom", "Domain"], ["flags", "uint"]], result: [["xml", "string"]] },
  DomainAuthorizedSshKeysGet: { program: "remote", number: 424, args: [["dom", "Domain"], ["user", "string"], ["flags", "uint"]], result: [["keys", "string[<65536]"]] },
  DomainAuthorizedSshKeysSet: { program: "remote", number: 425, args: [["dom", "Domain"], ["user", "string"], ["keys", "string[<65536]"], ["flags", "uint"]], result: [] },
  DomainGetMessages: { program: "remote", number: 426, args: [["dom", "Domain"], ["flags", "uint"]], result: [["msgs", "string[<65536]"]] },
  DomainStartDirtyRateCalc: { program: "remote", number: 427, args: [["dom", "Domain"], ["seconds", "int"], ["flags", "uint"]], result: [] },
  NodeDeviceDefineXML: { program: "remote", number: 428, args: [["xMLDesc", "string"], ["flags", "int"]], result: [["dev", "NodeDevice"]] },
  NodeDeviceUndefine: { program: "remote", number: 429, args: [["name", "string"], ["flags", "uint"]], result: [] },
  NodeDeviceCreate: { program: "remote", number: 430, args: [["name", "string"], ["flags", "uint"]], result: [] },
  NwfilterDefineXMLFlags: { program: "remote", number: 431, args: [["xml", "string"], ["flags", "uint"]], result: [["optNwfilter", "Nwfilter"]] },
  NetworkDefineXMLFlags: { program: "remote", number: 432, args: [["xml", "string"], ["flags", "uint"]], result: [["net", "Network"]] },
  NodeDeviceGetAutostart: { program: "remote", number: 433, args: [["name", "string"]], result: [["autostart", "int"]] },
  NodeDeviceSetAutostart: { program: "remote", number: 434, args: [["name", "string"], ["autostart", "int"]], result: [] },
  NodeDeviceIsPersistent: { program: "remote", number: 435, args: [["name", "string"]], result: [["persistent", "int"]] },
  NodeDeviceIsActive: { program: "remote", number: 436, args: [["name", "string"]], result: [["active", "int"]] },
  NetworkCreateXMLFlags: { program: "remote", number: 437, args: [["xml", "string"], ["flags", "uint"]], result: [["net", "Network"]] },
  DomainSetLaunchSecurityState: { program: "remote", number: 439, args: [["dom", "Domain"], ["params", "TypedParam[<2048]"], ["flags", "uint"]], result: [] },
  DomainSaveParams: { program: "remote", number: 440, args: [["dom", "Domain"], ["params", "TypedParam[<2048]"], ["flags", "uint"]], result: [] },
  DomainRestoreParams: { program: "remote", number: 441, args: [["params", "TypedParam[<2048]"], ["flags", "uint"]], result: [] },
  DomainAbortJobFlags: { program: "remote", number: 442, args: [["dom", "Domain"], ["flags", "uint"]], result: [] },
  DomainFdAssociate: { program: "remote", number: 443, args: [["dom", "Domain"], ["name", "string"], ["flags", "uint"]], result: [] },
  NetworkSetMetadata: { program: "remote", number: 444, args: [["optNetwork", "Network"], ["type", "int"], ["metadata", "string?"], ["key", "string?"], ["uri", "string?"], ["flags", "uint"]], result: [] },
  NetworkGetMetadata: { program: "remote", number: 445, args: [["optNetwork", "Network"], ["type", "int"], ["uri", "string?"], ["flags", "uint"]], result: [["metadata", "string"]] },
  NodeDeviceUpdate: { program: "remote", number: 447, args: [["name", "string"], ["xMLDesc", "string"], ["flags", "int"]], result: [] },
  DomainGraphicsReload: { program: "remote", number: 448, args: [["dom", "Domain"], ["type", "uint"], ["flags", "uint"]], result: [] },
  DomainGetAutostartOnce: { program: "remote", number: 449, args: [["dom", "Domain"]], result: [["autostart", "int"]] },
  DomainSetAutostartOnce: { program: "remote", number: 450, args: [["dom", "Domain"], ["autostart", "int"]], result: [] },
  DomainSetThrottleGroup: { program: "remote", number: 451, args: [["dom", "Domain"], ["group", "string"], ["params", "TypedParam[<2048]"], ["flags", "uint"]], result: [] },
  DomainDelThrottleGroup: { program: "remote", number: 452, args: [["dom", "Domain"], ["group", "string?"], ["flags", "uint"]], result: [] },
  QEMUDomainMonitorCommand: { program: "qemu", number: 1, args: [["dom", "Domain"], ["cmd", "string"], ["flags", "uint"]], result: [["result", "string"]] },
  QEMUDomainAttach: { program: "qemu", number: 2, args: [["pidValue", "uint"], ["flags", "uint"]], result: [["dom", "Domain"]] },
  QEMUDomainAgentCommand: { program: "qemu", number: 3, args: [["dom", "Domain"], ["cmd", "string"], ["timeout", "int"], ["flags", "uint"]], result: [["result", "string?"]] },
  QEMUConnectDomainMonitorEventRegister: { program: "qemu", number: 4, args: [["dom", "Domain?"], ["event", "string?"], ["flags", "uint"]], result: [["callbackID", "int"]] },
  QEMUConnectDomainMonitorEventDeregister: { program: "qemu", number: 5, args: [["callbackID", "int"]], result: [] },
  QEMUDomainMonitorCommandWithFiles: { program: "qemu", number: 7, args: [["dom", "Domain"], ["cmd", "string"], ["flags", "uint"]], result: [["result", "string"]] },
};

/** What is on the wire for every event. */
export const events: { readonly [Name in keyof Events]: EventSpec } = {
  DomainEventLifecycle: { program: "remote", number: 107, payload: "DomainEventLifecycleMsg" },
  DomainEventReboot: { program: "remote", number: 169, payload: "DomainEventRebootMsg" },
  DomainEventRtcChange: { program: "remote", number: 170, payload: "DomainEventRtcChangeMsg" },
  DomainEventWatchdog: { program: "remote", number: 171, payload: "DomainEventWatchdogMsg" },
  DomainEventIOError: { program: "remote", number: 172, payload: "DomainEventIOErrorMsg" },
  DomainEventGraphics: { program: "remote", number: 173, payload: "DomainEventGraphicsMsg" },
  DomainEventIOErrorReason: { program: "remote", number: 195, payload: "DomainEventIOErrorReasonMsg" },
  DomainEventControlError: { program: "remote", number: 224, payload: "DomainEventControlErrorMsg" },
  DomainEventBlockJob: { program: "remote", number: 241, payload: "DomainEventBlockJobMsg" },
  DomainEventDiskChange: { program: "remote", number: 248, payload: "DomainEventDiskChangeMsg" },
  DomainEventTrayChange: { program: "remote", number: 268, payload: "DomainEventTrayChangeMsg" },
  DomainEventPmwakeup: { program: "remote", number: 269, payload: "DomainEventPmwakeupMsg" },
  DomainEventPmsuspend: { program: "remote", number: 270, payload: "DomainEventPmsuspendMsg" },
  DomainEventBalloonChange: { program: "remote", number: 276, payload: "DomainEventBalloonChangeMsg" },
  DomainEventPmsuspendDisk: { program: "remote", number: 292, payload: "DomainEventPmsuspendDiskMsg" },
  DomainEventDeviceRemoved: { program: "remote", number: 311, payload: "DomainEventDeviceRemovedMsg" },
  NetworkEventLifecycle: { program: "remote", number: 315, payload: "NetworkEventLifecycleMsg" },
  DomainEventCallbackLifecycle: { program: "remote", number: 318, payload: "DomainEventCallbackLifecycleMsg" },
  DomainEventCallbackReboot: { program: "remote", number: 319, payload: "DomainEventCallbackRebootMsg" },
  DomainEventCallbackRtcChange: { program: "remote", number: 320, payload: "DomainEventCallbackRtcChangeMsg" },
  DomainEventCallbackWatchdog: { program: "remote", number: 321, payload: "DomainEventCallbackWatchdogMsg" },
  DomainEventCallbackIOError: { program: "remote", number: 322, payload: "DomainEventCallbackIOErrorMsg" },
  DomainEventCallbackGraphics: { program: "remote", number: 323, payload: "DomainEventCallbackGraphicsMsg" },
  DomainEventCallbackIOErrorReason: { program: "remote", number: 324, payload: "DomainEventCallbackIOErrorReasonMsg" },
  DomainEventCallbackControlError: { program: "remote", number: 325, payload: "DomainEventCallbackControlErrorMsg" },
  DomainEventCallbackBlockJob: { program: "remote", number: 326, payload: "DomainEventCallbackBlockJobMsg" },
  DomainEventCallbackDiskChange: { program: "remote", number: 327, payload: "DomainEventCallbackDiskChangeMsg" },
  DomainEventCallbackTrayChange: { program: "remote", number: 328, payload: "DomainEventCallbackTrayChangeMsg" },
  DomainEventCallbackPmwakeup: { program: "remote", number: 329, payload: "DomainEventCallbackPmwakeupMsg" },
  DomainEventCallbackPmsuspend: { program: "remote", number: 330, payload: "DomainEventCallbackPmsuspendMsg" },
  DomainEventCallbackBalloonChange: { program: "remote", number: 331, payload: "DomainEventCallbackBalloonChangeMsg" },
  DomainEventCallbackPmsuspendDisk: { program: "remote", number: 332, payload: "DomainEventCallbackPmsuspendDiskMsg" },
  DomainEventCallbackDeviceRemoved: { program: "remote", number: 333, payload: "DomainEventCallbackDeviceRemovedMsg" },
  DomainEventBlockJob2: { program: "remote", number: 339, payload: "DomainEventBlockJob2Msg" },
  DomainEventCallbackTunable: { program: "remote", number: 346, payload: "DomainEventCallbackTunableMsg" },
  DomainEventCallbackAgentLifecycle: { program: "remote", number: 348, payload: "DomainEventCallbackAgentLifecycleMsg" },
  DomainEventCallbackDeviceAdded: { program: "remote", number: 354, payload: "DomainEventCallbackDeviceAddedMsg" },
  DomainEventCallbackMigrationIteration: { program: "remote", number: 359, payload: "DomainEventCallbackMigrationIterationMsg" },
  ConnectEventConnectionClosed: { program: "remote", number: 362, payload: "ConnectEventConnectionClosedMsg" },
  DomainEventCallbackJobCompleted: { program: "remote", number: 363, payload: "DomainEventCallbackJobCompletedMsg" },
  DomainEventCallbackDeviceRemovalFailed: { program: "remote", number: 367, payload: "DomainEventCallbackDeviceRemovalFailedMsg" },
  StoragePoolEventLifecycle: { program: "remote", number: 370, payload: "StoragePoolEventLifecycleMsg" },
  StoragePoolEventRefresh: { program: "remote", number: 373, payload: "StoragePoolEventRefreshMsg" },
  NodeDeviceEventLifecycle: { program: "remote", number: 376, payload: "NodeDeviceEventLifecycleMsg" },
  NodeDeviceEventUpdate: { program: "remote", number: 377, payload: "NodeDeviceEventUpdateMsg" },
  DomainEventCallbackMetadataChange: { program: "remote", number: 379, payload: "DomainEventCallbackMetadataChangeMsg" },
  SecretEventLifecycle: { program: "remote", number: 382, payload: "SecretEventLifecycleMsg" },
  SecretEventValueChanged: { program: "remote", number: 383, payload: "SecretEventValueChangedMsg" },
  DomainEventBlockThreshold: { program: "remote", number: 385, payload: "DomainEventBlockThresholdMsg" },
  DomainEventMemoryFailure: { program: "remote", number: 423, payload: "DomainEventMemoryFailureMsg" },
  DomainEventMemoryDeviceSizeChange: { program: "remote", number: 438, payload: "DomainEventMemoryDeviceSizeChangeMsg" },
  NetworkEventCallbackMetadataChange: { program: "remote", number: 446, payload: "NetworkEventCallbackMetadataChangeMsg" },
  DomainEventNicMacChange: { program: "remote", number: 453, payload: "DomainEventNicMacChangeMsg" },
  QEMUDomainMonitorEvent: { program: "qemu", number: 6, payload: "QEMUDomainMonitorEventMsg" },
};
