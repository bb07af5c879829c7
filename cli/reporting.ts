import { oneLine } from "../provider/hosts/errors.js";
import { SecretTexts } from "../provider/planning/secret-texts.js";
import type { ExitCode } from "./exit-code.js";
import { parseOutputs, print, writeWhole } from "./output.js";
import { type Paint, paintFor } from "./paint.js";
import { Progress } from "./progress.js";
import { UsageError } from "./usage-error.js";

/** What the commands that report have in common of their command lines. */
export interface ReportingOptions {
  format?: string[];
  json?: boolean;
  quiet?: boolean;
}

/** How a command makes its report, and what it looks like in each format; the first format is that of a terminal. */
export interface Reporting<Format extends string, Report extends { exitCode: number }> {
  formats: readonly [Format, ...Format[]];
  make(secrets: SecretTexts, progress: Progress): Promise<Report>;
  formatted(report: Report, format: Format, paint: Paint): string | Promise<string>;
}

/** Makes a report and puts it where the command line says. No secret that was read on the way is in the message of what fails. */
export async function reportTo<Format extends string, Report extends { exitCode: number }>(
  { format = [], json, quiet }: ReportingOptions,
  { formats, make, formatted }: Reporting<Format, Report>,
): Promise<ExitCode> {
  const given = [...format, ...(json === true ? ["json"] : [])];
  const outputs = parseOutputs<Format>(given.length === 0 ? [formats[0]] : given, formats);
  const progress = new Progress(process.stderr, { quiet: quiet === true });
  const secrets = new SecretTexts();
  try {
    const report = await make(secrets, progress);
    progress.clear();
    // One that can't be written doesn't keep the others back.
    const failures: string[] = [];
    for (const { format, file } of outputs) {
      const paint = paintFor(file === undefined ? process.stdout : {}, process.env);
      const text = await formatted(report, format, paint);
      await (file === undefined ? print(text) : writeWhole(file, text)).catch((error: unknown) =>
        failures.push(oneLine(error)),
      );
    }
    if (failures.length > 0) throw new UsageError(failures.join("; "));
    return report.exitCode as ExitCode;
  } catch (error) {
    progress.clear();
    if (error instanceof Error) error.message = secrets.conceal(error.message);
    throw error;
  }
}
