import type { SecretTexts } from "../../provider/planning/secret-texts.js";
import { EXIT, type ExitCode } from "../exit-code.js";
import { judge } from "./change.js";
import type { Gathered, GatheredChange } from "./gather.js";
import { type Impact, impacts, isFelt, isUntold, worstOf } from "./impact.js";
import { machinesOn } from "./machines.js";
import { moveOf } from "./move.js";
import { outcomeOf } from "./outcome.js";
import { refusedRemovals } from "./refused-removals.js";
import { type ReviewedChange, type ReviewReport, SCHEMA_VERSION } from "./report.js";
import { roomOn } from "./room.js";
import { topologyOf } from "./topology.js";
import { verdictOf } from "./verdict.js";

export interface ReviewOptions {
  at: Date;
  failOn: ReadonlySet<Impact>;
  /** What the network between hosts carries, for expected times. */
  bandwidthMibPerSecond: number;
  secrets: SecretTexts;
}

/** From what was gathered to what is said of it. Pure. */
export function makeReport(gathered: Gathered, options: ReviewOptions): ReviewReport {
  const { preview, state, hosts } = gathered;
  const machines = machinesOn(hosts);
  const refused = refusedRemovals(gathered.changes, hosts);
  const judged = gathered.changes.map((one) => {
    const found = machines.get(one.resource?.id ?? one.step.old?.id ?? "");
    const made = judge(one, found?.runs, refused.get(one));
    const isMachine = made.change.kind === "VirtualMachine";
    const outcome = isMachine ? outcomeOf(one, made, found) : undefined;
    return { gathered: one, ...made, outcome };
  });
  const outcomes = judged.flatMap(({ outcome }) => outcome ?? []);
  const rooms = roomOn(
    hosts,
    machines,
    outcomes,
    judged.flatMap(({ steps }) => steps),
  );
  const changes = judged.map((one) => {
    const move = moveOf(
      one.steps,
      one.outcome?.before,
      hosts,
      rooms,
      bandwidthOf(one.gathered, options),
      lastMoveOf(one.gathered),
    );
    return { ...one, change: move === undefined ? one.change : { ...one.change, move } };
  });
  // Another may have its URN.
  const lasting = changes.filter(({ gathered: { step } }) => step.isLeftOver !== true);
  const topology = topologyOf(hosts, state?.resources ?? [], lasting, ({ id }) => machines.get(id));
  const conceal = (text: string) => options.secrets.conceal(text);
  const listed = changes.map(({ change }) => change).sort(byImpact);
  const all = new Set(listed.flatMap((change) => change.impacts));
  const failed = impacts.filter((impact) => options.failOn.has(impact) && all.has(impact));
  const isUncertain = preview.errors.length > 0 || [...all].some(isUntold);
  const exitCode: ExitCode = failed.length > 0 ? EXIT.found : isUncertain ? EXIT.incomplete : EXIT.fine;
  const changed = new Set(lasting.map(({ change }) => change.urn));
  return concealed(
    {
      schema: "pulumi-kvm/review",
      version: SCHEMA_VERSION,
      at: options.at.toISOString(),
      project: preview.project || (state?.project ?? ""),
      stack: preview.stack || (state?.stack ?? ""),
      outcome: [...all].some(isFelt) ? "noticed" : isUncertain ? "uncertain" : "unnoticed",
      verdict: verdictOf(listed, preview.errors, rooms),
      exitCode,
      failOn: impacts.filter((impact) => options.failOn.has(impact)),
      failed,
      summary: Object.fromEntries(
        impacts.map((impact) => [impact, listed.filter((change) => change.impacts.includes(impact)).length]),
      ) as ReviewReport["summary"],
      unchanged: (state?.resources ?? []).filter(({ urn }) => !changed.has(urn)).length,
      others: preview.others,
      changes: listed,
      hosts: rooms,
      topology,
      errors: preview.errors,
      notes: notesOf(gathered),
    },
    conceal,
  );
}

function byImpact(a: ReviewedChange, b: ReviewedChange): number {
  const rank = ({ impacts: all }: ReviewedChange) => impacts.indexOf(worstOf(all));
  const text = ({ kind, name }: ReviewedChange) => `${kind}\0${name}`;
  return rank(a) - rank(b) || (text(a) < text(b) ? -1 : 1);
}

function bandwidthOf(
  { inputs }: GatheredChange,
  { bandwidthMibPerSecond }: ReviewOptions,
): { declared: number | undefined; assumed: number } {
  const { migration } = (inputs ?? {}) as { migration?: { bandwidthMibPerSecond?: number } };
  return { declared: migration?.bandwidthMibPerSecond, assumed: bandwidthMibPerSecond };
}

function lastMoveOf({ resource, step }: GatheredChange): number | undefined {
  const { lastMigration } = (resource?.outputs ?? step.old?.outputs ?? {}) as {
    lastMigration?: { totalMs?: number } | null;
  };
  return lastMigration?.totalMs;
}

function notesOf({ preview, state, warnings, changes }: Gathered): string[] {
  const notes = [...new Set([...warnings, ...preview.warnings])];
  if (state === undefined)
    notes.push(
      "no state was given, so that resources which stay as they are aren't in the picture; hosts were reached with this machine's own keys",
    );
  const assumed = changes.filter(({ assumed: keys }) => keys.length > 0);
  if (assumed.length > 0)
    notes.push(
      `secret inputs are hidden in the preview that was given, and were taken to be as before: ${assumed.map(({ step, assumed: keys }) => `${step.kind} ${step.name} (${keys.join(", ")})`).join(", ")}`,
    );
  return notes;
}

/** Words of the schema's own stay, whatever the secrets are. */
const OWN_KEYS: ReadonlySet<string> = new Set([
  ...["schema", "at", "outcome", "status", "kind", "operation", "impact", "impacts", "failOn", "failed"],
]);

function concealed<T>(value: T, conceal: (text: string) => string, key = ""): T {
  if (typeof value === "string") return (OWN_KEYS.has(key) ? value : conceal(value)) as T;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => concealed(one, conceal, key)) as T;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, concealed(part, conceal, name)]),
  ) as T;
}
