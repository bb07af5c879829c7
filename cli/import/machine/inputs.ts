import type { DomainModel } from "../../../provider/libvirt/xml/index.js";
import { type Bag, filled } from "../bag.js";
import { computeInputs } from "./compute.js";
import { deviceInputs } from "./devices.js";
import { diskInputs, type Storage } from "./disks.js";
import { interfaceInputs } from "./interfaces.js";
import { graphicsNote, platformInputs } from "./platform.js";

/** A VM as it is on its host. */
export interface FoundMachine {
  model: DomainModel;
  powerState: "running" | "stopped" | "paused";
  autostart: boolean;
  hasSnapshots: boolean;
}

/** Inputs that describe a VM, in the order in which people write them, and what of it none describes. */
export function machineInputs(
  { model, powerState, autostart, hasSnapshots }: FoundMachine,
  host: { kvm: boolean },
  storage: Storage,
): { inputs: Bag; notes: string[] } {
  const storageInputs = diskInputs(model, storage);
  const cards = interfaceInputs(model.interfaces);
  const { cpus, maxCpus, memory, maxMemory, memoryHotplug, ...compute } = computeInputs(model);
  const { kernel, initrd, commandLine, title, description, ...platform } = platformInputs(model, host);
  const graphics = graphicsNote(model);
  // Which of a disk's files is the disk, and which a snapshot's layer over it, is told once it is known who made them.
  const disks = hasSnapshots ? undefined : storageInputs.disks;
  const snapshots =
    hasSnapshots && storageInputs.disks.length > 0 ? ["its disks, while it has snapshots"] : [];
  const inputs = filled({
    title,
    description,
    ...{ cpus, maxCpus, memory, maxMemory, memoryHotplug },
    ...{ kernel, initrd, commandLine },
    disks,
    cdroms: storageInputs.cdroms,
    interfaces: cards.inputs,
    ...compute,
    ...platform,
    ...deviceInputs(model),
    autostart: autostart || undefined,
    powerState: powerState === "running" ? undefined : powerState,
  });
  return {
    inputs: inputs ?? {},
    notes: [
      ...storageInputs.notes,
      ...snapshots,
      ...cards.notes,
      ...(graphics === undefined ? [] : [graphics]),
    ],
  };
}
