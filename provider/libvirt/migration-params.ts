import type { TypedParam } from "./rpc/index.js";

/** Parameters of a migration; each phase takes those that it knows and refuses others. */
export interface MigrationParams {
  /** Where QEMU of the source connects to: tcp://address. */
  readonly migrateUri?: string | undefined;
  readonly destinationName?: string | undefined;
  readonly destinationXml?: string | undefined;
  readonly persistentXml?: string | undefined;
  readonly bandwidthMibPerSecond?: number | undefined;
  readonly graphicsUri?: string | undefined;
  readonly listenAddress?: string | undefined;
  /** Targets (vda, ...) of the disks that are copied; all of them unless given. */
  readonly migrateDisks?: readonly string[] | undefined;
  readonly disksPort?: number | undefined;
  readonly autoConvergeInitialPercent?: number | undefined;
  readonly autoConvergeIncrementPercent?: number | undefined;
  readonly parallelConnections?: number | undefined;
  readonly postCopyBandwidthMibPerSecond?: number | undefined;
  readonly tlsDestination?: string | undefined;
  /** Names of compression methods: xbzrle, mt, zlib, zstd. */
  readonly compression?: readonly string[] | undefined;
}

// What each is called and typed in libvirt (VIR_MIGRATE_PARAM_*).
const FIELDS = {
  migrateUri: ["migrate_uri", "string"],
  destinationName: ["destination_name", "string"],
  destinationXml: ["destination_xml", "string"],
  persistentXml: ["persistent_xml", "string"],
  bandwidthMibPerSecond: ["bandwidth", "uhyper"],
  graphicsUri: ["graphics_uri", "string"],
  listenAddress: ["listen_address", "string"],
  migrateDisks: ["migrate_disks", "string"],
  disksPort: ["disks_port", "int"],
  autoConvergeInitialPercent: ["auto_converge.initial", "int"],
  autoConvergeIncrementPercent: ["auto_converge.increment", "int"],
  parallelConnections: ["parallel.connections", "int"],
  postCopyBandwidthMibPerSecond: ["bandwidth.postcopy", "uhyper"],
  tlsDestination: ["tls.destination", "string"],
  compression: ["compression", "string"],
} as const satisfies Record<keyof MigrationParams, readonly [string, "string" | "int" | "uhyper"]>;

/** Parameters as libvirt takes them. A list becomes one parameter for each of its elements. */
export function migrationTypedParams(params: MigrationParams): TypedParam[] {
  const typed: TypedParam[] = [];
  for (const name of Object.keys(FIELDS) as (keyof MigrationParams)[]) {
    const given = params[name];
    if (given === undefined) continue;
    const [field, type] = FIELDS[name];
    for (const value of Array.isArray(given) ? (given as readonly string[]) : [given as string | number]) {
      if (type === "string") typed.push({ field, type, value: String(value) });
      else if (type === "int") typed.push({ field, type, value: Number(value) });
      else typed.push({ field, type, value: BigInt(value) });
    }
  }
  return typed;
}
