import type { HostFacts } from "../../../hosts/facts.js";
import type { CpuComparison } from "../../../libvirt/index.js";
import { type DomainModel, machineCanonicalName } from "../../../libvirt/xml/index.js";
import {
  byVersion,
  isUpstreamMachine,
  machineFamily,
  newestMachine,
} from "../../../libvirt/xml/machine-types.js";
import { formatBytes } from "../../../planning/quantity.js";
import { whyEncryptedStays } from "../../encrypted-volume.js";
import { virsh } from "../../virsh.js";

/** What was read of both hosts about a move that is ahead. */
export interface PreflightFindings {
  name: string;
  uuid: string;
  source: { name: string; facts: HostFacts };
  target: { name: string; facts: HostFacts };
  domain: DomainFindings;
  /** The domain at the target with the same UUID, the one with the same name. */
  sameUuid: { name: string } | undefined;
  sameName: { uuid: string } | undefined;
  /** Networks that run at the target. */
  networks: readonly string[];
  /** Bridges of the guest that the target surely lacks. */
  missingDevices: readonly string[];
  /** Files of the guest that aren't copied and that the target surely lacks; `otherPath`: the pool that has it is there, under another path. */
  missingFiles: readonly { file: string; otherPath?: { pool: string; path: string } | undefined }[];
  volumes: readonly VolumeFindings[];
  pools: readonly PoolFindings[];
  cpu: CpuComparison | undefined;
  /** What the running guests of the target may use in all. */
  memoryInUseBytes: number;
  /** The guest runs, or is paused. */
  live: boolean;
  /** The move isn't about to begin: networks, pools and volumes may still be made before it, by the same deployment. */
  ahead: boolean;
}

/** The guest, as far as it matters for a move. */
export interface DomainFindings {
  model: DomainModel;
  /** What it may use of a host's memory without being given more. */
  memoryNeededBytes: number;
  persistent: boolean;
  /** By name. */
  snapshots: readonly string[];
  hasManagedSave: boolean;
  isPausedByIoError: boolean;
  /** Devices that belong to the host, in words. */
  hostDevices: readonly string[];
  firmwareState: readonly ("nvram" | "tpm")[];
}

/** A volume that is to be copied. */
export interface VolumeFindings {
  name: string;
  sourcePool: string;
  targetPool: string;
  sourcePath: string;
  /** Copied as a file, whatever is in it. */
  readonly?: boolean;
  source:
    | {
        format: string | undefined;
        allocationBytes: number;
        backingPath: string | undefined;
        encrypted?: true | undefined;
      }
    | undefined;
  /** Something of that name, or its mark, is at the target; `formerVolume`: a volume with the same mark. */
  takenBy: "volume" | "formerVolume" | "mark" | undefined;
  /** Whether the backing image is at the target; undefined when nobody could tell. */
  backingThere: boolean | undefined;
}

/** A pool of the target. */
export interface PoolFindings {
  name: string;
  there: { active: boolean; path: string | undefined; availableBytes: number } | undefined;
}

/** Everything that stands in the way, as texts with the reason, the value and a way out. Pure. */
export function refusalsOf(findings: PreflightFindings): string[] {
  if (findings.source.facts.uuid === findings.target.facts.uuid)
    return [
      `${findings.source.name} and ${findings.target.name} are the same machine (host UUID ${findings.target.facts.uuid}); give cloned hosts each a host_uuid of their own in libvirtd.conf (virtqemud.conf where there is virtqemud)`,
    ];
  return [
    ...identityRefusals(findings),
    ...domainRefusals(findings),
    ...machineRefusals(findings),
    ...storageRefusals(findings),
    ...roomRefusals(findings),
  ];
}

function* identityRefusals({ name, uuid, target, sameUuid, sameName }: PreflightFindings): Generator<string> {
  if (sameUuid !== undefined)
    yield `${target.name} has a domain with its UUID ${uuid} already (${sameUuid.name}); undefine the copy that isn't needed`;
  if (sameName !== undefined && sameName.uuid !== uuid)
    yield `the name ${name} is taken on ${target.name} by another domain (UUID ${sameName.uuid}); rename or remove that one`;
}

function* domainRefusals({ domain, source, live }: PreflightFindings): Generator<string> {
  if (!domain.persistent)
    yield `it has no definition on ${source.name} (it is transient); define it with virsh first`;
  if (domain.snapshots.length > 0)
    yield `it has snapshots (${domain.snapshots.join(", ")}), which libvirt can't move; delete them first, and take new ones afterwards`;
  if (domain.hasManagedSave)
    yield `it has a saved state (managed save) on ${source.name}, which would stay behind; start it or remove the state with virsh managedsave-remove`;
  if (domain.isPausedByIoError)
    yield `an I/O error has paused it, and libvirt moves it only when it runs; put its storage on ${source.name} right, with room there or another pool for its disks, and have a deployment resume it there first`;
  for (const device of domain.hostDevices)
    yield `${device} belongs to ${source.name}; detach it before the move`;
  if (!live && domain.firmwareState.length > 0)
    yield `it is off and has ${domain.firmwareState.map((part) => (part === "tpm" ? "a TPM" : "firmware variables (NVRAM)")).join(" and ")}, which travel only with a running guest; start it and move it live`;
}

function* machineRefusals(findings: PreflightFindings): Generator<string> {
  const { domain, target, networks, missingDevices, missingFiles, cpu, ahead } = findings;
  const { model } = domain;
  const { capabilities } = target.facts;
  const architecture = model.architecture ?? capabilities.architecture;
  const guest = capabilities.guests.filter((candidate) => candidate.architecture === architecture);
  if (!guest.some(({ accelerators }) => accelerators.includes(model.accelerator)))
    yield `${target.name} can't run ${architecture} guests with ${model.accelerator}; enable hardware virtualisation there, or set emulation "qemu" and restart the guest`;
  else if (machineCanonicalName(capabilities, architecture, model.accelerator, model.machine) === undefined)
    yield unknownMachine(model.machine, findings);
  if (cpu === "incompatible")
    yield `the CPU of ${target.name} (${target.facts.cpuModel}) lacks features of the guest's; give the guest a CPU model that both hosts have and restart it`;
  for (const nic of model.interfaces)
    if (!ahead && "network" in nic.source && !networks.includes(nic.source.network))
      yield `network ${nic.source.network} isn't there, or isn't running, on ${target.name}; declare it there (hosts: [...]) or start it`;
  for (const device of new Set(missingDevices)) yield `${target.name} has no ${device}; make it there`;
  for (const { file, otherPath } of missingFiles)
    yield otherPath === undefined
      ? `${target.name} has no file ${file}, which the guest uses and which isn't copied; put it there`
      : `${target.name} has no file ${file}, which isn't copied and keeps its path, and pool ${otherPath.pool} is at ${otherPath.path} there; what hosts share they must have at the same path`;
}

function unknownMachine(machine: string, { source, target }: PreflightFindings): string {
  const family = machineFamily(machine);
  const common = newestMachine(
    source.facts.machineTypes.filter((other) => target.facts.machineTypes.includes(other)),
    family,
  );
  const newest = newestMachine(target.facts.machineTypes, family);
  const way =
    common === undefined
      ? "give the guest one that both hosts know"
      : `set machine to "${common}", which both hosts know,`;
  const unknown = `${target.name} doesn't know the machine type ${machine} (QEMU ${target.facts.qemuVersion})`;
  if (!isUpstreamMachine(machine))
    return `${unknown}, which only QEMU of ${source.name}'s distribution has; ${way} and restart the guest`;
  return newest !== undefined && byVersion(newest, machine) > 0
    ? `${unknown}, which is too old for it; ${way} and restart the guest`
    : `${unknown}; upgrade QEMU there, or ${way} and restart the guest`;
}

function* storageRefusals(findings: PreflightFindings): Generator<string> {
  const { source, target, volumes, pools, live, ahead } = findings;
  for (const { name, there } of pools) {
    if (ahead && there?.active !== true) continue;
    if (there === undefined)
      yield `there is no pool ${name} on ${target.name}; declare it there (hosts: [...])`;
    else if (!there.active) yield `pool ${name} isn't running on ${target.name}; start it`;
    else if (there.path === undefined)
      yield `pool ${name} on ${target.name} has no folder, and disks are copied as files; declare another pool for them`;
  }
  for (const volume of volumes) {
    const where = `pool ${volume.targetPool} on ${target.name}`;
    if (volume.source === undefined) {
      yield `volume ${volume.name} isn't in pool ${volume.sourcePool} on ${source.name}`;
      continue;
    }
    const { format, backingPath, encrypted } = volume.source;
    if (volume.readonly !== true && format !== "qcow2" && format !== "raw")
      yield `volume ${volume.name} has the format ${format ?? "unknown"}; only qcow2 and raw can be copied`;
    if (volume.takenBy === "formerVolume")
      yield `there is a volume ${volume.name} in ${where} already, with this virtual machine's mark: if both hosts see the same storage set migration.storage "shared"; if somebody copied the disk to ${source.name} by hand it is the former one, to be removed when nothing on it is needed any more (${virsh("vol-delete", volume.name, "--pool", volume.targetPool)} on ${target.name})`;
    else if (volume.takenBy !== undefined)
      yield `there is ${volume.takenBy === "volume" ? "a volume" : "the mark of a volume"} ${volume.name} in ${where} already; if both hosts see the same storage set migration.storage "shared", else remove it`;
    const isCopiedAsFile = !live || volume.readonly === true;
    if (encrypted === true && !isCopiedAsFile)
      yield `volume ${volume.name} can't be copied: ${whyEncryptedStays(findings.name)}`;
    if (isCopiedAsFile && !ahead && backingPath !== undefined && volume.backingThere !== true)
      yield `volume ${volume.name} is the difference to ${backingPath}, which isn't on ${target.name}; put the image there, or move the guest while it runs (which copies the whole chain)`;
  }
}

function* roomRefusals({
  domain,
  target,
  volumes,
  pools,
  memoryInUseBytes,
}: PreflightFindings): Generator<string> {
  const { memoryBytes } = target.facts;
  const needed = domain.memoryNeededBytes;
  if (memoryInUseBytes + needed > memoryBytes)
    yield `it needs ${formatBytes(needed)} of memory, and the running guests of ${target.name} may use ${formatBytes(memoryInUseBytes)} of its ${formatBytes(memoryBytes)}; move or stop another guest`;
  for (const { name, there } of pools) {
    if (there?.active !== true) continue;
    const wanted = volumes
      .filter((volume) => volume.targetPool === name)
      .reduce((sum, volume) => sum + (volume.source?.allocationBytes ?? 0), 0);
    if (wanted > there.availableBytes)
      yield `its disks take ${formatBytes(wanted)}, and pool ${name} on ${target.name} has ${formatBytes(there.availableBytes)} left; make room there`;
  }
}
