import { formatBytes } from "./quantity.js";

/** A property that a step changes. Values are texts for people, already free of secrets. */
export interface PropertyChange {
  property: string;
  from: string;
  to: string;
  /** What a running guest loses by it, as the end of the line that says so. */
  warning?: string;
}

/** A pool on a host. */
export interface VolumeLocation {
  host: string;
  pool: string;
}

/**
 * A step is data: printing a plan, reviewing it and applying it use the same value. Its `effect` is what it does to a guest:
 * - `live`: applied now, the guest keeps running
 * - `nextBoot`: saved, takes effect at the guest's next start
 * - `restart`: the guest is shut down and started
 * - `stop`: the guest stops, or is paused
 * - `migrate`: the guest moves to another host
 * - `none`: no guest notices
 */
export type Step =
  | { kind: "record"; subject: string; effect: "none"; reason: string }
  | { kind: "recordOwner"; subject: string; host?: string; effect: "none"; reason: string }
  | { kind: "adopt"; subject: string; host: string; effect: "none" }
  // storage pools
  | { kind: "definePool"; subject: string; host: string; effect: "none"; reason: string }
  | { kind: "changePool"; subject: string; host: string; changes: PropertyChange[]; effect: "none" }
  | { kind: "startPool"; subject: string; host: string; effect: "none"; reason: string }
  | { kind: "setPoolAutostart"; subject: string; host: string; to: boolean; effect: "none" }
  | { kind: "releasePool"; subject: string; host: string; effect: "none"; reason: string }
  // volumes
  | {
      kind: "createVolume";
      subject: string;
      host: string;
      pool: string;
      volume: string;
      sizeBytes: number;
      format: string;
      /** What it begins with. */
      image?: string | undefined;
      /** A file of this machine that it begins with. */
      source?: string | undefined;
      effect: "none";
    }
  | {
      kind: "growVolume";
      subject: string;
      host: string;
      pool: string;
      volume: string;
      fromBytes: number;
      toBytes: number;
      effect: "live" | "none";
    }
  | { kind: "forgetVolume"; subject: string; host: string; pool: string; volume: string; effect: "none" }
  | {
      kind: "deleteVolume";
      subject: string;
      host: string;
      pool: string;
      volume: string;
      sizeBytes: number;
      effect: "none";
    }
  | { kind: "keepVolume"; subject: string; host: string; pool: string; volume: string; effect: "none" }
  | {
      kind: "writeMedium";
      subject: string;
      host: string;
      pool: string;
      volume: string;
      title: string;
      sizeBytes: number;
      effect: "none";
      reason: string;
    }
  | {
      kind: "deleteMedium";
      subject: string;
      host: string;
      pool: string;
      volume: string;
      title: string;
      effect: "none";
    }
  | {
      kind: "volumeMovesWithMachine";
      subject: string;
      from: string;
      to: string;
      machine: string;
      effect: "none";
    }
  | {
      kind: "moveVolume";
      subject: string;
      from: VolumeLocation;
      to: VolumeLocation;
      /** The running virtual machine that goes over to the copy. */
      machine: string | undefined;
      effect: "live" | "none";
    }
  | {
      kind: "settleVolumeMove";
      subject: string;
      from: VolumeLocation;
      to: VolumeLocation | undefined;
      effect: "live" | "none";
    }
  // images
  | {
      kind: "fetchImage";
      subject: string;
      from: string;
      pool: string;
      /** Each with why it isn't there. */
      hosts: { host: string; reason: string }[];
      effect: "none";
    }
  | { kind: "useImage"; subject: string; pool: string; host: string; effect: "none" }
  | { kind: "dropImage"; subject: string; pool: string; host: string; reason: string; effect: "none" }
  // snapshots
  | {
      kind: "takeSnapshot";
      subject: string;
      machine: string;
      host: string;
      type: "internal" | "external";
      memory: boolean;
      quiesce: boolean;
      reason: string;
      effect: "live" | "stop";
    }
  | { kind: "describeSnapshot"; subject: string; machine: string; effect: "none" }
  | {
      kind: "revertToSnapshot";
      subject: string;
      machine: string;
      host: string;
      takenAt: string;
      /** The definition goes back too, as where libvirt itself takes the guest back. */
      isDefinitionToo: boolean;
      /** What a guest that runs feels: it goes on from a moment that it was in, or boots. One that is off comes back with its memory, or stays off. */
      guest: "rewound" | "rebooted" | "revived" | "off";
      effect: "restart" | "none";
    }
  | {
      kind: "removeSnapshot";
      subject: string;
      machine: string;
      host: string;
      /** Only its mark goes. */
      kept: boolean;
      /** What the guest wrote since is in files of its own; else in the disks as ever. */
      merges: boolean;
      effect: "live" | "none";
    }
  // networks
  | { kind: "createNetwork"; subject: string; host: string; effect: "none"; reason: string }
  | { kind: "startNetwork"; subject: string; host: string; effect: "none"; reason: string }
  | { kind: "setNetworkAutostart"; subject: string; host: string; to: boolean; effect: "none" }
  | {
      kind: "updateNetwork";
      subject: string;
      host: string;
      changes: PropertyChange[];
      effect: "live" | "none";
    }
  | {
      kind: "restartNetwork";
      subject: string;
      host: string;
      changes: PropertyChange[];
      machines: string[];
      /** What becomes of the machines' link meanwhile. */
      link: "cut" | "stays";
      effect: "live" | "none";
    }
  | {
      kind: "relinkMachines";
      subject: string;
      host: string;
      machines: string[];
      effect: "live";
    }
  | { kind: "releaseNetwork"; subject: string; host: string; effect: "none"; reason: string }
  // virtual machines
  | { kind: "settleMigration"; subject: string; from: string; to: string; effect: "live"; reason: string }
  | { kind: "defineMachine"; subject: string; host: string; effect: "none"; reason: string }
  | {
      kind: "removeMachine";
      subject: string;
      host: string;
      /** How a guest that runs is ended: for disks that outlive it, as a shutdown. */
      guest: "off" | "powerCut" | "shutDown";
      /** They go with it. */
      snapshots: string[];
      effect: "stop" | "none";
    }
  | { kind: "makePersistent"; subject: string; host: string; effect: "none" }
  | { kind: "forgetAttempt"; subject: string; host: string; effect: "none" }
  | { kind: "endCrashed"; subject: string; host: string; effect: "none" }
  | { kind: "migrate"; subject: string; from: string; to: string; copies: string[]; effect: "migrate" }
  | { kind: "moveStopped"; subject: string; from: string; to: string; copies: string[]; effect: "none" }
  | { kind: "renameMachine"; subject: string; from: string; to: string; effect: "none" }
  | { kind: "updateDefinition"; subject: string; changes: PropertyChange[]; effect: "nextBoot" | "none" }
  | {
      kind: "changeRunning";
      subject: string;
      changes: PropertyChange[];
      effect: "live";
      /** Its guest is shut down afterwards: what it doesn't let go of it has no longer then. */
      isEndedNext?: boolean;
    }
  | { kind: "setAutostart"; subject: string; to: boolean; effect: "live" | "none" }
  | {
      kind: "start";
      subject: string;
      effect: "none";
      reason: string;
      /** It goes on from its saved state, without these changes of its definition. */
      saved?: { lacks: PropertyChange[] };
    }
  | {
      kind: "waitForGuest";
      subject: string;
      goal: "running" | "agent" | "ipAddress" | "ssh";
      timeoutMs: number;
      effect: "none";
    }
  | { kind: "resume"; subject: string; effect: "live"; reason: string }
  | { kind: "pause"; subject: string; effect: "stop" }
  | { kind: "shutdown"; subject: string; force: boolean; effect: "stop" }
  | { kind: "restart"; subject: string; force: boolean; changes: PropertyChange[]; effect: "restart" };

const change = ({ property, from, to }: PropertyChange) => `${property} ${from} -> ${to}`;
const at = (step: { host: string }) => `on ${step.host}`;
const way = (from: VolumeLocation, to: VolumeLocation) =>
  from.host === to.host
    ? `from pool ${from.pool} to pool ${to.pool} ${at(from)}`
    : `${from.host} -> ${to.host}${from.pool === to.pool ? "" : ` (pool ${from.pool} -> ${to.pool})`}`;

/**
 * The lines that a preview shows for a step. They are compared between a saved plan and the `up` that applies it, so
 * they hold nothing that moves by itself, such as free memory.
 */
export function describeStep(step: Step): string[] {
  switch (step.kind) {
    case "record":
      return [`record ${step.reason}, no guest notices`];
    case "recordOwner":
      return [`record the owner of ${step.subject} (${step.reason}), no guest notices`];
    case "adopt":
      return [`take over ${step.subject} ${at(step)} as it is, no guest notices`];
    case "definePool":
      return [`create storage pool ${step.subject} ${at(step)} (${step.reason})`];
    case "changePool":
      return [`restart storage pool ${step.subject} ${at(step)} for ${step.changes.map(change).join(", ")}`];
    case "startPool":
      return [`start storage pool ${step.subject} ${at(step)} (${step.reason})`];
    case "setPoolAutostart":
      return [
        `${step.to ? "start" : "do not start"} storage pool ${step.subject} with its host, ${at(step)}`,
      ];
    case "releasePool":
      return [`remove storage pool ${step.subject} ${at(step)} (${step.reason})`];
    case "createVolume":
      return [
        `create disk ${step.volume} (${formatBytes(step.sizeBytes)}, ${step.format}) in pool ${step.pool} ${at(step)}${step.image === undefined ? "" : `, from image ${step.image}`}${step.source === undefined ? "" : `, with the content of ${step.source}`}`,
      ];
    case "growVolume":
      return [
        `disk ${step.volume} ${formatBytes(step.fromBytes)} -> ${formatBytes(step.toBytes)}${step.effect === "live" ? ", live" : ""}`,
      ];
    case "forgetVolume":
      return [`forget disk ${step.volume} in pool ${step.pool} ${at(step)}: it is gone, its mark is left`];
    case "keepVolume":
      return [`keep disk ${step.volume} in pool ${step.pool} ${at(step)}: it is nobody's from now on`];
    case "deleteVolume":
      return [
        `delete disk ${step.volume} (${formatBytes(step.sizeBytes)}) in pool ${step.pool} ${at(step)}: its data is lost`,
      ];
    case "writeMedium":
      return [
        `write ${step.title} ${step.volume} (${formatBytes(step.sizeBytes)}) in pool ${step.pool} ${at(step)} (${step.reason})`,
      ];
    case "deleteMedium":
      return [
        `delete ${step.title} ${step.volume} in pool ${step.pool} ${at(step)}: no guest has it any more`,
      ];
    case "volumeMovesWithMachine":
      return [`moves ${step.from} -> ${step.to} with virtual machine ${step.machine}`];
    case "moveVolume":
      return [
        `move disk ${step.subject} ${way(step.from, step.to)}${
          step.machine === undefined ? "" : `, live: ${step.machine} runs on`
        }`,
      ];
    case "settleVolumeMove":
      return [
        step.to === undefined
          ? `clear what an interrupted move of disk ${step.subject} noted ${at(step.from)}`
          : `settle the interrupted move of disk ${step.subject} ${way(step.from, step.to)}: one whole volume stays`,
      ];
    case "fetchImage":
      return step.hosts.map(
        ({ host, reason }) =>
          `fetch image ${step.subject} (${step.from}) into pool ${step.pool} on ${host} (${reason})`,
      );
    case "useImage":
      return [`use image ${step.subject}, which is in pool ${step.pool} ${at(step)} already`];
    case "dropImage":
      return [`remove image ${step.subject} from pool ${step.pool} ${at(step)} (${step.reason})`];
    case "takeSnapshot":
      return [
        `take snapshot ${step.subject} of ${step.machine} ${at(step)} (${step.reason}): ${taking(step)}`,
      ];
    case "describeSnapshot":
      return [`note the description of snapshot ${step.subject} of ${step.machine}, no guest notices`];
    case "revertToSnapshot":
      return [
        `revert ${step.machine} ${at(step)} to snapshot ${step.subject} of ${step.takenAt}: ${reverting[step.guest]}what ${
          step.isDefinitionToo ? `${withMemory(step.guest)}its disks and its definition` : "its disks"
        } got since is lost`,
      ];
    case "removeSnapshot":
      return [
        step.kept
          ? `keep snapshot ${step.subject} of ${step.machine} ${at(step)}: it is nobody's from now on`
          : `delete snapshot ${step.subject} of ${step.machine} ${at(step)}: ${
              step.merges
                ? "what was written since is merged into its disks"
                : "its disks stay as they are, and nothing goes back to it any more"
            }${step.effect === "live" ? ", live" : ""}`,
      ];
    case "createNetwork":
      return [`create network ${step.subject} ${at(step)} (${step.reason})`];
    case "startNetwork":
      return [`start network ${step.subject} ${at(step)} (${step.reason})`];
    case "setNetworkAutostart":
      return [`${step.to ? "start" : "do not start"} network ${step.subject} with its host, ${at(step)}`];
    case "updateNetwork":
      return step.changes.map((c) => `${change(c)}${step.effect === "live" ? ", live" : ""} ${at(step)}`);
    case "restartNetwork":
      return [
        `restart network ${step.subject} ${at(step)} for ${step.changes.map(change).join(", ")}${
          step.machines.length === 0
            ? ""
            : `: ${step.machines.join(", ")} ${linkWhile(step.link, step.machines.length)}`
        }`,
      ];
    case "relinkMachines":
      return [`plug ${step.machines.join(", ")} into network ${step.subject} again ${at(step)}, live`];
    case "releaseNetwork":
      return [`remove network ${step.subject} ${at(step)} (${step.reason})`];
    case "settleMigration":
      return [`settle the interrupted migration ${step.from} -> ${step.to}: ${step.reason}`];
    case "defineMachine":
      return [`create virtual machine ${step.subject} ${at(step)} (${step.reason})`];
    case "removeMachine":
      return [
        `remove virtual machine ${step.subject} ${at(step)}${ending[step.guest]}${step.snapshots.length === 0 ? "" : `; its snapshots go with it: ${step.snapshots.join(", ")}`}`,
      ];
    case "makePersistent":
      return [`define ${step.subject} ${at(step)} again (it runs without a definition), no guest notices`];
    case "forgetAttempt":
      return [`note ${at(step)} that the change is complete, no guest notices`];
    case "endCrashed":
      return [
        `end what is left of the guest ${at(step)}, which has crashed (onCrash "preserve"): what could be looked at of it is lost`,
      ];
    case "migrate":
      return [`migrate ${step.from} -> ${step.to}, live${copied(step.copies)}`];
    case "moveStopped":
      return [`move ${step.from} -> ${step.to} while off${copied(step.copies)}`];
    case "renameMachine":
      return [`rename ${step.from} -> ${step.to}`];
    case "updateDefinition":
      return step.changes.map((c) => `${change(c)}${step.effect === "nextBoot" ? ", at the next boot" : ""}`);
    case "changeRunning":
      return step.changes.map((c) => `${change(c)}, live${c.warning === undefined ? "" : `: ${c.warning}`}`);
    case "setAutostart":
      return [`autostart ${!step.to} -> ${step.to}${step.effect === "live" ? ", live" : ""}`];
    case "start":
      return [
        `start (${step.reason})${step.saved === undefined ? "" : ` from its saved state${lacking(step.saved)}`}`,
      ];
    case "waitForGuest":
      return [`wait for ${describeGoal(step.goal)}, at most ${step.timeoutMs / 1000} s`];
    case "resume":
      return [`resume (${step.reason})`];
    case "pause":
      return ["pause: the guest stands still"];
    case "shutdown":
      return [`shut down the guest${forced(step.force)}`];
    case "restart":
      return [`restart the guest for ${step.changes.map(change).join(", ")}${forced(step.force)}`];
    default:
      return step satisfies never;
  }
}

const ending = {
  off: "",
  powerCut: ": the power of its running guest is cut",
  shutDown: ": its running guest is shut down, or its power cut if it takes too long",
};

const lacking = ({ lacks }: { lacks: PropertyChange[] }) =>
  lacks.length === 0 ? "" : `, until its next boot without ${lacks.map(change).join(", ")}`;

const reverting = {
  rewound: "the running guest is back in that moment at once; ",
  rebooted: "the running guest's power is cut and it boots; ",
  revived: "the guest, which is off, is back in that moment; ",
  off: "",
};

const withMemory = (guest: keyof typeof reverting) =>
  guest === "rewound" || guest === "revived" ? "its memory, " : "";

/** As in "waits for ...". */
export function describeGoal(goal: Extract<Step, { kind: "waitForGuest" }>["goal"]): string {
  switch (goal) {
    case "running":
      return "the guest to run";
    case "agent":
      return "the guest's agent";
    case "ipAddress":
      return "the guest's address";
    case "ssh":
      return "the guest's SSH server";
    default:
      return goal satisfies never;
  }
}

/** Whether the guest runs isn't said: a preview may come before there is one. */
function taking({ type, memory, quiesce }: Extract<Step, { kind: "takeSnapshot" }>): string {
  if (type === "internal")
    return "internal, with the memory of a guest that runs, which stands still while that is written";
  const more = memory ? ", with its memory" : quiesce ? ", its file systems quiesced" : "";
  return `external${more}; the guest runs on`;
}

const copied = (disks: string[]) => (disks.length === 0 ? "" : `, copying ${disks.join(", ")}`);
function linkWhile(link: "cut" | "stays", machineCount: number): string {
  const isOne = machineCount === 1;
  if (link === "cut") return `${isOne ? "loses" : "lose"} the link for some seconds`;
  return isOne ? "goes over to it as it runs" : "go over to it as they run";
}
const forced = (force: boolean) => (force ? ", cutting its power if it does not shut down in time" : "");

/** Effects that a guest feels, or that lose data: they are applied only when the preview announced them. */
export function mustBeAnnounced(step: Step): boolean {
  switch (step.effect) {
    case "restart":
    case "stop":
    case "migrate":
      return true;
    case "live":
      return step.kind === "restartNetwork" || step.kind === "changeRunning";
    case "nextBoot":
      return false;
    case "none":
      return ["deleteVolume", "endCrashed", "moveStopped", "revertToSnapshot"].includes(step.kind);
    default:
      return step satisfies never;
  }
}

/** What of a step that must be announced no preview has said. */
export function unannounced(step: Step, announced: readonly string[]): string[] {
  if (!mustBeAnnounced(step)) return [];
  const said = new Set(announced.map(withoutPresentMemory));
  return describeStep(step).filter((line) => !said.has(withoutPresentMemory(line)));
}

/** A guest that boots moves its balloon, so that it has other memory now than a moment ago: what it comes to is what counts. */
function withoutPresentMemory(line: string): string {
  return line.replace(/^memory .*?(?= -> .*, live)/, "memory");
}

/** After these the object is elsewhere, or its state was decided only by the step: what follows is planned anew. */
export function needsAnotherLook(step: Step, next: Step | undefined): boolean {
  // Nothing was done on the host: whoever looked again would find the same to do, and never get beyond it.
  if (step.kind === "record") return false;
  // Long enough for the host to be lost meanwhile: what is there by then is what goes on record.
  if (next?.kind === "waitForGuest") return true;
  switch (step.kind) {
    case "moveVolume":
      // Several disks move one after the other.
      return next?.kind !== "moveVolume";
    case "start":
    case "resume":
      return next?.kind === "changeRunning" || next?.kind === "restart";
    case "recordOwner":
      // What it marks moves along.
      return next?.kind === "migrate" || next?.kind === "moveStopped";
    case "settleVolumeMove":
    case "settleMigration":
    case "makePersistent":
    case "endCrashed":
    case "migrate":
    case "moveStopped":
      return true;
    default:
      return false;
  }
}
