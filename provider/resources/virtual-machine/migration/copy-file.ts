import type { VolumeRecord } from "../../../libvirt/index.js";
import { parseXml, rootOf } from "../../../libvirt/xml/document.js";
import { childElement, childText } from "../../../libvirt/xml/element.js";
import type { MigratedVolume } from "../../../libvirt/xml/index.js";
import { parseSizeBytes } from "../../../libvirt/xml/value.js";
import { rescanPool } from "../../rescan.js";
import { makeMarkedVolume, markForCopy } from "./copied-volumes.js";
import { MigrationError } from "./errors.js";
import type { MigrationContext, MigrationPlan } from "./migration-plan.js";
import { transferLine } from "./progress.js";

/** Streams a volume's file, as it is, through this process. */
export async function copyFile(
  plan: MigrationPlan,
  volume: MigratedVolume,
  domainXml: string,
  context: MigrationContext & { deadlineMs: number },
): Promise<void> {
  const { signal, log, now, deadlineMs } = context;
  signal.throwIfAborted();
  const { source, target } = plan;
  const before = await volumeAt(plan, volume);
  const { physicalBytes } = before;
  const mark = await markForCopy(source, volume, domainXml);
  // Made as plain bytes in the size of the file: the content brings its own format, which a refresh finds out.
  const model = { name: volume.name, format: "raw", capacityBytes: physicalBytes };
  await makeMarkedVolume({ host: target, pool: volume.targetPool }, mark, model, signal);
  const [here, there] = await Promise.all([source.libvirt(), target.libvirt()]);
  const startedAtMs = now();
  const bounds = { sparse: true, signal, timeoutMs: Math.max(1, deadlineMs - startedAtMs) };
  const onProgress = (doneBytes: number) => {
    const seconds = Math.max(0.001, (now() - startedAtMs) / 1000);
    log.progress(transferLine(`copying ${volume.name}`, doneBytes, physicalBytes, doneBytes / seconds));
  };
  const content = here.volumes.download(volume.sourcePool, volume.name, bounds);
  try {
    await there.volumes.upload(volume.targetPool, volume.name, content, { ...bounds, onProgress });
  } catch (error) {
    if (signal.aborted || now() < deadlineMs) throw error;
    throw new MigrationError("timedOut", `it was not done within ${plan.policy.timeoutMs / 1000} s`, error);
  }
  const after = await volumeAt(plan, volume);
  if (after.writtenAt !== before.writtenAt || after.physicalBytes !== physicalBytes)
    throw new MigrationError("failed", `${volume.name} was written to on ${source.name} while it was copied`);
  const waitMs = Math.max(0, deadlineMs - now());
  await rescanPool(target, volume.targetPool, { signal, waitMs, volumes: [volume.name] });
  const copy = await there.volumes.observe(volume.targetPool, volume.name);
  const copied = copy === undefined ? undefined : fileOf(copy);
  if (copied?.physicalBytes !== physicalBytes || copied.capacityBytes !== before.capacityBytes)
    throw new MigrationError(
      "failed",
      `the copy of ${volume.name} on ${target.name} has ${copied?.physicalBytes ?? 0} bytes instead of ${physicalBytes}`,
    );
}

interface VolumeFile {
  physicalBytes: number;
  capacityBytes: number;
  writtenAt: string | undefined;
}

async function volumeAt({ source }: MigrationPlan, volume: MigratedVolume): Promise<VolumeFile> {
  const found = await source.idempotent((libvirt) => libvirt.volumes.observe(volume.sourcePool, volume.name));
  if (found === undefined)
    throw new MigrationError(
      "failed",
      `volume ${volume.name} isn't in pool ${volume.sourcePool} on ${source.name}`,
    );
  return fileOf(found);
}

/** The size of the file itself, which for a qcow2 isn't what the guest sees, and when it was last written. */
function fileOf({ xml, capacityBytes }: VolumeRecord): VolumeFile {
  const root = rootOf(parseXml(xml, "volume"));
  const physical = childText(root, "physical");
  return {
    physicalBytes: physical === undefined ? capacityBytes : parseSizeBytes(physical, "bytes", "bytes"),
    capacityBytes,
    writtenAt: childText(childElement(childElement(root, "target"), "timestamps"), "mtime"),
  };
}
