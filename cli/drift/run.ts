import { setFlagsFromString } from "node:v8";
import { durationOf } from "../duration-option.js";
import type { ExitCode } from "../exit-code.js";
import { readInput } from "../read-input.js";
import { reportTo } from "../reporting.js";
import { readStates } from "../state/read-states.js";
import { UsageError } from "../usage-error.js";
import { DRIFT_SCHEMA_VERSION, driftKinds, type FindingKind, findingKinds } from "./finding.js";
import { asJson } from "./formats/json.js";
import { ignoring } from "./ignore.js";
import { type DriftOptions, driftFormats } from "./options.js";
import type { DriftReport } from "./report-schema.js";
import { survey } from "./survey.js";

/**
 * Most of what is run here is run for a second at most, in which compiling it thoroughly takes a quarter of the time and saves less. What
 * runs for longer is compiled all the same, a moment later. Other releases of V8 than that of Node.js 20 go by another measure.
 */
function compileLater(): void {
  if (process.versions.v8.startsWith("11.")) setFlagsFromString("--interrupt-budget=500000");
}

const ANSWER_TIMEOUT = { example: "30s", leastMs: 1_000, mostMs: 3_600_000 };

/** Hosts take their time to answer: all that isn't needed to ask them is loaded meanwhile. */
export async function runDrift(options: DriftOptions): Promise<ExitCode> {
  compileLater();
  return await reportTo(options, {
    formats: driftFormats,
    formatted: async (report: DriftReport, format, paint) => {
      // What jobs read needs nothing of what people look at.
      if (format === "json") return asJson(report);
      const { formatted } = await import("./formats/index.js");
      return formatted(report, format, paint);
    },
    make: async (secrets, progress) => {
      const poolThresholdPercent = percentOf(options.poolThreshold);
      const answersWithinMs = durationOf("--answer-timeout", options.answerTimeout, ANSWER_TIMEOUT);
      const failOn = new Set<string>(kindsOf(options.failOn ?? []));
      const isIgnored = ignoring(options.ignore ?? []);
      if (options.since === "-" && options.state?.includes("-"))
        throw new UsageError("only one of --since and --state can be read from stdin");
      const since = options.since === undefined ? undefined : await readReport(options.since);
      const states = await readStates(options, secrets, progress);
      const at = new Date();
      const surveys = survey(states, { allPools: options.all === true, answersWithinMs, progress });
      const [{ makeReport }, surveyed] = await Promise.all([import("./report.js"), surveys]);
      return makeReport(surveyed, {
        ...{ at, poolThresholdPercent, failOn, since, secrets },
        unmanaged: options.all === true,
        isIgnored,
      });
    },
  });
}

async function readReport(file: string): Promise<DriftReport> {
  let value: unknown;
  try {
    value = JSON.parse(await readInput(file));
  } catch (error) {
    if (error instanceof UsageError) throw error;
  }
  const { report } = await import("./report-schema.js");
  const parsed = report.safeParse(value);
  if (parsed.success) return parsed.data;
  const { schema, version } = Object(value) as { schema?: unknown; version?: unknown };
  throw new UsageError(
    schema === "pulumi-kvm/drift" && version !== DRIFT_SCHEMA_VERSION
      ? `--since ${file}: is a report of version ${JSON.stringify(version)}, and this kvm reads version ${DRIFT_SCHEMA_VERSION}; make one with it`
      : `--since ${file}: isn't what "kvm drift --json" writes`,
  );
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
