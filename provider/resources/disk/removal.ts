import type { VolumeMark } from "../../hosts/volume-mark.js";
import type { Step } from "../../planning/step.js";
import type { ObserveContext } from "../definition.js";
import { layerKeepers } from "../layers.js";
import type { Keeper, RemovalObstacle } from "../removal-obstacle.js";
import { type ObservedDisk, whereItIs } from "./observed.js";
import type { DiskPlace, DiskRequest } from "./place.js";
import { usersElsewhere } from "./users-elsewhere.js";

/** What removing the disk does. Pure. */
export function removal(request: DiskRequest, observed: ObservedDisk): Step[] {
  const place = whereItIs(observed);
  if (place === undefined || markToGo(place, request) === undefined) return [];
  const { inputs } = request;
  const { ref, pool, name: volume } = place;
  const what = { subject: inputs.name, host: ref.name, pool, volume, effect: "none" as const };
  return inputs.retainOnDelete === true
    ? [{ kind: "keepVolume", ...what }]
    : [{ kind: "deleteVolume", ...what, sizeBytes: place.volume.capacityBytes }];
}

/** Recorded is recorded: without our nonce it is a successor of the same name. */
export function markToGo(
  { mark }: DiskPlace,
  { recorded }: Pick<DiskRequest, "recorded">,
): VolumeMark | undefined {
  const nonce = recorded?.outputs.nonce;
  return mark !== undefined && nonce && mark.nonce !== nonce ? undefined : mark;
}

/** For what removing it is refused. */
export async function obstacles(
  request: DiskRequest,
  observed: ObservedDisk,
  context: ObserveContext,
): Promise<RemovalObstacle[]> {
  // That is settled first, and where it is then is yet to be seen.
  if (observed.interrupted !== undefined) return [];
  const place = whereItIs(observed) ?? observed.target;
  const stopped = stoppedPool(place);
  if (stopped.length > 0) return stopped;
  if (markToGo(place, request) === undefined || request.inputs.retainOnDelete === true) return [];
  const elsewhere = (await usersElsewhere(place, request, context)).map(({ keeper }) => keeper);
  return [
    ...(await usersHere(place, context)),
    { keepers: elsewhere, refusal: ([user]) => usedElsewhere(place, user) },
  ];
}

export function stoppedPool({ ref, pool, name, poolState }: DiskPlace): RemovalObstacle[] {
  if (poolState !== "stopped") return [];
  return [
    {
      keepers: [{ kind: "stoppedPool", label: pool, host: ref.name, pool }],
      refusal: () =>
        `pool ${pool} on ${ref.name} is stopped, so that disk ${name} can't be deleted; start it with virsh pool-start`,
    },
  ];
}

/** What uses it on its own host. */
export async function usersHere(place: DiskPlace, context: ObserveContext): Promise<RemovalObstacle[]> {
  const { volume, ref, pool, name } = place;
  if (volume === undefined) return [];
  const disk = `disk ${name} in pool ${pool} on ${ref.name}`;
  const users = place.users.map(
    ({ uuid, name: domain, running }): Keeper => ({
      ...{ kind: "domain", label: domain, host: ref.name, uuid, name: domain, running },
    }),
  );
  return [
    {
      keepers: users,
      refusal: ([user]) =>
        `${disk} can't be deleted while domain ${user?.label} uses it; remove it from that virtual machine first, or set retainOnDelete: true (and deploy that) to leave it there: it goes with the virtual machine then if that has it as a disk of its own`,
    },
    {
      keepers: await layerKeepers(context.hosts.get(ref), volume.path),
      refusal: ([layer]) =>
        `${disk} can't be deleted while volume ${layer?.label} is a layer over it; delete that first`,
    },
  ];
}

export function usedElsewhere(
  { name, pool, ref }: DiskPlace,
  user: Pick<Keeper, "label"> | undefined,
  waited = "",
): string {
  const within = waited === "" ? "" : ` (${waited} for that to end)`;
  return `disk ${name} in pool ${pool} on ${ref.name} can't be deleted: it is on storage that hosts share, and ${user?.label} uses it${within}; take it from there first, or set retainOnDelete: true (and deploy that) to leave it there`;
}
