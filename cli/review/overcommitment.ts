import type { HostRoom } from "./report.js";
import { roughly } from "./sizes.js";

/** What the change promises that hosts don't have: memory to guests that run, and room to disks, which grow as they are written. */
export function overcommitments(hosts: readonly HostRoom[]): string[] {
  return hosts.flatMap(({ name, memory, pools }) => [
    ...(memory !== undefined && memory.after > memory.before && memory.after > memory.totalBytes
      ? [
          `Warning: more memory than ${name} has: running guests may claim ${roughly(memory.after)} of ${roughly(memory.totalBytes)} (${roughly(memory.before)} before).`,
        ]
      : []),
    ...pools
      .filter(({ before, after }) => after < before && after < 0)
      .map(
        (pool) =>
          `Warning: more disks than pool ${pool.name} on ${name} has room for: ${roughly(pool.before)} of ${roughly(pool.capacityBytes)} are free, and those that are made or grow need ${roughly(pool.before - pool.after)} when they are full.`,
      ),
  ]);
}
