import type { PlanRecord } from "../../provider/engine/witness.js";
import { concealStep, inputOf } from "../../provider/planning/conceal.js";
import { describePlan } from "../../provider/planning/plan.js";
import { describeStep, type Step } from "../../provider/planning/step.js";
import type { GatheredChange } from "./gather.js";
import { guestsOf, type Impact, impactsOf, inOrder } from "./impact.js";
import type { ReviewedChange, ReviewedStep } from "./report.js";
import { MASK, secretKeysOfStep } from "./secret-inputs.js";

/** What a change comes to, with its steps still as the planner made them. */
export interface JudgedChange {
  change: ReviewedChange;
  /** In the order in which they are done: what goes, then what comes. */
  steps: Step[];
}

/** Pure. */
export function judge(
  gathered: GatheredChange,
  /** Whether a guest of a VM runs now. */
  isRunning: boolean | undefined,
  /** For what its removal would be refused. */
  refused: readonly string[] = [],
): JudgedChange {
  const { step, inputs, resource, records, removal, replacement } = gathered;
  const base = {
    ...{ urn: step.urn, kind: step.kind, name: step.name, operation: step.operation },
    hosts: hostNames(step.kind, inputs ?? resource?.inputs ?? step.inputs ?? step.old?.inputs ?? {}),
  };
  const secret = secretKeysOfStep(step, resource);
  const notes: string[] = [];
  const impacts: Impact[] = [];
  let reason: string | undefined;
  const untold = (impact: Impact, why: string) => {
    impacts.push(impact);
    reason ??= why;
  };

  const isRefused = refused.length > 0;
  const going: Step[] = removal?.kind === "planned" && !isRefused ? removal.steps : [];
  if (isRefused) untold("refused", refused.join("; "));
  if (removal !== undefined && removal.kind !== "planned")
    untold(removal.kind === "unreachable" ? "unreachable" : "unknown", removal.reason);
  if (step.isLeftOver === true)
    notes.push("a replacement that was cut off has left it to be deleted; no preview says so");
  const isGone = step.operation === "delete" || step.operation === "forget";
  if (step.leftBecause !== undefined)
    notes.push(`Pulumi deletes nothing of it on the host, for its option ${step.leftBecause}`);
  // What would come in place of what doesn't go doesn't come.
  const previewed = isGone || isRefused ? undefined : decisive(records);
  const record = isRefused ? undefined : (replacement ?? previewed);
  const coming: Step[] = record?.found.kind === "planned" ? record.found.plan.steps : [];
  const replaceBecause = [
    ...new Set([
      ...step.replaceBecause,
      ...records.flatMap(({ found }) => (found.kind === "planned" ? found.plan.replaceBecause : [])),
    ]),
  ];
  if (step.operation === "replace" && step.leftBecause === undefined && !isRefused) impacts.push("replace");
  if (!isGone && !isRefused) {
    if (record === undefined)
      untold(
        "unknown",
        "no plan of it was seen; the preview may have been made by another version of this package",
      );
    else if (record.found.kind === "unobservable")
      untold(record.found.hostName === undefined ? "unknown" : "unreachable", record.found.reason);
    else if (record.found.kind === "unknown") {
      const why = `${record.found.keys.join(", ")}: known only when other resources are there`;
      // Nobody is in what isn't there yet.
      if (step.operation === "create" && inputs?.adopt !== true) notes.push(why);
      else untold("unknown", why);
    } else {
      const { refusals, warnings } = record.found.plan;
      if (refusals.length > 0) untold("refused", refusals.map(({ message }) => message).join("; "));
      notes.push(...warnings);
      const now = previewed?.found.kind === "planned" ? describePlan(previewed.found.plan) : [];
      if (refusals.length === 0 && !isAsPreviewed(step.effects, now, secret))
        untold("unknown", disagreement(gathered, now, secret));
    }
  }

  const steps = [...going, ...coming].map((one) => concealStep(one, secret));
  // Nobody is at work in a guest that stands still from its start.
  const starts = steps.some(({ kind }) => kind === "start");
  const reviewed = steps.map(
    (one): ReviewedStep => ({
      ...{
        kind: one.kind,
        lines: describeStep(one),
        impacts: starts && one.kind === "pause" ? ["none"] : impactsOf(one),
        guests: guestsOf(one),
      },
    }),
  );
  impacts.push(...reviewed.flatMap((one) => one.impacts));
  const isMachine = step.kind === "VirtualMachine";
  const runs = isMachine ? isRunning : undefined;
  const xmlDiff = xmlDiffOf(record, notes);
  return {
    steps,
    change: {
      ...base,
      impacts: told(impacts),
      ...(runs === undefined ? {} : { runs }),
      steps: reviewed,
      ...{ replaceBecause, lost: steps.flatMap(lostBy), notes },
      ...(reason === undefined ? {} : { reason }),
      ...(xmlDiff === undefined ? {} : { xmlDiff }),
    },
  };
}

/** The next boot is that of a restart, and what nobody notices is worth a word only where it is all. */
function told(all: readonly Impact[]): Impact[] {
  const rest = inOrder(all).filter(
    (impact) => impact !== "none" && (impact !== "nextBoot" || !all.includes("restart")),
  );
  return rest.length === 0 ? ["none"] : rest;
}

/** The last check, of which the preview shows the lines; a diff where that found nothing to do, and knows of more. */
function decisive(records: readonly PlanRecord[]): PlanRecord | undefined {
  const check = records.findLast(({ call }) => call === "check");
  const diff = records.findLast(({ call }) => call === "diff");
  const isIdle =
    check?.found.kind === "planned" && check.found.plan.steps.length + check.found.plan.refusals.length === 0;
  return isIdle && diff?.found.kind === "planned" ? diff : check;
}

/** A secret property's value may be otherwise in one of them. */
function isAsPreviewed(
  effects: readonly string[] | undefined,
  now: readonly string[],
  secret: ReadonlySet<string>,
): boolean {
  if (effects === undefined || effects.length === 0) return true;
  const shown = (lines: readonly string[]) => lines.map((line) => withoutValue(line, secret)).join("\n");
  return shown(effects) === shown(now);
}

/** A line of the preview about a secret property says no more than which it is. */
function withoutValue(line: string, secret: ReadonlySet<string>): string {
  const key = inputOf(line);
  return secret.has(key) ? `${key} ${MASK}` : line;
}

function disagreement(
  { step, assumed }: GatheredChange,
  now: readonly string[],
  secret: ReadonlySet<string>,
): string {
  if (assumed.length > 0)
    return `${assumed.join(", ")}: secret, so that the preview that was given hides what is declared; let kvm run the preview, and it is known`;
  const lines = (list: readonly string[]) => list.map((line) => withoutValue(line, secret)).join("; ");
  return `the host has changed since the preview, which said: ${lines(step.effects ?? []) || "nothing"}; now it would be: ${lines(now) || "nothing"}; run it again`;
}

function lostBy(step: Step): ReviewedChange["lost"] {
  switch (step.kind) {
    case "deleteVolume":
      return [{ what: `disk ${step.volume} in pool ${step.pool}`, host: step.host, bytes: step.sizeBytes }];
    case "revertToSnapshot":
      return [{ what: `what ${step.machine} wrote since ${step.takenAt}`, host: step.host }];
    default:
      return [];
  }
}

/** Whoever made the plan has left out one that holds what can't be told from a secret. */
function xmlDiffOf(record: PlanRecord | undefined, notes: string[]): string | undefined {
  if (record?.found.kind !== "planned") return undefined;
  for (const text of record.found.explained) {
    const [, ...rest] = text.split("\n");
    if (rest[0]?.startsWith("@@")) return rest.join("\n");
    notes.push(text);
  }
  return undefined;
}

function hostNames(kind: string, inputs: Record<string, unknown>): string[] {
  if (kind === "Host") return typeof inputs.name === "string" ? [inputs.name] : [];
  if (typeof inputs.host === "string") return [inputs.host];
  return typeof inputs.hosts === "object" && inputs.hosts !== null ? Object.keys(inputs.hosts) : [];
}
