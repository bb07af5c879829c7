import type { DomainRecord } from "../../provider/libvirt/index.js";
import { identityHash, identityOfUrn } from "../../provider/planning/owner.js";
import type { Step } from "../../provider/planning/step.js";
import type { Keeper } from "../../provider/resources/removal-obstacle.js";
import type { GatheredChange } from "./gather.js";
import type { ReviewedHost } from "./hosts.js";

/**
 * For what a deployment's deletions would be refused. A deletion comes after all that the program declares, and a replacement's before
 * what depends on it; what either finds in its way then is told only where nothing that the deployment does before can have taken it away. Pure.
 */
export function refusedRemovals(
  changes: readonly GatheredChange[],
  hosts: readonly ReviewedHost[],
): Map<GatheredChange, string[]> {
  const surroundings = new Surroundings(changes, hosts);
  const refused = new Map<GatheredChange, string[]>();
  for (const change of changes) {
    if (change.removal?.kind !== "planned") continue;
    const reasons = change.removal.obstacles.flatMap(({ keepers, refusal }) => {
      const left = keepers.filter((keeper) => surroundings.isLeft(keeper, change));
      return left.length === 0 ? [] : [refusal(left)];
    });
    if (reasons.length > 0) refused.set(change, reasons);
  }
  return refused;
}

/** What else the deployment changes, each by what keepers are known by: there may be thousands of either. */
class Surroundings {
  readonly #others: readonly GatheredChange[];
  readonly #hosts: readonly ReviewedHost[];
  readonly #machines: ReadonlyMap<string, GatheredChange[]>;
  readonly #owners: ReadonlyMap<string, GatheredChange[]>;
  readonly #kept: ReadonlySet<string>;
  readonly #users = new Map<string, ReturnType<typeof usersOn>>();

  constructor(changes: readonly GatheredChange[], hosts: readonly ReviewedHost[]) {
    const others = changes.filter(({ step }) => step.operation !== "forget");
    this.#others = others.filter(({ step }) => ["StoragePool", "Snapshot", "Image"].includes(step.kind));
    this.#hosts = hosts;
    const machines = others.filter(({ step }) => step.kind === "VirtualMachine");
    this.#machines = grouped(machines, (one) => [machineKey(one)]);
    this.#owners = grouped(others, marksOf);
    const steps = others.flatMap(({ removal }) => (removal?.kind === "planned" ? removal.steps : []));
    this.#kept = new Set(steps.flatMap((step) => (step.kind === "keepVolume" ? [placeOf(step)] : [])));
  }

  isLeft(keeper: Keeper, removed: GatheredChange): boolean {
    switch (keeper.kind) {
      case "domain":
        return this.#domainIsLeft(keeper, removed);
      case "volume":
        return this.#volumeIsLeft(keeper, removed);
      case "stoppedPool":
        // Whoever declares it starts it.
        return !this.#hasOther(removed, "StoragePool");
      case "snapshot":
        return !this.#hasOther(removed, "Snapshot");
      default:
        return keeper satisfies never;
    }
  }

  #domainIsLeft({ uuid, name, running }: Keeper & { kind: "domain" }, removed: GatheredChange): boolean {
    // Going back to one may change the definition.
    if (this.#hasOther(removed, "Snapshot")) return false;
    return this.#machinesOf(uuid, name).every((machine) => {
      if (machine.step.operation !== "update") return false;
      return comesAfter(machine, removed) || (running && isHarmless(machine));
    });
  }

  #volumeIsLeft(keeper: Keeper & { kind: "volume" }, removed: GatheredChange): boolean {
    if (this.#kept.has(placeOf(keeper))) return true;
    // What snapshots and images have made beside others has no mark.
    if (this.#hasOther(removed, "Snapshot", "Image")) return false;
    const owners = keeper.marks.flatMap(({ identityHash: hash, nonce }) => [
      ...(this.#owners.get(hash) ?? []),
      ...(this.#owners.get(nonce) ?? []),
    ]);
    const users = this.#usersOn(keeper.host);
    // Of a host that has fallen silent since nothing is known.
    if (users === undefined) return false;
    const all = [...owners, ...users.withSnapshots, ...(users.byPath.get(keeper.path) ?? [])];
    return all.every((one) => one === removed || comesAfter(one, removed) || isHarmless(one));
  }

  #hasOther(removed: GatheredChange, ...kinds: string[]): boolean {
    return this.#others.some((one) => one !== removed && kinds.includes(one.step.kind));
  }

  /** A VM that is new to the state may be one that is on the host already. */
  #machinesOf(uuid: string, name: string): GatheredChange[] {
    return [...(this.#machines.get(uuid) ?? []), ...(this.#machines.get(`new ${name}`) ?? [])];
  }

  #usersOn(hostName: string): ReturnType<typeof usersOn> {
    const answer = this.#hosts.find(({ name }) => name === hostName)?.answer;
    if (answer?.kind !== "seen") return undefined;
    if (!this.#users.has(hostName))
      this.#users.set(
        hostName,
        usersOn(answer.seen.domains, ({ uuid, name }) => this.#machinesOf(uuid, name)),
      );
    return this.#users.get(hostName);
  }
}

/** Changed VMs of a host by the files in their definitions, and those of which snapshots may have put others over them. */
function usersOn(
  domains: readonly DomainRecord[],
  machinesOf: (domain: DomainRecord) => GatheredChange[],
): { byPath: ReadonlyMap<string, GatheredChange[]>; withSnapshots: GatheredChange[] } | undefined {
  const changed = domains.flatMap((domain) => machinesOf(domain).map((machine) => ({ domain, machine })));
  const byPath = new Map<string, GatheredChange[]>();
  for (const { domain, machine } of changed)
    for (const path of new Set(pathsIn(`${domain.liveXml ?? ""}${domain.persistentXml ?? ""}`)))
      byPath.set(path, [...(byPath.get(path) ?? []), machine]);
  const withSnapshots = changed.flatMap(({ domain, machine }) => (domain.hasSnapshots ? [machine] : []));
  return { byPath, withSnapshots };
}

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&" },
};

function pathsIn(xml: string): string[] {
  return [...xml.matchAll(/='(\/[^']*)'|="(\/[^"]*)"/g)].map(([, single, double]) =>
    (single ?? double ?? "").replace(/&\w+;/g, (entity) => ENTITIES[entity] ?? entity),
  );
}

function grouped(
  changes: readonly GatheredChange[],
  keysOf: (change: GatheredChange) => readonly string[],
): Map<string, GatheredChange[]> {
  const groups = new Map<string, GatheredChange[]>();
  for (const change of changes)
    for (const key of new Set(keysOf(change))) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [change]);
      else group.push(change);
    }
  return groups;
}

function machineKey({ step, resource, inputs }: GatheredChange): string {
  if (step.operation === "create") return `new ${inputs?.name ?? step.name}`;
  return resource?.id ?? step.old?.id ?? "";
}

function placeOf({ host, pool, volume }: { host: string; pool: string; volume: string }): string {
  return JSON.stringify([host, pool, volume]);
}

/** What the marks of its volumes hold; they may be of a name that it had before. */
function marksOf({ step, resource, inputs }: GatheredChange): string[] {
  const urns = [step.urn, step.old?.inputs.pulumiUrn, resource?.inputs.pulumiUrn, inputs?.pulumiUrn];
  const hashes = [...new Set(urns)].flatMap((urn) => {
    const identity = typeof urn === "string" ? identityOfUrn(urn) : undefined;
    return identity === undefined ? [] : [identityHash(identity)];
  });
  const nonces = [step.old?.outputs.nonce, resource?.outputs.nonce];
  return [...hashes, ...nonces.filter((nonce) => typeof nonce === "string" && nonce !== "")] as string[];
}

/** What is replaced goes before the program declares what depends on what comes in its place. */
function comesAfter({ step }: GatheredChange, { step: removed }: GatheredChange): boolean {
  return (
    removed.operation === "replace" &&
    step.operation === "update" &&
    step.dependsOn?.includes(removed.urn) === true
  );
}

const DEVICES = /^(?:disks|interfaces|cdroms|xml)\b/;

/** Whether a guest that runs goes on with all the disks and links that it has, and all volumes stay. */
function isHarmless({ step, records }: GatheredChange): boolean {
  const keepsAll = ({ found }: GatheredChange["records"][number]) =>
    found.kind === "planned" && found.plan.refusals.length === 0 && found.plan.steps.every(keepsDevices);
  return step.operation === "update" && records.length > 0 && records.every(keepsAll);
}

function keepsDevices(step: Step): boolean {
  switch (step.kind) {
    case "record":
    case "recordOwner":
    case "setAutostart":
    case "updateDefinition":
    case "createVolume":
    case "growVolume":
    case "waitForGuest":
      return true;
    case "changeRunning":
      return !step.changes.some(({ property }) => DEVICES.test(property));
    default:
      return false;
  }
}
