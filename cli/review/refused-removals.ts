import type { VolumeMark } from "../../provider/hosts/volume-mark.js";
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

/** What else the deployment changes. */
class Surroundings {
  readonly #changes: readonly GatheredChange[];
  readonly #hosts: readonly ReviewedHost[];

  constructor(changes: readonly GatheredChange[], hosts: readonly ReviewedHost[]) {
    this.#changes = changes;
    this.#hosts = hosts;
  }

  isLeft(keeper: Keeper, removed: GatheredChange): boolean {
    const others = this.#changes.filter((one) => one !== removed && one.step.operation !== "forget");
    switch (keeper.kind) {
      case "domain":
        return this.#domainIsLeft(keeper, removed, others);
      case "volume":
        return this.#volumeIsLeft(keeper, removed, others);
      case "stoppedPool":
        // Whoever declares it starts it.
        return !others.some(({ step }) => step.kind === "StoragePool");
      default:
        return keeper satisfies never;
    }
  }

  #domainIsLeft(
    { uuid, name, running }: Keeper & { kind: "domain" },
    removed: GatheredChange,
    others: readonly GatheredChange[],
  ): boolean {
    // Going back to one may change the definition.
    if (others.some(({ step }) => step.kind === "Snapshot")) return false;
    const machines = others.filter((one) => one.step.kind === "VirtualMachine" && isOf(one, uuid, name));
    return machines.every((machine) => {
      if (machine.step.operation !== "update") return false;
      if (comesAfter(machine, removed)) return true;
      return running && isHarmless(machine);
    });
  }

  #volumeIsLeft(
    keeper: Keeper & { kind: "volume" },
    removed: GatheredChange,
    others: readonly GatheredChange[],
  ): boolean {
    const { host, pool, volume, marks } = keeper;
    const isKept = (step: Step) =>
      step.kind === "keepVolume" && step.host === host && step.pool === pool && step.volume === volume;
    if (others.some(({ removal }) => removal?.kind === "planned" && removal.steps.some(isKept))) return true;
    const before = others.filter((one) => !comesAfter(one, removed) && !isHarmless(one));
    return !before.some((one) => owns(one, marks)) && !this.#goesWithAnother(keeper, before);
  }

  /** Volumes may go along with a VM; those without a mark are nobody's, or what snapshots and images have made beside others. */
  #goesWithAnother({ host, path }: Keeper & { kind: "volume" }, others: readonly GatheredChange[]): boolean {
    if (others.some(({ step }) => step.kind === "Snapshot" || step.kind === "Image")) return true;
    const answer = this.#hosts.find(({ name }) => name === host)?.answer;
    if (answer?.kind !== "seen") return true;
    return answer.seen.domains.some(
      ({ uuid, name, hasSnapshots, liveXml = "", persistentXml = "" }) =>
        (hasSnapshots || liveXml.includes(path) || persistentXml.includes(path)) &&
        others.some((one) => isOf(one, uuid, name)),
    );
  }
}

/** A VM that is new to the state may be one that is on the host already. */
function isOf({ step, resource, inputs }: GatheredChange, uuid: string, name: string): boolean {
  if (step.operation === "create") return (inputs?.name ?? step.name) === name;
  return (resource?.id ?? step.old?.id) === uuid;
}

/** What is replaced goes before the program declares what depends on what comes in its place. */
function comesAfter({ step }: GatheredChange, { step: removed }: GatheredChange): boolean {
  return (
    removed.operation === "replace" &&
    step.operation === "update" &&
    step.dependsOn?.includes(removed.urn) === true
  );
}

/** A volume's mark may be of a name that its resource had before. */
function owns({ step, resource, inputs }: GatheredChange, marks: readonly VolumeMark[]): boolean {
  const urns = [step.urn, step.old?.inputs.pulumiUrn, resource?.inputs.pulumiUrn, inputs?.pulumiUrn];
  const hashes = urns.flatMap((urn) => {
    const identity = typeof urn === "string" ? identityOfUrn(urn) : undefined;
    return identity === undefined ? [] : [identityHash(identity)];
  });
  const nonces = [step.old?.outputs.nonce, resource?.outputs.nonce];
  return marks.some(({ identityHash: hash, nonce }) => hashes.includes(hash) || nonces.includes(nonce));
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
