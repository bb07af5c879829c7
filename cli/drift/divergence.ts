import { formatBytes } from "../../provider/planning/quantity.js";
import { describeStep, type PropertyChange, type Step } from "../../provider/planning/step.js";
import type { FindingKind } from "./finding.js";

/** A step of a plan, seen as what it puts right. */
export interface Divergence {
  kind: Extract<FindingKind, "drifted" | "missing" | "interrupted">;
  host?: string | undefined;
  object?: string | undefined;
  property?: string | undefined;
  wanted?: string | undefined;
  found?: string | undefined;
  up: string[];
  reason?: string | undefined;
}

/** What a plan's step says is otherwise than declared. Steps that only follow from others say nothing. */
export function divergencesOf(step: Step): Divergence[] {
  const up = describeStep(step);
  const drifted = (property: string, found: string, wanted: string): Divergence => ({
    ...{ kind: "drifted", property, found, wanted, up },
    ...("host" in step ? { host: step.host } : {}),
  });
  const missing = (object: string, host?: string, reason?: string): Divergence => ({
    ...{ kind: "missing", object, up },
    ...(host === undefined ? {} : { host }),
    ...(reason === undefined ? {} : { reason }),
  });
  switch (step.kind) {
    case "record":
      return [{ kind: "drifted", property: "state", reason: step.reason, up }];
    case "recordOwner":
      return [drifted("owner mark", step.reason, "as recorded")];
    case "adopt":
      return [drifted("owner mark", "none", "ours")];
    case "definePool":
      return [missing(`storage pool ${step.subject}`, step.host, step.reason)];
    case "changePool":
    case "updateNetwork":
    case "restartNetwork":
    case "updateDefinition":
    case "changeRunning":
    case "restart":
      return step.changes.map((change, i) => ofChange(step, change, up, i));
    case "startPool":
      return [drifted("state", "stopped", "running")];
    case "setPoolAutostart":
    case "setNetworkAutostart":
    case "setAutostart":
      return [drifted("autostart", String(!step.to), String(step.to))];
    case "releasePool":
    case "releaseNetwork":
      return [drifted("hosts", `still on ${step.host}`, "not there")];
    case "createVolume":
      return [missing(`disk ${step.volume} in pool ${step.pool}`, step.host)];
    case "growVolume":
      return [
        {
          ...drifted("size", formatBytes(step.fromBytes), formatBytes(step.toBytes)),
          object: `disk ${step.volume}`,
        },
      ];
    case "forgetVolume":
      return [missing(`disk ${step.volume} in pool ${step.pool}`, step.host, "only its mark is left")];
    case "deleteVolume":
      return [
        {
          ...drifted("disks", "still there", "not declared"),
          object: `disk ${step.volume} in pool ${step.pool}`,
        },
      ];
    case "writeMedium":
      return [missing(`${step.title} ${step.volume} in pool ${step.pool}`, step.host, step.reason)];
    case "deleteMedium":
      return [
        {
          ...drifted("media", "still there", "not declared"),
          object: `${step.title} ${step.volume} in pool ${step.pool}`,
        },
      ];
    case "volumeMovesWithMachine":
      return [drifted("host", step.from, step.to)];
    case "moveVolume": {
      const place = ({ host, pool }: { host: string; pool: string }) => `pool ${pool} on ${host}`;
      return [
        {
          ...drifted("place", place(step.from), place(step.to)),
          object: `disk ${step.subject}`,
          host: step.from.host,
        },
      ];
    }
    case "settleVolumeMove":
      return [{ kind: "interrupted", object: `disk ${step.subject}`, host: step.from.host, up }];
    case "fetchImage":
      return step.hosts.map(({ host, reason }, i) => ({
        ...missing(`image ${step.subject} in pool ${step.pool}`, host, reason),
        up: up.slice(i, i + 1),
      }));
    case "useImage":
      return [drifted("owner mark", "none", "ours")];
    case "dropImage":
      return [drifted("content", step.reason, "not there")];
    case "createNetwork":
      return [missing(`network ${step.subject}`, step.host, step.reason)];
    case "startNetwork":
      return [drifted("state", "stopped", "running")];
    case "relinkMachines":
      return [drifted("links", `${step.machines.join(", ")} unplugged`, "plugged in")];
    case "settleMigration":
      return [{ kind: "interrupted", object: `migration ${step.from} -> ${step.to}`, host: step.from, up }];
    case "forgetAttempt":
      return [{ kind: "interrupted", object: `change of ${step.subject}`, host: step.host, up }];
    // What is to be done afterwards is what differs.
    case "endCrashed":
      return [];
    case "defineMachine":
      return [missing(`domain ${step.subject}`, step.host, step.reason)];
    case "makePersistent":
      return [drifted("definition", "none: it runs without one", "defined")];
    case "migrate":
    case "moveStopped":
      return [{ ...drifted("host", step.from, step.to), host: step.from }];
    case "renameMachine":
      return [drifted("name", step.from, step.to)];
    case "start":
    case "resume":
      return [drifted("powerState", asPowerState(step.reason), "running")];
    case "pause":
      return [drifted("powerState", "running", "paused")];
    case "shutdown":
      return [drifted("powerState", "running", "stopped")];
    case "keepVolume":
      return [
        {
          ...drifted("disks", "still there", "not declared"),
          object: `disk ${step.volume} in pool ${step.pool}`,
        },
      ];
    case "takeSnapshot":
      return [missing(`snapshot ${step.subject} of ${step.machine}`, step.host, step.reason)];
    case "describeSnapshot":
      return [drifted("description", "another one", "as declared")];
    case "revertToSnapshot":
      return [drifted("content", "of later", "of the snapshot")];
    case "waitForGuest":
      return [];
    case "removeMachine":
    case "removeSnapshot":
      // Only what is declared no longer is removed, and that is in no state.
      return [];
    default:
      return step satisfies never;
  }
}

/** What the planner gives as its reason, in the input's own words. */
function asPowerState(reason: string): string {
  return reason === "it is off" ? "stopped" : reason.replace(/^it (?:is|has) /, "");
}

/** Most of these steps have a line a change; those that restart something say it once for all. */
function ofChange(
  step: Step,
  { property, from, to }: PropertyChange,
  up: string[],
  index: number,
): Divergence {
  const isOneLine = step.kind === "changePool" || step.kind === "restartNetwork" || step.kind === "restart";
  return {
    ...{ kind: "drifted", property, found: from, wanted: to },
    ...("host" in step ? { host: step.host } : {}),
    up: isOneLine ? up : up.slice(index, index + 1),
  };
}
