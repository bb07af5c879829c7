import { stripVTControlCharacters } from "node:util";
import { z } from "zod";
import { identityOfUrn } from "../../provider/planning/owner.js";
import { UsageError } from "../usage-error.js";

const TYPE = /(?:^|\$)pulumi-nodejs:dynamic\/kvm:(\w+)$/;

/** "forget": deleted from the state alone, by Pulumi's options `retainOnDelete` and `deletedWith`. */
export type PreviewOperation = "create" | "update" | "replace" | "delete" | "forget";

/** One resource of this package in a preview. */
export interface PreviewStep {
  urn: string;
  kind: string;
  name: string;
  operation: PreviewOperation;
  /** What the state says, secrets as "[secret]". Absent for a new one. */
  old: { id: string; inputs: Bag; outputs: Bag } | undefined;
  /** Why Pulumi leaves the old object as it is, where it forgets or replaces it. */
  leftBecause: string | undefined;
  /** What is declared, secrets as "[secret]". Absent for a deletion. */
  inputs: Bag | undefined;
  /** The lines that the preview shows; undefined when they aren't known before the deployment. */
  effects: string[] | undefined;
  /** Inputs for which it is replaced. */
  replaceBecause: string[];
  /** A replacement that was cut off has left it to be deleted; what came in its place has the same URN. No preview lists it. */
  isLeftOver?: true;
  /** URNs of what it depends on now; undefined where the preview doesn't say. */
  dependsOn?: string[] | undefined;
}

export interface Preview {
  project: string;
  stack: string;
  steps: PreviewStep[];
  /** How many resources of other packages it would change. */
  others: number;
  /** Its errors. */
  errors: string[];
  warnings: string[];
}

type Bag = Record<string, unknown>;

const bag = z.record(z.string(), z.unknown());
const state = z
  .object({
    id: z.string().optional(),
    type: z.string().optional(),
    inputs: bag.nullish(),
    outputs: bag.nullish(),
    dependencies: z.array(z.string()).nullish(),
    external: z.boolean().nullish(),
    retainOnDelete: z.boolean().nullish(),
    deletedWith: z.string().nullish(),
  })
  .nullish();
/** Node.js colours what it shows of an exception. */
const diagnostic = z.object({
  severity: z.string(),
  message: z.string().transform(stripVTControlCharacters),
  urn: z.string().nullish(),
});
/** One JSON document, as the CLI prints it by default. */
const document = z.object({
  steps: z
    .array(
      z.object({
        ...{ op: z.string(), urn: z.string(), oldState: state, newState: state },
        replaceReasons: z.array(z.string()).nullish(),
      }),
    )
    .nullish(),
  diagnostics: z.array(diagnostic).nullish(),
  changeSummary: z.record(z.string(), z.number()).nullish(),
});
/** A JSON document a line: with PULUMI_ENABLE_STREAMING_JSON_PREVIEW. */
const event = z.object({
  resourcePreEvent: z
    .object({
      metadata: z.object({
        ...{ op: z.string(), urn: z.string(), old: state, new: state },
        keys: z.array(z.string()).nullish(),
      }),
    })
    .optional(),
  diagnosticEvent: diagnostic.optional(),
  summaryEvent: z.unknown().optional(),
});

/** Reads what `pulumi preview --json` prints. */
export function readPreview(text: string, source: string): Preview {
  const { steps, diagnostics } = parse(text, source);
  const firstUrn = steps[0]?.urn;
  const owner = firstUrn === undefined ? undefined : identityOfUrn(firstUrn);
  const changing = steps.filter(({ op }) => operationOf(op) !== undefined);
  const deleted = new Set(changing.flatMap(({ op, urn }) => (op === "delete" ? [urn] : [])));
  const byUrn = new Map<string, PreviewStep>();
  let others = 0;
  for (const step of changing) {
    const read = toStep(step, deleted);
    if (read === undefined) others += isStackOrProvider(step.urn) ? 0 : 1;
    // A replacement comes as several steps, of which each knows a part.
    else byUrn.set(step.urn, merged(byUrn.get(step.urn), read));
  }
  const texts = (...severities: string[]) => [
    ...new Set(
      diagnostics
        .filter(({ severity }) => severities.includes(severity))
        .map(({ message }) => message.trim().replace(/^(?:error|warning): /, ""))
        .filter((message) => message !== ""),
    ),
  ];
  return {
    ...{ project: owner?.project ?? "", stack: owner?.stack ?? "" },
    ...{ steps: [...byUrn.values()], others },
    ...{ errors: texts("error"), warnings: texts("warning") },
  };
}

interface RawStep {
  op: string;
  urn: string;
  old?: z.output<typeof state>;
  new?: z.output<typeof state>;
  keys: string[];
}

function parse(
  text: string,
  source: string,
): { steps: RawStep[]; diagnostics: z.output<typeof diagnostic>[] } {
  const whole = document.safeParse(jsonOf(text));
  if (whole.success && (whole.data.steps ?? whole.data.changeSummary ?? whole.data.diagnostics))
    return {
      steps: (whole.data.steps ?? []).map(({ op, urn, oldState, newState, replaceReasons }) => ({
        ...{ op, urn, old: oldState, new: newState, keys: replaceReasons ?? [] },
      })),
      diagnostics: whole.data.diagnostics ?? [],
    };
  const events = text.split("\n").flatMap((line) => {
    const parsed = event.safeParse(line.startsWith("{") ? jsonOf(line) : undefined);
    return parsed.success ? [parsed.data] : [];
  });
  if (!events.some((one) => Object.values(one).some((value) => value !== undefined)))
    throw new UsageError(`${source} isn't a preview; give what "pulumi preview --json" prints`);
  return {
    steps: events.flatMap(({ resourcePreEvent }) =>
      resourcePreEvent === undefined
        ? []
        : [{ ...resourcePreEvent.metadata, keys: resourcePreEvent.metadata.keys ?? [] }],
    ),
    diagnostics: events.flatMap(({ diagnosticEvent }) => diagnosticEvent ?? []),
  };
}

/** The CLI may print a line after the document. */
function jsonOf(text: string): unknown {
  for (const part of [text, text.slice(0, text.lastIndexOf("\n}") + 2)])
    try {
      return JSON.parse(part);
    } catch {
      // Not this part.
    }
  return undefined;
}

function operationOf(op: string): PreviewOperation | undefined {
  switch (op) {
    case "create":
    case "update":
    case "delete":
      return op;
    case "replace":
    case "create-replacement":
    case "delete-replaced":
      return "replace";
    default:
      // Unchanged, read, or only forgotten.
      return undefined;
  }
}

function isStackOrProvider(urn: string): boolean {
  return /::pulumi:(?:pulumi:Stack|providers:[^:]+)::/.test(urn);
}

function toStep(
  { op, urn, old, new: made, keys }: RawStep,
  deleted: ReadonlySet<string>,
): PreviewStep | undefined {
  const identity = identityOfUrn(urn);
  // An update deletes all the same what it takes away.
  const goes = ["delete", "replace"].includes(operationOf(op) ?? "");
  const leftBecause = !goes
    ? undefined
    : old?.retainOnDelete === true
      ? "retainOnDelete"
      : deleted.has(old?.deletedWith ?? "")
        ? `deletedWith ${identityOfUrn(old?.deletedWith ?? "")?.name}`
        : undefined;
  const operation = op === "delete" && leftBecause !== undefined ? "forget" : operationOf(op);
  const kind = TYPE.exec(made?.type ?? old?.type ?? identity?.type ?? "")?.[1];
  if (identity === undefined || operation === undefined || kind === undefined) return undefined;
  const inputs = made?.inputs ?? undefined;
  const effects = inputs?.effects;
  return {
    ...{ urn, kind, name: identity.name, operation },
    old:
      old === undefined || old === null
        ? undefined
        : { id: old.id ?? "", inputs: old.inputs ?? {}, outputs: old.outputs ?? {} },
    leftBecause,
    inputs: op === "delete-replaced" ? undefined : inputs,
    effects: Array.isArray(effects) ? effects.map(String) : undefined,
    // No input is called so: it is what the CLI says for `--replace`.
    replaceBecause: operation === "replace" ? keys.filter((key) => key !== "id") : [],
    dependsOn: made?.dependencies ?? undefined,
  };
}

function merged(before: PreviewStep | undefined, step: PreviewStep): PreviewStep {
  if (before === undefined) return step;
  const operation = before.operation === step.operation ? step.operation : "replace";
  return {
    ...{ ...step, operation },
    old: before.old ?? step.old,
    leftBecause: before.leftBecause ?? step.leftBecause,
    inputs: step.inputs ?? before.inputs,
    effects: step.effects ?? before.effects,
    dependsOn: step.dependsOn ?? before.dependsOn,
    replaceBecause: [...new Set([...before.replaceBecause, ...step.replaceBecause])],
  };
}
