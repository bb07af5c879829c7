import { posix } from "node:path";
import type { Host } from "../../../hosts/host.js";
import type { DomainRecord } from "../../../libvirt/index.js";
import { parseXml, rootOf } from "../../../libvirt/xml/document.js";
import { attributeOf, childElement, childText } from "../../../libvirt/xml/element.js";
import { nvramFileByName } from "../../../libvirt/xml/firmware-variables.js";
import { journalOf, sameMigration } from "../../../planning/migrated-copy.js";
import { markForCopy, readVolumeMark, removeMarkedVolume, usersOf } from "./copied-volumes.js";
import { MigrationError } from "./errors.js";
import { clearJournal } from "./journal.js";
import type { Ends, MigrationContext } from "./migration-plan.js";

/**
 * The guest is at the target and the source has no domain of it any more: removes what is left at the source. The journal goes
 * last, for it tells what there is to remove. Each part can be repeated, and as long as the journal is there nobody begins the next
 * migration; so it is looked for before each volume that is removed, in case another process was faster.
 *
 * The log of the guest's console stays at the source: it is what the guest printed there.
 */
export async function cleanAfterMove(ends: Ends, context: Pick<MigrationContext, "log">): Promise<void> {
  const { source, target, uuid, journal } = ends;
  const there = await domainAt(target, uuid);
  if ((await observe(source, uuid)) !== undefined)
    throw new MigrationError("unsettled", `${source.name} still has a domain of ${ends.name}`);
  if (journal.autostart && !there.autostart && (await isStillNoted(target, ends)))
    await target.idempotent((libvirt) => libvirt.domains.setAutostart(uuid, true));
  for (const volume of journal.volumes) {
    if (!(await isStillNoted(target, ends))) return forget(ends);
    const at = `volume ${volume.name} in pool ${volume.sourcePool} stays on ${source.name}`;
    if (!volume.owned) {
      context.log.info(`${at}: it isn't ours; delete it by hand if nobody needs it`);
      continue;
    }
    const users = await usersOf(source, volume.sourcePath);
    if (users.length > 0) {
      context.log.warning(`${at}: ${users.join(", ")} uses it`);
      continue;
    }
    const mark = await readVolumeMark({ host: target, pool: volume.targetPool }, volume.name);
    if (mark === undefined || !(await removeMarkedVolume({ host: source, pool: volume.sourcePool }, mark)))
      context.log.warning(`${at}: its mark isn't that of its copy on ${target.name}`);
  }
  if (!(await isStillNoted(target, ends))) return forget(ends);
  await removeNvram(source, there.persistentXml ?? there.liveXml ?? "", context);
  await clearJournal(target, uuid);
  await forget(ends);
}

/** The guest is at the source and the target has no domain of it: removes what was made at the target. The journal goes last. */
export async function cleanAfterReturn(ends: Ends, context: Pick<MigrationContext, "log">): Promise<void> {
  const { source, target, uuid, journal } = ends;
  const here = await domainAt(source, uuid);
  if ((await observe(target, uuid)) !== undefined)
    throw new MigrationError("unsettled", `${target.name} still has a domain of ${ends.name}`);
  for (const volume of journal.volumes) {
    if (!(await isStillNoted(source, ends))) return forget(ends);
    const users = await usersOf(target, volume.targetPath);
    if (users.length > 0)
      throw new MigrationError(
        "unsettled",
        `volume ${volume.name} in pool ${volume.targetPool} on ${target.name} is to be removed, and ${users.join(", ")} uses it; detach it there, and deploy again`,
      );
    const mark = await markForCopy(source, volume, here.persistentXml ?? here.liveXml ?? "");
    if (!(await removeMarkedVolume({ host: target, pool: volume.targetPool }, mark)))
      context.log.warning(
        `volume ${volume.name} in pool ${volume.targetPool} stays on ${target.name}: it wasn't made by this migration`,
      );
  }
  if (journal.autostart && !here.autostart && here.persistent && (await isStillNoted(source, ends)))
    await source.idempotent((libvirt) => libvirt.domains.setAutostart(uuid, true));
  if (await isStillNoted(source, ends)) await clearJournal(source, uuid);
  await forget(ends);
}

/** False when there is nothing left to do: the note goes last. */
async function isStillNoted(host: Host, { uuid, name, journal }: Ends): Promise<boolean> {
  const record = await observe(host, uuid);
  const found = record === undefined ? undefined : journalOf(record);
  if (found?.kind === "journal" && !sameMigration(found.journal, journal))
    throw new MigrationError("unsettled", `${name} is in another migration already`);
  return found?.kind === "journal";
}

/** What was read of both hosts before is over. */
export async function forget({ source, target, uuid, name, journal }: Ends): Promise<void> {
  for (const volume of journal.volumes) {
    source.observations.listAgain(volume.sourcePool, [volume.name]);
    target.observations.listAgain(volume.targetPool, [volume.name]);
  }
  await Promise.all([source, target].map((host) => host.observations.refreshDomain({ uuid, name })));
}

/** Variables of the firmware: libvirt leaves the file at the source when a guest moves. */
async function removeNvram(source: Host, xml: string, context: Pick<MigrationContext, "log">): Promise<void> {
  const path = nvramPath(xml);
  if (path === undefined || !path.startsWith("/") || posix.normalize(path) !== path) return;
  const remove = ["rm", "-f", "--", path];
  const plain = await source.exec(remove);
  if (plain.exitCode === 0) return;
  const privileged = await source.exec(["sudo", "-n", ...remove]);
  if (privileged.exitCode !== 0)
    context.log.warning(`${path} stays on ${source.name}: ${plain.stderr.trim().split("\n")[0] ?? ""}`);
}

/** The file of the firmware's variables, when it is a file. Without one of its own libvirt (before 9.2) names it after the domain. */
export function nvramPath(xml: string): string | undefined {
  if (!/<nvram|firmware=['"]efi/.test(xml)) return undefined;
  const domain = rootOf(parseXml(xml, "domain"));
  const os = childElement(domain, "os");
  const nvram = childElement(os, "nvram");
  if (nvram === undefined)
    return attributeOf(os, "firmware") === "efi"
      ? nvramFileByName(childText(domain, "name") ?? "")
      : undefined;
  return attributeOf(childElement(nvram, "source"), "file") ?? childText(os, "nvram")?.trim();
}

async function domainAt(host: Host, uuid: string): Promise<DomainRecord> {
  const record = await observe(host, uuid);
  if (record === undefined)
    throw new MigrationError("unsettled", `${host.name} has no domain ${uuid} any more`);
  return record;
}

function observe(host: Host, uuid: string): Promise<DomainRecord | undefined> {
  return host.idempotent((libvirt) => libvirt.domains.observe({ uuid }));
}
