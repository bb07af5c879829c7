import type { Bag } from "../bag.js";

/** A Disk resource, as inputs of a VM name it before the program does. */
export interface DiskReference {
  host: string;
  pool: string;
  name: string;
}

export function isDiskReference(value: unknown): value is DiskReference {
  return typeof value === "object" && value !== null && "host" in value && "pool" in value && "name" in value;
}

/** The pools, networks and disks that inputs name. */
export function references(inputs: Bag): {
  pools: ReadonlySet<string>;
  networks: ReadonlySet<string>;
  disks: readonly DiskReference[];
} {
  const pools = new Set<string>();
  const networks = new Set<string>();
  const disks: DiskReference[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === "object" && value !== null)
      for (const [key, inner] of Object.entries(value)) {
        if (key === "pool" && typeof inner === "string") pools.add(inner);
        if (key === "network" && typeof inner === "string") networks.add(inner);
        if (key === "disk" && isDiskReference(inner)) disks.push(inner);
        visit(inner);
      }
  };
  visit(inputs);
  return { pools, networks, disks };
}
