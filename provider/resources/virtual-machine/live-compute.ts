import { oneLine } from "../../hosts/errors.js";
import {
  type CpuLimits,
  cpuMap,
  type DomainModel,
  type DomainProperty,
  firstCpus,
  type MemoryTune,
  type Pin,
  parseCpuSet,
  parseDomain,
} from "../../libvirt/xml/index.js";
import type { ApplyContext } from "../definition.js";
import { changeMemory } from "./live-memory.js";
import { orNotTaken } from "./not-taken.js";
import type { RunningMachine } from "./running-machine.js";

type Change = (machine: RunningMachine, live: DomainModel, context: ApplyContext) => Promise<void>;

/** How properties of a running guest that are no devices are changed; each is given what the guest has of it now. */
const changes: Partial<Record<DomainProperty, Change>> = {
  cpus: changeCpus,
  memoryBytes: (machine, _, context) => changeMemory(machine, context),
  iothreads: changeIothreads,
  vcpuPins: (machine, live) =>
    changePins(machine, live.vcpuPins, machine.to.vcpuPins, async (vcpu, cpus) =>
      (await machine.host.libvirt()).domains.pinVcpu(machine.uuid, vcpu, cpus, { live: true }),
    ),
  iothreadPins: (machine, live) =>
    changePins(machine, live.iothreadPins, machine.to.iothreadPins, async (iothread, cpus) =>
      (await machine.host.libvirt()).domains.pinIothread(machine.uuid, iothread, cpus, { live: true }),
    ),
  emulatorPin: async (machine) => {
    const { domains } = await machine.host.libvirt();
    const cpus = mapOf(machine.to.emulatorPin, machine);
    await domains.pinEmulator(machine.uuid, cpus, { live: true });
  },
  cpuLimits: async (machine, live) => {
    const { domains } = await machine.host.libvirt();
    const limits = changedLimits(live.cpuLimits ?? {}, machine.to.cpuLimits ?? {});
    await domains.setScheduler(machine.uuid, limits, { live: true });
  },
  memoryTune: async (machine, live) => {
    const { domains } = await machine.host.libvirt();
    const limits = changedMemoryLimits(live.memoryTune ?? {}, machine.to.memoryTune ?? {});
    await domains.setMemoryLimits(machine.uuid, limits, { live: true });
  },
  numaTune: async (machine) => {
    const { domains } = await machine.host.libvirt();
    await domains.setNumaNodes(machine.uuid, machine.to.numaTune?.nodeset ?? "", { live: true });
  },
};

/** Changes such a property; undefined when it is none. Throws NotTaken where the host refuses. */
export function computeChange(
  property: DomainProperty,
): ((machine: RunningMachine, liveXml: string, context: ApplyContext) => Promise<void>) | undefined {
  const change = changes[property];
  if (change === undefined) return undefined;
  return (machine, liveXml, context) => orNotTaken(() => change(machine, parseDomain(liveXml), context));
}

async function changeCpus(machine: RunningMachine, live: DomainModel, context: ApplyContext): Promise<void> {
  const { host, uuid, to } = machine;
  const { domains } = await host.libvirt();
  await domains.setVcpus(uuid, to.cpus, { live: true });
  const xml = await domains.xml(uuid);
  const hasAgent = /<target [^>]*name='org\.qemu\.guest_agent\.0' state='connected'/.test(xml);
  if (to.cpus < live.cpus || !hasAgent) return;
  // The guest may leave them off until somebody brings them into use; most do it by themselves.
  const cpus = firstCpus(to.cpus);
  await domains.onlineGuestCpus(uuid, cpus, { signal: context.signal }).catch((error: unknown) => {
    context.log.info(
      `the agent of guest ${machine.name} didn't bring CPUs ${cpus} into use: ${oneLine(error)}`,
    );
  });
}

/** They are counted from 1, and go from the end. */
async function changeIothreads(machine: RunningMachine, live: DomainModel): Promise<void> {
  const { domains } = await machine.host.libvirt();
  const [from, to] = [live.iothreads ?? 0, machine.to.iothreads ?? 0];
  for (let id = from + 1; id <= to; id += 1) await domains.addIothread(machine.uuid, id, { live: true });
  for (let id = from; id > to; id -= 1) await domains.removeIothread(machine.uuid, id, { live: true });
}

async function changePins(
  machine: RunningMachine,
  live: readonly Pin[] | undefined,
  wanted: readonly Pin[] | undefined,
  pin: (of: number, cpus: Buffer) => Promise<void>,
): Promise<void> {
  const cpusOf = (pins: readonly Pin[] | undefined, of: number) =>
    pins?.find((other) => other.of === of)?.cpus;
  for (const of of new Set([...(live ?? []), ...(wanted ?? [])].map((each) => each.of))) {
    const cpus = cpusOf(wanted, of);
    if (cpus !== cpusOf(live, of)) await pin(of, mapOf(cpus, machine));
  }
}

/** Without a pin: all CPUs of the host, which is as near as a running guest gets to it. */
function mapOf(cpus: string | undefined, { hostCpus }: RunningMachine): Buffer {
  return cpuMap(parseCpuSet(cpus ?? firstCpus(hostCpus)) ?? [], hostCpus);
}

const LIMIT_FIELDS: Record<keyof CpuLimits, string> = {
  shares: "cpu_shares",
  period: "vcpu_period",
  quota: "vcpu_quota",
  globalPeriod: "global_period",
  globalQuota: "global_quota",
  emulatorPeriod: "emulator_period",
  emulatorQuota: "emulator_quota",
  iothreadPeriod: "iothread_period",
  iothreadQuota: "iothread_quota",
};

/** A quota that is taken away is libvirt's -1; anything else isn't taken away while the guest runs. */
function changedLimits(from: CpuLimits, to: CpuLimits): Map<string, bigint> {
  const changed = (Object.keys(LIMIT_FIELDS) as (keyof CpuLimits)[]).filter(
    (name) => from[name] !== to[name],
  );
  return new Map(changed.map((name) => [LIMIT_FIELDS[name], BigInt(to[name] ?? -1)]));
}

const TUNE_FIELDS: Record<keyof MemoryTune, string> = {
  hardLimitBytes: "hard_limit",
  softLimitBytes: "soft_limit",
  swapHardLimitBytes: "swap_hard_limit",
};
const KIB = 1_024;

function changedMemoryLimits(from: MemoryTune, to: MemoryTune): Map<string, bigint | undefined> {
  const changed = (Object.keys(TUNE_FIELDS) as (keyof MemoryTune)[]).filter(
    (name) => from[name] !== to[name],
  );
  return new Map(
    changed.map((name) => {
      const bytes = to[name];
      return [TUNE_FIELDS[name], bytes === undefined ? undefined : BigInt(Math.ceil(bytes / KIB))];
    }),
  );
}
