import { oneLine } from "../../hosts/errors.js";
import type { Host } from "../../hosts/host.js";
import { isLibvirtError, type LibvirtErrorKind } from "../../libvirt/index.js";
import { nvramFilesOf } from "../../libvirt/xml/index.js";
import { type Identity, identityHash } from "../../planning/owner.js";
import type { ApplyContext } from "../definition.js";
import { dropNote } from "../moving/index.js";
import { LONGEST_WAIT_MS, rescanPool } from "../rescan.js";
import { deleteOwnVolume, removeVolumeMark, usersOf } from "../volumes.js";
import { shutdownTimeoutMs } from "./apply.js";
import { isRetained } from "./disks.js";
import { noteLeft } from "./left-disks.js";
import { observe, rememberedPeers } from "./observe.js";
import type { ObservedDomain } from "./observed.js";
import type { Overlay } from "./overlays.js";
import { copiesOf, endingOf, goingWith, ownVolumes } from "./removal.js";
import type { Inputs, Outputs } from "./schema.js";
import { shutDown } from "./stop.js";

/**
 * Removes the domain, wherever it is, and what was made for it: owned disks, console log, libvirt's log. A domain under the same UUID whose
 * mark is another's is left alone.
 */
export async function remove(
  id: string,
  outputs: Outputs & Inputs,
  identity: Identity,
  context: ApplyContext,
): Promise<void> {
  const request = { identity, inputs: outputs, previous: outputs, recorded: { id, outputs } };
  const observed = await observe(request, { hosts: context.hosts, fresh: true });
  const { copies, ours } = copiesOf(observed, outputs, identity);
  if (copies.length > 0 && ours.length === 0) return;
  // More than one only in the middle of a migration: then both halves go.
  for (const place of ours.length > 0 ? ours : [observed.target]) {
    if (place === undefined) continue;
    const host = context.hosts.get(place.ref);
    if (place.domain !== undefined) {
      const ending = endingOf(place, place.domain, outputs, identity);
      const goes = goingWith(place, outputs, identity);
      await removeDomain(host, place.domain, { ending, outputs, goes }, context);
      await removeFiles(host, formerState(place.domain.record.uuid), context);
    }
    await removeOwnedVolumes(host, outputs, identity, context);
    // A domain that somebody has made under the name since writes to the same files.
    if (place.namesake === undefined) await removeFiles(host, logsOf(place.domain, outputs), context);
  }
  await removeFromFormerHosts(ours[0]?.ref.name ?? outputs.host, outputs, identity, context);
}

async function removeDomain(
  host: Host,
  domain: ObservedDomain,
  how: {
    ending: ReturnType<typeof endingOf>;
    outputs: Outputs & Inputs;
    /** Whether a disk is deleted with it. */
    goes: ReturnType<typeof goingWith>;
  },
  context: ApplyContext,
): Promise<void> {
  const { snapshots = [], overlays = [] } = domain;
  await end(host, domain, how.ending, how.outputs, context);
  // While the domain still says what they are.
  const left = await removeOverlays(host, overlays.filter(how.goes), context);
  const kept = [...overlays.filter((overlay) => !how.goes(overlay)).flatMap(({ files }) => files), ...left];
  if (snapshots.length > 0)
    context.log.warning(
      `its snapshots, which no resource of this deployment deletes before it, go with it: ${snapshots.join(", ")}${
        kept.length === 0 ? "" : `; what the guest wrote since is left on ${host.name} in ${kept.join(", ")}`
      }`,
    );
  const libvirt = await host.libvirt();
  await libvirt.domains
    .undefine(domain.record.uuid, {
      nvram: "remove",
      tpm: "remove",
      managedSave: true,
      snapshotsMetadata: true,
      checkpointsMetadata: true,
    })
    .catch(unless("domainNotFound")); // one that had no definition went when it ended
  await host.observations.refreshDomain({ uuid: domain.record.uuid, name: domain.record.name });
}

/** What snapshots have put over disks that are deleted is of no use without them; gives those that stay nevertheless. */
async function removeOverlays(
  host: Host,
  overlays: readonly Overlay[],
  { signal }: ApplyContext,
): Promise<string[]> {
  const left: string[] = [];
  const { volumes: libvirtVolumes } = await host.libvirt();
  for (const pool of new Set(overlays.map((overlay) => overlay.pool))) {
    await rescanPool(host, pool, { signal, waitMs: LONGEST_WAIT_MS });
    const { volumes } = await host.observations.contents(pool);
    for (const path of overlays.filter((overlay) => overlay.pool === pool).flatMap(({ files }) => files)) {
      const file = volumes.find((volume) => volume.path === path);
      if (file === undefined) left.push(path);
      else {
        await libvirtVolumes.delete(pool, file.name).catch(unless("volumeNotFound"));
        await host.observations.refreshVolume(pool, file.name);
      }
    }
  }
  return left;
}

async function end(
  host: Host,
  domain: ObservedDomain,
  ending: ReturnType<typeof endingOf>,
  outputs: Outputs & Inputs,
  context: ApplyContext,
): Promise<void> {
  const { uuid, name } = domain.record;
  // What is kept of one that has crashed is ended as a running one is.
  if (ending === "off" && domain.record.state !== "crashed") return;
  if (ending === "shutDown")
    await shutDown(host, { uuid, name }, { timeoutMs: shutdownTimeoutMs(outputs), force: true }, context);
  // It may end by itself meanwhile.
  else
    await (await host.libvirt()).domains
      .destroy(uuid, { graceful: true })
      .catch(unless("operationInvalid", "domainNotFound"));
}

function unless(...kinds: LibvirtErrorKind[]): (error: unknown) => void {
  return (error) => {
    if (!isLibvirtError(error, ...kinds)) throw error;
  };
}

async function removeOwnedVolumes(
  host: Host,
  outputs: Outputs & Inputs,
  identity: Identity,
  context: ApplyContext,
): Promise<void> {
  const hash = identityHash(identity);
  const isOurs = ownVolumes(outputs, identity);
  for (const pool of await host.observations.pools()) {
    if (!pool.active) continue;
    const place = { host, pool: pool.name };
    const { marks: named, notes } = await host.observations.marks(pool.name);
    if (![...named, ...notes.unfinished, ...notes.leaving].some(isOurs)) continue;
    for (const mark of notes.unfinished.filter(isOurs)) await dropNote("unfinished", { ...place, mark });
    for (const mark of notes.leaving.filter(isOurs)) await dropNote("leaving", { ...place, mark });
    const { marks, volumes } = await host.observations.contents(pool.name);
    for (const mark of marks.filter(isOurs)) {
      if (isRetained(outputs, { pool: pool.name, volume: mark.volume })) {
        await removeVolumeMark({ host, pool: pool.name, mark });
        noteLeft(host, hash, { pool: pool.name, volume: mark.volume });
        continue;
      }
      const volume = volumes.find((other) => other.name === mark.volume);
      const [user] = volume === undefined ? [] : await usersOf(host, volume);
      if (user !== undefined)
        context.log.warning(
          `disk ${mark.volume} in pool ${pool.name} is left on ${host.name}: domain ${user.name} uses it`,
        );
      else await deleteOwnVolume({ host, pool: pool.name, mark, signal: context.signal });
    }
  }
}

/** A console log that a VM had when it was taken over, and that the program never named, is somebody else's. */
function logsOf(domain: ObservedDomain | undefined, outputs: Outputs & Inputs): string[] {
  const consoleLog = outputs.console?.log;
  return [
    `/var/log/libvirt/qemu/${domain?.record.name ?? outputs.name}.log`,
    ...(consoleLog === undefined ? [] : [consoleLog]),
  ];
}

/** What a firmware or a TPM that the VM had once has left: libvirt removes what is in the definition. */
function formerState(uuid: string): string[] {
  return [...nvramFilesOf(uuid), `/var/lib/libvirt/swtpm/${uuid}`];
}

/** libvirt keeps a log a domain and has no call to remove it; nor has it one for the file behind a console. */
async function removeFiles(host: Host, files: string[], context: ApplyContext): Promise<void> {
  const attempt = async (prefix: string[]) => {
    const result = await host.exec([...prefix, "rm", "-rf", "--", ...files]);
    return result.exitCode === 0 ? undefined : result.stderr.trim();
  };
  try {
    const failure = (await attempt([])) === undefined ? undefined : await attempt(["sudo", "-n"]);
    if (failure !== undefined)
      context.log.warning(`left on ${host.name}, since this user may not remove them: ${files.join(", ")}`);
  } catch (error) {
    context.log.warning(`${files.join(", ")} may be left on ${host.name}: ${oneLine(error)}`);
  }
}

/** What it printed on hosts that it has left stayed there until now, and disks if it was moved by hand. */
async function removeFromFormerHosts(
  current: string,
  outputs: Outputs & Inputs,
  identity: Identity,
  context: ApplyContext,
): Promise<void> {
  const known = new Map(
    [...rememberedPeers(outputs), ...context.hosts.declared()].map((ref) => [ref.name, ref]),
  );
  for (const name of outputs.formerHosts ?? []) {
    if (name === current) continue;
    const ref = known.get(name);
    if (ref === undefined) continue;
    const host = context.hosts.get(ref);
    if (outputs.nonce !== "")
      await removeOwnedVolumes(host, outputs, identity, context).catch((error: unknown) => {
        context.log.warning(`disks of it may be left on ${name}: ${oneLine(error)}`);
      });
    await removeFiles(host, logsOf(undefined, outputs), context);
  }
}
