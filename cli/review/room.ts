import type { Step } from "../../provider/planning/step.js";
import type { ReviewedHost } from "./hosts.js";
import type { FoundMachine } from "./machines.js";
import type { MachineOutcome } from "./outcome.js";
import type { HostRoom } from "./report.js";

/** What each host has to give, before and after. Pure. */
export function roomOn(
  hosts: readonly ReviewedHost[],
  machines: ReadonlyMap<string, FoundMachine>,
  outcomes: readonly MachineOutcome[],
  steps: readonly Step[],
): HostRoom[] {
  return hosts.map(({ name, address, answer }): HostRoom => {
    if (answer.kind === "silent")
      return { name, address, status: "unreachable", reason: answer.reason, pools: [] };
    const { facts, pools } = answer.seen;
    const running = [...machines.values()].filter(({ host, runs }) => host === name && runs);
    const leaving = outcomes.filter(({ before }) => before?.host === name && before.runs);
    const coming = outcomes.filter(({ after }) => after?.host === name && after.runs);
    const beforeAfter = (of: (machine: { memoryBytes: number; cpus: number }) => number) => {
      const sum = (list: readonly { memoryBytes: number; cpus: number }[]) =>
        list.reduce((total, machine) => total + of(machine), 0);
      const before = sum(running);
      const went = sum(leaving.map(({ before: was }) => was as FoundMachine));
      const came = sum(coming.map(({ after }) => after as { memoryBytes: number; cpus: number }));
      return { before, after: before - went + came };
    };
    return {
      ...{ name, address, status: "reached" },
      memory: { ...beforeAfter(({ memoryBytes }) => memoryBytes), totalBytes: facts.memoryBytes },
      cpus: { ...beforeAfter(({ cpus }) => cpus), total: facts.cpus },
      guests: beforeAfter(() => 1),
      pools: pools
        .filter(({ active }) => active)
        .sort((one, other) => (one.name < other.name ? -1 : 1))
        .map((pool) => ({
          ...{ name: pool.name, capacityBytes: pool.capacityBytes, before: pool.availableBytes },
          after:
            pool.availableBytes - steps.reduce((sum, step) => sum + taken(step, name, pool.name, hosts), 0),
        })),
    };
  });
}

/** Bytes that a step takes of a pool; fewer than none where it gives some back. */
function taken(step: Step, host: string, pool: string, hosts: readonly ReviewedHost[]): number {
  const isHere = "host" in step && step.host === host && "pool" in step && step.pool === pool;
  switch (step.kind) {
    case "createVolume":
    case "writeMedium":
      return isHere ? step.sizeBytes : 0;
    case "growVolume":
      return isHere ? step.toBytes - step.fromBytes : 0;
    case "deleteVolume":
    case "deleteMedium":
      return isHere ? -(allocationOf(hosts, host, pool, step.volume) ?? 0) : 0;
    case "migrate":
    case "moveStopped": {
      if (step.from !== host && step.to !== host) return 0;
      const sum = step.copies.reduce(
        (total, volume) => total + (allocationOf(hosts, step.from, pool, volume) ?? 0),
        0,
      );
      return step.to === host ? sum : -sum;
    }
    case "moveVolume": {
      const bytes = allocationOf(hosts, step.from.host, step.from.pool, step.subject) ?? 0;
      const isFrom = step.from.host === host && step.from.pool === pool;
      const isTo = step.to.host === host && step.to.pool === pool;
      return (isTo ? bytes : 0) - (isFrom ? bytes : 0);
    }
    default:
      return 0;
  }
}

/** Undefined when no such volume was seen. */
export function allocationOf(
  hosts: readonly ReviewedHost[],
  host: string,
  pool: string | undefined,
  volume: string,
): number | undefined {
  const answer = hosts.find(({ name }) => name === host)?.answer;
  if (answer?.kind !== "seen") return undefined;
  return answer.seen.pools
    .filter(({ name }) => pool === undefined || name === pool)
    .flatMap(({ volumes }) => volumes)
    .find(({ name }) => name === volume)?.allocationBytes;
}
