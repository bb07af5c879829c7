import { EXIT, type ExitCode } from "../exit-code.js";
import type { Paint } from "../paint.js";
import { type ReportingOptions, reportTo } from "../reporting.js";
import { readStates, readText } from "../state/read-states.js";
import { UsageError } from "../usage-error.js";
import { driftKinds, type FindingKind, findingKinds } from "./finding.js";
import { asHtml } from "./formats/html.js";
import { asJunit } from "./formats/junit.js";
import { asMarkdown } from "./formats/markdown.js";
import { asPrometheus } from "./formats/prometheus.js";
import { asTable } from "./formats/table.js";
import { ignoring } from "./ignore.js";
import { type DriftReport, makeReport, report as reportSchema } from "./report.js";
import { survey } from "./survey.js";

export const driftFormats = ["table", "json", "markdown", "html", "junit", "prometheus"] as const;
type DriftFormat = (typeof driftFormats)[number];

/** As the command line gives them. */
export interface DriftOptions extends ReportingOptions {
  stack?: string[];
  cwd?: string;
  state?: string[];
  all?: boolean;
  ignore?: string[];
  since?: string;
  poolThreshold: string;
  failOn?: string[];
}

export async function runDrift(options: DriftOptions): Promise<ExitCode> {
  return await reportTo(options, {
    ...{ formats: driftFormats, formatted },
    make: async (secrets, progress) => {
      const poolThresholdPercent = percentOf(options.poolThreshold);
      const failOn = new Set<string>(kindsOf(options.failOn ?? []));
      const isIgnored = ignoring(options.ignore ?? []);
      const since = options.since === undefined ? undefined : await readReport(options.since);
      const states = await readStates(options, secrets, progress);
      const at = new Date();
      const surveys = await survey(states, { allPools: options.all === true, progress });
      return makeReport(surveys, {
        ...{ at, poolThresholdPercent, failOn, since, secrets },
        unmanaged: options.all === true,
        isIgnored,
      });
    },
  });
}

export function formatted(report: DriftReport, format: DriftFormat, paint: Paint): string {
  switch (format) {
    case "table":
      return asTable(report, paint);
    case "json":
      return `${JSON.stringify(report, null, 2)}\n`;
    case "markdown":
      return asMarkdown(report);
    case "html":
      return asHtml(report);
    case "junit":
      return asJunit(report);
    case "prometheus":
      return asPrometheus(report);
    default:
      return format satisfies never;
  }
}

async function readReport(file: string): Promise<DriftReport> {
  let value: unknown;
  try {
    value = JSON.parse(await readText(file));
  } catch (error) {
    if (error instanceof UsageError) throw error;
  }
  const parsed = reportSchema.safeParse(value);
  if (!parsed.success) throw new UsageError(`--since ${file}: isn't what "kvm drift --json" writes`);
  return parsed.data;
}

function percentOf(text: string): number {
  const percent = Number(text);
  if (!(percent > 0 && percent <= 100))
    throw new UsageError(`--pool-threshold ${text}: must be a percentage, above 0 and at most 100`);
  return percent;
}

function kindsOf(given: readonly string[]): readonly FindingKind[] {
  if (given.length === 0) return driftKinds;
  return given
    .flatMap((list) => list.split(","))
    .map((name) => {
      const kind = findingKinds.find((one) => one === name.trim());
      if (kind === undefined)
        throw new UsageError(`--fail-on ${name}: the kinds of findings are ${findingKinds.join(", ")}`);
      return kind;
    });
}

export const whatItEndsWith: Readonly<Record<ExitCode, string>> = {
  [EXIT.fine]: "no drift",
  [EXIT.failed]: "wrong usage, or the command failed",
  [EXIT.found]: "drift",
  [EXIT.incomplete]: "something could not be reached or read; what could is in the report",
};
