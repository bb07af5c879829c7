import { isDeepStrictEqual } from "node:util";
import type { StateResource } from "../state/state.js";
import type { GatheredChange } from "./gather.js";
import type { ReviewedHost } from "./hosts.js";
import { type Impact, worstOf } from "./impact.js";
import type { MachineOutcome } from "./outcome.js";
import type { ReviewedChange, Topology, TopologyMachine, TopologyPlaced } from "./report.js";

type Bag = Record<string, unknown>;

interface Known {
  kind: string;
  name: string;
  before: Bag | undefined;
  after: Bag | undefined;
  impact: Impact;
  outcome: MachineOutcome | undefined;
  found: { host: string; runs: boolean } | undefined;
}

/** What the stack has where, before and after. Pure. */
export function topologyOf(
  hosts: readonly ReviewedHost[],
  resources: readonly StateResource[],
  changes: readonly {
    gathered: GatheredChange;
    change: ReviewedChange;
    outcome: MachineOutcome | undefined;
  }[],
  whereIs: (resource: StateResource) => { host: string; runs: boolean } | undefined,
): Topology {
  const changed = new Map(changes.map((one) => [one.change.urn, one]));
  const known: Known[] = [
    ...resources.map((resource): Known => {
      const one = changed.get(resource.urn);
      return {
        ...{ kind: resource.kind, name: resource.name, before: resource.inputs },
        after:
          one === undefined ? resource.inputs : (one.gathered.inputs ?? afterUnknown(one.change, resource)),
        impact: one === undefined ? "none" : worstOf(one.change.impacts),
        ...{ outcome: one?.outcome, found: whereIs(resource) },
      };
    }),
    ...changes
      .filter(({ gathered }) => gathered.resource === undefined)
      .map(({ gathered, change, outcome }): Known => {
        const { inputs, old } = gathered.step;
        return {
          ...{ kind: change.kind, name: change.name, before: old?.inputs, outcome, found: undefined },
          after: change.operation === "delete" ? undefined : (gathered.inputs ?? inputs ?? old?.inputs),
          impact: worstOf(change.impacts),
        };
      }),
  ];
  const of = (kind: string) => known.filter((one) => one.kind === kind);
  const names = [
    ...hosts.map(({ name }) => name),
    ...known.flatMap(({ before, after }) => [before, after].flatMap(hostsIn)),
  ];
  const placed = (kind: string) => of(kind).map(toPlaced);
  return {
    hosts: [...new Set(names)],
    machines: of("VirtualMachine").map(toMachine),
    ...{ networks: placed("Network"), pools: placed("StoragePool"), disks: placed("Disk") },
  };
}

/** What can't be told stays where it is. */
function afterUnknown({ operation, impacts }: ReviewedChange, { inputs }: StateResource): Bag | undefined {
  return operation === "delete" && !impacts.includes("refused") ? undefined : inputs;
}

function hostsIn(bag: Bag | undefined): string[] {
  if (typeof bag?.host === "string") return [bag.host];
  return typeof bag?.hosts === "object" && bag.hosts !== null ? Object.keys(bag.hosts) : [];
}

function toPlaced({ name, before, after, impact }: Known): TopologyPlaced {
  return { name, before: hostsIn(before), after: hostsIn(after), impact };
}

function toMachine({ name, before, after, impact, outcome, found }: Known): TopologyMachine {
  const was = outcome?.before?.host ?? found?.host ?? hostsIn(before)[0];
  const is = after === undefined ? undefined : (hostsIn(after)[0] ?? was);
  const runs = outcome?.before?.runs ?? found?.runs;
  return {
    name,
    ...(was === undefined ? {} : { before: was }),
    ...(is === undefined ? {} : { after: is }),
    ...(runs === undefined ? {} : { runs }),
    impact,
    ...partsIn(after ?? before),
    ...(before === undefined || isDeepStrictEqual(partsIn(before), partsIn(after ?? before))
      ? {}
      : { former: partsIn(before) }),
  };
}

function partsIn(bag: Bag | undefined): { disks: string[]; networks: string[] } {
  return { disks: disksIn(bag), networks: networksIn(bag) };
}

function disksIn(bag: Bag | undefined): string[] {
  const disks = Array.isArray(bag?.disks) ? (bag.disks as { pool?: string; disk?: { name?: string } }[]) : [];
  return disks.map(({ pool, disk }, i) => disk?.name ?? `${i}${pool === undefined ? "" : ` in ${pool}`}`);
}

function networksIn(bag: Bag | undefined): string[] {
  const nics = Array.isArray(bag?.interfaces)
    ? (bag.interfaces as { network?: string; bridge?: string; device?: string }[])
    : [];
  return [...new Set(nics.map(({ network, bridge, device }) => network ?? bridge ?? device ?? "other"))];
}
