import type { DomainModel } from "../../../provider/libvirt/xml/index.js";
import { topologyProduct } from "../../../provider/resources/virtual-machine/features/cpus.js";
import { orSize, sizeText } from "../amounts.js";
import { type Bag, filled } from "../bag.js";

const USUAL_SLOTS = { dimm: 16, "virtio-mem": 1 };

/** What a VM says of its CPUs and memory: the reverse of what these inputs make of a domain. */
export function computeInputs(model: DomainModel): Bag {
  const { cpus, maxCpus, memoryBytes, maxMemoryBytes, memoryHotplug, iothreads } = model;
  const isOfTopology = topologyProduct(model.cpuTopology) === maxCpus;
  return {
    cpus,
    maxCpus: maxCpus === cpus || isOfTopology ? undefined : maxCpus,
    memory: sizeText(memoryBytes),
    maxMemory:
      maxMemoryBytes === memoryBytes && memoryHotplug === undefined ? undefined : sizeText(maxMemoryBytes),
    memoryHotplug: memoryHotplug && {
      type: memoryHotplug.type,
      ...(memoryHotplug.slots === USUAL_SLOTS[memoryHotplug.type] ? {} : { slots: memoryHotplug.slots }),
      ...(memoryHotplug.type === "virtio-mem" ? { bootMemory: sizeText(memoryHotplug.bootBytes) } : {}),
    },
    cpu: cpuOf(model),
    numa: model.numa && { cells: model.numa.map(cellOf) },
    cpuTune: filled({
      vcpuPins: model.vcpuPins?.map(({ of, cpus: set }) => ({ vcpu: of, cpus: set })),
      emulatorPin: model.emulatorPin,
      iothreadPins: model.iothreadPins?.map(({ of, cpus: set }) => ({ iothread: of, cpus: set })),
      ...model.cpuLimits,
    }),
    iothreads,
    memoryBacking: backingOf(model.memoryBacking),
    memoryTune: model.memoryTune && {
      ...filled({
        hardLimit: orSize(model.memoryTune.hardLimitBytes),
        softLimit: orSize(model.memoryTune.softLimitBytes),
        swapHardLimit: orSize(model.memoryTune.swapHardLimitBytes),
      }),
    },
    numaTune: model.numaTune && {
      ...(model.numaTune.mode === "strict" ? {} : { mode: model.numaTune.mode }),
      nodeset: model.numaTune.nodeset,
    },
  };
}

/** A CPU that is what a new VM of its kind gets says nothing. */
function cpuOf(model: DomainModel): Bag | undefined {
  const { cpuMode, cpuFeatures = [], cpuTopology, cpuCache, cpuMigratable, accelerator } = model;
  const topology = cpuTopology && {
    ...(cpuTopology.sockets === 1 ? {} : { sockets: cpuTopology.sockets }),
    ...(cpuTopology.dies === 1 ? {} : { dies: cpuTopology.dies }),
    cores: cpuTopology.cores,
    ...(cpuTopology.threads === 1 ? {} : { threads: cpuTopology.threads }),
  };
  const features = cpuFeatures.map(({ name, policy }) => (policy === "require" ? name : { name, policy }));
  const rest = filled({ features, topology, cache: cpuCache, migratable: cpuMigratable });
  const isDefault = cpuMode === "host-model" && accelerator === "kvm";
  const needsMode = rest !== undefined && Object.keys(rest).some((key) => key !== "topology");
  if (typeof cpuMode === "object") return { ...cpuMode, ...rest };
  return cpuMode === undefined || (isDefault && !needsMode) ? rest : { mode: cpuMode, ...rest };
}

function cellOf({ cpus, memoryBytes, memAccess, distances }: NonNullable<DomainModel["numa"]>[number]): Bag {
  return { cpus, memory: sizeText(memoryBytes), ...filled({ memAccess, distances }) };
}

function backingOf(backing: DomainModel["memoryBacking"]): Bag | undefined {
  if (backing === undefined) return undefined;
  const { hugePages, ...rest } = backing;
  const pages = hugePages?.map(({ sizeBytes, nodeset }) => ({
    size: sizeText(sizeBytes),
    ...(nodeset === undefined ? {} : { nodeset }),
  }));
  return { ...(pages === undefined ? {} : { hugePages: pages.length === 0 ? true : pages }), ...rest };
}
