import { HostUnreachable } from "../../hosts/errors.js";
import { connectionKey, type HostRef } from "../../hosts/host-ref.js";
import type { Hosts } from "../../hosts/hosts.js";
import { readOnce } from "../../planning/read-once.js";
import { attachmentsIn } from "../attachments.js";
import type { ObserveContext } from "../definition.js";
import { isToBeOn } from "../given-up.js";
import { sameVolume } from "./desired-disks.js";
import type { DiskElsewhere, ObservedDomain, ObservedHost } from "./observed.js";
import type { MachineRequest } from "./request.js";

/** Those that were elsewhere when a deployment was planned: what is in their place by now may be a copy that isn't complete. */
const seen = readOnce((_: Hosts) => new Set<string>());

/**
 * The disks of resources of their own that the guest is to get, which aren't on its host yet, for another virtual machine has them on another host.
 * They go where that one goes, at a time that nobody waits for.
 */
export async function disksElsewhere(
  { inputs }: MachineRequest,
  target: ObservedHost,
  domain: ObservedDomain | undefined,
  peers: readonly HostRef[],
  { hosts, fresh }: ObserveContext,
): Promise<DiskElsewhere[]> {
  const has = (disk: { pool: string; volume: string }) =>
    [domain?.persistent, domain?.live].some((model) =>
      model?.disks.some(({ source }) => sameVolume(source, disk)),
    );
  const isHere = ({ pool, volume }: { pool: string; volume: string }) =>
    target.pools.some(
      ({ name, contents }) => name === pool && contents.volumes.some((other) => other.name === volume),
    );
  const noteOf = ({ pool, volume }: { pool: string; volume: string }) =>
    `${connectionKey(target.ref)} ${pool}/${volume}`;
  const missing = (inputs.disks ?? [])
    .flatMap(({ disk }) => (disk === undefined ? [] : [{ pool: disk.pool, volume: disk.name }]))
    .filter((disk) => !has(disk) && (!isHere(disk) || seen(hosts).has(noteOf(disk))));
  const lookOn = async (ref: HostRef): Promise<DiskElsewhere[]> => {
    const { observations } = hosts.get(ref);
    const pools = await observations.pools();
    const found = missing.map(async (disk): Promise<DiskElsewhere[]> => {
      const pool = pools.find(({ name, active }) => active && name === disk.pool);
      if (pool === undefined) return [];
      const { marks, volumes } = await observations.contents(disk.pool);
      const mark = marks.find(
        ({ volume, identityHash }) =>
          volume === disk.volume && isToBeOn(hosts, identityHash, target.ref, disk),
      );
      const path = volumes.find(({ name }) => name === disk.volume)?.path;
      if (mark === undefined || path === undefined) return [];
      const volume = { pool: disk.pool, name: disk.volume, path };
      const domains = await (fresh ? observations.domainsNow() : observations.domains());
      const [user] = attachmentsIn(domains, volume);
      if (user === undefined) return [];
      seen(hosts).add(noteOf(disk));
      return [{ ...disk, host: ref.name, user: user.name }];
    });
    return (await Promise.all(found)).flat();
  };
  if (missing.length === 0) return [];
  // On one that is silent it may be; then it isn't here, which is told when it matters.
  const looks = peers.map((ref) =>
    lookOn(ref).catch((error: unknown): DiskElsewhere[] => {
      if (error instanceof HostUnreachable) return [];
      throw error;
    }),
  );
  return (await Promise.all(looks)).flat();
}
