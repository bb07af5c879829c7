import { oneLine } from "../../hosts/errors.js";
import type { Host } from "../../hosts/host.js";
import { buildSnapshot } from "../../libvirt/xml/index.js";
import type { ApplyContext } from "../definition.js";
import { isAnswered } from "../volumes.js";
import { filesFor, removeFile, type SnapshotFiles, volumeAt } from "./files.js";
import type { SnapshotMark } from "./mark.js";
import { writeDescription } from "./mark.js";
import type { ObservedMachine, ObservedSnapshot } from "./observe.js";
import type { Inputs } from "./schema.js";

const UNDO_TIMEOUT_MS = 60_000;

/**
 * Takes the snapshot, with its mark in the same call: one that was cut off either isn't there or is known by it. libvirt goes on with what it
 * was asked for when its client is gone.
 */
export async function take(
  host: Host,
  inputs: Inputs,
  mark: SnapshotMark,
  observed: ObservedSnapshot & { machine: ObservedMachine },
  context: ApplyContext,
): Promise<void> {
  const { machine, others } = observed;
  const libvirt = await host.libvirt();
  const description = writeDescription(inputs.description, mark);
  if (inputs.type === "internal") {
    const xml = buildSnapshot({ name: inputs.name, description });
    await libvirt.domains.createSnapshot(machine.uuid, xml, { signal: context.signal });
    return;
  }
  const files = filesFor(inputs, machine, others);
  for (const path of pathsOf(files))
    if ((await volumeAt(host, path, context.signal))?.isThere === true)
      throw new Error(
        `there is a file ${path} on ${host.name} already, where the snapshot's is to be; remove it, or give the snapshot another name`,
      );
  const xml = buildSnapshot({
    ...{ name: inputs.name, description },
    memory: files.memory === undefined ? { place: "no" } : { place: "external", file: files.memory },
    disks: machine.disks.map(({ target }) => {
      const overlay = files.overlays.get(target);
      return overlay === undefined ? { target, place: "no" } : { target, place: "external", overlay };
    }),
  });
  try {
    await libvirt.domains.createSnapshot(machine.uuid, xml, {
      diskOnly: files.memory === undefined,
      live: files.memory !== undefined,
      quiesce: inputs.quiesce === true,
      signal: context.signal,
    });
  } catch (error) {
    if (isAnswered(error)) await undo(host, machine.uuid, inputs.name, files, context);
    throw error;
  }
}

async function undo(
  host: Host,
  uuid: string,
  name: string,
  files: SnapshotFiles,
  { log }: ApplyContext,
): Promise<void> {
  try {
    const libvirt = await host.libvirt();
    const made = (await libvirt.domains.snapshots(uuid)).some((snapshot) => snapshot.name === name);
    if (made) return;
    const used = (await libvirt.domains.observe({ uuid }))?.liveXml ?? "";
    for (const path of pathsOf(files))
      if (!used.includes(path)) await removeFile(host, path, AbortSignal.timeout(UNDO_TIMEOUT_MS));
  } catch (error) {
    log.warning(`files of the snapshot that failed may be left on ${host.name}: ${oneLine(error)}`);
  }
}

function pathsOf({ overlays, memory }: SnapshotFiles): string[] {
  return [...overlays.values(), ...(memory === undefined ? [] : [memory])];
}
