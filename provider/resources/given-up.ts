import { connectionKey, type HostRef } from "../hosts/host-ref.js";
import type { Hosts } from "../hosts/hosts.js";
import type { PoolContents } from "../hosts/observations.js";
import { type Identity, identityHash } from "../planning/owner.js";
import { readOnce } from "../planning/read-once.js";
import { type Holding, volumeHeld } from "./holding.js";

/** What each resource of a deployment's program is to have, by the hash in its marks, as far as the program has come. */
const declared = readOnce((_: Hosts) => new Map<string, readonly Holding[]>());

export function noteDeclared(hosts: Hosts, identity: Identity, holdings: readonly Holding[]): void {
  declared(hosts).set(identityHash(identity), holdings);
}

/**
 * Whether a VM that has a name on a host is to have another, or be on another host, once the program is deployed. What the program hasn't said
 * yet, or says no more, gives nothing up: Pulumi deletes last.
 */
export function givesUpName(hosts: Hosts, owner: Identity, host: HostRef, name: string): boolean {
  const names = namesOf(hosts, identityHash(owner));
  return names.length > 0 && !names.some((held) => isOn(held, host) && held.what === `${MACHINE}${name}`);
}

/** A pool without what goes with VMs that leave its host. */
export function withoutWhatLeaves(
  hosts: Hosts,
  host: HostRef,
  contents: PoolContents,
  /** The hashes of the VM that asks. */
  own: readonly string[],
): PoolContents {
  // No program runs where hosts are only surveyed.
  if (declared(hosts).size === 0) return contents;
  const leaves = (hash: string) => {
    const names = own.includes(hash) ? [] : namesOf(hosts, hash);
    return names.length > 0 && !names.some((held) => isOn(held, host));
  };
  const leaving = new Set(
    contents.marks.filter((mark) => leaves(mark.identityHash)).map(({ volume }) => volume),
  );
  if (leaving.size === 0) return contents;
  return {
    ...contents,
    volumes: contents.volumes.filter(({ name }) => !leaving.has(name)),
    marks: contents.marks.filter(({ volume }) => !leaving.has(volume)),
  };
}

/** Whether whoever made a volume, as its mark says, is to have it on a host once the program is deployed. */
export function isToBeOn(
  hosts: Hosts,
  identityHash: string,
  host: HostRef,
  volume: { pool: string; volume: string },
): boolean {
  const held = declared(hosts).get(identityHash) ?? [];
  return held.some((one) => isOn(one, host) && one.what === volumeHeld(host, volume, "").what);
}

/** What the program has on a host, such as `network lan`, as far as it has come; undefined where hosts are only surveyed. */
export function declaredOn(hosts: Hosts, host: HostRef): ReadonlySet<string> | undefined {
  const all = declared(hosts);
  if (all.size === 0) return undefined;
  const here = [...all.values()].flat().filter((held) => isOn(held, host));
  return new Set(here.map(({ what }) => what));
}

const MACHINE = "virtual machine ";

function namesOf(hosts: Hosts, hash: string): Holding[] {
  return (declared(hosts).get(hash) ?? []).filter(({ what }) => what.startsWith(MACHINE));
}

function isOn(held: Holding, host: HostRef): boolean {
  return connectionKey(held.host) === connectionKey(host);
}
