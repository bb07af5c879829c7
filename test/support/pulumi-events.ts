/** What the CLI's JSON says of a preview, update, refresh or destroy, in the few terms that tests ask about. */

export interface Diagnostic {
  readonly severity: "info" | "info#err" | "warning" | "error" | "debug";
  readonly message: string;
  readonly urn?: string;
  /** Progress that an interactive terminal overwrites. */
  readonly ephemeral: boolean;
}

export interface ResourceStep {
  /** create, update, delete, same, replace, create-replacement, delete-replaced, refresh, read, import, ... */
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  /** The resource's name: the URN's last part. */
  readonly name: string;
  readonly oldInputs?: Record<string, unknown>;
  readonly oldOutputs?: Record<string, unknown>;
  readonly newInputs?: Record<string, unknown>;
  readonly newOutputs?: Record<string, unknown>;
  readonly detailedDiff?: Record<string, unknown>;
  readonly failed: boolean;
}

export interface Deployment {
  readonly steps: readonly ResourceStep[];
  /** Without those of severity debug. */
  readonly diagnostics: readonly Diagnostic[];
  /** Number of resources by operation, as the summary has it. */
  readonly changes: Readonly<Record<string, number>>;
}

interface StateJson {
  readonly inputs?: Record<string, unknown>;
  readonly outputs?: Record<string, unknown>;
}
interface StepJson {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly old?: StateJson | null;
  readonly new?: StateJson | null;
  readonly detailedDiff?: Record<string, unknown> | null;
}
interface EventJson {
  readonly resourcePreEvent?: { metadata: StepJson };
  readonly resOutputsEvent?: { metadata: StepJson };
  readonly resOpFailedEvent?: { metadata: StepJson };
  readonly diagnosticEvent?: {
    message: string;
    severity: Diagnostic["severity"];
    urn?: string;
    ephemeral?: boolean;
  };
  readonly summaryEvent?: { resourceChanges?: Record<string, number> };
}

/** Reads the lines of `--json` (for previews: with PULUMI_ENABLE_STREAMING_JSON_PREVIEW). Other lines are passed over. */
export function parseDeployment(lines: string): Deployment {
  const steps = new Map<string, ResourceStep>();
  const diagnostics: Diagnostic[] = [];
  let changes: Record<string, number> = {};
  for (const line of lines.split("\n")) {
    if (!line.startsWith('{"')) continue;
    const event = JSON.parse(line) as EventJson;
    const step = event.resOutputsEvent ?? event.resOpFailedEvent ?? event.resourcePreEvent;
    if (step) {
      const { op, urn } = step.metadata;
      steps.set(`${op} ${urn}`, toStep(step.metadata, event.resOpFailedEvent !== undefined));
    }
    if (event.diagnosticEvent && event.diagnosticEvent.severity !== "debug") {
      const { severity, message, urn, ephemeral } = event.diagnosticEvent;
      diagnostics.push({ severity, message, ephemeral: ephemeral ?? false, ...(urn ? { urn } : {}) });
    }
    if (event.summaryEvent) changes = event.summaryEvent.resourceChanges ?? {};
  }
  return { steps: [...steps.values()], diagnostics, changes };
}

function toStep(step: StepJson, failed: boolean): ResourceStep {
  return {
    op: step.op,
    urn: step.urn,
    type: step.type,
    name: step.urn.slice(step.urn.lastIndexOf("::") + 2),
    failed,
    ...(step.old?.inputs ? { oldInputs: step.old.inputs } : {}),
    ...(step.old?.outputs ? { oldOutputs: step.old.outputs } : {}),
    ...(step.new?.inputs ? { newInputs: step.new.inputs } : {}),
    ...(step.new?.outputs ? { newOutputs: step.new.outputs } : {}),
    ...(step.detailedDiff ? { detailedDiff: step.detailedDiff } : {}),
  };
}
