import type { PlanRecord } from "../../provider/engine/witness.js";
import { WITNESS_VARIABLE } from "../../provider/engine/witness.js";
import type { SecretTexts } from "../../provider/planning/secret-texts.js";
import { counted } from "../counted.js";
import { EXIT, type ExitCode } from "../exit-code.js";
import type { Paint } from "../paint.js";
import type { Progress } from "../progress.js";
import { exportStack, firstLines, pulumi } from "../pulumi.js";
import { readInput } from "../read-input.js";
import { type ReportingOptions, reportTo } from "../reporting.js";
import { readState, type StackState } from "../state/state.js";
import { UsageError } from "../usage-error.js";
import { asHtml } from "./formats/html.js";
import { asMarkdown } from "./formats/markdown.js";
import { asText } from "./formats/text.js";
import { gather } from "./gather.js";
import { type Impact, impacts, nameOf } from "./impact.js";
import { makeReport } from "./make-report.js";
import { DEFAULT_BANDWIDTH_MIB_PER_SECOND } from "./move.js";
import { type Preview, readPreview } from "./preview.js";
import { previewOptions } from "./preview-options.js";
import type { ReviewReport } from "./report.js";
import { PlanListener } from "./witness.js";

export const reviewFormats = ["text", "markdown", "html", "json"] as const;
type ReviewFormat = (typeof reviewFormats)[number];

/** As the command line gives them. */
export interface ReviewOptions extends ReportingOptions {
  stack?: string;
  cwd?: string;
  preview?: string;
  state?: string;
  savePlan?: string;
  failOn?: string[];
  bandwidth: string;
}

/** `passedOn`: options for `pulumi preview`. */
export async function runReview(options: ReviewOptions, passedOn: readonly string[]): Promise<ExitCode> {
  return await reportTo(options, {
    ...{ formats: reviewFormats, formatted },
    make: async (secrets, progress) => {
      const failOn = new Set(impactsOf(options.failOn ?? []));
      const bandwidthMibPerSecond = bandwidthOf(options.bandwidth);
      const previewed = previewOptions(passedOn);
      const { preview, state, records } = await read(options, previewed, secrets, progress);
      const at = new Date();
      const gathered = await gather(preview, {
        ...{ state, records, progress, secrets },
        isTargeted: previewed.some((word) => /^(?:--(?:target|exclude)|-t)/.test(word)),
      });
      return makeReport(gathered, { at, failOn, bandwidthMibPerSecond, secrets });
    },
  });
}

export function formatted(report: ReviewReport, format: ReviewFormat, paint: Paint): string {
  switch (format) {
    case "text":
      return asText(report, paint);
    case "markdown":
      return asMarkdown(report);
    case "html":
      return asHtml(report);
    case "json":
      return `${JSON.stringify(report, null, 2)}\n`;
    default:
      return format satisfies never;
  }
}

interface Read {
  preview: Preview;
  state: StackState | undefined;
  /** Absent for a preview that was given: it holds no plans. */
  records: PlanRecord[] | undefined;
}

async function read(
  options: ReviewOptions,
  passedOn: readonly string[],
  secrets: SecretTexts,
  progress: Progress,
): Promise<Read> {
  if (options.preview !== undefined && options.savePlan !== undefined)
    throw new UsageError("--save-plan: is for a preview that kvm runs; leave out --preview");
  if (options.preview === "-" && options.state === "-")
    throw new UsageError("only one of --preview and --state can be read from stdin");
  if (options.preview === undefined) return await preview(options, passedOn, secrets, progress);
  if (passedOn.length > 0)
    throw new UsageError("options after -- are for a preview that kvm runs; leave out --preview");
  const text = await readInput(options.preview);
  const read = readPreview(text, options.preview === "-" ? "stdin" : options.preview);
  return { preview: read, state: await stateBeside(read, options, secrets), records: undefined };
}

/** A preview that was given may be of a stack that can't be read from here. */
async function stateBeside(
  preview: Preview,
  { state, stack, cwd }: ReviewOptions,
  secrets: SecretTexts,
): Promise<StackState | undefined> {
  if (state !== undefined) return readState(await readInput(state), state, secrets);
  const wanted = stack ?? (preview.stack === "" ? undefined : preview.stack);
  try {
    return readState(await exportStack({ stack: wanted, cwd }), wanted ?? "the selected stack", secrets);
  } catch (error) {
    if (stack !== undefined || !(error instanceof UsageError)) throw error;
    return undefined;
  }
}

/** Runs it, and listens for the plans that its provider makes. */
async function preview(
  options: ReviewOptions,
  passedOn: readonly string[],
  secrets: SecretTexts,
  progress: Progress,
): Promise<Read> {
  const { stack, cwd, savePlan, state } = options;
  let planned = 0;
  progress.step("pulumi preview");
  await using listener = await PlanListener.listen(({ call }) => {
    if (call === "check") planned += 1;
    progress.step(`pulumi preview: planned ${counted(planned, "resource")}`);
  });
  const args = [
    ...["preview", "--json"],
    ...(stack === undefined ? [] : ["--stack", stack]),
    ...(savePlan === undefined ? [] : ["--save-plan", savePlan]),
    ...passedOn,
  ];
  // The state may be read meanwhile: a preview doesn't change it.
  const exporting =
    state === undefined
      ? exportStack({ stack, cwd }).then((text) => readState(text, stack ?? "the selected stack", secrets))
      : readInput(state).then((text) => readState(text, state, secrets));
  const previewing =
    // One document has more than events.
    pulumi(args, {
      cwd,
      env: { [WITNESS_VARIABLE]: listener.path, PULUMI_ENABLE_STREAMING_JSON_PREVIEW: undefined },
    });
  // Neither is left alone where the other fails.
  await Promise.allSettled([previewing, exporting]);
  const [read, { exitCode, stdout, stderr }] = [await exporting, await previewing];
  await listener.settled();
  const made = previewOf(stdout, stderr, exitCode);
  // A project may have a version of the provider that tells nobody: then its plans are made again, as for a preview that was given.
  return {
    preview: made,
    state: read,
    records: listener.records.length > 0 ? listener.records : undefined,
  };
}

function previewOf(stdout: string, stderr: string, exitCode: number | null): Preview {
  let made: Preview;
  try {
    made = readPreview(stdout, "pulumi preview");
  } catch {
    throw new UsageError(
      `pulumi preview failed (${exitCode ?? "it was ended"}): ${firstLines(stderr) || firstLines(stdout)}; choose a stack with --stack and its project's folder with --cwd`,
    );
  }
  if (exitCode !== 0 && made.errors.length === 0)
    made.errors.push(`pulumi preview ended with ${exitCode}: ${firstLines(stderr)}`);
  return made;
}

function bandwidthOf(text: string): number {
  const bandwidth = Number(text);
  if (!(bandwidth > 0 && Number.isFinite(bandwidth)))
    throw new UsageError(`--bandwidth ${text}: must be a number of MiB a second, above 0`);
  return bandwidth;
}

function impactsOf(given: readonly string[]): Impact[] {
  return given
    .flatMap((list) => list.split(","))
    .map((name) => {
      const impact = gates.find((one) => nameOf(one) === name.trim());
      if (impact === undefined)
        throw new UsageError(`--fail-on ${name}: the effects are ${gates.map(nameOf).join(", ")}`);
      return impact;
    });
}

/** What a gate may be closed by. */
export const gates = impacts.filter((impact) => impact !== "none");

export const defaultBandwidth = String(DEFAULT_BANDWIDTH_MIB_PER_SECOND);

export const whatItEndsWith: Readonly<Record<ExitCode, string>> = {
  [EXIT.fine]: "reviewed; nothing of what --fail-on names happens",
  [EXIT.failed]: "wrong usage, or the command failed",
  [EXIT.found]: "something that --fail-on names would happen",
  [EXIT.incomplete]:
    "it can't be told of everything: a host is silent, a change is refused, or the preview failed; the rest is in the review",
};
