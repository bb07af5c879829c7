import {
  identityHash,
  identityUuid,
  isIdentityUuid,
  ownerLabel,
  sameIdentity,
} from "../../provider/planning/owner.js";
import type { StateResource } from "../state/state.js";
import type { Finding } from "./finding.js";
import type { HostContents } from "./host-contents.js";
import { hostNamesOf, identified, type NewFinding } from "./judge.js";

/** What is on the hosts and in no state: ours by its mark, and, if asked for, everybody else's. Pure. */
export function leftovers(
  hosts: readonly { name: string; contents: HostContents }[],
  resources: readonly StateResource[],
  {
    unmanaged,
    moving = new Set(),
  }: {
    unmanaged: boolean;
    /** URNs of those whose move was cut off: what is at the other end is a part of that. */
    moving?: ReadonlySet<string>;
  },
): Finding[] {
  const claims = new Claims(resources);
  const found: NewFinding[] = [];
  for (const { name: host, contents } of hosts) {
    for (const [what, objects] of [
      ["domain", contents.domains],
      ["network", contents.networks],
    ] as const)
      for (const { name, uuid, owner } of objects) {
        const object = `${what} ${name}`;
        if (owner === undefined) {
          if (unmanaged && !claims.uuids.has(uuid)) found.push({ kind: "unmanaged", host, object, up: [] });
          continue;
        }
        const claimant = claims.of(owner) ?? claims.uuids.get(uuid);
        if (claimant === undefined)
          found.push({
            kind: "orphan",
            host,
            object,
            up: [],
            reason: `it is marked as ${ownerLabel(owner)}`,
          });
        else if (what === "domain" && !moving.has(claimant.urn) && isSecondCopy(claimant, host, uuid, hosts))
          found.push({
            ...{ kind: "orphan", host, object, up: [] },
            reason: `a second one of ${claimant.kind} ${claimant.name}, which is on ${hostNamesOf(claimant).join(", ")}`,
          });
      }
    for (const pool of contents.pools) {
      const object = `storage pool ${pool.name}`;
      const isOurs = isIdentityUuid(pool.uuid);
      const isClaimed =
        claims.uuids.has(pool.uuid) || (isOurs && claims.hasPool(pool.uuid, contents.facts.uuid));
      if (!isClaimed && isOurs)
        found.push({
          ...{ kind: "orphan", host, object, up: [] },
          reason: "its UUID is of those that this package gives its pools, and of no state that was given",
        });
      else if (!isClaimed && unmanaged) found.push({ kind: "unmanaged", host, object, up: [] });
      for (const mark of pool.marks)
        if (!claims.hasIdentity(mark.identityHash) && !claims.nonces.has(mark.nonce))
          found.push({
            ...{ kind: "orphan", host, object: `disk ${mark.volume} in pool ${pool.name}`, up: [] },
            reason: "it is marked as a resource's of no state that was given",
          });
    }
  }
  return found.map(identified);
}

/** The same VM where its state has it, and here. */
function isSecondCopy(
  claimant: StateResource,
  host: string,
  uuid: string,
  hosts: readonly { name: string; contents: HostContents }[],
): boolean {
  const homes = [claimant.inputs.host, claimant.outputs.host];
  if (homes.includes(host)) return false;
  return hosts.some(
    (other) => homes.includes(other.name) && other.contents.domains.some((domain) => domain.uuid === uuid),
  );
}

class Claims {
  readonly uuids = new Map<string, StateResource>();
  readonly nonces = new Map<string, StateResource>();
  #hashes: ReadonlySet<string> | undefined;
  readonly #byName = new Map<string, StateResource[]>();

  readonly #resources: readonly StateResource[];

  constructor(resources: readonly StateResource[]) {
    this.#resources = resources;
    for (const resource of resources) {
      const { name, outputs, id } = resource;
      this.#byName.set(name, [...(this.#byName.get(name) ?? []), resource]);
      if (typeof outputs.nonce === "string" && outputs.nonce !== "") this.nonces.set(outputs.nonce, resource);
      this.uuids.set(id, resource);
      if (typeof outputs.uuids === "object" && outputs.uuids !== null)
        for (const uuid of Object.values(outputs.uuids)) this.uuids.set(String(uuid), resource);
    }
  }

  hasIdentity(hash: string): boolean {
    this.#hashes ??= new Set(this.#resources.map((resource) => identityHash(identityOf(resource))));
    return this.#hashes.has(hash);
  }

  /** One that a run which was cut off has made is in no outputs yet. */
  hasPool(uuid: string, hostUuid: string): boolean {
    return this.#resources.some(
      (resource) => resource.kind === "StoragePool" && identityUuid(identityOf(resource), hostUuid) === uuid,
    );
  }

  of(owner: Parameters<typeof ownerLabel>[0] & { nonce: string }): StateResource | undefined {
    return (
      this.nonces.get(owner.nonce) ??
      this.#byName.get(owner.name)?.find((resource) => sameIdentity(identityOf(resource), owner))
    );
  }
}

function identityOf({ project, stack, urn, name }: StateResource) {
  return { project, stack, name, type: urn.split("::")[2] ?? "" };
}
