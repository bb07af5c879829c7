import { withMovedVolumes } from "../../../libvirt/xml/index.js";
import { copyFile } from "./copy-file.js";
import { MigrationError } from "./errors.js";
import { notMoved, settleAfter } from "./failure.js";
import { newJournal, writeJournal } from "./journal.js";
import type { Ends, MigrationContext, MigrationPlan } from "./migration-plan.js";
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
    for (const volume of plan.volumes)
      await copyFile(plan, volume, record.persistentXml ?? "", { ...context, deadlineMs });
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
async function hand({ source, target, uuid, name, volumes }: MigrationPlan): Promise<void> {
  const record = await source.idempotent((libvirt) => libvirt.domains.observe({ uuid }));
  if (record?.state !== "shutOff" || record.persistentXml === undefined)
    throw new MigrationError(
      "failed",
      `${name} was started or removed on ${source.name} while its disks were copied`,
    );
  const libvirt = await target.libvirt();
  // What the source's libvirt has accepted needs no validation against the target's schema, which may be older.
  const xml = withMovedVolumes(record.persistentXml, volumes);
  await libvirt.domains.define(xml, { validate: false });
}
