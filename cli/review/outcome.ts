import type { Step } from "../../provider/planning/step.js";
import type { JudgedChange } from "./change.js";
import type { GatheredChange } from "./gather.js";
import type { FoundMachine } from "./machines.js";

/** A guest as far as it takes room. */
export interface MachineRoom {
  host: string;
  runs: boolean;
  memoryBytes: number;
  cpus: number;
}

/** Where a VM is and what it takes there, before a change and after it. */
export interface MachineOutcome {
  before: FoundMachine | undefined;
  after: MachineRoom | undefined;
}

interface MachineInputs {
  host?: string;
  cpus?: number;
  memory?: number;
  maxMemory?: number;
  memoryHotplug?: unknown;
}

/** Pure. What waits for a guest's next boot doesn't count. */
export function outcomeOf(
  { step, inputs }: GatheredChange,
  { steps, change }: JudgedChange,
  before: FoundMachine | undefined,
): MachineOutcome {
  if (step.operation === "delete") return { before, after: undefined };
  if (step.operation === "forget" || inputs === undefined || change.reason !== undefined)
    return { before, after: before === undefined ? undefined : roomOf(before) };
  const wanted = inputs as MachineInputs;
  const isReplaced = step.operation === "replace";
  const has = (...kinds: Step["kind"][]) => steps.some(({ kind }) => kinds.includes(kind));
  const runs = has("shutdown")
    ? false
    : has("start", "restart") || (!isReplaced && before?.runs === true && !has("removeMachine"));
  const isMadeAnew = before === undefined || isReplaced || has("start", "restart");
  const changed = (property: string) =>
    steps.some(
      (one) => one.kind === "changeRunning" && one.changes.some((change) => change.property === property),
    );
  const wantedBytes =
    wanted.memoryHotplug === undefined ? (wanted.maxMemory ?? wanted.memory ?? 0) : (wanted.memory ?? 0);
  return {
    before,
    after: {
      ...{ host: wanted.host ?? before?.host ?? "", runs },
      memoryBytes:
        isMadeAnew || (changed("memory") && wanted.memoryHotplug !== undefined)
          ? wantedBytes
          : before.memoryBytes,
      cpus: isMadeAnew || changed("cpus") ? (wanted.cpus ?? 1) : before.cpus,
    },
  };
}

function roomOf({ host, runs, memoryBytes, cpus }: FoundMachine): MachineRoom {
  return { host, runs, memoryBytes, cpus };
}
