import type { Step } from "../../provider/planning/step.js";

/** What can't be undone, or what people at work in a guest notice. */
const felt = ["deleteData", "replace", "restart", "stop", "pause", "disconnect", "detach"] as const;
/** It can't be told what happens. */
const untold = ["refused", "unreachable", "unknown"] as const;

/** What a change does, the worst first. */
export const impacts = [...felt, "delete", ...untold, "migrate", "live", "nextBoot", "none"] as const;
export type Impact = (typeof impacts)[number];

export function isFelt(impact: Impact): boolean {
  return felt.some((one) => one === impact);
}

export function isUntold(impact: Impact): boolean {
  return untold.some((one) => one === impact);
}

/** As `--fail-on` has it. */
export function nameOf(impact: Impact): string {
  return impact.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export function worstOf(all: readonly Impact[]): Impact {
  return impacts.find((impact) => all.includes(impact)) ?? "none";
}

export function inOrder(all: readonly Impact[]): Impact[] {
  return impacts.filter((impact) => all.includes(impact));
}

/** A step's own `effect`, and what it means beside that for data and for other machines. */
export function impactsOf(step: Step): Impact[] {
  switch (step.kind) {
    case "deleteVolume":
      return ["deleteData"];
    case "revertToSnapshot":
      return step.effect === "none" ? ["deleteData"] : ["deleteData", "restart"];
    case "removeMachine":
      return step.effect === "none" ? ["delete"] : ["delete", "stop"];
    case "releasePool":
    case "releaseNetwork":
      return ["delete"];
    case "pause":
      return ["pause"];
    case "takeSnapshot":
      // It stands still while its memory is written.
      return [step.effect === "stop" ? "pause" : step.effect];
    case "restartNetwork":
      if (step.machines.length === 0) return ["none"];
      return [step.link === "cut" ? "disconnect" : "live"];
    case "changeRunning":
      return step.changes.some(({ warning }) => warning !== undefined) ? ["detach", "live"] : ["live"];
    default:
      return [step.effect];
  }
}

/** The guests that feel a step, beside that of the resource itself. */
export function guestsOf(step: Step): string[] {
  switch (step.kind) {
    case "restartNetwork":
    case "relinkMachines":
      return step.machines;
    case "takeSnapshot":
    case "revertToSnapshot":
    case "removeSnapshot":
      return [step.machine];
    case "moveVolume":
      return step.machine === undefined ? [] : [step.machine];
    default:
      return [];
  }
}

/** For labels; what it means is in `impactMeaning`. */
export function impactLabel(impact: Impact): string {
  switch (impact) {
    case "deleteData":
      return "deletes data";
    case "replace":
      return "replaces";
    case "restart":
      return "restarts";
    case "stop":
      return "stops";
    case "pause":
      return "pauses";
    case "disconnect":
      return "loses its link";
    case "detach":
      return "loses a device";
    case "delete":
      return "removes";
    case "refused":
      return "refused";
    case "unreachable":
      return "host silent";
    case "unknown":
      return "not known";
    case "migrate":
      return "migrates";
    case "live":
      return "live";
    case "nextBoot":
      return "next boot";
    case "none":
      return "unnoticed";
    default:
      return impact satisfies never;
  }
}
