import { createHash } from "node:crypto";
import type { Inspection } from "../../provider/engine/inspection.js";
import { concealChange, concealStep } from "../../provider/planning/conceal.js";
import { describePlan } from "../../provider/planning/plan.js";
import type { Step } from "../../provider/planning/step.js";
import type { StateResource } from "../state/state.js";
import { type Divergence, divergencesOf } from "./divergence.js";
import type { Effect, Finding } from "./finding.js";

export type NewFinding = Omit<Finding, "id">;

/** What has become of one resource. */
export interface Judged {
  status: "same" | "drifted" | "missing" | "unreachable" | "unreadable";
  findings: Finding[];
}

/** What an inspection means, in words that hold nothing of the resource's secret properties. Pure. */
export function judge(resource: StateResource, inspection: Inspection): Judged {
  const about = { resource: { urn: resource.urn, kind: resource.kind, name: resource.name } };
  const hosts = hostNamesOf(resource);
  const home = hosts.length === 1 ? { host: hosts[0] as string } : {};
  if (inspection.kind === "unreachable") {
    const { hostName: host, reason } = inspection;
    return {
      status: "unreachable",
      findings: [identified({ kind: "unreachable", ...about, host, up: [], reason })],
    };
  }
  if (inspection.kind === "unreadable") {
    const { reason } = inspection;
    return {
      status: "unreadable",
      findings: [identified({ kind: "unreadable", ...about, ...home, up: [], reason })],
    };
  }
  // Its successor has another mark, by which it would be taken for somebody else's.
  if (resource.awaitsReplacement === true) {
    const reason = "it was deleted for a replacement, which was cut off";
    const up = ["make it anew, or go on with what there is of the new one"];
    return {
      status: "missing",
      findings: [identified({ kind: "missing", ...about, ...home, up, effect: "none", reason })],
    };
  }
  const { exists, circumstances } = inspection;
  const plan = {
    ...inspection.plan,
    steps: inspection.plan.steps.map((step) => concealStep(step, resource.secretKeys)),
  };
  const findings: NewFinding[] = [];
  const { refusals, replaceBecause } = plan;
  const isRefused = refusals.length > 0;
  if (!exists && plan.steps.length > 0) {
    // What is refused says itself that it is missing.
    if (!isRefused)
      findings.push({ kind: "missing", ...about, ...home, up: describePlan(plan), effect: "none" });
  } else {
    for (const property of replaceBecause)
      findings.push({
        kind: "drifted",
        ...about,
        ...home,
        property,
        up: describePlan(plan),
        effect: "replace",
      });
    for (const step of withoutForeseenMove(plan.steps))
      for (const divergence of divergencesOf(step)) {
        const found = toFinding(divergence, step.effect, { ...about, ...home });
        const isPower = found.property === "powerState";
        const before = isPower ? findings.find(({ property }) => property === "powerState") : undefined;
        if (before === undefined) findings.push(found);
        else addPowerStep(before, found);
      }
    // One refusal, and nothing of the resource is done.
    if (isRefused) for (const found of findings) Object.assign(found, { up: [], effect: "refused" });
  }
  for (const { message } of refusals)
    findings.push({
      kind: exists ? "drifted" : "missing",
      ...about,
      ...home,
      up: [],
      effect: "refused",
      reason: message,
    });
  for (const error of exists ? resource.initErrors : [])
    findings.push({
      ...{ kind: "drifted", ...about, ...home, property: "state", up: ["update again"] },
      reason: `its last update failed: ${error}`,
    });
  const isDrifted = findings.length > 0;
  for (const circumstance of circumstances) {
    const { host } = circumstance;
    if (circumstance.kind === "pendingRestart") {
      for (const { property, from, to } of circumstance.changes.map((change) =>
        concealChange(change, resource.secretKeys),
      )) {
        // Of what is put right anyway nothing waits afterwards.
        if (findings.some((found) => found.kind === "drifted" && found.property === property)) continue;
        findings.push({
          ...{
            kind: "pendingRestart",
            ...about,
            host,
            property,
            found: from,
            wanted: to,
            up: [],
            effect: "nextBoot",
          },
          reason: "the running guest has it after its next start",
        });
      }
      continue;
    }
    const told = findings.find(({ property }) => property === "powerState");
    if (told !== undefined) told.kind = "pausedByIoError";
    else findings.push({ kind: "pausedByIoError", ...about, host, property: "powerState", up: [] });
  }
  const status = !exists ? "missing" : isDrifted ? "drifted" : "same";
  return { status, findings: findings.map(identified) };
}

/** Where a guest is whose migration was interrupted only settling that tells: a move that might follow is nothing that was found. */
function withoutForeseenMove(steps: readonly Step[]): readonly Step[] {
  if (!steps.some(({ kind }) => kind === "settleMigration")) return steps;
  return steps.filter(({ kind }) => kind !== "migrate" && kind !== "moveStopped");
}

/** What is to be paused and is off is started first: it was found off, and wanted paused. Nobody is at work in it until then. */
function addPowerStep(before: NewFinding, { wanted, up, effect = "none" }: NewFinding): void {
  if (before.found !== "stopped") before.effect = effect;
  before.wanted = wanted;
  before.up = [...before.up, ...up];
}

function toFinding(
  divergence: Divergence,
  effect: Effect,
  base: Pick<Finding, "resource" | "host">,
): NewFinding {
  return { ...base, ...withoutAbsent(divergence), effect };
}

function withoutAbsent<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;
}

/** What changes from one run to the next without anything having happened counts for nothing in the id. */
export function identified(found: NewFinding): Finding {
  const { kind, resource, host, object, property, wanted } = found;
  const value = kind === "poolNearlyFull" || kind === "unreachable" ? undefined : found.found;
  const reason = kind === "drifted" && property === undefined ? found.reason : undefined;
  const what = [kind, resource?.urn, host, object, property, wanted, value, reason].map(
    (part) => part ?? null,
  );
  const id = createHash("sha256").update(JSON.stringify(what)).digest("hex").slice(0, 16);
  return { id, ...found };
}

/** The names of the hosts that a resource is declared on. */
export function hostNamesOf({ kind, inputs }: Pick<StateResource, "kind" | "inputs">): string[] {
  if (kind === "Host") return typeof inputs.name === "string" ? [inputs.name] : [];
  if (typeof inputs.host === "string") return [inputs.host];
  return typeof inputs.hosts === "object" && inputs.hosts !== null ? Object.keys(inputs.hosts) : [];
}
