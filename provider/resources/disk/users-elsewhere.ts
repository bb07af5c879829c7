import { HostUnreachable } from "../../hosts/errors.js";
import type { HostRef } from "../../hosts/host-ref.js";
import { attachmentsIn } from "../attachments.js";
import type { ObserveContext } from "../definition.js";
import { layerKeepers } from "../layers.js";
import type { Keeper } from "../removal-obstacle.js";
import { rescanPoolOnce } from "../rescan.js";
import { snapshotLayers } from "../snapshot-layers.js";
import { type DiskPlace, type DiskRequest, placesWithMarks } from "./place.js";

/** What uses a disk on another host; `label` says it in words. */
export interface UserElsewhere {
  kind: "domain" | "layer";
  label: string;
  keeper: Keeper;
}

/**
 * What uses the disk on the stack's other hosts: on storage that hosts share they have its very mark. What a silent host does with it nobody can
 * tell; most disks are on no storage that it would have.
 */
export async function usersElsewhere(
  place: DiskPlace,
  request: DiskRequest,
  context: ObserveContext,
): Promise<UserElsewhere[]> {
  const here = context.hosts.get(place.ref);
  const others = context.hosts.declared().filter((ref) => context.hosts.get(ref) !== here);
  const users = await Promise.all(
    others.map((ref) =>
      usersOn(ref, place, request, context).catch((error: unknown): UserElsewhere[] => {
        if (error instanceof HostUnreachable) return [];
        throw error;
      }),
    ),
  );
  return users.flat();
}

async function usersOn(
  ref: HostRef,
  place: DiskPlace,
  request: DiskRequest,
  context: ObserveContext,
): Promise<UserElsewhere[]> {
  const host = context.hosts.get(ref);
  if ((await host.observations.pools()).some(({ name, active }) => active && name === place.pool))
    // One that can't be looked at anew is taken as libvirt saw it last.
    await rescanPoolOnce(host, place.pool).catch(() => undefined);
  const places = (await placesWithMarks(ref, place.name, request, context)).filter(
    ({ hostUuid, mark }) => hostUuid !== place.hostUuid && mark?.nonce === place.mark?.nonce,
  );
  if (places.length === 0) return [];
  const domains = await host.observations.domainsNow();
  const users = new Map<string, UserElsewhere>();
  const add = (kind: UserElsewhere["kind"], label: string, keeper: Keeper) =>
    users.set(label, { kind, label, keeper: { ...keeper, label } });
  for (const { pool, name, folder, volume } of places) {
    const path = volume?.path ?? `${folder}/${name}`;
    const attachments = attachmentsIn(domains, { pool, name, path }, await snapshotLayers(host));
    for (const { uuid, name: label, running } of attachments)
      add("domain", `domain ${label} on ${ref.name}`, {
        ...{ kind: "domain", label, host: ref.name, uuid, name: label, running },
      });
    for (const layer of await layerKeepers(host, path))
      add("layer", `volume ${layer.label} on ${ref.name}, a layer over it`, layer);
  }
  return [...users.values()];
}
