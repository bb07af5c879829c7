import { modelOf } from "../../volume-model.js";
import { makeMarkedVolume, markForCopy } from "./copied-volumes.js";
import { copyFile } from "./copy-file.js";
import { MigrationError } from "./errors.js";
import { endOf, notMoved, settleAfter } from "./failure.js";
import { newJournal, writeJournal } from "./journal.js";
import { LiveProtocol } from "./live-protocol.js";
import type { Ends, MigrationContext, MigrationPlan } from "./migration-plan.js";
import { requireReady } from "./ready.js";
import { cleanAfterMove } from "./traces.js";

/** What a migration cost. */
export interface MigrationFigures {
  /** From the first note to the last trace removed. */
  totalMs: number;
  /** For how long the guest stood still. Absent when libvirt doesn't know. */
  downtimeMs?: number;
}

/**
 * Moves a running (or paused) guest while it runs. The client drives: Begin, Prepare, Perform, Finish, Confirm; the hosts need no
 * trust in each other. When it fails the guest runs on at the source, the target is clean, and the error says why.
 *
 * Killed at any point, it leaves a journal in the guest's metadata by which `settle` goes on.
 *
 * @see https://libvirt.org/migration.html, and src/libvirt-domain.c, virDomainMigrateVersion3Full, for the order
 */
export async function migrateLive(plan: MigrationPlan, context: MigrationContext): Promise<MigrationFigures> {
  const startedAtMs = context.now();
  const record = await requireReady(plan);
  const journal = await newJournal(plan, record.autostart, startedAtMs);
  const ends: Ends = { ...plan, journal };
  let downtimeMs: number | undefined;
  try {
    await writeJournal(plan.source, record, journal);
    // A source that reboots before Confirm must not start what has moved; the target's is set once the source is gone.
    if (record.autostart) await (await plan.source.libvirt()).domains.setAutostart(plan.uuid, false);
    const documents = record.persistentXml ?? record.liveXml ?? "";
    const deadlineMs = startedAtMs + plan.policy.timeoutMs;
    for (const volume of plan.volumes)
      if (volume.readonly === true) await copyFile(plan, volume, documents, { ...context, deadlineMs });
      else await copyEmpty(plan, volume, documents, context);
    await using protocol = new LiveProtocol(plan, ends, context);
    await protocol.run((figure) => {
      downtimeMs = figure;
    });
    await cleanAfterMove(ends, context);
    return figures(startedAtMs, context, downtimeMs);
  } catch (error) {
    // Whatever happened: the hosts know how far it came.
    const side = await settleAfter(error, ends, context);
    if (side === "onTarget") return figures(startedAtMs, context, downtimeMs);
    throw notMoved(error, plan, context, await endOf(plan.source, plan.uuid));
  }
}

function figures(
  startedAtMs: number,
  context: MigrationContext,
  downtimeMs: number | undefined,
): MigrationFigures {
  const totalMs = context.now() - startedAtMs;
  return downtimeMs === undefined ? { totalMs } : { totalMs, downtimeMs };
}

/**
 * An empty volume of the same size and format, to be filled by QEMU. It is a layer over the target's own base if only that layer is copied;
 * else it has no backing image, since the whole chain is copied into it.
 */
async function copyEmpty(
  plan: MigrationPlan,
  volume: MigrationPlan["volumes"][number],
  domainXml: string,
  context: MigrationContext,
): Promise<void> {
  context.signal.throwIfAborted();
  const source = await plan.source.idempotent((libvirt) =>
    libvirt.volumes.observe(volume.sourcePool, volume.name),
  );
  if (source === undefined)
    throw new MigrationError(
      "failed",
      `volume ${volume.name} isn't in pool ${volume.sourcePool} on ${plan.source.name}`,
    );
  const { format } = modelOf(source);
  const mark = await markForCopy(plan.source, volume, domainXml);
  const model = {
    name: volume.name,
    capacityBytes: source.capacityBytes,
    ...(format === undefined ? {} : { format }),
    ...(volume.base === undefined ? {} : { backing: volume.base }),
  };
  await makeMarkedVolume({ host: plan.target, pool: volume.targetPool }, mark, model, context.signal);
}
