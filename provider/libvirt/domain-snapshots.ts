import { unlessAbsent } from "./absent.js";
import { DomainBlockJobApi } from "./domain-block-jobs.js";
import { domainByUuid } from "./domain-reference.js";
import type { DomainSnapshot } from "./rpc/index.js";
import type { OperationOptions } from "./session.js";

/** A snapshot of a domain as its host describes it. */
export interface SnapshotRecord {
  readonly name: string;
  /** With the document of the domain as it was, secrets included: a snapshot redefined from it loses nothing. */
  readonly xml: string;
  /** The one that the next snapshot will be a child of. */
  readonly isCurrent: boolean;
}

/** How a snapshot is taken. */
export interface SnapshotOptions extends OperationOptions {
  /** Of disks only, into new files. */
  readonly diskOnly?: boolean;
  /** The guest runs on while its memory is saved. Only into a file. */
  readonly live?: boolean;
  /** The agent has the guest write out its file systems, and freezes them meanwhile. */
  readonly quiesce?: boolean;
}

const CREATE = { redefine: 1, current: 2, diskOnly: 16, quiesce: 64, atomic: 128, live: 256 } as const;
const REVERT = { running: 1 } as const;
const XML_SECURE = 1;

/** Snapshots of domains. */
export class DomainSnapshotApi extends DomainBlockJobApi {
  /** All of a domain's snapshots; none when there is no such domain. */
  async snapshots(uuid: string, options: OperationOptions = {}): Promise<SnapshotRecord[]> {
    const operation = `list the snapshots of domain ${uuid}`;
    const args = { dom: domainByUuid(uuid), needResults: 1, flags: 0 };
    const found = await unlessAbsent("domainNotFound", async () => {
      return (await this.session.read(operation, "DomainListAllSnapshots", args, options)).snapshots;
    });
    const records = await Promise.all(
      (found ?? []).map((snap) =>
        unlessAbsent("snapshotNotFound", async () => {
          const [{ xml }, { current }] = await Promise.all([
            this.session.read(operation, "DomainSnapshotGetXMLDesc", { snap, flags: XML_SECURE }, options),
            this.session.read(operation, "DomainSnapshotIsCurrent", { snap, flags: 0 }, options),
          ]);
          return { name: snap.name, xml, isCurrent: current === 1 };
        }),
      ),
    );
    return records.filter((record) => record !== undefined);
  }

  /** Takes a snapshot, of all its disks or of none. Deadline: one hour unless given. */
  async createSnapshot(uuid: string, xml: string, options: SnapshotOptions = {}): Promise<void> {
    const flags =
      CREATE.atomic |
      (options.diskOnly ? CREATE.diskOnly : 0) |
      (options.live ? CREATE.live : 0) |
      (options.quiesce ? CREATE.quiesce : 0);
    const args = { dom: domainByUuid(uuid), xMLDesc: xml, flags };
    await this.session.long(`take a snapshot of domain ${uuid}`, "DomainSnapshotCreateXML", args, {
      timeoutMs: options.timeoutMs,
      signal: options.signal,
    });
  }

  /** Changes what is noted about a snapshot. `xml` is its whole document. */
  async redefineSnapshot(
    uuid: string,
    snapshot: SnapshotRecord,
    xml: string,
    options: OperationOptions = {},
  ): Promise<void> {
    const flags = CREATE.redefine | (snapshot.isCurrent ? CREATE.current : 0);
    const args = { dom: domainByUuid(uuid), xMLDesc: xml, flags };
    const operation = `note something about snapshot ${snapshot.name} of domain ${uuid}`;
    await this.session.change(operation, "DomainSnapshotCreateXML", args, options);
  }

  /**
   * Brings the domain back to a snapshot, its definition too. The guest is then as it was in the snapshot: running, paused or off; `running` starts
   * one that was off. Deadline: one hour unless given.
   */
  async revertToSnapshot(
    uuid: string,
    name: string,
    how: { readonly running: boolean },
    options: OperationOptions = {},
  ): Promise<void> {
    const args = { snap: snapshotOf(uuid, name), flags: how.running ? REVERT.running : 0 };
    await this.session.long(
      `revert domain ${uuid} to snapshot ${name}`,
      "DomainRevertToSnapshot",
      args,
      options,
    );
  }

  /**
   * Merges what came after a snapshot into what was there before it; the snapshots made from it stay. `recordOnly`: libvirt forgets it, and images stay as
   * they are. Deadline: one hour unless given.
   */
  async deleteSnapshot(
    uuid: string,
    name: string,
    options: OperationOptions & { recordOnly?: boolean } = {},
  ): Promise<void> {
    const args = { snap: snapshotOf(uuid, name), flags: options.recordOnly === true ? RECORD_ONLY : 0 };
    await this.session.long(
      `delete snapshot ${name} of domain ${uuid}`,
      "DomainSnapshotDelete",
      args,
      options,
    );
  }
}

/** VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY */
const RECORD_ONLY = 2;

function snapshotOf(uuid: string, name: string): DomainSnapshot {
  return { name, dom: domainByUuid(uuid) };
}
