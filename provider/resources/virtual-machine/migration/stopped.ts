import type { DomainRecord, VolumeRecord } from "../../../libvirt/index.js";
import { parseXml, rootOf } from "../../../libvirt/xml/document.js";
import { childElement, childText } from "../../../libvirt/xml/element.js";
import type { MigratedVolume } from "../../../libvirt/xml/index.js";
import { parseSizeBytes } from "../../../libvirt/xml/value.js";
import { makeMarkedVolume, markForCopy } from "./copied-volumes.js";
import { MigrationError } from "./errors.js";
import { notMoved, settleAfter } from "./failure.js";
import { newJournal, writeJournal } from "./journal.js";
import type { Ends, MigrationContext, MigrationPlan } from "./migration-plan.js";
import { transferLine } from "./progress.js";
import { requireReady } from "./ready.js";
import { settleEnds } from "./settle.js";

/**
 * Moves a VM that is off: its disks through this process, then its definition. The definition comes last and is what decides: as long as
 * the target has none the VM is at the source, from then on at the target. libvirt's own way (the flag OFFLINE) leaves a locked half
 * domain when its client dies.
 */
export async function moveStopped(
  plan: MigrationPlan,
  context: MigrationContext,
): Promise<{ totalMs: number }> {
  const startedAtMs = context.now();
  const record = await requireReady(plan);
  if (record.state !== "shutOff")
    throw new MigrationError(
      "refused",
      `${plan.name} isn't off (it is ${record.state} on ${plan.source.name}); deploy again to migrate it live`,
    );
  const journal = await newJournal(plan, record.autostart, startedAtMs);
  const ends: Ends = { ...plan, journal };
  const deadlineMs = startedAtMs + plan.policy.timeoutMs;
  try {
    await writeJournal(plan.source, record, journal);
    if (record.autostart) await (await plan.source.libvirt()).domains.setAutostart(plan.uuid, false);
    for (const volume of plan.volumes) await copyVolume(plan, volume, record, { ...context, deadlineMs });
    context.signal.throwIfAborted();
    await hand(plan);
  } catch (error) {
    const side = await settleAfter(error, ends, context);
    if (side === "onSource") throw notMoved(error, plan, context);
    return { totalMs: context.now() - startedAtMs };
  }
  await settleEnds(ends, context);
  return { totalMs: context.now() - startedAtMs };
}

/** Defines it at the target as it is at the source now, with its marks and the journal. */
async function hand({ source, target, uuid, name }: MigrationPlan): Promise<void> {
  const record = await source.idempotent((libvirt) => libvirt.domains.observe({ uuid }));
  if (record?.state !== "shutOff" || record.persistentXml === undefined)
    throw new MigrationError(
      "failed",
      `${name} was started or removed on ${source.name} while its disks were copied`,
    );
  const libvirt = await target.libvirt();
  // What the source's libvirt has accepted needs no validation against the target's schema, which may be older.
  await libvirt.domains.define(record.persistentXml, { validate: false });
}

/** Streams a volume's file, as it is, through this process. */
async function copyVolume(
  plan: MigrationPlan,
  volume: MigratedVolume,
  record: DomainRecord,
  context: MigrationContext & { deadlineMs: number },
): Promise<void> {
  const { signal, log, now, deadlineMs } = context;
  signal.throwIfAborted();
  const { source, target } = plan;
  const before = await volumeAt(plan, volume);
  const { physicalBytes } = before;
  const mark = await markForCopy(source, volume, record.persistentXml ?? "");
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
  const pool = await there.pools.observe({ name: volume.targetPool });
  if (pool !== undefined) await there.pools.refresh(pool.uuid);
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
