import type { HostFacts } from "../../provider/hosts/facts.js";
import type { Host } from "../../provider/hosts/host.js";
import type { Connection, Credentials, HostRef } from "../../provider/hosts/host-ref.js";
import type { DomainRecord, VolumeRecord } from "../../provider/libvirt/index.js";

export interface PoolOnHost {
  name: string;
  active: boolean;
  capacityBytes: number;
  availableBytes: number;
  volumes: Pick<VolumeRecord, "name" | "capacityBytes" | "allocationBytes">[];
}

/** What a review reads of a host. */
export interface HostSeen {
  facts: Pick<HostFacts, "uuid" | "memoryBytes" | "cpus">;
  domains: DomainRecord[];
  pools: PoolOnHost[];
}

/** A host of a stack, and what came of asking it. */
export interface ReviewedHost {
  name: string;
  address: string;
  answer: { kind: "seen"; seen: HostSeen } | { kind: "silent"; reason: string };
}

/** In bulk, over the host's one connection; volumes only of pools of which the stack speaks. */
export async function readHost(host: Host, pools: ReadonlySet<string>): Promise<HostSeen> {
  const { observations } = host;
  const [facts, domains, records] = await Promise.all([
    observations.facts(),
    observations.domains(),
    observations.pools(),
  ]);
  const read = records
    .filter(({ name }) => pools.has(name))
    .map(async ({ name, active, capacityBytes, availableBytes }) => {
      const { volumes } = await observations.contents(name);
      return { name, active, capacityBytes, availableBytes, volumes };
    });
  return { facts, domains, pools: await Promise.all(read) };
}

type Bag = Record<string, unknown>;

/** The hosts that a resource's inputs name, with how to reach them. */
export function refsOf(kind: string, inputs: Bag): HostRef[] {
  const { name, host, connection, credentials, hosts } = inputs as {
    name?: string;
    host?: string;
    connection?: Connection;
    credentials?: Credentials | Record<string, Credentials>;
    hosts?: Record<string, Connection>;
  };
  if (typeof hosts === "object" && hosts !== null)
    return Object.entries(hosts).map(([each, to]) => ({
      ...{ name: each, connection: to },
      credentials: (credentials as Record<string, Credentials> | undefined)?.[each] ?? {},
    }));
  const called = kind === "Host" ? name : host;
  if (typeof called !== "string" || typeof connection !== "object") return [];
  return [{ name: called, connection, credentials: (credentials as Credentials | undefined) ?? {} }];
}

/** The names of the pools in which a resource has, or is to have, something. */
export function poolNamesOf(kind: string, inputs: Bag): string[] {
  const disks = Array.isArray(inputs.disks)
    ? (inputs.disks as { pool?: unknown; disk?: { pool?: unknown } }[])
    : [];
  return [
    kind === "StoragePool" ? inputs.name : inputs.pool,
    ...disks.flatMap((disk) => [disk?.pool, disk?.disk?.pool]),
  ].filter((name) => typeof name === "string");
}
