import type { Host } from "../../../hosts/host.js";
import type { DomainRecord } from "../../../libvirt/index.js";
import {
  type MigrationJournal,
  migrationJournalKind,
  readMigrationJournal,
  writeMigrationJournal,
} from "../../../libvirt/xml/index.js";
import { sameMigration } from "../../../planning/migrated-copy.js";
import { setMark } from "../metadata.js";
import { MigrationError } from "./errors.js";
import type { MigrationPlan } from "./migration-plan.js";

/** The note about a migration that is about to begin. */
export async function newJournal(
  plan: MigrationPlan,
  autostart: boolean,
  startedAtMs: number,
): Promise<MigrationJournal> {
  const [from, to, address] = await Promise.all([
    plan.source.observations.facts(),
    plan.target.observations.facts(),
    plan.target.migrationAddress(),
  ]);
  return {
    from: { name: plan.source.name, uuid: from.uuid },
    to: { name: plan.target.name, uuid: to.uuid, migrationUri: migrationUri(address) },
    // Nothing is kept of earlier migrations, so the clock does the counting.
    epoch: startedAtMs,
    startedAtMs,
    autostart,
    storage: plan.storage,
    volumes: plan.volumes.map(({ readonly: _, base: __, ...volume }) => volume),
  };
}

/** Where QEMU of the source connects to. Without it libvirt gives it the target's own name, which the source may not know. */
export function migrationUri(address: string): string {
  const bare = address.replace(/^\[(.*)\]$/, "$1");
  return bare.includes(":") ? `tcp://[${bare}]` : `tcp://${bare}`;
}

/** Notes the migration in all documents of the domain, and reads it back. */
export async function writeJournal(
  host: Host,
  record: DomainRecord,
  journal: MigrationJournal,
): Promise<void> {
  const { uuid } = record;
  await setMark(host, record, migrationJournalKind, writeMigrationJournal(journal));
  const noted = await host.idempotent((libvirt) => libvirt.domains.observe({ uuid }));
  const documents = [noted?.liveXml, noted?.persistentXml].filter((xml) => xml !== undefined);
  const all = documents.every((xml) => {
    const found = readMigrationJournal(xml);
    return found !== undefined && sameMigration(found, journal);
  });
  if (noted === undefined || !all)
    throw new MigrationError("failed", `${host.name}: the note about the migration could not be written`);
}

/** Removes the note; when there is none any more, that is fine. */
export async function clearJournal(host: Host, uuid: string): Promise<void> {
  const record = await host.idempotent((libvirt) => libvirt.domains.observe({ uuid }));
  if (record === undefined) return;
  await setMark(host, record, migrationJournalKind, undefined);
}
