import type { DomainModel, ModelDifference } from "../../provider/libvirt/xml/index.js";
import { noRunNotes, VIRTIO_MEM_BLOCK_BYTES } from "../../provider/libvirt/xml/index.js";
import { startedWith } from "../../provider/resources/virtual-machine/changes.js";
import { memoryMoves } from "../../provider/resources/virtual-machine/memory-moves.js";
import type { GuestRun } from "../../provider/resources/virtual-machine/running-guest.js";

/** An imagined running guest that does at once all that it is asked for. */
export interface ImaginedGuest {
  live: DomainModel;
  run: GuestRun;
}

export function startGuest(definition: DomainModel): ImaginedGuest {
  const { memoryHotplug: hotplug, memoryBytes, maxMemoryBytes } = definition;
  const bootMemoryBytes = hotplug?.bootBytes ?? maxMemoryBytes;
  const modulesBytes = hotplug?.modulesBytes ?? 0;
  const takenBytes = Math.max(0, memoryBytes - bootMemoryBytes - modulesBytes);
  const virtioMem = {
    sizeBytes: Math.max(0, maxMemoryBytes - bootMemoryBytes - modulesBytes),
    blockBytes: VIRTIO_MEM_BLOCK_BYTES,
    requestedBytes: takenBytes,
    currentBytes: takenBytes,
  };
  return {
    live: definition,
    run: {
      paused: false,
      notes: noRunNotes,
      definedDimmsBytes: modulesBytes,
      balloonAnswers: true,
      hotplug: {
        pluggedCpus: 0,
        bootMemoryBytes,
        hasBalloon: true,
        dimms: modulesBytes > 0 ? [{ sizeBytes: modulesBytes, alias: "dimm0" }] : [],
        ...(hotplug?.type === "virtio-mem" ? { virtioMem } : {}),
      },
    },
  };
}

/** What a definition's change leaves behind in the notes of the run. */
export function redefined(guest: ImaginedGuest, from: DomainModel, to: DomainModel): ImaginedGuest {
  const notes = { ...guest.run.notes, startedWith: startedWith(guest.live, from, to, guest.run) };
  return { ...guest, run: { ...guest.run, notes } };
}

/** A running guest's property that isn't a device's is changed. */
export function changedGuest(guest: ImaginedGuest, { path, to }: ModelDifference): ImaginedGuest {
  const { live, run } = guest;
  const { hotplug } = run;
  if (path === "cpus")
    return {
      live,
      run: {
        ...run,
        hotplug: { ...hotplug, pluggedCpus: Math.max(0, hotplug.pluggedCpus + Number(to) - live.cpus) },
      },
    };
  if (path !== "memoryBytes") return guest;
  const changed = structuredClone(hotplug);
  for (const move of memoryMoves({ live, hotplug, definedDimmsBytes: run.definedDimmsBytes }, Number(to)) ??
    []) {
    if (move.kind === "plugDimm")
      changed.dimms.push({ sizeBytes: move.sizeBytes, alias: `dimm${changed.dimms.length}` });
    else if (move.kind === "unplugDimm")
      changed.dimms = changed.dimms.filter(({ alias }) => alias !== move.alias);
    else if (move.kind === "virtioMem" && changed.virtioMem !== undefined) {
      changed.virtioMem.requestedBytes = move.requestedBytes;
      changed.virtioMem.currentBytes = move.requestedBytes;
    }
  }
  const modulesBytes = changed.dimms.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const memoryHotplug = live.memoryHotplug && { ...live.memoryHotplug, modulesBytes };
  return {
    live: memoryHotplug === undefined ? live : { ...live, memoryHotplug },
    run: { ...run, hotplug: changed },
  };
}
