import { DomainMigrationApi } from "./domain-migration.js";
import { domainByUuid } from "./domain-reference.js";
import type { TypedParam } from "./rpc/index.js";
import type { OperationOptions } from "./session.js";

/** A job on one disk of a running domain. Of a job that has caught up `doneBytes` equals `totalBytes`, but not only then. */
export interface BlockJob {
  readonly kind: "unknown" | "pull" | "copy" | "commit" | "activeCommit" | "backup";
  readonly doneBytes: number;
  readonly totalBytes: number;
}

const KINDS = ["unknown", "pull", "copy", "commit", "activeCommit", "backup"] as const;
const COPY = { shallow: 1, reuseExternal: 2, transientJob: 4 } as const;
const ABORT = { pivot: 2 } as const;
/** Bandwidths are given in bytes. */
const IN_BYTES = { jobInfo: 1 } as const;
/** The end of a job waits until the guest's writes in flight are through. */
const END_TIMEOUT_MS = 600_000;

/** Jobs that copy the content of a running domain's disk elsewhere. Disks are named by their targets (vda). */
export class DomainBlockJobApi extends DomainMigrationApi {
  /**
   * Begins to copy a disk into a file that is there already (so a qcow2 stays as sparse as it was made), and to write whatever the guest
   * writes to both. `shallow` copies the top of the chain only: the file must have the same backing.
   *
   * libvirt wants the job to be one that ends with the guest ("transient") for a domain with a definition; a restart of its daemon
   * doesn't hurt it.
   */
  async blockCopy(
    uuid: string,
    disk: string,
    copy: {
      readonly destinationXml: string;
      readonly shallow: boolean;
      readonly bandwidthBytesPerSecond?: number | undefined;
    },
    options: OperationOptions = {},
  ): Promise<void> {
    const { destinationXml, shallow, bandwidthBytesPerSecond } = copy;
    const params: TypedParam[] =
      bandwidthBytesPerSecond === undefined
        ? []
        : [{ field: "bandwidth", type: "uhyper", value: BigInt(bandwidthBytesPerSecond) }];
    await this.session.change(
      `copy disk ${disk} of domain ${uuid}`,
      "DomainBlockCopy",
      {
        dom: domainByUuid(uuid),
        path: disk,
        destxml: destinationXml,
        params,
        flags: (shallow ? COPY.shallow : 0) | COPY.reuseExternal | COPY.transientJob,
      },
      options,
    );
  }

  /** The job on a disk; undefined when there is none. */
  async blockJob(uuid: string, disk: string, options: OperationOptions = {}): Promise<BlockJob | undefined> {
    const args = { dom: domainByUuid(uuid), path: disk, flags: IN_BYTES.jobInfo };
    const operation = `read the job on disk ${disk} of domain ${uuid}`;
    const { found, type, cur, end } = await this.session.read(
      operation,
      "DomainGetBlockJobInfo",
      args,
      options,
    );
    if (found === 0) return undefined;
    return { kind: KINDS[type] ?? "unknown", doneBytes: Number(cur), totalBytes: Number(end) };
  }

  /**
   * Ends the job on a disk. With `pivot` the guest goes over to the copy, in both documents; only a job that is ready can. Without it
   * the guest stays with what it had.
   */
  async endBlockJob(
    uuid: string,
    disk: string,
    how: { readonly pivot: boolean },
    options: OperationOptions = {},
  ): Promise<void> {
    const args = { dom: domainByUuid(uuid), path: disk, flags: how.pivot ? ABORT.pivot : 0 };
    await this.session.long(`end the job on disk ${disk} of domain ${uuid}`, "DomainBlockJobAbort", args, {
      timeoutMs: options.timeoutMs ?? END_TIMEOUT_MS,
      signal: options.signal,
    });
  }
}
