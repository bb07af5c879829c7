import { domainByUuid } from "./domain-reference.js";
import { isLibvirtError } from "./errors.js";
import { type JobStats, jobStats } from "./job-stats.js";
import { type MigrationParams, migrationTypedParams } from "./migration-params.js";
import type { OperationOptions, Session } from "./session.js";

/** Flags of a migration (virDomainMigrateFlags). */
export const MIGRATE = {
  live: 1,
  peer2peer: 2,
  persistDest: 8,
  undefineSource: 16,
  paused: 32,
  nonSharedDisk: 64,
  nonSharedInc: 128,
  changeProtection: 256,
  unsafe: 512,
  compressed: 2_048,
  abortOnError: 4_096,
  autoConverge: 8_192,
  postcopy: 32_768,
  tls: 65_536,
  parallel: 131_072,
} as const;

/** What a phase of the migration is given. */
export interface MigrationPhase {
  readonly params: MigrationParams;
  /** Sum of MIGRATE flags. */
  readonly flags: number;
  /** What the phase before returned. */
  readonly cookie?: Uint8Array | undefined;
}

const NO_COOKIE = new Uint8Array(0);

/**
 * The phases of a client-driven migration (protocol 3, with parameters), and the job they run as.
 * Prepare, Perform, Finish and Confirm each take a connection of their own; these stay open until the host is closed,
 * since libvirt undoes a migration whose connection ends. AbortJob goes over control and so is never stuck behind them.
 */
export class DomainMigrationApi {
  protected readonly session: Session;

  constructor(session: Session) {
    this.session = session;
  }

  /** At the source: the document for the target, and the first cookie. */
  async migrateBegin3(
    uuid: string,
    phase: Omit<MigrationPhase, "cookie">,
    options: OperationOptions = {},
  ): Promise<{ xml: string; cookie: Uint8Array }> {
    const args = { dom: domainByUuid(uuid), params: migrationTypedParams(phase.params), flags: phase.flags };
    const result = await this.session.change(
      `begin the migration of domain ${uuid}`,
      "DomainMigrateBegin3Params",
      args,
      options,
    );
    return { xml: result.xml, cookie: result.cookieOut };
  }

  /** At the target: starts a QEMU that listens. `uri` is where, when libvirt chose it. */
  async migratePrepare3(
    phase: MigrationPhase,
    options: OperationOptions = {},
  ): Promise<{ uri: string | undefined; cookie: Uint8Array }> {
    const args = {
      params: migrationTypedParams(phase.params),
      cookieIn: phase.cookie ?? NO_COOKIE,
      flags: phase.flags,
    };
    const result = await this.session.long("prepare a migration", "DomainMigratePrepare3Params", args, {
      timeoutMs: options.timeoutMs ?? 300_000,
      signal: options.signal,
      purpose: "migration",
    });
    return { uri: result.uriOut, cookie: result.cookieOut };
  }

  /** At the source: sends the guest; returns when all of it is there. Deadline: one day unless given. */
  async migratePerform3(
    uuid: string,
    phase: MigrationPhase,
    options: OperationOptions = {},
  ): Promise<{ cookie: Uint8Array }> {
    const args = {
      dom: domainByUuid(uuid),
      params: migrationTypedParams(phase.params),
      cookieIn: phase.cookie ?? NO_COOKIE,
      flags: phase.flags,
    };
    const result = await this.session.long(`migrate domain ${uuid}`, "DomainMigratePerform3Params", args, {
      timeoutMs: options.timeoutMs ?? 86_400_000,
      signal: options.signal,
      purpose: "migration",
    });
    return { cookie: result.cookieOut };
  }

  /** At the target: lets the guest run there. */
  async migrateFinish3(
    phase: MigrationPhase,
    options: OperationOptions = {},
  ): Promise<{ domain: { name: string; uuid: string; id: number }; cookie: Uint8Array }> {
    const result = await this.session.long(
      "finish a migration",
      "DomainMigrateFinish3Params",
      finishArgs(phase, 0),
      {
        timeoutMs: options.timeoutMs ?? 300_000,
        signal: options.signal,
        purpose: "migration",
      },
    );
    return { domain: result.dom, cookie: result.cookieOut };
  }

  /** At the target: throws away what Prepare made there. libvirt may also say that it is gone (domainNotFound). */
  async migrateCancel3(phase: MigrationPhase, options: OperationOptions = {}): Promise<void> {
    const args = finishArgs(phase, 1);
    try {
      await this.session.long("cancel a migration", "DomainMigrateFinish3Params", args, {
        timeoutMs: options.timeoutMs ?? 300_000,
        signal: options.signal,
        purpose: "migration",
      });
    } catch (error) {
      // A cancelled Finish has no domain to return, so that libvirt answers with this error when it went well.
      if (!isLibvirtError(error, "migrationCancelled")) throw error;
    }
  }

  /** At the source: ends its copy, or with `cancelled` lets it run on. */
  async migrateConfirm3(
    uuid: string,
    phase: MigrationPhase & { readonly cancelled: boolean },
    options: OperationOptions = {},
  ): Promise<void> {
    const args = {
      dom: domainByUuid(uuid),
      params: migrationTypedParams(phase.params),
      cookieIn: phase.cookie ?? NO_COOKIE,
      flags: phase.flags,
      cancelled: phase.cancelled ? 1 : 0,
    };
    await this.session.long(`confirm the migration of domain ${uuid}`, "DomainMigrateConfirm3Params", args, {
      timeoutMs: options.timeoutMs ?? 300_000,
      signal: options.signal,
      purpose: "migration",
    });
  }

  /** The job of a domain as it is, or with `completed` the last one that ended. */
  async jobStats(
    uuid: string,
    options: OperationOptions & { readonly completed?: boolean } = {},
  ): Promise<JobStats> {
    const args = { dom: domainByUuid(uuid), flags: options.completed ? 1 : 0 };
    return jobStats(
      await this.session.read(`read the job of domain ${uuid}`, "DomainGetJobStats", args, options),
    );
  }

  /** Asks the running job to end; it may run on for a while. */
  async abortJob(uuid: string, options: OperationOptions = {}): Promise<void> {
    await this.session.change(
      `abort the job of domain ${uuid}`,
      "DomainAbortJob",
      { dom: domainByUuid(uuid) },
      options,
    );
  }

  /** Longest pause of the guest that a running migration may end with. */
  async setMigrationMaxDowntime(
    uuid: string,
    downtimeMs: number,
    options: OperationOptions = {},
  ): Promise<void> {
    const args = { dom: domainByUuid(uuid), downtime: BigInt(downtimeMs), flags: 0 };
    const operation = `set the downtime of the migration of domain ${uuid}`;
    await this.session.change(operation, "DomainMigrateSetMaxDowntime", args, options);
  }

  /** Switches a running migration that has the flag `postcopy` to post-copy. From here it can't go back. */
  async startPostCopy(uuid: string, options: OperationOptions = {}): Promise<void> {
    const args = { dom: domainByUuid(uuid), flags: 0 };
    await this.session.change(
      `switch domain ${uuid} to post-copy`,
      "DomainMigrateStartPostCopy",
      args,
      options,
    );
  }
}

function finishArgs(phase: MigrationPhase, cancelled: 0 | 1) {
  return {
    params: migrationTypedParams(phase.params),
    cookieIn: phase.cookie ?? NO_COOKIE,
    flags: phase.flags,
    cancelled,
  };
}
