import { isLibvirtError, MIGRATE, type MigrationParams } from "../../../libvirt/index.js";
import { parseDomain, parseVolume } from "../../../libvirt/xml/index.js";
import { makeMarkedVolume, markForCopy } from "./copied-volumes.js";
import { MigrationError } from "./errors.js";
import { notMoved, settleAfter } from "./failure.js";
import { newJournal, writeJournal } from "./journal.js";
import type { Ends, MigrationContext, MigrationPlan } from "./migration-plan.js";
import { Perform } from "./perform.js";
import { requireReady } from "./ready.js";
import { endHalfGuest } from "./settle.js";
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
  const protocol = new LiveProtocol(plan, ends, context);
  try {
    await writeJournal(plan.source, record, journal);
    // A source that reboots before Confirm must not start what has moved; the target's is set once the source is gone.
    if (record.autostart) await (await plan.source.libvirt()).domains.setAutostart(plan.uuid, false);
    const documents = record.persistentXml ?? record.liveXml ?? "";
    for (const volume of plan.volumes) await copyEmpty(plan, volume, documents, context);
    const downtimeMs = await protocol.run();
    await cleanAfterMove(ends, context);
    return figures(startedAtMs, context, downtimeMs);
  } catch (error) {
    // Whatever happened: the hosts know how far it came.
    const side = await settleAfter(error, ends, context);
    if (side === "onTarget") return figures(startedAtMs, context, protocol.downtimeMs);
    throw notMoved(error, plan);
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

/** An empty volume of the same size and format, to be filled by QEMU: the copy has no backing image, since the whole chain is copied into it. */
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
  const { format } = parseVolume(source.xml);
  const mark = await markForCopy(plan.source, volume, domainXml);
  const model = {
    name: volume.name,
    capacityBytes: source.capacityBytes,
    ...(format === undefined ? {} : { format }),
  };
  await makeMarkedVolume({ host: plan.target, pool: volume.targetPool }, mark, model, context.signal);
}

/** The calls of the protocol, and what undoes each when a later one fails. */
class LiveProtocol {
  downtimeMs: number | undefined;
  readonly #plan: MigrationPlan;
  readonly #ends: Ends;
  readonly #context: MigrationContext;

  constructor(plan: MigrationPlan, ends: Ends, context: MigrationContext) {
    this.#plan = plan;
    this.#ends = ends;
    this.#context = context;
  }

  async run(): Promise<number | undefined> {
    const { source, target, uuid, policy } = this.#plan;
    this.#context.signal.throwIfAborted();
    const params = await this.#params();
    const flags = this.#flags();
    const here = (await source.libvirt()).domains;
    const there = (await target.libvirt()).domains;
    const atSource = (more = 0) => flags | more | MIGRATE.changeProtection;

    const deadlineMs = this.#context.now() + policy.timeoutMs;
    // With CHANGE_PROTECTION from here on nobody changes the guest's devices behind the target's back.
    const begun = await here.migrateBegin3(uuid, { params, flags: atSource() });
    const now = await here.observe({ uuid });
    // As virsh does: a guest that was paused isn't started by Finish.
    const paused = now?.state === "paused" ? MIGRATE.paused : 0;
    const atTarget = (flags | paused) & ~(MIGRATE.autoConverge | MIGRATE.abortOnError);

    let prepared: Awaited<ReturnType<typeof there.migratePrepare3>>;
    try {
      this.#context.signal.throwIfAborted();
      prepared = await there.migratePrepare3({
        params: { ...params, destinationXml: begun.xml },
        flags: atTarget,
        cookie: begun.cookie,
      });
    } catch (error) {
      await this.#endTarget();
      // Begin started a job at the source; Confirm ends it.
      await this.#cancelAtSource({ params, flags: atSource(paused) });
      throw error;
    }

    const perform = new Perform({ source, uuid, policy, deadlineMs }, this.#context);
    let performed: { cookie: Uint8Array };
    try {
      performed = await perform.run({
        params: { ...params, migrateUri: prepared.uri ?? params.migrateUri },
        flags: atSource(paused),
        cookie: prepared.cookie,
      });
    } catch (error) {
      // The target never ran, whatever became of Perform. No Confirm after a failed Perform: it has ended the job itself.
      await this.#endTarget();
      throw error;
    }

    let finished: Awaited<ReturnType<typeof there.migrateFinish3>>;
    try {
      finished = await there.migrateFinish3({
        params: { ...params, destinationName: this.#plan.name },
        flags: atTarget,
        cookie: performed.cookie,
      });
    } catch (error) {
      await this.#afterFailedFinish(error, { params, flags: atSource(paused) });
      throw error;
    }
    this.downtimeMs = await this.#readDowntime();
    await here.migrateConfirm3(uuid, {
      params,
      flags: atSource(paused),
      cookie: finished.cookie,
      cancelled: false,
    });
    return this.downtimeMs;
  }

  /**
   * libvirt said that the guest doesn't run at the target: then it may run on at the source, after a look at the target. When the
   * answer was lost, nobody said so: the recovery table decides, by what both hosts are seen to be.
   */
  async #afterFailedFinish(error: unknown, phase: { params: MigrationParams; flags: number }): Promise<void> {
    const { target, uuid } = this.#plan;
    if (!isLibvirtError(error) || isLibvirtError(error, "connectionLost", "timeout", "aborted")) return;
    const there = (await target.libvirt()).domains;
    const left = await there.observe({ uuid });
    if (left !== undefined && left.state !== "shutOff") return;
    // Finish defines the guest before it starts it.
    if (left?.persistent === true) await there.undefine(uuid, { nvram: "remove", tpm: "remove" });
    await this.#cancelAtSource(phase);
  }

  /** Errors are of no interest: what is left is found when the hosts are looked at. */
  async #endTarget(): Promise<void> {
    await endHalfGuest(this.#plan.target, this.#plan.uuid).catch(() => undefined);
  }

  async #cancelAtSource(phase: { params: MigrationParams; flags: number }): Promise<void> {
    const libvirt = await this.#plan.source.libvirt().catch(() => undefined);
    await libvirt?.domains
      .migrateConfirm3(this.#plan.uuid, { ...phase, cancelled: true })
      .catch(() => undefined);
  }

  async #readDowntime(): Promise<number | undefined> {
    const { source, target, uuid } = this.#plan;
    const read = async (host: typeof source) => {
      const libvirt = await host.libvirt();
      const { downtimeMs } = await libvirt.domains.jobStats(uuid, { completed: true, timeoutMs: 5_000 });
      return downtimeMs;
    };
    // The target's figure ends with the guest running there, the source's with the last byte sent.
    const [there, here] = await Promise.allSettled([read(target), read(source)]);
    const figure = (result: PromiseSettledResult<number | undefined>) =>
      result.status === "fulfilled" ? result.value : undefined;
    return figure(there) ?? figure(here);
  }

  #flags(): number {
    const { policy, volumes } = this.#plan;
    return (
      MIGRATE.live |
      MIGRATE.persistDest |
      MIGRATE.undefineSource |
      MIGRATE.abortOnError |
      (volumes.length > 0 ? MIGRATE.nonSharedDisk : 0) |
      (policy.autoConverge ? MIGRATE.autoConverge : 0) |
      (policy.unsafe ? MIGRATE.unsafe : 0)
    );
  }

  async #params(): Promise<MigrationParams> {
    const { volumes, policy, source, uuid } = this.#plan;
    const liveXml = await source.idempotent((libvirt) => libvirt.domains.xml(uuid));
    const { disks } = parseDomain(liveXml);
    const migrateDisks = volumes.map(({ name, sourcePool, sourcePath }) => {
      const disk = disks.find(({ source: from }) => {
        if (from === undefined) return false;
        if ("file" in from) return from.file === sourcePath;
        return "pool" in from && from.pool === sourcePool && from.volume === name;
      });
      if (disk === undefined)
        throw new MigrationError("failed", `the guest runs without volume ${name}, which is to be copied`);
      return disk.target;
    });
    return {
      migrateUri: this.#ends.journal.to.migrationUri,
      ...(migrateDisks.length === 0 ? {} : { migrateDisks }),
      ...(policy.bandwidthMibPerSecond === undefined
        ? {}
        : { bandwidthMibPerSecond: policy.bandwidthMibPerSecond }),
    };
  }
}
