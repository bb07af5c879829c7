import type { VolumeMark } from "../../hosts/volume-mark.js";
import type { DiskSource } from "../../libvirt/xml/index.js";
import { type Identity, identityHash, sameIdentity } from "../../planning/owner.js";
import type { Step } from "../../planning/step.js";
import { isRetained } from "./disks.js";
import {
  isActive,
  type ObservedDomain,
  type ObservedHost,
  type ObservedMachine,
  sleeps,
} from "./observed.js";
import type { MachineRequest } from "./request.js";
import type { Inputs, Outputs } from "./schema.js";
import { mediumInputOf, mediumTitles } from "./seed/boot-media.js";

/** The domains that are this VM, and those of them that are still this resource's. More than one only in the middle of a migration. */
export function copiesOf(
  { target, elsewhere }: ObservedMachine,
  outputs: Outputs,
  identity: Identity,
): { copies: ObservedHost[]; ours: ObservedHost[] } {
  const copies = [target, elsewhere].filter((place) => place?.domain !== undefined) as ObservedHost[];
  return { copies, ours: copies.filter(({ domain }) => !isAnothers(domain, outputs, identity)) };
}

/** Taken over from us, or made anew under our name. */
function isAnothers(domain: ObservedDomain | undefined, { nonce }: Outputs, identity: Identity): boolean {
  if (domain?.owner === undefined) return false;
  return nonce === "" ? !sameIdentity(domain.owner, identity) : domain.owner.nonce !== nonce;
}

/**
 * Disks that outlive the VM deserve a guest that has written everything; for disks that go with it the power is simply cut. Those that the guest
 * still has of what the program doesn't declare any more count as well.
 */
export function endingOf(
  place: Pick<ObservedHost, "pools">,
  domain: ObservedDomain,
  outputs: Outputs & Inputs,
  identity: Identity,
): "off" | "powerCut" | "shutDown" {
  if (!isActive(domain)) return "off";
  const goes = goingWith(place, outputs, identity);
  const outlives = (domain.live?.disks ?? []).some(
    ({ device, readonly, source }) => device === "disk" && !readonly && source !== undefined && !goes(source),
  );
  return outlives && (domain.record.state === "running" || sleeps(domain)) ? "shutDown" : "powerCut";
}

/** Tells the disks that are deleted with the VM. */
export function goingWith(
  { pools }: Pick<ObservedHost, "pools">,
  outputs: Outputs & Inputs,
  identity: Identity,
): (source: DiskSource) => boolean {
  const isOurs = ownVolumes(outputs, identity);
  return (source) =>
    "pool" in source &&
    !isRetained(outputs, source) &&
    pools.some(
      ({ name, contents }) =>
        name === source.pool && contents.marks.some((mark) => mark.volume === source.volume && isOurs(mark)),
    );
}

/** Tells the marks of the volumes that were made for it. */
export function ownVolumes({ nonce }: Outputs, identity: Identity): (mark: VolumeMark) => boolean {
  const hash = identityHash(identity);
  return (mark) => (nonce === "" ? mark.identityHash === hash : mark.nonce === nonce);
}

/** What removing the VM does. Pure. */
export function removal({ identity, inputs, recorded }: MachineRequest, observed: ObservedMachine): Step[] {
  const outputs = { ...inputs, ...recorded?.outputs } as Outputs & Inputs;
  const { copies, ours } = copiesOf(observed, outputs, identity);
  if (copies.length > 0 && ours.length === 0) return [];
  const isOurs = ownVolumes(outputs, identity);
  return (ours.length > 0 ? ours : [observed.target]).flatMap((place): Step[] => {
    const what = { subject: inputs.name, host: place.ref.name };
    // In an order of their own: a pool's listing has none.
    const volumes = place.pools.flatMap((pool) =>
      pool.contents.marks
        .filter(isOurs)
        .map(({ volume }) => volume)
        .sort()
        .map((volume) => volumeStep(what, pool, volume, outputs)),
    );
    if (place.domain === undefined) return volumes.flat();
    const guest = endingOf(place, place.domain, outputs, identity);
    const { snapshots = [] } = place.domain;
    const effect = guest === "off" ? "none" : "stop";
    return [{ kind: "removeMachine", ...what, guest, snapshots, effect }, ...volumes.flat()];
  });
}

function volumeStep(
  where: { subject: string; host: string },
  { name: pool, contents }: ObservedHost["pools"][number],
  volume: string,
  outputs: Outputs & Inputs,
): Step[] {
  const found = contents.volumes.find(({ name }) => name === volume);
  const what = { ...where, pool, volume, effect: "none" as const };
  if (found === undefined) return [];
  if (isRetained(outputs, { pool, volume })) return [{ kind: "keepVolume", ...what }];
  const medium = mediumInputOf(volume);
  if (medium !== undefined) return [{ kind: "deleteMedium", ...what, title: mediumTitles[medium] }];
  return [{ kind: "deleteVolume", ...what, sizeBytes: found.capacityBytes }];
}
