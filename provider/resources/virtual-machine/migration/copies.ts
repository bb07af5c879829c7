import { HostUnreachable } from "../../../hosts/errors.js";
import type { Host } from "../../../hosts/host.js";
import { isLibvirtError, type Libvirt } from "../../../libvirt/index.js";
import type { MigrationJournal } from "../../../libvirt/xml/index.js";
import {
  journalOf,
  type MigratedCopy,
  type PresentCopy,
  sameMigration,
} from "../../../planning/migrated-copy.js";

/** A host that hangs is a host that doesn't answer. */
const ANSWER_WITHIN_MS = 10_000;

/** A host's copy, and why it isn't known if it isn't. */
export interface SeenCopy {
  copy: MigratedCopy;
  failure?: unknown;
}

/** Looks at a host's copy of the guest. Never rejects because the host doesn't answer: that is an answer to the recovery table. */
export async function lookAtCopy(host: Host, uuid: string, journal: MigrationJournal): Promise<SeenCopy> {
  try {
    return { copy: await host.idempotent((libvirt) => readCopy(libvirt, uuid, journal)) };
  } catch (failure) {
    const silent =
      failure instanceof HostUnreachable || isLibvirtError(failure, "timeout", "connectionLost", "aborted");
    if (silent) return { copy: { kind: "unanswered" }, failure };
    throw failure;
  }
}

async function readCopy(libvirt: Libvirt, uuid: string, journal: MigrationJournal): Promise<MigratedCopy> {
  const bounds = { timeoutMs: ANSWER_WITHIN_MS };
  const record = await libvirt.domains.observe({ uuid }, bounds);
  if (record === undefined) return { kind: "absent" };
  const job = record.state === "shutOff" ? "none" : await jobOf(libvirt, uuid);
  const found = journalOf(record);
  return {
    kind: "present",
    state: record.state,
    reason: record.reasonName,
    persistent: record.persistent,
    job,
    journal:
      found.kind === "journal"
        ? sameMigration(found.journal, journal)
          ? "same"
          : "other"
        : found.kind === "none"
          ? "none"
          : "other",
  };
}

async function jobOf(libvirt: Libvirt, uuid: string): Promise<PresentCopy["job"]> {
  try {
    const { state, operation } = await libvirt.domains.jobStats(uuid, { timeoutMs: ANSWER_WITHIN_MS });
    // A job that was told to end is "cancelled" at once and holds the domain until it has ended.
    if (state === "none") return "none";
    if (operation === "migrationOut") return "outgoing";
    return operation === "migrationIn" ? "incoming" : "other";
  } catch (error) {
    // libvirt has no figures of an incoming migration, nor of a domain that went off meanwhile: the next look tells which.
    if (isLibvirtError(error, "operationUnsupported", "operationInvalid", "domainNotFound"))
      return "incoming";
    throw error;
  }
}
