import type { DomainRecord } from "../../libvirt/index.js";
import type { PropertyChange, Step } from "../../planning/step.js";
import { isActive, type ObservedDomain, sleeps } from "./observed.js";
import type { Inputs } from "./schema.js";

/** From the state it is in to the one that is declared, by way of a restart where changes wait for one and may have it. */
export function powerSteps(
  inputs: Inputs,
  domain: ObservedDomain | undefined,
  waiting: PropertyChange[],
  /** How a guest that goes on with a saved state differs from what it should be. */
  saved?: { live: PropertyChange[]; waiting: PropertyChange[] },
): Step[] {
  const subject = inputs.name;
  const force = inputs.forceStop ?? false;
  const wanted = inputs.powerState ?? "running";
  const steps: Step[] = [];
  if (domain === undefined || !isActive(domain)) {
    if (wanted === "stopped" || isLeftOff(inputs, domain)) return steps;
    const reason = domain === undefined ? "new" : `it ${hasCrashed(domain) ? "has crashed" : "is off"}`;
    if (saved === undefined) steps.push({ kind: "start", subject, effect: "none", reason });
    else {
      const restarts = saved.waiting.length > 0 && mayRestart(inputs);
      const lacks = restarts ? [] : saved.waiting;
      steps.push({ kind: "start", subject, effect: "none", reason, saved: { lacks } });
      if (saved.live.length > 0)
        steps.push({ kind: "changeRunning", subject, changes: saved.live, effect: "live" });
      if (restarts)
        steps.push({ kind: "restart", subject, force, changes: saved.waiting, effect: "restart" });
    }
    if (wanted === "paused") steps.push({ kind: "pause", subject, effect: "stop" });
    return steps;
  }
  if (wanted === "stopped") return [{ kind: "shutdown", subject, force, effect: "stop" }];
  const paused = domain.record.state === "paused";
  if (isToWake(inputs, domain)) steps.push(wakeStep(subject));
  if (wanted === "paused") {
    if (!paused) steps.push({ kind: "pause", subject, effect: "stop" });
    return steps;
  }
  if (paused) {
    const why = domain.record.reasonName;
    steps.push({
      kind: "resume",
      subject,
      effect: "live",
      reason: `it is paused${why === undefined ? "" : `, ${why}`}`,
    });
  }
  if (waiting.length > 0 && mayRestart(inputs))
    steps.push({ kind: "restart", subject, force, changes: waiting, effect: "restart" });
  return steps;
}

/** Whether it is had to go on before anything else: not where what a guest does to itself is left to it. */
export function isToWake(
  { onGuestShutdown, powerState = "running" }: Inputs,
  domain: ObservedDomain,
): boolean {
  return sleeps(domain) && (powerState !== "running" || onGuestShutdown !== "leave");
}

export function wakeStep(subject: string): Step {
  return {
    kind: "resume",
    subject,
    effect: "live",
    reason: "it is asleep: its guest has suspended it to RAM",
  };
}

/** Where changes wait for a restart they are given one. */
export function mayRestart({ restartPolicy, powerState = "running" }: Inputs): boolean {
  return restartPolicy === "whenNeeded" && powerState === "running";
}

/** Whether it stays off: not where a deployment had asked it to, in order to start it again, and was cut off. */
function isLeftOff(inputs: Inputs, domain: ObservedDomain | undefined): boolean {
  return domain !== undefined && domain.awaited !== true && isToStayOff(inputs, domain.record);
}

/** Its guest, or whoever asked its guest to, has shut it down. A crash, a power cut and a host that went down have other reasons. */
export function isToStayOff(
  { onGuestShutdown }: Inputs,
  { reasonName }: Pick<DomainRecord, "reasonName">,
): boolean {
  return onGuestShutdown === "leave" && reasonName === "shutdown";
}

/** QEMU's own end leaves the domain off, a guest's panic may leave it in a state of its own. */
function hasCrashed({ record }: ObservedDomain): boolean {
  return record.state === "crashed" || record.reasonName === "crashed";
}
