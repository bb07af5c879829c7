import { Host } from "../../../hosts/host.js";
import { isLibvirtError, MIGRATE, type MigrationParams } from "../../../libvirt/index.js";
import { parseDomain, withMovedVolumes } from "../../../libvirt/xml/index.js";
import { MigrationError } from "./errors.js";
import type { Ends, MigrationContext, MigrationPlan } from "./migration-plan.js";
import { Perform } from "./perform.js";
import { endHalfGuest } from "./settle.js";

/**
 * The calls of a live migration, over connections of their own. When these are closed libvirt itself undoes what isn't
 * complete: the job at the source ends, the half guest at the target is destroyed. So whatever fails here, the way back is the one
 * of a process that was killed: close, look at both hosts, settle. In particular there is no Confirm with "cancelled" here, which
 * lets a second copy run when it is sent after a Finish whose reply was lost.
 */
export class LiveProtocol implements AsyncDisposable {
  readonly #plan: MigrationPlan;
  readonly #ends: Ends;
  readonly #context: MigrationContext;
  readonly #source: Host;
  readonly #target: Host;

  constructor(plan: MigrationPlan, ends: Ends, context: MigrationContext) {
    this.#plan = plan;
    this.#ends = ends;
    this.#context = context;
    // Warnings about the way to a host have been given when it was first reached.
    const options = { warn: () => undefined, now: context.now };
    this.#source = new Host(plan.source.ref, options);
    this.#target = new Host(plan.target.ref, options);
  }

  /** @param noteDowntime - told for how long the guest stood still, as soon as it runs at the target. */
  async run(noteDowntime: (downtimeMs: number | undefined) => void): Promise<void> {
    const { uuid, name, policy } = this.#plan;
    const { signal, now } = this.#context;
    const [here, there] = (await Promise.all([this.#source.libvirt(), this.#target.libvirt()])).map(
      ({ domains }) => domains,
    ) as [Domains, Domains];
    const params = await this.#params(here);
    const flags = this.#flags();
    const deadlineMs = now() + policy.timeoutMs;
    signal.throwIfAborted();

    // With CHANGE_PROTECTION from here on nobody changes the guest's devices behind the target's back.
    const begin = { params, flags: flags | MIGRATE.changeProtection };
    const begun = await here.migrateBegin3(uuid, begin, { signal });
    const record = await here.observe({ uuid });
    // As virsh does: a guest that was paused isn't started by Finish.
    const paused = record?.state === "paused" ? MIGRATE.paused : 0;
    const atSource = flags | paused | MIGRATE.changeProtection;
    const atTarget = (flags | paused) & ~(MIGRATE.autoConverge | MIGRATE.abortOnError);
    signal.throwIfAborted();

    let performed: { cookie: Uint8Array };
    try {
      const prepare = {
        params: { ...params, destinationXml: withMovedVolumes(begun.xml, this.#plan.volumes) },
        flags: atTarget,
        cookie: begun.cookie,
      };
      const prepared = await there.migratePrepare3(prepare, { signal });
      const perform = new Perform(
        { domains: here, host: this.#source, uuid, policy, deadlineMs },
        this.#context,
      );
      performed = await perform.run({
        params: {
          ...params,
          migrateUri: prepared.uri ?? params.migrateUri,
          persistentXml: await this.#persistentXml(here),
        },
        flags: atSource,
        cookie: prepared.cookie,
      });
    } catch (error) {
      // Nobody has let the guest run there yet, whatever became of the call that failed. If the source was lost in Perform, it
      // stands still on both sides until this is done.
      await endHalfGuest(this.#target, uuid).catch(() => undefined);
      throw error;
    }

    let finished: { cookie: Uint8Array };
    try {
      finished = await there.migrateFinish3({
        params: { ...params, destinationName: name },
        flags: atTarget,
        cookie: performed.cookie,
      });
    } catch (error) {
      await this.#clearFailedFinish(error, there);
      throw error;
    }
    noteDowntime(await this.#readDowntime(here, there));
    await here.migrateConfirm3(uuid, {
      params,
      flags: atSource,
      cookie: finished.cookie,
      cancelled: false,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([this.#source.close(), this.#target.close()]);
  }

  /**
   * Finish defines the guest before it starts it. When libvirt itself says that it failed, a definition without a guest is left
   * over; it would look like a guest that ran there. A lost answer says nothing of the kind.
   */
  async #clearFailedFinish(error: unknown, there: Domains): Promise<void> {
    const { uuid } = this.#plan;
    if (!isLibvirtError(error) || isLibvirtError(error, "connectionLost", "timeout", "aborted")) return;
    const left = await there.observe({ uuid });
    if (left?.state === "shutOff" && left.persistent)
      await there.undefine(uuid, { nvram: "remove", tpm: "remove" });
  }

  async #readDowntime(here: Domains, there: Domains): Promise<number | undefined> {
    const { uuid } = this.#plan;
    const read = async (domains: Domains) =>
      (await domains.jobStats(uuid, { completed: true, timeoutMs: 5_000 })).downtimeMs;
    // The target's figure ends with the guest running there, the source's with the last byte sent.
    const [running, sent] = await Promise.allSettled([read(there), read(here)]);
    const figure = (result: PromiseSettledResult<number | undefined>) =>
      result.status === "fulfilled" ? result.value : undefined;
    return figure(running) ?? figure(sent);
  }

  #flags(): number {
    const { policy } = this.#plan;
    return (
      MIGRATE.live |
      MIGRATE.persistDest |
      MIGRATE.undefineSource |
      MIGRATE.abortOnError |
      this.#storageFlag() |
      (policy.autoConverge ? MIGRATE.autoConverge : 0) |
      (policy.parallelConnections === undefined ? 0 : MIGRATE.parallel) |
      (policy.tls ? MIGRATE.tls : 0) |
      (policy.unsafe ? MIGRATE.unsafe : 0)
    );
  }

  /** With "incremental" QEMU copies of each disk the topmost layer, which of one that is no layer is all of it. */
  #storageFlag(): number {
    const copied = this.#copiedByQemu();
    if (copied.length === 0) return 0;
    return copied.some(({ base }) => base !== undefined) ? MIGRATE.nonSharedInc : MIGRATE.nonSharedDisk;
  }

  /** What the target keeps of the definition; libvirt hands over the source's own unless told. */
  async #persistentXml(here: Domains): Promise<string | undefined> {
    const { uuid, volumes } = this.#plan;
    const xml = (await here.observe({ uuid }))?.persistentXml;
    const moved = xml === undefined ? undefined : withMovedVolumes(xml, volumes);
    return moved === xml ? undefined : moved;
  }

  #copiedByQemu() {
    return this.#plan.volumes.filter(({ readonly }) => readonly !== true);
  }

  async #params(here: Domains): Promise<MigrationParams> {
    const { policy, uuid } = this.#plan;
    const { disks } = parseDomain(await here.xml(uuid));
    const migrateDisks = this.#copiedByQemu().map(({ name, sourcePool, sourcePath }) => {
      const disk = disks.find(({ source }) => {
        if (source === undefined) return false;
        if ("file" in source) return source.file === sourcePath;
        return "pool" in source && source.pool === sourcePool && source.volume === name;
      });
      if (disk === undefined)
        throw new MigrationError("failed", `the guest runs without volume ${name}, which is to be copied`);
      return disk.target;
    });
    return {
      migrateUri: this.#ends.journal.to.migrationUri,
      ...(migrateDisks.length === 0 ? {} : { migrateDisks }),
      bandwidthMibPerSecond: policy.bandwidthMibPerSecond,
      parallelConnections: policy.parallelConnections,
      // With several connections libvirt (9.0) forgets to tell QEMU whose certificate a disk's target is to show.
      ...(policy.tls ? { tlsDestination: hostOfUri(this.#ends.journal.to.migrationUri) } : {}),
    };
  }
}

/** As it stands in a certificate: an IPv6 address without its brackets. */
function hostOfUri(uri: string): string {
  return uri.replace(/^tcp:\/\//, "").replace(/^\[(.*)\]$/, "$1");
}

type Domains = Awaited<ReturnType<Host["libvirt"]>>["domains"];
