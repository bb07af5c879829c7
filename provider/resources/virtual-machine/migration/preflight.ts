import { posix } from "node:path";
import type { Host } from "../../../hosts/host.js";
import type { PoolContents } from "../../../hosts/observations.js";
import { sidecarName, type VolumeMark } from "../../../hosts/volume-mark.js";
import type { DomainRecord, PoolRecord } from "../../../libvirt/index.js";
import { type DomainModel, type MigratedVolume, parseDomain } from "../../../libvirt/xml/index.js";
import { missingPaths } from "../../missing-paths.js";
import { placeOf } from "../../pool-place.js";
import { roomIn } from "../../pool-room.js";
import { modelOf } from "../../volume-model.js";
import { networkDevices } from "../host-files.js";
import { vmMark } from "./copied-volumes.js";
import { compareCpu } from "./cpu.js";
import { hasTpm, hostDevicesOf } from "./host-devices.js";
import { memoryNeededBytes } from "./memory-needed.js";
import type { CopiedVolume, MigrationPlan } from "./migration-plan.js";
import {
  type PoolFindings,
  type PreflightFindings,
  refusalsOf,
  type VolumeFindings,
} from "./preflight-refusals.js";
import { nvramPath } from "./traces.js";

/** What is at the target now and won't be by the time of the move. */
export interface Leaving {
  domain(record: DomainRecord): boolean;
  without(contents: PoolContents): PoolContents;
}

/**
 * What a move can't do, found without changing anything. The migration address is not among it: whether one host reaches
 * the other only shows when QEMU connects.
 *
 * @param options - `fresh`: look again instead of trusting what was read earlier in the deployment. `mayBeMade`: a pool or network
 *   that the target lacks is no obstacle, since a preview can't know what the same deployment is going to make there. `leaves`: what that deployment takes away from there before.
 */
export async function preflight(
  plan: Omit<MigrationPlan, "policy">,
  options: { fresh?: boolean; mayBeMade?: boolean; leaves?: Leaving } = {},
): Promise<string[]> {
  if (options.fresh === true) await refresh(plan);
  const record = (await plan.source.observations.domains()).find(({ uuid }) => uuid === plan.uuid);
  if (record === undefined) return [`it isn't on ${plan.source.name} any more`];
  const found = await findings(plan, record, options.fresh !== true, options.leaves);
  return refusalsOf(options.mayBeMade === true ? withoutWhatMayBeMade(found) : found);
}

function withoutWhatMayBeMade(found: PreflightFindings): PreflightFindings {
  const networks = found.domain.model.interfaces.flatMap(({ source }) =>
    "network" in source ? [source.network] : [],
  );
  return {
    ...found,
    networks: [...found.networks, ...networks],
    pools: found.pools.filter(({ there }) => there?.active === true),
  };
}

async function refresh({
  source,
  target,
  uuid,
  name,
  volumes,
}: Omit<MigrationPlan, "policy">): Promise<void> {
  for (const [host, poolOf] of [
    [source, (volume: MigratedVolume) => volume.sourcePool],
    [target, (volume: MigratedVolume) => volume.targetPool],
  ] as const) {
    await host.observations.refreshDomain({ uuid, name });
    for (const pool of new Set(volumes.map(poolOf))) {
      await host.observations.refreshPool(pool);
      host.observations.listAgain(
        pool,
        volumes.map(({ name: volume }) => volume),
      );
    }
  }
}

async function findings(
  plan: Omit<MigrationPlan, "policy">,
  record: DomainRecord,
  ahead: boolean,
  leaves: Leaving | undefined,
): Promise<PreflightFindings> {
  const { source, target, uuid } = plan;
  const live = record.liveXml !== undefined;
  const xml = record.liveXml ?? record.persistentXml ?? "";
  const model = parseDomain(xml);
  const [facts, factsThere, domainsThere, networks, poolsHere, poolsThere] = await Promise.all([
    source.observations.facts(),
    target.observations.facts(),
    target.observations.domains(),
    target.observations.networks(),
    source.observations.pools(),
    target.observations.pools(),
  ]);
  const otherPaths = (file: string) => otherPathOf(file, poolsHere, poolsThere);
  const mayComeThere = (file: string) =>
    otherPaths(file) === undefined &&
    [...poolsHere, ...poolsThere].some((pool) => placeOf(pool).path === posix.dirname(file));
  const [volumes, pools, missingDevices, missingFiles, cpu] = await Promise.all([
    Promise.all(plan.volumes.map((volume) => volumeFindings(plan, volume, xml, leaves))),
    poolFindings(plan),
    missingAt(
      target,
      networkDevices(model.interfaces).map(({ device, path }) => [device, path]),
    ),
    missingAt(
      target,
      filesThatStay(model, plan.volumes)
        .filter((file) => !(ahead && mayComeThere(file)))
        .map((file) => [file, file]),
    ),
    live ? compareCpu(source, target, uuid, model) : undefined,
  ]);
  return {
    name: plan.name,
    uuid,
    source: { name: source.name, facts },
    target: { name: target.name, facts: factsThere },
    domain: {
      model,
      memoryNeededBytes: memoryNeededBytes(xml),
      persistent: record.persistent,
      snapshots: (await source.observations.snapshots(uuid)).map((snapshot) => snapshot.name),
      hasManagedSave: record.hasManagedSave,
      isPausedByIoError: record.state === "paused" && record.reasonName === "ioError",
      hostDevices: hostDevicesOf(xml),
      firmwareState: [
        ...(nvramPath(xml) === undefined ? [] : (["nvram"] as const)),
        ...(hasTpm(xml) ? (["tpm"] as const) : []),
      ],
    },
    sameUuid: domainsThere.find((other) => other.uuid === uuid),
    sameName: domainsThere.find(
      (other) => other.name === record.name && other.uuid !== uuid && leaves?.domain(other) !== true,
    ),
    networks: networks.filter((network) => network.active).map((network) => network.name),
    missingDevices,
    missingFiles: missingFiles.map((file) => ({ file, otherPath: otherPaths(file) })),
    volumes,
    pools,
    cpu,
    memoryInUseBytes: domainsThere
      .flatMap(({ liveXml }) => (liveXml === undefined ? [] : [memoryNeededBytes(liveXml)]))
      .reduce((sum, bytes) => sum + bytes, 0),
    live,
    ahead,
  };
}

async function volumeFindings(
  { source, target }: Omit<MigrationPlan, "policy">,
  volume: CopiedVolume,
  domainXml: string,
  leaves: Leaving | undefined,
): Promise<VolumeFindings> {
  const [here, there] = await Promise.all([
    source.observations.contents(volume.sourcePool),
    target.observations.contents(volume.targetPool),
  ]);
  const found = here.volumes.find((other) => other.name === volume.name);
  const parsed = found === undefined ? undefined : modelOf(found);
  const backingPath = parsed?.backing?.path;
  return {
    name: volume.name,
    sourcePool: volume.sourcePool,
    targetPool: volume.targetPool,
    sourcePath: volume.sourcePath,
    readonly: volume.readonly ?? false,
    source:
      found === undefined
        ? undefined
        : {
            ...{ format: parsed?.format, allocationBytes: found.allocationBytes, backingPath },
            encrypted: parsed?.encrypted,
          },
    takenBy: takenBy(marksOfCopy(volume.name, here, domainXml), leaves?.without(there) ?? there, volume.name),
    backingThere:
      backingPath === undefined
        ? undefined
        : (await missingAt(target, [[backingPath, backingPath]])).length === 0,
  };
}

/** The marks that a volume's copy may have: the volume's own, or, of one that was copied here by hand without any, the VM's. */
function marksOfCopy(name: string, here: PoolContents, domainXml: string): readonly VolumeMark[] {
  const own = here.marks.filter(({ volume }) => volume === name);
  if (own.length > 0) return own;
  const mark = vmMark(name, domainXml);
  return mark === undefined ? [] : [mark];
}

/** The volume's own mark at the target, without a volume, is what is left of the volume, and is good for the next one. */
function takenBy(ours: readonly VolumeMark[], there: PoolContents, name: string): VolumeFindings["takenBy"] {
  const isOurs = (mark: VolumeMark) => ours.some((own) => sidecarName(own) === sidecarName(mark));
  const found = there.marks.filter(({ volume }) => volume === name);
  if (there.volumes.some((other) => other.name === name))
    return found.some(isOurs) ? "formerVolume" : "volume";
  return found.every(isOurs) ? undefined : "mark";
}

async function poolFindings({ target, volumes }: Omit<MigrationPlan, "policy">): Promise<PoolFindings[]> {
  const there = await target.observations.pools();
  const names = new Set(volumes.map((volume) => volume.targetPool));
  return Promise.all(
    [...names].map(async (name) => {
      const pool = there.find((other) => other.name === name);
      if (pool === undefined) return { name, there: undefined };
      const availableBytes = await roomIn(target, pool);
      return { name, there: { active: pool.active, path: placeOf(pool).path, availableBytes } };
    }),
  );
}

/** The path that the pool with a file has at the target, if that is another one, and no pool there has the file's. */
export function otherPathOf(
  file: string,
  poolsHere: readonly PoolRecord[],
  poolsThere: readonly PoolRecord[],
): { pool: string; path: string } | undefined {
  const folder = posix.dirname(file);
  if (poolsThere.some((pool) => placeOf(pool).path === folder)) return undefined;
  const here = poolsHere.find((pool) => placeOf(pool).path === folder);
  const there = poolsThere.find(({ name }) => name === here?.name);
  const path = there && placeOf(there).path;
  return there === undefined || path === undefined ? undefined : { pool: there.name, path };
}

/** What QEMU opens at the target and nobody copies there: kernels, media, disks on shared storage. */
function filesThatStay(
  { disks, directBoot, ignition }: DomainModel,
  copied: readonly MigratedVolume[],
): string[] {
  const paths = new Set(copied.map((volume) => volume.sourcePath));
  const files = [...disks.map(({ source }) => source), ignition].flatMap((source) =>
    source !== undefined && "file" in source && !paths.has(source.file) ? [source.file] : [],
  );
  return [...files, directBoot?.kernel, directBoot?.initrd].filter((file) => file !== undefined);
}

async function missingAt(
  host: Host,
  things: readonly (readonly [name: string, path: string])[],
): Promise<string[]> {
  const missing = await missingPaths(
    host,
    things.map(([, path]) => path),
  );
  return things.flatMap(([name, path]) => (missing.includes(path) ? [name] : []));
}
